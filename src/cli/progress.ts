import { basename } from 'node:path';
import { isatty } from 'node:tty';
import { byteSize, safeText } from '../base/text.js';
import { writeAll } from '../report/output.js';

/** Nothing is shown of what is done sooner than this. */
const QUIET_MS = 1000;
const EVERY_MS = 200;

/** How far a long file is, in one line on standard error, where that is a terminal and results go elsewhere. */
export class Progress {
  private readonly wanted = isatty(2) && !isatty(1);
  private readonly started = Date.now();
  private shown = 0;

  update(file: string, read: number, total: number | null): void {
    if (!this.wanted) return;
    const now = Date.now();
    if (now - this.started < QUIET_MS || now - this.shown < EVERY_MS) return;
    this.shown = now;
    const part = total !== null && total > 0 ? `${Math.min(100, Math.floor((100 * read) / total))} %` : byteSize(read);
    writeAll(2, Buffer.from(`\r\x1b[K${safeText(basename(file))}: ${part}`));
  }

  clear(): void {
    if (this.shown === 0) return;
    this.shown = 0;
    writeAll(2, Buffer.from('\r\x1b[K'));
  }
}
