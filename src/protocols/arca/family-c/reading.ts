import type { Annotation } from '../../../base/annotation.js';
import type { Role } from '../generations.js';
import { DIALECTS, RESULT_ERR, variantsOf, type Dialect, type PostcardValue } from './dialects.js';
import { CUT, Cursor, DISCRIMINANT, OK, TRAILING, type Outcome, type Variant } from './postcard.js';

/** A body: `bytes[at..end)`, of which only the bytes before `have` are there. */
export interface Body {
  readonly bytes: Uint8Array;
  readonly at: number;
  readonly have: number;
  readonly end: number;
}

const RESULTS = ['Ok', 'Err'] as const;

/** One body, read in one dialect. */
export class Reading {
  readonly dialect: Dialect;
  /** Null if the dialect has no variant with that number. */
  readonly variant: Variant | null;
  /** Its name; `type 9`: there is no variant with that number; `Frame`: the number could not be read. */
  readonly name: string;
  /** Where the value ends, what is wrong with it, and its last text or data. */
  readonly cursor: Cursor;
  private readonly fields: Readonly<Record<string, unknown>>;

  /** `rows`: receives the rows of the field tree; null: not needed. */
  constructor(dialect: Dialect, role: Role, { bytes, at, have, end }: Body, rows: Annotation[] | null = null) {
    const c = new Cursor(bytes, at, have, end, rows);
    this.dialect = dialect;
    this.cursor = c;
    const fields: Record<string, unknown> = {};
    this.variant = readResult(c, dialect, role) ? RESULT_ERR : c.failed ? null : readVariant(c, dialect, role);
    this.name = this.variant?.name ?? (c.outcome === DISCRIMINANT ? `type ${c.faultNumber}` : 'Frame');
    if (this.variant !== null) {
      for (const [name, type] of Object.entries(this.variant.fields)) {
        c.enter(name);
        fields[name] = type.read(c, name);
        if (c.failed) break;
      }
    }
    if (!c.failed && c.at < end) {
      c.enter('');
      c.fail(TRAILING, c.at);
    }
    this.fields = fields;
  }

  get outcome(): Outcome {
    return this.cursor.outcome;
  }

  /** The value; null if it could not be read. */
  get value(): PostcardValue | null {
    return this.cursor.failed || this.variant === null
      ? null
      : ({ name: this.variant.name, ...this.fields } as unknown as PostcardValue);
  }
}

/** Reads the Result around a response, which some dialects have. Returns whether it is an error; the error's fields follow. */
function readResult(c: Cursor, dialect: Dialect, role: Role): boolean {
  if (!dialect.wrapped || role !== 'monitor') return false;
  c.enter('result');
  const from = c.at;
  if (!c.varint(4)) return false;
  c.row('result', from, c.low, `${c.low} ${RESULTS[c.low] ?? 'unknown'}`);
  if (c.low >= RESULTS.length) c.fail(DISCRIMINANT, from, c.low);
  return c.low === 1;
}

function readVariant(c: Cursor, dialect: Dialect, role: Role): Variant | null {
  c.enter('discriminant');
  const from = c.at;
  if (!c.varint(4)) return null;
  const variant = variantsOf(dialect, role)[c.low] ?? null;
  c.row('discriminant', from, c.low, `${c.low} ${variant?.name ?? `type ${c.low}`}`);
  if (variant === null) c.fail(DISCRIMINANT, from, c.low);
  return variant;
}

/** Reads a body in each dialect of `bits`, in order of precedence. */
export function readIn(bits: number, role: Role, body: Body): Reading[] {
  return DIALECTS.filter((d) => (d.bit & bits) !== 0).map((d) => new Reading(d, role, body));
}

/** The dialects (bits) in which a body is exactly one value. */
export function fitting(readings: readonly Reading[]): number {
  return readings.reduce((bits, r) => (r.outcome === OK ? bits | r.dialect.bit : bits), 0);
}

/** Whether the body continues, in some dialect, after the bytes that are there. */
export function anyCut(readings: readonly Reading[]): boolean {
  return readings.some((r) => r.outcome === CUT);
}

/** Whether the body has the same name in all dialects of `bits`. */
export function isSameName(readings: readonly Reading[], bits: number): boolean {
  const names = readings.filter((r) => (r.dialect.bit & bits) !== 0).map((r) => r.variant?.name ?? '');
  return names.every((name) => name === names[0]);
}
