import { safeText } from '../base/text.js';
import { writeAll } from '../report/output.js';

/** One line on standard error. */
export function complain(text: string): void {
  try {
    writeAll(2, Buffer.from(`wirelint: ${safeText(text)}\n`));
  } catch {
    // nobody listens
  }
}
