import { hexNumber } from '../../../base/hex.js';
import { count } from '../../../base/text.js';
import { OFFSET_LIMIT } from './shared-memory.js';
import {
  PIPE_LENGTH,
  PIPE_POINTER_ALIGNMENT,
  PIPE_POINTER_LIVE,
  PIPE_SAME_RING,
  SHM_OFFSET_RANGE,
} from '../rules/shared-memory.js';
import { CHILD_PIPE_UNLINKED, CHILD_PIPE_UNUSED } from '../rules/postcard-turns.js';
import type { Scene } from '../session/scene.js';
import type { AnnouncedPipe } from '../session/shared.js';
import { OPENS, type PIPE } from '../family-c/dialects.js';
import type { PostcardFrame } from '../family-c/message.js';
import type { ValueOf } from '../family-c/postcard.js';

/** Bytes: length of a child pipe's rings; header of a ring; a block, in which each ring lies; the ring's offset in that block. */
const CHILD_RING = 1024;
const RING_HEADER = 18;
const BLOCK = 4096;
const IN_BLOCK = 16;

/** Judges a Pipe answer. */
export function checkPipe(scene: Scene, m: PostcardFrame, pipe: ValueOf<typeof PIPE>): void {
  const { rxPtr: rx, rxLen, txPtr: tx, txLen } = pipe;
  if (rx + RING_HEADER + rxLen > OFFSET_LIMIT || tx + RING_HEADER + txLen > OFFSET_LIMIT) {
    scene.raise(SHM_OFFSET_RANGE, {
      message: m,
      text: `rings at ${hexNumber(rx)} and ${hexNumber(tx)} reach beyond 2^47`,
    });
    return;
  }
  if (rx % BLOCK !== IN_BLOCK || tx % BLOCK !== IN_BLOCK) {
    const odd = rx % BLOCK !== IN_BLOCK ? rx : tx;
    scene.raise(PIPE_POINTER_ALIGNMENT, {
      message: m,
      text: `${hexNumber(odd)} is not ${IN_BLOCK} bytes into a block of ${BLOCK}`,
    });
  }
  if (rx < tx + RING_HEADER + txLen && tx < rx + RING_HEADER + rxLen) {
    scene.raise(PIPE_SAME_RING, { message: m, text: `the rings at ${hexNumber(rx)} and ${hexNumber(tx)} overlap` });
  }
  for (const length of new Set([rxLen, txLen])) {
    if (length === CHILD_RING) continue;
    scene.raise(PIPE_LENGTH, {
      message: m,
      severity: length < 2 ? 'error' : 'warning',
      text: `a ring of ${count(length, 'byte')}; hosts make them ${CHILD_RING} long${length < 2 ? ', and one byte stays free' : ''}`,
    });
  }
  const live = scene.context.shared.live(rx, tx);
  if (live !== null && live.linkedTo !== 0) {
    scene.raise(PIPE_POINTER_LIVE, {
      message: m,
      text: `${hexNumber(rx)}/${hexNumber(tx)} belong to the ${live.purpose} pipe of stream ${live.linkedTo}, which was not closed`,
    });
  }
}

/** Hexadecimal numbers in the names of a connection's ends, which are the addresses of its rings. */
const POINTER = /0x([0-9a-f]{4,16})/gi;

/** Finds out which announced pipe a stream is, and keeps the pipes that it announces itself. */
export class ChildPipes {
  private readonly scene: Scene;
  private link: AnnouncedPipe | null = null;
  private linked = false;
  private isClosed = false;
  private readonly announced: { pipe: AnnouncedPipe; message: PostcardFrame }[] = [];

  constructor(scene: Scene) {
    this.scene = scene;
  }

  /** Links the stream to the pipe that an answer announced, as soon as the pipe's purpose is known. */
  find(m: PostcardFrame): void {
    if (this.linked || m.ambiguous || m.dialect.generation !== 'C3/C4') return;
    this.linked = true;
    const { connection, shared } = this.scene.context;
    const names = `${connection.endpoints.join(' ')} ${connection.comment}`;
    const pointers = [...names.matchAll(POINTER)].map((x) => Number.parseInt(x[1]!, 16));
    this.link = shared.link(m.dialect.purpose, connection.id, pointers);
    if (this.link === null) {
      if (!shared.controlSeen || shared.forgotten > 0) return;
      this.scene.raise(CHILD_PIPE_UNLINKED, {
        message: m,
        text: `no Pipe answer of the recording announced this ${m.dialect.purpose} pipe`,
      });
    } else if (this.isClosed) this.link.closed = true;
  }

  /** The stream's own pipe is closed. */
  close(): void {
    this.isClosed = true;
    if (this.link !== null) this.link.closed = true;
  }

  /** Judges an answer of the monitor, and remembers the pipe that it announces. `request`: the request that it answers, or null. */
  answer(request: PostcardFrame | null, m: PostcardFrame): void {
    const { shared } = this.scene.context;
    if (m.value?.name !== 'Pipe') return;
    checkPipe(this.scene, m, m.value);
    const purpose = request === null ? undefined : OPENS[request.name];
    if (purpose === undefined) return;
    const { rxPtr, txPtr } = m.value;
    const pipe = { purpose, rxPtr, txPtr, linkedTo: 0, closed: false };
    const most = this.scene.context.limits.listItems;
    shared.announce(pipe, most);
    if (this.announced.length < most) this.announced.push({ pipe, message: m });
    if (shared.forgotten > 0)
      this.scene.limits.hit(
        'listItems',
        `more than ${most} pipes were announced; the oldest are forgotten`,
        'warning',
        m,
      );
  }

  /** The session is over: reports announced pipes that no stream of the recording was linked to. */
  finish(): void {
    const { shared } = this.scene.context;
    if (shared.forgotten > 0 || !shared.pipes.some((p) => p.linkedTo !== 0)) return;
    for (const { pipe, message } of this.announced) {
      if (pipe.linkedTo !== 0) continue;
      this.scene.raise(CHILD_PIPE_UNUSED, { message, text: `no stream of the recording is this ${pipe.purpose} pipe` });
    }
  }
}
