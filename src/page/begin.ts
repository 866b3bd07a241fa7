import { render, type VNode } from 'preact';
import { unpacked } from './unpacked.js';

/** A page begins here: unpacks what it holds, and shows what `read` makes of it, below that title. */
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
