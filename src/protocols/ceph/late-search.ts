import { CERTAIN, type Claim, type ProbeInput, type ProbeResult } from '../../contract/protocol.js';

/** Bytes of a connection that was joined late that are waited for to tell its client from its server. */
const PATIENCE = 2048;

/** What sets one messenger apart from the other in a connection that was joined late. */
interface Messenger {
  /** Bytes of the header that is looked for. */
  readonly size: number;
  readonly ports: readonly number[];
  /** Whether such a header stands there, by its checksum. */
  stands(bytes: Uint8Array, view: DataView, at: number): boolean;
  /** Where the next header may be, behind all that belongs to the one at `at`: offsets, of which some may lie beyond the bytes. */
  ends(bytes: Uint8Array, view: DataView, at: number): readonly number[];
  /** 1: a client sent that; 2: a server; 0: cannot tell. */
  roleOf(bytes: Uint8Array): 0 | 1 | 2;
}

/** Looks for headers of one of Ceph's messengers in what was captured from the middle on. */
export class LateSearch {
  private readonly messenger: Messenger;
  /** By classification, how many captured bytes of each end were searched, so that every byte is looked at once; it goes with it. */
  private readonly searched = new WeakMap<object, [number, number]>();

  constructor(messenger: Messenger) {
    this.messenger = messenger;
  }

  probe(input: ProbeInput): ProbeResult {
    let marks = this.searched.get(input.classification);
    if (marks === undefined) this.searched.set(input.classification, (marks = [0, 0]));
    for (const end of [0, 1] as const) {
      const bytes = input.bytes[end];
      const first = this.find(bytes, Math.max(0, marks[end] - input.at[end]));
      if (first >= 0) {
        const roles = this.clientEnd(input);
        // a few more headers may tell who is who
        const total = input.bytes[0].length + input.bytes[1].length;
        if (roles === null && total < PATIENCE && !(input.ended[0] && input.ended[1])) return 'more';
        // who cannot tell its client yet is asked again, as long as somebody else is not sure either
        const score = roles !== null && this.isFollowed(bytes, first) ? CERTAIN : 0.95;
        return { score, by: 'heuristic', clientEnd: roles };
      }
      marks[end] = input.at[end] + Math.max(0, bytes.length - this.messenger.size + 1);
    }
    return input.ended[0] && input.ended[1] ? null : 'more';
  }

  /** Offset of the first header in `bytes`, from `from` on, or -1. */
  find(bytes: Uint8Array, from: number): number {
    const { messenger } = this;
    if (bytes.length < from + messenger.size) return -1;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = from; at + messenger.size <= bytes.length; at++) if (messenger.stands(bytes, view, at)) return at;
    return -1;
  }

  /** Whether another header stands where what belongs to the one at `at` ends: two checksums of 32 bits leave nothing to chance. */
  private isFollowed(bytes: Uint8Array, at: number): boolean {
    const { messenger } = this;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return messenger
      .ends(bytes, view, at)
      .some((end) => end + messenger.size <= bytes.length && messenger.stands(bytes, view, end));
  }

  /** Which end connected: the handshake says it; else what the ends say; else the port. */
  clientEnd(input: ProbeInput): Claim['clientEnd'] {
    if (input.connection.initiatorKnown) return 0;
    for (const end of [0, 1] as const) {
      const role = this.messenger.roleOf(input.bytes[end]);
      if (role !== 0) return role === 1 ? end : end === 0 ? 1 : 0;
    }
    const { ports } = input.connection;
    const known = this.messenger.ports;
    if (known.includes(ports[1]) !== known.includes(ports[0])) return known.includes(ports[1]) ? 0 : 1;
    return null;
  }
}
