import { CERTAIN, type Claim, type ProbeInput, type ProbeResult } from '../../contract/protocol.js';

/** How many bytes of a connection that was joined late to wait for, to find out which end is the client. */
const PATIENCE = 2048;

/** How one of the messengers is recognised on a connection that was joined late. */
interface Messenger {
  /** Bytes of the header to look for. */
  readonly size: number;
  readonly ports: readonly number[];
  /** Whether there is such a header at that offset, by its checksum. */
  stands(bytes: Uint8Array, view: DataView, at: number): boolean;
  /** Offsets at which the next header may be, after all that belongs to the one at `at`. Some may be beyond the bytes. */
  ends(bytes: Uint8Array, view: DataView, at: number): readonly number[];
  /** The role of a direction: 1: client; 2: server; 0: not known. */
  roleOf(bytes: Uint8Array): 0 | 1 | 2;
}

/** Looks for headers of one of Ceph's messengers in streams that were captured from the middle. */
export class LateSearch {
  private readonly messenger: Messenger;
  /**
   * How many captured bytes of each end were searched, so that each byte is searched once. Kept for as long as the classification exists.
   */
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
        // more headers may show which end is the client
        const total = input.bytes[0].length + input.bytes[1].length;
        if (roles === null && total < PATIENCE && !(input.ended[0] && input.ended[1])) return 'more';
        // with a score below CERTAIN the probe runs again, and may find the client, while another protocol is undecided
        const score = roles !== null && this.isFollowed(bytes, first) ? CERTAIN : 0.95;
        return { score, by: 'heuristic', clientEnd: roles };
      }
      marks[end] = input.at[end] + Math.max(0, bytes.length - this.messenger.size + 1);
    }
    return input.ended[0] && input.ended[1] ? null : 'more';
  }

  /** Offset of the first header in `bytes` from `from` on, or -1. */
  find(bytes: Uint8Array, from: number): number {
    const { messenger } = this;
    if (bytes.length < from + messenger.size) return -1;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = from; at + messenger.size <= bytes.length; at++) if (messenger.stands(bytes, view, at)) return at;
    return -1;
  }

  /** Whether another header follows the one at `at`. That two checksums of 32 bits are right is no coincidence. */
  private isFollowed(bytes: Uint8Array, at: number): boolean {
    const { messenger } = this;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return messenger
      .ends(bytes, view, at)
      .some((end) => end + messenger.size <= bytes.length && messenger.stands(bytes, view, end));
  }

  /** The end that connected: by the TCP handshake, else by the role of either end, else by the port. Null: not known. */
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
