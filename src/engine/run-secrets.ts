import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { StringDecoder } from 'node:string_decoder';
import type { Limits } from '../base/limits.js';
import { pathStat } from '../base/path-stat.js';
import { KeyLog, type SessionSecrets } from '../tls/key-log.js';
import type { SecretSource } from '../tls/secret-source.js';

const PIECE = 64 << 10;

/** A key log on disk: how far it was read, and the beginning of its last line, if that is incomplete. */
class LogFile {
  private position = 0;
  private rest = '';
  private readonly decoder = new StringDecoder('latin1');
  private finished = false;
  /** Whether the file is longer than the limit, and that was not reported yet. */
  beyond = false;
  private stopped = false;
  readonly path: string;
  private readonly limit: number;

  constructor(path: string, limit: number) {
    this.path = path;
    this.limit = limit;
  }

  /** Reads what is new. Returns whether there was anything. `whole`: take the last line for complete. Throws errors of the file system. */
  read(log: KeyLog, whole: boolean): boolean {
    if (this.finished) return false;
    const stat = pathStat(this.path);
    const regular = stat?.isFile() ?? true;
    if (regular && stat !== undefined) {
      // shorter than before: the log was begun anew
      if (stat.size < this.position) this.position = 0;
      if (stat.size === this.position || (this.stopped && stat.size > this.position)) return false;
    }
    const fd = openSync(this.path, 'r');
    let any = false;
    try {
      if (!fstatSync(fd).isFile()) this.finished = true;
      const piece = Buffer.alloc(PIECE);
      while (this.position < this.limit) {
        const n = readSync(
          fd,
          piece,
          0,
          Math.min(PIECE, this.limit - this.position),
          this.finished ? null : this.position,
        );
        if (n === 0) break;
        any = true;
        this.position += n;
        const text = this.rest + this.decoder.write(piece.subarray(0, n));
        const end = Math.max(text.lastIndexOf('\n'), text.lastIndexOf('\r')) + 1;
        // a line this long is in no key log: each piece counts as a line, and memory stays bounded
        const cut = end === 0 && text.length > PIECE ? text.length : end;
        log.add(text.slice(0, cut), this.path);
        this.rest = text.slice(cut);
      }
      if (this.position >= this.limit && !this.stopped) {
        const at = this.finished ? null : this.position;
        this.stopped = this.beyond = readSync(fd, piece, 0, 1, at) > 0;
        // the limit cuts this line off
        if (this.stopped) this.rest = '';
      }
    } finally {
      closeSync(fd);
    }
    if (whole || this.finished) {
      log.add(this.rest, this.path);
      this.rest = '';
    }
    return any;
  }
}

/** The TLS secrets of one run: from the key logs that the user named, and from the captures that are read. */
export class RunSecrets implements SecretSource {
  readonly log: KeyLog;
  readonly growing: boolean;
  private readonly files: readonly LogFile[];
  /** Reads the rest of the capture for secrets, once. */
  private scan: (() => void) | null = null;

  /** `growing`: the key logs may be written while captures are read. Throws errors of the file system. */
  constructor(paths: readonly string[], limits: Readonly<Limits>, growing: boolean) {
    this.log = new KeyLog(limits.tlsSessions);
    this.growing = growing && paths.length > 0;
    this.files = paths.map((path) => new LogFile(path, limits.tlsKeyLogBytes));
    this.readFiles();
  }

  get ahead(): boolean {
    return this.scan !== null;
  }

  /** Sets what is done, once, when a secret is not known: search the rest of the capture that is being read. */
  lookAhead(scan: (() => void) | null): void {
    this.scan = scan;
  }

  find(clientRandom: Uint8Array): SessionSecrets | null {
    const found = this.log.find(clientRandom);
    if (found !== null) return found;
    const { scan } = this;
    if (scan !== null) {
      this.scan = null;
      scan();
    } else if (!this.growing || !this.readFiles()) return null;
    return this.log.find(clientRandom);
  }

  refresh(): boolean {
    return this.growing && this.readFiles();
  }

  /** Paths of the key logs that were read only up to the limit; each is returned once. */
  cutFiles(): string[] {
    const cut = this.files.filter((file) => file.beyond);
    for (const file of cut) file.beyond = false;
    return cut.map((file) => file.path);
  }

  private readFiles(): boolean {
    let any = false;
    for (const file of this.files) if (this.tryRead(file)) any = true;
    return any;
  }

  private tryRead(file: LogFile): boolean {
    try {
      return file.read(this.log, !this.growing);
    } catch (error) {
      // the file may not exist yet
      if (this.growing) return false;
      throw error;
    }
  }
}
