import { basename } from 'node:path';
import { isTerminal } from '../base/terminal.js';
import { byteSize, safeText } from '../base/text.js';
import { writeAll } from '../report/output.js';

/** Milliseconds: nothing is shown for work that takes less. */
const QUIET_MS = 1000;
const EVERY_MS = 200;

/** Shows the progress of a long run in one line on standard error, if that is a terminal. */
export class Progress {
  private readonly wanted: boolean;
  private readonly started = Date.now();
  private shown = 0;

  /**
   * `atTheEnd`: results are written only when all work is done. If they are written earlier, and to a terminal, progress would be mixed
   * with them and is not shown.
   */
  constructor(atTheEnd = false) {
    this.wanted = isTerminal(2) && (atTheEnd || !isTerminal(1));
  }

  /** Shows how much of one file was read. `lead` is printed before its name. */
  update(file: string, read: number, total: number | null, lead = ''): void {
    if (!this.due()) return;
    const part = total !== null && total > 0 ? `${Math.min(100, Math.floor((100 * read) / total))} %` : byteSize(read);
    this.show(`${lead}${basename(file)}: ${part}`);
  }

  /** Shows how many of several captures are done. */
  count(done: number, of: number): void {
    if (this.due()) this.show(`${done} of ${of}`);
  }

  private due(): boolean {
    if (!this.wanted) return false;
    const now = Date.now();
    if (now - this.started < QUIET_MS || now - this.shown < EVERY_MS) return false;
    this.shown = now;
    return true;
  }

  private show(text: string): void {
    writeAll(2, Buffer.from(`\r\x1b[K${safeText(text)}`));
  }

  clear(): void {
    if (this.shown === 0) return;
    this.shown = 0;
    writeAll(2, Buffer.from('\r\x1b[K'));
  }
}
