import { createHmac } from 'node:crypto';
import { utf8Length } from '../base/text.js';

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
/** A byte that UTF-8 never contains. */
const NEVER_UTF8 = 0xff;
/** Attempts to find a pseudonym that is not used yet, before two things may share one: there are few of a single letter. */
const ATTEMPTS = 64;

/** Pseudonyms by what they replace, both in hex, and that after the kind of thing: `word 6578`, `address 0a000001`. */
export type NameTable = Readonly<Record<string, string>>;

/**
 * Replaces names of exports and objects, paths, addresses and ids by pseudonyms, which are the same for the same key. A pseudonym is as
 * long as what it replaces; letters stay letters, digits stay digits, and separators between words stay, so that properties of a name
 * (length, characters, form) that rules judge are kept.
 */
export class Pseudonyms {
  private readonly key: Uint8Array;
  private readonly most: number;
  private readonly names = new Map<string, string>();
  private readonly taken = new Set<string>();
  /** Pseudonyms of addresses of 4 or 6 bytes, by a number that is made of the length and the bytes. */
  private readonly short = new Map<number, Uint8Array>();

  /** `most`: how many things get distinct pseudonyms; more may share one. `known`: pseudonyms of an earlier copy. */
  constructor(key: Uint8Array, most: number, known: NameTable = {}) {
    this.key = key;
    this.most = most;
    for (const [name, hex] of Object.entries(known)) this.remember(name, hex);
  }

  /** All pseudonyms that are remembered. */
  get table(): NameTable {
    return Object.fromEntries(this.names);
  }

  /**
   * Replaces the words in `bytes[start..end)`, which should be UTF-8. Separators stay, and bytes that are not UTF-8 are replaced by others
   * that are not.
   */
  rename(bytes: Uint8Array, start = 0, end = bytes.length): void {
    for (let at = start; at < end;) {
      let to = at;
      while (to < end) {
        const n = lengthAt(bytes, to, end);
        if (n === 0) break;
        to += n;
      }
      if (to > at) bytes.set(this.word(bytes.slice(at, to)), at);
      else {
        if (bytes[at]! >= 0x80) bytes[at] = NEVER_UTF8;
        to = at + 1;
      }
      at = to;
    }
  }

  /** The same for text. Words in `kept` stay. */
  text(text: string, kept: readonly string[] = []): string {
    const bytes = Buffer.from(text, 'utf8');
    const known = kept.length === 0 ? null : new RegExp(`(${kept.join('|')})`, 'i');
    let at = 0;
    for (const part of known === null ? [text] : text.split(known)) {
      const end = at + Buffer.byteLength(part);
      if (known?.test(part) !== true) this.rename(bytes, at, end);
      at = end;
    }
    return bytes.toString('utf8');
  }

  /** A pseudonym for an id of any form. An id of zeros stays. */
  id(bytes: Uint8Array): Uint8Array {
    if (bytes.every((b) => b === 0)) return new Uint8Array(bytes);
    return this.apart('id', bytes, (random) => random);
  }

  /** Another Ethernet address, locally administered. Group addresses and the zero address stay. */
  mac(address: Uint8Array): Uint8Array {
    if ((address[0]! & 1) === 1 || address.every((b) => b === 0)) return new Uint8Array(address);
    return this.again(address, () =>
      this.apart('mac', address, (random) => {
        random[0] = 0x02;
        return random;
      }),
    );
  }

  /**
   * Another address of 4 or 16 bytes: in 10.0.0.0/8 or 2001:db8::/32, or, for a link-local or unique local address, of the same kind.
   * Addresses that belong to no single host stay.
   */
  address(address: Uint8Array): Uint8Array {
    if (address.length === 16 && isMapped(address)) {
      const out = new Uint8Array(address);
      out.set(this.address(address.slice(12)), 12);
      return out;
    }
    if (isNobodys(address)) return new Uint8Array(address);
    const prefix = prefixOf(address);
    const make = (): Uint8Array =>
      this.apart('address', address, (random) => {
        random.set(prefix);
        return random;
      });
    return address.length === 4 ? this.again(address, make) : make();
  }

