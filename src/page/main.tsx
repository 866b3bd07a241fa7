import { render } from 'preact';
import { App } from './app.js';
import './page.css';
import { Model, unpacked } from './model.js';

/** The page begins here: unpacks what it holds, and shows it. */
async function begin(): Promise<void> {
  const place = document.getElementById('page')!;
  try {
    const model = new Model(await unpacked(document.getElementById('columns')!.textContent));
    const of = model.captures.length === 1 ? model.captures[0]!.short : `${model.captures.length} captures`;
    document.title = `${of} · wirelint`;
    render(<App model={model} />, place);
    document.documentElement.dataset['ready'] = '';
  } catch (error) {
    place.textContent = `This page cannot be read: ${String(error)}`;
    throw error;
  }
}

void begin();
