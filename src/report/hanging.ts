import { textWidth, wrapText } from '../base/text-width.js';
import type { Paint } from './theme.js';

/** Columns that text has at least, however narrow the terminal is. */
const LEAST_ROOM = 24;
/** Escape sequences of colours, which take no columns. */
const COLOUR = /\x1b\[[0-9;]*m/g;

/**
 * Puts `text` after `start` (which may be coloured) and breaks it into lines for a terminal of `width` columns. Lines after the first begin
 * with `indent`. With width Infinity it is one line.
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
