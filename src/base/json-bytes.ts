import type { Json } from './annotation.js';
import { safeJson } from './safe-text.js';
import { TextBytes, TextPiece } from './text-bytes.js';

const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** `",`, little-endian. */
const QUOTE_COMMA = 0x2c22;

/** JSON in UTF-8, written piece by piece. Control characters and the like are escaped (see safeJson). */
export class JsonBytes extends TextBytes {
  /** A text that is JSON. */
  json(json: string): void {
    if (!this.plain(json, 0)) this.encode(safeJson(json));
  }

  /** A member with a whole number from 0 to 2^53, and a comma. `lead`: the quoted name and the colon. */
  integer(lead: TextPiece, n: number): void {
    this.piece(lead);
    this.decimal(n);
    this.byte(COMMA);
  }

  /** The same with a 64-bit number, given as two halves, as a string; `lead` ends with its opening quote. */
  wide(lead: TextPiece, hi: number, lo: number): void {
    this.piece(lead);
    this.wideDecimal(hi, lo);
    this.reserve(2);
    this.view.setUint16(this.size, QUOTE_COMMA, true);
    this.size += 2;
  }

  /** Begins an object: its members follow, each with a comma after it. */
  open(): void {
    this.byte(OPEN);
  }

  /** A member of an object, and a comma. */
  member(name: string, value: Json): void {
    const lead = leadOf(name);
    if (typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)) {
      this.integer(lead, value);
      return;
    }
    this.piece(lead);
    this.json(JSON.stringify(value));
    this.comma();
  }

  comma(): void {
    this.byte(COMMA);
  }

  /** Ends an object, and removes the comma of its last member. */
  close(): void {
    if (this.bytes[this.size - 1] === COMMA) this.size--;
    this.byte(CLOSE);
  }
}

/** Cache of encoded member names: those of fields, and few others. */
const LEADS = new Map<string, TextPiece>();
const MAX_LEADS = 4096;

/** The quoted name and the colon. */
function leadOf(name: string): TextPiece {
  let lead = LEADS.get(name);
  if (lead === undefined) {
    lead = new TextPiece(`${JSON.stringify(name)}:`);
    if (LEADS.size < MAX_LEADS) LEADS.set(name, lead);
  }
  return lead;
}
