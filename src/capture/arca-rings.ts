import { RECORDING } from '../base/capture-rules.js';
import type { Limits } from '../base/limits.js';
import { byteSize, count } from '../base/text.js';
import { ByteGatherer } from './byte-gatherer.js';
import { NotACapture, type PacketSink, type SocketEvent } from './packet.js';
import type { CaptureParser } from './parser.js';
import type { TextFormat } from './text/text-format.js';
import { SocketPackets } from './text/socket-packets.js';

/*
 * Arca's guest and host communicate through rings in shared memory, which no packet capture sees. A dump of that memory still holds the
 * last bytes of each direction (arca.md 3.5): cursors that only grow, two flags, then the ring. Bytes further back than the ring's size
 * are overwritten; as the cursors count from 0, the size of that gap is known exactly.
 */

const READ_CURSOR = 0;
const WRITE_CURSOR = 8;
const WRITER_CLOSED = 16;
const READER_CLOSED = 17;
/** Region of families A and B: two rings, each behind a header of 24 bytes whose last 6 are padding. */
const REGION_HEADER = 24;
/** Ring of family C: a header of 18 bytes; control pipes have 8192 bytes, all others 1024. A dump may be padded to 8. */
const SINGLE_HEADER = 18;
const SINGLE_SIZES = [1024, 8192] as const;
const LARGEST_PAD = 7;
/** Largest dump, in bytes, that is read: the whole file is held in memory. */
const LARGEST_FILE = 32 << 20;

interface Ring {
  /** File offsets of its header and its data. */
  readonly header: number;
  readonly data: number;
  readonly size: number;
}

/** The cursors and flags of a ring's header. */
interface Cursors {
  readonly read: number;
  readonly written: number;
  readonly writerClosed: boolean;
  readonly readerClosed: boolean;
}

/** Reads the header of `header` bytes at `at`; null where it cannot be one. `size`: of the ring, in bytes; 0 where not known. */
function cursorsAt(bytes: Uint8Array, at: number, header: number, size: number): Cursors | null {
  if (at + header > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, header);
  if (view.getUint16(READ_CURSOR + 6, true) !== 0 || view.getUint16(WRITE_CURSOR + 6, true) !== 0) return null;
  const read = number48(view, READ_CURSOR);
  const written = number48(view, WRITE_CURSOR);
  const flags = [bytes[at + WRITER_CLOSED]!, bytes[at + READER_CLOSED]!];
  for (let i = READER_CLOSED + 1; i < header; i++) if (bytes[at + i] !== 0) return null;
  if (flags[0]! > 1 || flags[1]! > 1 || written < read || (size > 0 && written - read > size)) return null;
  return { read, written, writerClosed: flags[0] === 1, readerClosed: flags[1] === 1 };
}

function number48(view: DataView, at: number): number {
  return view.getUint16(at + 4, true) * 0x1_0000_0000 + view.getUint32(at, true);
}

/** The rings in a complete file; null where it is no dump of rings. */
function ringsOf(bytes: Uint8Array): Ring[] | null {
  const size = bytes.length / 2 - REGION_HEADER;
  const region = [0, 1].map((i) => {
    const header = i * (REGION_HEADER + size);
    return { header, data: header + REGION_HEADER, size };
  });
  if (size >= 8 && size % 8 === 0 && areRings(bytes, region, REGION_HEADER)) return region;
  for (const n of SINGLE_SIZES) {
    const one = { header: 0, data: SINGLE_HEADER, size: n };
    const rest = bytes.length - SINGLE_HEADER - n;
    if (rest >= 0 && rest <= LARGEST_PAD && areRings(bytes, [one], SINGLE_HEADER)) return [one];
    const stride = bytes.length / 2;
    const pad = stride - SINGLE_HEADER - n;
    const pair = [one, { header: stride, data: stride + SINGLE_HEADER, size: n }];
    if (pad >= 0 && pad <= LARGEST_PAD && Number.isInteger(stride) && areRings(bytes, pair, SINGLE_HEADER)) return pair;
  }
  return null;
}

/** Whether all headers are valid, something was ever written, and the first bytes written look like a frame. */
function areRings(bytes: Uint8Array, rings: readonly Ring[], header: number): boolean {
  let used = false;
  for (const ring of rings) {
    const c = cursorsAt(bytes, ring.header, header, ring.size);
    if (c === null) return false;
    if (c.written === 0) continue;
    used = true;
    // once a ring has wrapped around, its oldest byte may be in the middle of a frame
    if (c.written <= ring.size && !beginsLikeFrame(bytes, ring.data, c.written)) return false;
  }
  return used;
}

