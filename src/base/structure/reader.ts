import { row, type Annotation, type Json } from '../annotation.js';
import type { Limits } from '../limits.js';

/** What reading a structure depends on, besides its bytes. */
export interface ReadOptions {
  readonly limits: Readonly<Pick<Limits, 'listItems' | 'shownItems' | 'shownBytes'>>;
  /** Version of the outermost structure, where it is given outside of it (in a message header): see `since`. */
  readonly version?: number;
  /** Feature bits of the connection: see `withFeature`. */
  readonly features?: bigint;
  /** Returns a name for a value that identifies somebody, if it is known from elsewhere: rows show it after the value. */
  readonly named?: ((value: string) => string | undefined) | undefined;
  /** Whether rows have texts for people (see Annotation.text). Not given: they have. */
  readonly texts?: boolean | undefined;
}

/** Why a structure cannot be read any further, or what is odd in it. */
export interface Problem {
  /**
   * `short`: the bytes end inside a field; `count`: a list announces more items than can be there; `length`: an inner length exceeds the
   * outer one; `compat`: only newer readers may read it. A protocol's own types have further kinds.
   */
  readonly kind: string;
  /** Byte range, relative to the message's first byte. */
  readonly at: number;
  readonly length: number;
  /** How many bytes are lacking; 0 where that is not the problem. */
  readonly beyond: number;
  /** The field, with the structures around it: `locator.key`, `ops[3].offset`. */
  readonly path: string;
  readonly text: string;
}

/**
 * Reads one structure from `bytes[pos..end)`, little endian, never beyond `end`. Types (see type.ts) advance `pos` and return values; if
 * `rows` is set they also add a row for each field. After the first failure nothing more is read: every `take` fails.
 */
export class Reader {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  pos: number;
  /** Index just after the last byte of the innermost structure that has a length. */
  end: number;
  /** Version of the innermost structure that has one. */
  version: number;
  readonly features: bigint;
  readonly limits: ReadOptions['limits'];
  /** See ReadOptions. */
  readonly texts: boolean;
  private readonly named: ReadOptions['named'];
  /** Whether reading has failed: nothing more is read. */
  failed = false;
  /** The problems found; if `failed`, the last one ended the reading. */
  readonly problems: Problem[] = [];
  /** Number of bytes of inner structures that no field describes: newer senders append them. */
  undecoded = 0;
  /** Number of list items beyond `limits.listItems`, which were checked but not kept. */
  notKept = 0;
  /** Values of the innermost structure so far, for fields that depend on them (see Struct.and). */
  before: Readonly<Record<string, unknown>> = {};
  /** Rows of what is being read; null where none are wanted. */
  rows: Annotation[] | null = null;
  /** What to add to an index to make it relative to the message's first byte. */
  private readonly shift: number;
  /** Names of the structures around the current field. */
  private readonly path: string[] = [];

  /** Reads `bytes[start..end)`, whose first byte is the message's byte `at`. */
  constructor(bytes: Uint8Array, start: number, end: number, at: number, options: ReadOptions) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pos = start;
    this.end = end;
    this.shift = at - start;
    this.version = options.version ?? 0;
    this.features = options.features ?? 0n;
    this.limits = options.limits;
    this.named = options.named;
    this.texts = options.texts ?? true;
  }

  /** Bytes left in the innermost structure. */
  get left(): number {
    return this.failed ? 0 : this.end - this.pos;
  }

  /** Takes the next `n` bytes. Returns their index; -1 (a failure) where they are not there. */
  take(name: string, n: number): number {
    if (this.failed) return -1;
    const at = this.pos;
    const have = this.end - at;
    if (have < n) {
      this.fail('short', name, at, have, n - have, `${name} needs ${n} bytes and ${have} are left`);
      return -1;
    }
    this.pos = at + n;
    return at;
  }

  /** Takes a 32-bit length and that many bytes. Returns the index of the length; -1 (a failure) where they are not there. */
  takeSized(name: string): number {
    const at = this.take(name, 4);
    if (at < 0) return -1;
    const n = this.view.getUint32(at, true);
    const have = this.end - this.pos;
    if (n > have) {
      this.fail('length', name, at, 4, n - have, `${name} says ${n} bytes and ${have} are left`);
      return -1;
    }
    this.pos += n;
    return at;
  }

  /** Whether `count` items of at least `least` bytes each can still be there; fails where not. `at`, `length`: the bytes of the count. */
  holds(name: string, count: number, least: number, at: number, length: number): boolean {
    if (this.failed) return false;
    const have = this.end - this.pos;
    if (count * least <= have) return true;
    const text = `${name} announces ${count} items and ${have} bytes are left`;
    this.fail('count', name, at, length, count * least - have, text);
    return false;
  }

  /** Ends the reading with a problem. `at`: index of the bytes in question. */
  fail(kind: string, name: string, at: number, length: number, beyond: number, text: string): void {
    if (this.failed) return;
    this.remark(kind, name, at, length, text, beyond);
    this.failed = true;
  }

  /** Adds a problem; the reading goes on. */
  remark(kind: string, name: string, at: number, length: number, text: string, beyond = 0): void {
    this.problems.push({ kind, at: at + this.shift, length, beyond, path: [...this.path, name].join('.'), text });
  }

  /** Begins a structure: what is read until `leave` belongs to it. */
  enter(name: string): void {
    this.path.push(name);
  }

  leave(): void {
    this.path.pop();
  }

  /** Adds a row for `bytes[at..pos)`, if rows are wanted. */
  row(
    name: string,
    at: number,
    value: Json | undefined,
    text?: string,
    children?: readonly Annotation[],
    wide = false,
  ): void {
    if (this.rows === null) return;
    const made = row(name, at + this.shift, this.pos - at, value, text, children);
    if (wide) made.wide = true;
    this.rows.push(made);
  }

  /** The value, with the name of whom it identifies in parentheses, if that is known. */
  withName(value: string): string {
    const name = this.named?.(value);
    return name === undefined ? value : `${value} (${name})`;
  }

  /** A row for a part of a field, at index `at`. */
  part(name: string, at: number, length: number, value?: Json, text?: string): Annotation {
    return row(name, at + this.shift, length, value, text);
  }

  /** Takes the bytes up to `end`, the end of a structure, as bytes that no field describes. */
  takeRest(end: number): void {
    if (this.failed || this.pos >= end) return;
    const at = this.pos;
    this.undecoded += end - at;
    this.pos = end;
    this.row('rest', at, undefined);
  }
}
