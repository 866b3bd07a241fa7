import { safeText } from '../base/text.js';
import { writeAll } from '../report/output.js';

/** One line on standard error, and lines that show the place where something is wrong. */
export function complain(text: string, excerpt = ''): void {
  try {
    const shown = excerpt === '' ? [] : excerpt.split('\n').map((line) => `  ${safeText(line)}\n`);
    writeAll(2, Buffer.from(`wirelint: ${safeText(text)}\n${shown.join('')}`));
  } catch {
    // nobody listens
  }
}