/** Whether the bytes may be the beginning of a frame of any family: a small type and length, or a small length of 16 or 64 bits. */
function beginsLikeFrame(bytes: Uint8Array, at: number, there: number): boolean {
  if (there < 3) return true;
  const [b0, b1, b2] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!];
  const control = b0 >= 1 && b0 <= 9 && b1 + 256 * b2 <= 256;
  const lengths = b1 < 0x20 && b0 + b1 > 0;
  return control || lengths;
}

class RingsParser implements CaptureParser {
  readonly done = false;
  private readonly gathered = new ByteGatherer();
  private readonly packets: SocketPackets;
  private step = 0;
  private readonly sink: PacketSink;
  private readonly limits: Readonly<Limits>;

  constructor(sink: PacketSink, limits: Readonly<Limits>) {
    this.sink = sink;
    this.limits = limits;
    this.packets = new SocketPackets(sink);
  }

  push(chunk: Uint8Array): void {
    if (this.gathered.length + chunk.length > Math.min(LARGEST_FILE, this.limits.bufferedBytes)) {
      throw new NotACapture(`looks like a dump of Arca's rings, but is larger than ${byteSize(LARGEST_FILE)}`);
    }
    this.gathered.add(chunk);
  }

  end(stopped: boolean): void {
    if (stopped) return;
    const bytes = this.gathered.takeWith(new Uint8Array(0));
    const rings = ringsOf(bytes);
    if (rings === null) throw new NotACapture("begins like a dump of Arca's rings, but its length fits none");
    this.sink.info({ format: 'arca-rings', linkTypes: [], resolution: 'none' });
    rings.forEach((_, i) => this.open(i as 0 | 1));
    rings.forEach((ring, i) => this.ring(bytes, ring, i as 0 | 1));
    const alone = rings.length === 1 ? '; only one direction was dumped' : '';
    this.sink.note({
      rule: RECORDING,
      text: `a dump of shared memory: no times, no order between the directions, and of each only what its ring still holds${alone}`,
      offset: 0,
      length: 0,
    });
  }

  private open(i: 0 | 1): void {
    if (i === 0) this.packets.event(this.moment(), this.event('open', 0));
  }

  /** The bytes of one ring, oldest first. */
  private ring(bytes: Uint8Array, ring: Ring, from: 0 | 1): void {
    const c = cursorsAt(bytes, ring.header, ring.data - ring.header, ring.size)!;
    const kept = Math.min(c.written, ring.size);
    const gone = c.written - kept;
    if (gone > 0) this.packets.event(this.moment(), { ...this.event('gap', from), length: gone });
    const start = gone % ring.size;
    const first = Math.min(kept, ring.size - start);
    this.data(bytes, ring.data + start, first, from);
    this.data(bytes, ring.data, kept - first, from);
    if (c.writerClosed) this.packets.event(this.moment(), this.event('fin', from));
    const unread = c.written - c.read;
    this.sink.note({
      rule: RECORDING,
      text:
        `ring ${from + 1} of ${ring.size} bytes: ${count(c.written, 'byte')} written in all, the last ${unread} not read yet` +
        `${gone > 0 ? `, the first ${gone} overwritten` : ''}${c.writerClosed ? ', closed by its writer' : ''}${c.readerClosed ? ', closed by its reader' : ''}`,
      offset: ring.header,
      length: ring.data - ring.header,
    });
  }

  private data(bytes: Uint8Array, at: number, length: number, from: 0 | 1): void {
    if (length > 0) this.packets.data(this.moment(), this.event('data', from), bytes.subarray(at, at + length));
  }

  private moment(): { line: number; seconds: number; nanos: number } {
    return { line: ++this.step, seconds: 0, nanos: 0 };
  }

  /** Which ring is the guest's and which the host's differs between families: the protocol tells by their contents. */
  private event(kind: SocketEvent['kind'], from: 0 | 1): SocketEvent {
    return {
      transport: 'unix',
      connection: '1',
      endpoints: ['unix:arca-ring-1', 'unix:arca-ring-2'],
      rolesKnown: false,
      ordered: false,
      kind,
      from,
    };
  }
}

/** A dump of the shared memory of one of Arca's pipes. */
export const ARCA_RINGS: TextFormat = {
  title: "a dump of Arca's rings in shared memory",
  recognise(head, atEnd) {
    if (head.length < REGION_HEADER) return false;
    const c = cursorsAt(head, 0, SINGLE_HEADER, 0);
    if (c === null || c.written - c.read > LARGEST_FILE) return false;
    if (atEnd && head.length < 64 << 10) return ringsOf(head) !== null;
    if (!atEnd) return 'more';
    // larger than the bytes at hand: the first ring must have a region's header, and begin like a frame
    const region = cursorsAt(head, 0, REGION_HEADER, 0);
    return region !== null && region.written > 0 && beginsLikeFrame(head, REGION_HEADER, region.written);
  },
  open: (sink, limits) => new RingsParser(sink, limits),
};
