import { createHmac } from 'node:crypto';
import { utf8Length } from '../base/text.js';

const LOWER = 'abcdefghijklmnopqrstuvwxyz';
const DIGITS = '0123456789';
/** A byte that no UTF-8 has. */
const NEVER_UTF8 = 0xff;
/** Attempts to find a pseudonym that nothing else has, before two things may share one: single letters are few. */
const ATTEMPTS = 64;

/** A pseudonym by what it stands for, both in hex, behind the kind of thing: `word 6578`, `address 0a000001`. */
export type NameTable = Readonly<Record<string, string>>;

/**
 * Other names for things, the same ones wherever the key is the same: names of exports and objects, paths, addresses, ids. A pseudonym is as
 * long as what it stands for; letters stay letters, digits digits, and what separates words stays, so that what was judged of a name
 * (its length, its characters, its form) is still there.
 */
export class Pseudonyms {
  private readonly key: Uint8Array;
  private readonly most: number;
  private readonly names = new Map<string, string>();
  private readonly taken = new Set<string>();
  /** By the number that is made of the length and the bytes. */
  private readonly short = new Map<number, Uint8Array>();

  /** `most`: things that are kept apart from one another; more of them may share pseudonyms. `known`: those of an earlier copy. */
  constructor(key: Uint8Array, most: number, known: NameTable = {}) {
    this.key = key;
    this.most = most;
    for (const [name, hex] of Object.entries(known)) this.remember(name, hex);
  }

  /** All that were given out, as far as they are remembered. */
  get table(): NameTable {
    return Object.fromEntries(this.names);
  }

  /** Replaces the words in `bytes[start..end)`, which should be UTF-8; signs and blanks stay, and so does it that bytes are not UTF-8. */
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

  /** The same for text; `kept` stay: words that everybody may know. */
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

  /** Other bytes for an id of any form; one of zeros stays. */
  id(bytes: Uint8Array): Uint8Array {
    if (bytes.every((b) => b === 0)) return new Uint8Array(bytes);
    return this.apart('id', bytes, (random) => random);
  }

  /** Another Ethernet address, locally administered; those of groups and of nobody stay. */
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
   * Another address of 4 or 16 bytes: 10.0.0.0/8 and 2001:db8::/32, or of the same kind where it is link-local or unique local. Those of
   * no host in particular stay.
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

  /** The same for an address of 4 or 6 bytes that was asked for before: every packet has four of them. */
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

  /** The pseudonym of a thing, made of random bytes of the same number; no two things of a kind have the same one, as far as there are any. */
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

/** Letters for letters, digits for digits, and one character of the same length for each that is not ASCII. */
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

/** Length of the letter, digit or other character at `at`; 0 where a word ends. */
function lengthAt(bytes: Uint8Array, at: number, end: number): number {
  const b = bytes[at]!;
  if (b < 0x80) return (b >= 0x30 && b <= 0x39) || ((b | 0x20) >= 0x61 && (b | 0x20) <= 0x7a) ? 1 : 0;
  const n = utf8Length(bytes, at);
  return at + n <= end ? n : 0;
}

function isMapped(a: Uint8Array): boolean {
  return a.subarray(0, 10).every((b) => b === 0) && a[10] === 0xff && a[11] === 0xff;
}

/** Unspecified, loopback, multicast: no host's own. */
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
