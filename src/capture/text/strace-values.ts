/**
 * One argument, field or array element as strace prints it. `start..end` is its text: of a string the text between the quotes, of a word
 * all of it (`3<UNIX-STREAM:[1->2]>`, `MSG_PEEK|MSG_DONTWAIT`). `[110 => 2]` is a list of one word.
 */
export interface Value {
  /** Field name (`msg_iov`), or empty. */
  readonly name: string;
  readonly kind: 'string' | 'list' | 'word';
  readonly start: number;
  readonly end: number;
  /** Elements of an array or fields of a structure. */
  readonly items: readonly Value[];
  /** Whether something was left out: strace shortened a string or an array, or the line was too long. */
  readonly cut: boolean;
}

/** How many brackets inside each other are parsed: no call that matters here has more. */
const DEPTH = 12;

/** Parses the values of one line. Never throws; text that is no value becomes a word. */
export class ValueParser {
  private text = '';
  /** Index of the next character; after `values`: of the closing bracket, or the end of the text. */
  at = 0;

  /** The arguments of a call, from the character after its opening bracket. */
  arguments(text: string, from: number): Value[] {
    this.text = text;
    this.at = from;
    return this.values(')', 0).items as Value[];
  }

  private values(closer: string, depth: number): { items: readonly Value[]; cut: boolean } {
    const { text } = this;
    const items: Value[] = [];
    let cut = false;
    for (;;) {
      while (text[this.at] === ' ' || text[this.at] === ',') this.at++;
      const c = text[this.at];
      if (c === undefined) return { items, cut: true };
      if (c === closer) return { items, cut };
      if (text.startsWith('...', this.at)) {
        cut = true;
        this.at += 3;
        continue;
      }
      const before = this.at;
      items.push(this.value(depth));
      if (this.at === before) this.at++;
    }
  }

  private value(depth: number): Value {
    const { text } = this;
    let name = '';
    const field = /[A-Za-z_][\w.]*(?:\(\d+\))?=/y;
    field.lastIndex = this.at;
    const match = field.exec(text);
    if (match !== null && text[field.lastIndex] !== '=') {
      name = match[0].slice(0, -1).replace(/\(\d+\)$/, '');
      this.at = field.lastIndex;
    }
    const start = this.at;
    const c = text[start];
    if (c === '@' && text[start + 1] === '"') {
      this.at++;
      const value = this.string(name);
      return { ...value, kind: 'word', start, end: this.at };
    }
    if (c === '"') return this.string(name);
    if ((c === '{' || c === '[') && depth < DEPTH) {
      this.at++;
      const { items, cut } = this.values(c === '{' ? '}' : ']', depth + 1);
      const end = this.at;
      if (text[this.at] !== undefined) this.at++;
      const value: Value = { name, kind: 'list', start: start + 1, end, items, cut };
      // `[...] => [...]`, a value that the call has changed: the new one counts
      const became = / => (?=[[{])/y;
      became.lastIndex = this.at;
      if (!became.test(text)) return value;
      this.at = became.lastIndex;
      return { ...this.value(depth), name };
    }
    this.word();
    return { name, kind: 'word', start, end: this.at, items: [], cut: false };
  }

  private string(name: string): Value {
    const { text } = this;
    const start = this.at + 1;
    let i = start;
    while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
    let end = Math.min(i, text.length);
    let cut = text[end] !== '"';
    this.at = cut ? end : end + 1;
    if (cut) {
      // the text ends inside the string, perhaps inside of an escape
      const escape = text.lastIndexOf('\\');
      if (escape >= start && escape > end - 4) end = escape;
    }
    if (!cut && text.startsWith('...', this.at)) {
      cut = true;
      this.at += 3;
    }
    return { name, kind: 'string', start, end, items: [], cut };
  }

  /** Skips a word: up to the next comma or closing bracket outside of its own brackets, quotes and annotation. */
  private word(): void {
    const { text } = this;
    let open = 0;
    let i = this.at;
    for (; i < text.length; i++) {
      const c = text[i]!;
      if (c === '"') {
        for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
      } else if (c === '<' && i > this.at && isDigit(text.charCodeAt(i - 1))) i = annotationEnd(text, i);
      else if (c === '(' || c === '[' || c === '{') open++;
      else if (c === ')' || c === ']' || c === '}') {
        if (open === 0) break;
        open--;
      } else if (c === ',' && open === 0) break;
    }
    this.at = Math.min(i, text.length);
  }
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Index of the `>` that closes the annotation of a descriptor whose `<` is at `from`. The `>` of `->` does not close it. */
function annotationEnd(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    const c = text[i]!;
    if (c === '"') for (i++; i < text.length && text[i] !== '"'; i++) if (text[i] === '\\') i++;
    if (c === '>' && text[i - 1] !== '-' && /[,)\]} (]/.test(text[i + 1] ?? ' ')) return i;
  }
  return text.length;
}

const SIMPLE: Readonly<Record<string, number>> = { n: 10, t: 9, v: 11, f: 12, r: 13, a: 7, b: 8, e: 27 };

/** The bytes of a string as strace prints it: `\xhh`, octal of one to three digits, C escapes, and plain characters. */
export function stringBytes(text: string, start: number, end: number): Uint8Array {
  const out = new Uint8Array(end - start);
  let n = 0;
  for (let i = start; i < end;) {
    const code = text.charCodeAt(i++);
    if (code !== 0x5c || i >= end) {
      out[n++] = code;
      continue;
    }
    const c = text.charCodeAt(i);
    if (c === 0x78) {
      out[n++] = (hexDigit(text.charCodeAt(i + 1)) << 4) | hexDigit(text.charCodeAt(i + 2));
      i += 3;
    } else if (c >= 0x30 && c <= 0x37) {
      let value = 0;
      for (let k = 0; k < 3 && i < end; k++, i++) {
        const digit = text.charCodeAt(i) - 0x30;
        if (digit < 0 || digit > 7) break;
        value = value * 8 + digit;
      }
      out[n++] = value;
    } else {
      out[n++] = SIMPLE[text[i]!] ?? c;
      i++;
    }
  }
  return out.subarray(0, n);
}

function hexDigit(code: number): number {
  return code <= 0x39 ? code - 0x30 : (code & 0xdf) - 0x37;
}
