import { hexNumber } from '../../../base/hex.js';
import type { Message } from '../../../contract/message.js';
import {
  RING_SIZE_ALIGNMENT,
  RING_SIZE_LARGE,
  RING_SIZE_ZERO,
  SHM_OFFSET_ALIGNMENT,
  SHM_OFFSET_RANGE,
  SHM_OFFSET_ZERO,
  SHM_OVERLAP,
  SHM_REUSED,
} from '../rules/shared-memory.js';
import type { Scene } from '../session/scene.js';

/** The guest refuses this offset and larger ones. */
export const OFFSET_LIMIT = 2 ** 47;
const RING_HEADER = 24;
const LARGE_RING = 2 ** 30;
const BLOCK = 4096;

/** Bytes of a pair of rings, each with a header of cursors and flags. */
function regionBytes(ringSize: number): number {
  return 2 * (RING_HEADER + ringSize);
}

function isPossibleRing(size: number): boolean {
  return size > 0 && size % 8 === 0 && size <= LARGE_RING;
}

/** Judges a ring size that was asked for or handed out; returns whether it is possible. */
export function checkRingSize(scene: Scene, message: Message, size: number): boolean {
  if (size === 0) {
    scene.raise(RING_SIZE_ZERO, { message, text: 'ring size 0' });
  } else if (size % 8 !== 0) {
    scene.raise(RING_SIZE_ALIGNMENT, { message, text: `ring size ${size} is ${size % 8} above a multiple of 8` });
  }
  if (size > LARGE_RING) scene.raise(RING_SIZE_LARGE, { message, text: `ring size ${size} is above ${LARGE_RING}` });
  return isPossibleRing(size);
}

interface Region {
  readonly start: number;
  readonly end: number;
  readonly message: Message;
}

/** The regions of shared memory that a session has handed out, ordered by start. */
export class Regions {
  private readonly scene: Scene;
  private readonly list: Region[] = [];

  constructor(scene: Scene) {
    this.scene = scene;
  }

  get count(): number {
    return this.list.length;
  }

  /** Judges one offset and remembers its region. */
  add(message: Message, offset: number, ringSize: number): void {
    const scene = this.scene;
    const where = `offset ${hexNumber(offset)}`;
    // an impossible ring size is reported by another rule; then the end of the region is not known
    const sized = isPossibleRing(ringSize);
    const size = sized ? regionBytes(ringSize) : 0;
    if (offset >= OFFSET_LIMIT || offset + size > OFFSET_LIMIT) {
      scene.raise(SHM_OFFSET_RANGE, { message, text: `${where} with a region of ${size} bytes reaches beyond 2^47` });
      return;
    }
    if (offset === 0) {
      scene.raise(SHM_OFFSET_ZERO, { message, text: 'offset 0, which the allocator never hands out' });
      return;
    }
    if (offset % BLOCK !== 0) {
      const broken = offset % 8 !== 0;
      scene.raise(SHM_OFFSET_ALIGNMENT, {
        message,
        severity: broken ? 'error' : 'warning',
        text: `${where} is not a multiple of ${broken ? 8 : BLOCK}`,
      });
      if (broken) return;
    }
    if (sized) this.place({ start: offset, end: offset + size, message });
  }

  private place(region: Region): void {
    const list = this.list;
    let low = 0;
    let high = list.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (list[mid]!.start < region.start) low = mid + 1;
      else high = mid;
    }
    const next = list[low];
    const before = list[low - 1];
    const range = `${hexNumber(region.start)}..${hexNumber(region.end)}`;
    if (next?.start === region.start && next.end === region.end) {
      this.scene.raise(SHM_REUSED, {
        message: region.message,
        related: [next.message],
        text: `region ${range} was handed out before; whether its pipe was closed in between is not on this stream`,
      });
      list[low] = region;
      return;
    }
    const other =
      next !== undefined && next.start < region.end
        ? next
        : before !== undefined && before.end > region.start
          ? before
          : null;
    if (other !== null) {
      this.scene.raise(SHM_OVERLAP, {
        message: region.message,
        related: [other.message],
        text: `region ${range} overlaps ${hexNumber(other.start)}..${hexNumber(other.end)}`,
      });
    }
    const most = this.scene.context.limits.listItems;
    if (list.length < most) list.splice(low, 0, region);
    else
      this.scene.limits.hit(
        'listItems',
        `more than ${most} regions of memory; later ones are not held against each other`,
        'note',
        region.message,
      );
  }
}
