import { render, type VNode } from 'preact';
import { unpacked } from './unpacked.js';

/** Starts a page: unpacks the data with that id, and shows what `read` makes of them: a title, and the content. */
export async function begin(
  id: string,
  read: (packed: Uint8Array) => readonly [title: string, content: VNode],
): Promise<void> {
  const place = document.getElementById('page')!;
  try {
    const [title, content] = read(await unpacked(id));
    document.title = `${title} · wirelint`;
    render(content, place);
    document.documentElement.dataset['ready'] = '';
  } catch (error) {
    place.textContent = `This page cannot be read: ${String(error)}`;
    throw error;
  }
}
