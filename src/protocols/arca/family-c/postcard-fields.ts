import { hex, hexNumber } from '../../../base/hex.js';
import { quote, wireText } from '../../../base/text.js';
import type { Annotation, Json } from '../../../contract/annotation.js';
import { C2_ERRORS, IO_ERROR_KINDS, WHENCE, type FieldType } from './dialects.js';
import { LENGTH_BYTES, type PostcardFrame } from './postcard-frame.js';
import { PostcardWalk } from './postcard-walk.js';

/** Texts of one list that a field tree shows. */
const LIST_SHOWN = 256;

/** Field trees of family C: the body is walked again, this time with a visitor. */
export function annotatePostcard(m: PostcardFrame): Annotation[] {
  const head = m.head ?? new Uint8Array(0);
  const out: Annotation[] = [];
  if (head.length >= LENGTH_BYTES) {
    const word = new DataView(head.buffer, head.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
    out.push({ name: 'bodyLength', at: 0, length: LENGTH_BYTES, value: String(word) });
  }
  if (m.bodyLength <= 0 || head.length <= LENGTH_BYTES) return out;
  const walk = new PostcardWalk();
  const list: Annotation[] = [];
  let listAt = -1;
  let end = LENGTH_BYTES;
  walk.walk(m.dialect, m.role, head, LENGTH_BYTES, head.length, LENGTH_BYTES + m.bodyLength, {
    field(name, type, at, length, low, high) {
      const there = Math.min(length, head.length - at);
      if (there <= 0) return;
      end = at + there;
      if (type === 'texts') {
        listAt = out.length;
        out.push({ name, at, length: there, value: [] });
      } else if (listAt >= 0 && out[listAt]!.name === name) {
        if (list.length < LIST_SHOWN) list.push(textOf(name, head, at, there));
      } else if (type === 'text') out.push(textOf(name, head, at, there));
      else if (type === 'bytes') out.push(dataOf(name, head, at, there, length));
      else out.push({ name, at, length: there, ...scalar(m, name, type, low, high, head, at) });
    },
  });
  if (listAt >= 0) {
    const a = out[listAt]!;
    out[listAt] = { ...a, length: end - a.at, value: list.map((x) => x.value!), children: list };
  }
  if (end < head.length) out.push({ name: 'surplus', at: end, length: head.length - end, value: hex(head, end) });
  return out;
}

function varintBytes(head: Uint8Array, at: number): number {
  let n = 1;
  while (n < 10 && at + n < head.length && head[at + n - 1]! & 0x80) n++;
  return n;
}

function textOf(name: string, head: Uint8Array, at: number, length: number): Annotation {
  const text = wireText(head, at + varintBytes(head, at), at + length);
  return { name, at, length, value: text, text: quote(text) };
}

function dataOf(name: string, head: Uint8Array, at: number, there: number, length: number): Annotation {
  const from = at + varintBytes(head, at);
  const value = hex(head, from, at + there);
  return there < length
    ? { name, at, length: there, value, text: `${length - (from - at)} bytes` }
    : { name, at, length: there, value };
}

function scalar(
  m: PostcardFrame,
  name: string,
  type: FieldType,
  low: number,
  high: number,
  head: Uint8Array,
  at: number,
): { value: Json; text?: string } {
  switch (type) {
    case 'usize':
    case 'u64': {
      const n = (BigInt(high) << 32n) | BigInt(low);
      return name.endsWith('Ptr') || name === 'descriptor'
        ? { value: String(n), text: hexNumber(n) }
        : { value: String(n) };
    }
    case 'i64':
      return { value: String(BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low))) };
    case 'i32':
      return { value: low | 0 };
    case 'bool':
      return low > 1 ? { value: low } : { value: low === 1 };
    case 'ipv4':
      return { value: `${head[at]}.${head[at + 1]}.${head[at + 2]}.${head[at + 3]}` };
    case 'whence':
      return { value: WHENCE[low] ?? low };
    case 'kind':
      return kind(m, name, low);
    default:
      return { value: low };
  }
}

function kind(m: PostcardFrame, name: string, n: number): { value: Json; text?: string } {
  if (name === 'discriminant') return { value: n, text: `${n} ${m.name}` };
  if (name === 'result') return { value: n, text: n === 0 ? '0 Ok' : '1 Err' };
  const names: readonly string[] = m.dialect.wrapped ? C2_ERRORS : IO_ERROR_KINDS;
  return { value: names[n] ?? n, text: names[n] === undefined ? `unknown ${n}` : `${n} ${names[n]}` };
}

/** What stands behind the name on a transcript line. */
export function describePostcard(m: PostcardFrame, verbose: boolean): string {
  const items: string[] = [];
  const v = m.values;
  const text = (): string => quote(wireText(m.data ?? new Uint8Array(0)));
  if (m.readable) {
    const fields = m.dialect.wrapped && m.name === 'Err' ? ['kind'] : variantFields(m);
    fields.forEach((f, i) => {
      const n = v[i];
      if (n === undefined) return;
      if (f === 'path' || f === 'host') items.push(text());
      else if (f === 'args') items.push(`${n} arguments`);
      else if (f === 'data') items.push(`${n} bytes`);
      else if (f === 'ip') items.push(`${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}`);
      else if (f === 'offset') items.push(m.whence >= 0 ? `${WHENCE[m.whence]} ${n}` : `offset ${n}`);
      else if (f.endsWith('Ptr') || f === 'descriptor')
        items.push(`${f === 'descriptor' ? 'fd' : f.slice(0, 2)} ${hexNumber(n)}`);
      else if (f.endsWith('Len')) items[items.length - 1] += `+${n}`;
      else if (f === 'kind') items.push((m.dialect.wrapped ? C2_ERRORS[n] : IO_ERROR_KINDS[n]) ?? `kind ${n}`);
      else if (isMode(f)) {
        if (n === 1) items.push(f);
      } else items.push(`${f} ${n}`);
    });
  }
  if (verbose || !m.readable) items.push(`body ${Math.max(0, m.bodyLength)}`);
  return items.join('  ');
}

function isMode(field: string): boolean {
  return field === 'read' || field === 'write' || field === 'create' || field === 'append' || field === 'truncate';
}

function variantFields(m: PostcardFrame): string[] {
  const variants = m.role === 'guest' ? m.dialect.requests : m.dialect.responses;
  return variants[m.variantIndex]?.fields.map((f) => f.name) ?? [];
}
