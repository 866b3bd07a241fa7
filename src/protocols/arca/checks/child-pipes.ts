import { hexNumber } from '../../../base/hex.js';
import { OFFSET_LIMIT } from './shared-memory.js';
import {
  PIPE_LENGTH,
  PIPE_POINTER_ALIGNMENT,
  PIPE_POINTER_LIVE,
  PIPE_SAME_RING,
  SHM_OFFSET_RANGE,
} from '../rules/shared-memory.js';
import type { Scene } from '../session/scene.js';
import type { PIPE } from '../family-c/dialects.js';
import type { PostcardFrame } from '../family-c/message.js';
import type { ValueOf } from '../family-c/postcard.js';

/** Length of a child pipe's rings; the header of a ring; where in its block a ring lies. */
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
      text: `a ring of ${length} bytes; hosts make them ${CHILD_RING} long${length < 2 ? ', and one byte stays free' : ''}`,
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
