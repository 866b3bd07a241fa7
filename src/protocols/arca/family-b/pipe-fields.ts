import { hex, hexNumber } from '../../../base/hex.js';
import { quote, wireText } from '../../../base/text.js';
import type { Annotation } from '../../../contract/annotation.js';
import { errnoName } from '../family-a/errno.js';
import {
  BELL_BYTES,
  CLOSE,
  ERROR,
  FLAGS_AT,
  LENGTH_BYTES,
  OPEN_FLAGS,
  PATH_AT,
  PATH_LENGTH_AT,
  PIPE_ID_AT,
  READ,
  REPLY_BYTES_B1,
  RING_SIZE_AT,
  SEEK,
  TEST_BELL_BYTES,
  WHENCE,
  WRITE,
  type PipeFrame,
} from './pipe-frame.js';

/** Field trees of family B. */
export function annotatePipe(m: PipeFrame): Annotation[] {
  const head = m.head ?? new Uint8Array(0);
  const there = head.length - LENGTH_BYTES;
  const out: Annotation[] = [{ name: 'length', at: 0, length: 2, value: m.payloadLength }];
  if (there <= 0) return out;
  const view = new DataView(head.buffer, head.byteOffset + LENGTH_BYTES, there);
  let next = 0;
  const put = (name: string, length: number, value: Annotation['value'], text?: string): void => {
    if (next + length > there) return;
    const a = { name, at: LENGTH_BYTES + next, length, ...(value === undefined ? {} : { value }) };
    out.push(text === undefined ? a : { ...a, text });
    next += length;
  };
  const u64 = (): bigint => (next + 8 <= there ? view.getBigUint64(next, true) : 0n);
  if (m.kind === 'NewPipeRequest') {
    put('ringSize', 8, String(u64()));
  } else if (m.kind === 'NewPipeReply') {
    put('shmOffset', 8, String(u64()), hexNumber(u64()));
    if (next === RING_SIZE_AT) put('ringSize', 8, String(u64()));
    if (next === PIPE_ID_AT && m.pipeId >= 0) put('pipeId', 8, String(u64()));
    if (m.whole) {
      const bells = m.payloadLength >= REPLY_BYTES_B1;
      for (const name of ['readBell', 'writeBell']) next = putBell(out, view, name, next, bells);
    }
  } else if (m.kind === 'FilePipeHeader') {
    put('pipeType', 1, view.getUint8(0), '1 File');
    if (there > FLAGS_AT) {
      const f = view.getUint8(FLAGS_AT);
      put('flags', 1, openFlags(f), `${hexNumber(f, 2)} ${openFlags(f).join(' ')}`.trimEnd());
    }
    if (next === PATH_LENGTH_AT) put('pathLength', 8, String(u64()));
    if (next === PATH_AT && there > PATH_AT) put('path', there - PATH_AT, wireText(head, LENGTH_BYTES + PATH_AT));
  } else if (m.tag >= 0) {
    put('type', 1, m.tag, `${m.tag} ${m.name}`);
    if (m.whole) next = putFileBody(out, m, head, view, next);
  }
  if (next < there) {
    out.push({ name: 'payload', at: LENGTH_BYTES + next, length: there - next, value: hex(head, LENGTH_BYTES + next) });
  }
  return out;
}

function putBell(out: Annotation[], view: DataView, name: string, next: number, real: boolean): number {
  const at = LENGTH_BYTES + next;
  const first = view.getBigUint64(next, true);
  if (!real) {
    out.push({ name, at, length: TEST_BELL_BYTES, value: String(first), text: `${first} (unit test)` });
    return next + TEST_BELL_BYTES;
  }
  const match = view.getBigUint64(next + 8, true);
  out.push({
    name,
    at,
    length: BELL_BYTES,
    value: { address: String(first), datamatch: String(match) },
    text: `address ${hexNumber(first)}  datamatch ${match}`,
    children: [
      { name: 'address', at, length: 8, value: String(first), text: hexNumber(first) },
      { name: 'datamatch', at: at + 8, length: 8, value: String(match) },
    ],
  });
  return next + BELL_BYTES;
}

function putFileBody(out: Annotation[], m: PipeFrame, head: Uint8Array, view: DataView, next: number): number {
  const at = LENGTH_BYTES + next;
  const guest = m.role === 'guest';
  if (m.tag === CLOSE) return next;
  if (m.tag === (guest ? WRITE : READ)) {
    if (head.length > at) out.push({ name: 'data', at, length: head.length - at, value: hex(head, at) });
    return head.length - LENGTH_BYTES;
  }
  if (guest && m.tag === SEEK) {
    out.push({ name: 'offset', at, length: 8, value: String(view.getBigInt64(next, true)) });
    const w = WHENCE[m.extra];
    out.push({ name: 'whence', at: at + 8, length: 1, value: w ?? m.extra, text: w ?? `unknown ${m.extra}` });
    return next + 9;
  }
  if (m.tag === ERROR) {
    out.push({
      name: 'errno',
      at,
      length: 4,
      value: m.value,
      text: `${m.value} ${errnoName(Math.abs(m.value))}`.trimEnd(),
    });
    return next + 4;
  }
  const name = !guest && m.tag === SEEK ? 'position' : 'length';
  out.push({ name, at, length: 8, value: String(view.getBigUint64(next, true)) });
  return next + 8;
}

/** Names of open flags; unknown bits as one hex number. */
function openFlags(flags: number): string[] {
  const names: string[] = OPEN_FLAGS.filter((_, i) => (flags & (1 << i)) !== 0);
  const rest = flags >> OPEN_FLAGS.length;
  if (rest !== 0) names.push(hexNumber(rest << OPEN_FLAGS.length, 2));
  return names;
}

/** What stands behind the name on a transcript line. */
export function describePipe(m: PipeFrame, verbose: boolean): string {
  const items: string[] = [];
  if (m.kind === 'NewPipeRequest' && m.whole) items.push(`ring ${m.value}`);
  else if (m.kind === 'NewPipeReply' && m.whole) {
    items.push(`shm ${hexNumber(m.extra)}`, `ring ${m.value}`);
    if (m.pipeId >= 0) items.push(`pipe ${m.pipeId}`);
    if (m.readMatch >= 0)
      items.push(`bells ${hexNumber(m.readAddress)}/${m.readMatch} ${hexNumber(m.writeAddress)}/${m.writeMatch}`);
  } else if (m.kind === 'FilePipeHeader' && m.whole) {
    if (m.head !== null) items.push(quote(wireText(m.head, LENGTH_BYTES + PATH_AT)));
    items.push(openFlags(m.extra).join(' ') || 'no flags');
  } else if (m.isFile && m.whole) {
    if (m.tag === (m.role === 'guest' ? WRITE : READ)) items.push(`${m.dataLength} bytes`);
    else if (m.role === 'guest' && m.tag === SEEK) items.push(`${WHENCE[m.extra] ?? m.extra} ${m.value}`);
    else if (m.tag === ERROR) items.push(`errno ${m.value} ${errnoName(Math.abs(m.value))}`.trimEnd());
    else if (m.tag !== CLOSE) items.push(`${m.value}`);
  }
  if (verbose || items.length === 0) items.push(`payload ${m.payloadLength}`);
  return items.join('  ');
}
