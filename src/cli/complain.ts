import { safeText } from '../base/text.js';
import { writeAll } from '../report/output.js';

/** Writes one line to standard error, followed by the lines of `excerpt`, which show the wrong place. */
export function complain(text: string, excerpt = ''): void {
  try {
    const shown = excerpt === '' ? [] : excerpt.split('\n').map((line) => `  ${safeText(line)}\n`);
    writeAll(2, Buffer.from(`wirelint: ${safeText(text)}\n${shown.join('')}`));
  } catch {
    // standard error is closed
  }
}
