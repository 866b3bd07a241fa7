import './page.css';
import { App } from './app.js';
import { Model } from './model.js';
import { begin } from './begin.js';

void begin('columns', (packed) => {
  const model = new Model(packed);
  const of = model.captures.length === 1 ? model.captures[0]!.short : `${model.captures.length} captures`;
  return [of, <App key="app" model={model} />];
});