  /** Caches addresses of 4 or 6 bytes, since every packet has four of them. */
  private again(address: Uint8Array, make: () => Uint8Array): Uint8Array {
    const key = address.reduce((n, b) => n * 256 + b, address.length);
    let other = this.short.get(key);
    if (other === undefined) {
      other = make();
      if (this.short.size < this.most) this.short.set(key, other);
    }
    return other;
  }

  private word(word: Uint8Array): Uint8Array {
    return this.apart('word', word, (random) => spell(word, random));
  }

  /** The pseudonym of a thing, made of as many random bytes. Two things of a kind get different ones, as long as there are any left. */
  private apart(kind: string, thing: Uint8Array, make: (random: Uint8Array) => Uint8Array): Uint8Array {
    const hex = Buffer.from(thing).toString('hex');
    const name = `${kind} ${hex}`;
    const known = this.names.get(name);
    if (known !== undefined) return Buffer.from(known, 'hex');
    for (let attempt = 0; ; attempt++) {
      const out = make(this.stream(`${name} ${attempt}`, thing.length));
      const other = Buffer.from(out).toString('hex');
      if ((other === hex || this.taken.has(`${kind} ${other}`)) && attempt < ATTEMPTS) continue;
      if (this.names.size < this.most) this.remember(name, other);
      return out;
    }
  }

  private remember(name: string, hex: string): void {
    this.names.set(name, hex);
    this.taken.add(`${name.slice(0, name.indexOf(' '))} ${hex}`);
  }

  private stream(what: string, length: number): Uint8Array {
    const parts: Buffer[] = [];
    for (let n = 0, have = 0; have < length; n++, have += 32)
      parts.push(createHmac('sha256', this.key).update(`${n} ${what}`).digest());
    return new Uint8Array(Buffer.concat(parts).subarray(0, length));
  }
}

/** Letters for letters, digits for digits, and for other characters one of the same length in bytes. */
function spell(word: Uint8Array, random: Uint8Array): Uint8Array {
  const out = new Uint8Array(word);
  for (let i = 0; i < word.length;) {
    const b = word[i]!;
    const n = utf8Length(word, i);
    const r = random[i]!;
    if (b >= 0x30 && b <= 0x39) out[i] = DIGITS.charCodeAt(r % 10);
    else if (b < 0x80) out[i] = LOWER.charCodeAt(r % 26) & (b < 0x60 ? 0xdf : 0xff);
    else if (n === 2) out.set([0xc3, 0xa0 + (r % 0x17)], i);
    else if (n === 3) out.set([0xe4, 0xb8, 0x80 + (r % 0x40)], i);
    else if (n === 4) out.set([0xf0, 0x9f, 0x98, 0x80 + (r % 0x40)], i);
    i += Math.max(n, 1);
  }
  return out;
}

/** Length of the letter, digit or non-ASCII character at `at`; 0 at the end of a word. */
function lengthAt(bytes: Uint8Array, at: number, end: number): number {
  const b = bytes[at]!;
  if (b < 0x80) return (b >= 0x30 && b <= 0x39) || ((b | 0x20) >= 0x61 && (b | 0x20) <= 0x7a) ? 1 : 0;
  const n = utf8Length(bytes, at);
  return at + n <= end ? n : 0;
}

function isMapped(a: Uint8Array): boolean {
  return a.subarray(0, 10).every((b) => b === 0) && a[10] === 0xff && a[11] === 0xff;
}

/** Unspecified, loopback and multicast addresses, which belong to no single host. */
function isNobodys(a: Uint8Array): boolean {
  if (a.length === 4) return a.every((b) => b === 0) || a[0] === 127 || a[0]! >= 224;
  const low = a.subarray(0, 15).every((b) => b === 0);
  return (low && a[15]! <= 1) || a[0] === 0xff;
}

function prefixOf(a: Uint8Array): readonly number[] {
  if (a.length === 4) return a[0] === 169 && a[1] === 254 ? [169, 254] : [10];
  if (a[0] === 0xfe && (a[1]! & 0xc0) === 0x80) return [0xfe, 0x80, 0, 0, 0, 0, 0, 0];
  return (a[0]! & 0xfe) === 0xfc ? [0xfd] : [0x20, 0x01, 0x0d, 0xb8];
}
