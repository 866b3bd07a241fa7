import { textWidth, wrapText } from '../base/text-width.js';
import type { Paint } from './theme.js';

/** Columns that are left for text at least, however narrow the terminal. */
const LEAST_ROOM = 24;
/** What colours add to a text. */
const COLOUR = /\x1b\[[0-9;]*m/g;

/**
 * The lines of `text` behind `start` (which may be coloured) on a terminal of `width` columns: what does not fit goes on behind `indent`.
 * Width Infinity gives one line.
 */
export function hangingLines(
  start: string,
  text: string,
  indent: string,
  width: number,
  paint: Paint = (t) => t,
): string[] {
  if (width === Infinity) return [start + paint(text)];
  const used = textWidth(start.replace(COLOUR, ''));
  const lines = wrapText(text, width - used, Math.max(LEAST_ROOM, width - indent.length));
  return lines.map((line, i) => (i === 0 ? start : indent) + paint(line));
}
