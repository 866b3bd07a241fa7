import type { Rule } from '../../../base/rule.js';
import { chapter } from './chapter.js';
import { a2, connect, connectOk } from './steps-a.js';
import { acceptNext, accepted, closeListener, listenOn, NEW_CONNECTION, pipe, started } from './steps-c.js';

/** Rules for rings and regions of shared memory, in all families. */
const rule = chapter('Arca control traffic: shared memory');

export const RING_SIZE_ZERO = rule({
  id: 'ring-size-zero',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a ring has size 0',
  meaning:
    'A ring of size 0 can carry nothing: positions are computed modulo its size, and both programs divide by zero.',
  breaks: ['ConnectOk with ring 0', () => [connect(1), connectOk(1, 1, { ring: 0 })]],
  keeps: ['ConnectOk with ring 4096', () => [connect(1), connectOk(1, 1)]],
});

export const RING_SIZE_ALIGNMENT = rule({
  id: 'ring-size-alignment',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a ring size is not a multiple of 8',
  meaning:
    'The second ring of a region directly follows the first one and begins with 64-bit cursors, which must be aligned. Therefore the size of a ring must be a multiple of 8; it need not be a power of two.',
  breaks: ['ring 4100', () => [connect(1), connectOk(1, 1, { ring: 4100 })]],
  keeps: ['ring 4096', () => [connect(1), connectOk(1, 1)]],
});

export const RING_SIZE_LARGE = rule({
  id: 'ring-size-large',
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a ring is larger than 1 GiB',
  meaning:
    'The region of a pipe is twice as large as its ring. No guest has so much memory to share for one connection, so the number probably is not a size.',
  breaks: ['ring 2^31', () => [connect(1), connectOk(1, 1, { ring: 2 ** 31 })]],
  keeps: ['ring 2^16', () => [connect(1), connectOk(1, 1, { ring: 2 ** 16 })]],
});

export const RING_SIZE_CHANGED = rule({
  id: 'ring-size-changed',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'the connections of a session have rings of different sizes',
  meaning:
    'A monitor is started with one ring size and uses it for every connection. Different sizes mean that the frames of two monitors, or of two versions, are mixed.',
  breaks: ['4096 and then 8192', () => [connect(1), connectOk(1, 1), connect(2), connectOk(2, 2, { ring: 8192 })]],
  keeps: ['4096 twice', () => [connect(1), connectOk(1, 1), connect(2), connectOk(2, 2)]],
});

export const SHM_OFFSET_RANGE = rule({
  id: 'shm-offset-range',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a region lies beyond the shared memory',
  meaning:
    'Offsets are relative to the start of the shared allocator, and the whole region must lie below 2^47. The guest refuses other regions.',
  breaks: ['offset 2^47', () => [connect(1), connectOk(1, 1, { pipe: 2 ** 47 })]],
  keeps: ['offset 0x2000000', () => [connect(1), connectOk(1, 1, { pipe: 0x200_0000 })]],
});

export const SHM_OFFSET_ALIGNMENT = rule({
  id: 'shm-offset-alignment',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'the offset of a region is not aligned',
  meaning:
    'The allocator hands out blocks of at least 4096 bytes, so offsets are multiples of 4096; another offset does not come from the allocator (a warning). An offset that is not a multiple of 8 is an error, because the cursors at its start would not be aligned.',
  breaks: ['offset 0x2000003', () => [connect(1), connectOk(1, 1, { pipe: 0x200_0003 })]],
  keeps: ['offset 0x2000000', () => [connect(1), connectOk(1, 1, { pipe: 0x200_0000 })]],
});

export const SHM_OFFSET_ZERO = rule({
  id: 'shm-offset-zero',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'a region lies at offset 0',
  meaning:
    'The first block belongs to the allocator itself. Offset 0 usually is a field that was never filled in, and a guest that uses it overwrites the data of the allocator.',
  breaks: ['offset 0', () => [connect(1), connectOk(1, 1, { pipe: 0 })]],
  keeps: ['offset 0x2000000', () => [connect(1), connectOk(1, 1, { pipe: 0x200_0000 })]],
});

export const SHM_OVERLAP = rule({
  id: 'shm-overlap',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'two regions overlap',
  meaning:
    "A region holds two rings, each of 24 bytes plus the ring size. A part of this region was handed out before for another connection, so the two connections overwrite each other's data. The whole of an earlier region may be handed out again once its pipe is closed (shm-reused).",
  breaks: [
    'the second region begins inside the first',
    () => [connect(1), connectOk(1, 1, { pipe: 0x200_0000 }), connect(2), connectOk(2, 2, { pipe: 0x200_1000 })],
  ],
  keeps: [
    'the second region begins after the first',
    () => [connect(1), connectOk(1, 1, { pipe: 0x200_0000 }), connect(2), connectOk(2, 2, { pipe: 0x200_4000 })],
  ],
});

export const SHM_REUSED = rule({
  id: 'shm-reused',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'a region is handed out again',
  meaning:
    'The host frees a region when all four flags of its rings say closed, and the allocator may then hand out the same block again. Whether the pipe was closed is visible only in shared memory, not on this stream, so the finding is only a note.',
  breaks: [
    'the same offset twice',
    () => [connect(1), connectOk(1, 1, { pipe: 0x200_0000 }), connect(2), connectOk(2, 2, { pipe: 0x200_0000 })],
  ],
  keeps: ['two offsets', () => [connect(1), connectOk(1, 1), connect(2), connectOk(2, 2)]],
});

export const PIPE_ID_DIFFERS = rule({
  id: 'pipe-id-differs',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'a pipe id differs from the connection id',
  meaning:
    'In generations A1 and A2 the pipe id is a placeholder that repeats the connection id. Another value comes from a monitor with pipes of its own, which those generations never had.',
  breaks: ['pipe 9 for connection 2', () => [...a2(), connect(2), connectOk(2, 2, { pipe: 9 })]],
  keeps: ['pipe 2 for connection 2', () => [...a2(), connect(2), connectOk(2, 2, { pipe: 2 })]],
});

export const PIPE_POINTER_ALIGNMENT = rule({
  id: 'pipe-pointer-alignment',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'a ring does not begin at the usual position in its block',
  meaning:
    'Each ring of family C lies in a reference-counted block of its own: 16 bytes of counters at the start of a block of at least 4096 bytes, then the ring. Its pointer is therefore 16 above a multiple of 4096. Guest and host convert the pointer back to the counted reference; with another pointer they change the counters of something else.',
  breaks: [
    'a ring at the start of a block',
    () => [...started(), listenOn(), pipe(1, [1024, 1024], [0x1f4_1000, 0x1f4_2010])],
  ],
  keeps: ['rings 16 bytes into their blocks', () => [...started(), listenOn(), pipe(1)]],
});

export const PIPE_SAME_RING = rule({
  id: 'pipe-same-ring',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'both directions of a pipe use the same ring',
  meaning:
    'A pipe has one ring for each direction. If both directions use one ring, or two that overlap, the guest reads its own requests as answers.',
  breaks: [
    'rx and tx are the same ring',
    () => [...started(), listenOn(), pipe(1, [1024, 1024], [0x1f4_1010, 0x1f4_1010])],
  ],
  keeps: ['rx and tx differ', () => [...started(), listenOn(), pipe(1)]],
});

export const PIPE_LENGTH = rule({
  id: 'pipe-length',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a child pipe has rings of an unusual length',
  meaning:
    'Hosts give every file, listener and stream rings of 1024 bytes; another length is a warning. One byte of a ring always stays free, so a ring of less than 2 bytes can carry nothing, which is an error.',
  breaks: ['rings of 1 byte', () => [...started(), listenOn(), pipe(1, [1, 1])]],
  keeps: ['rings of 1024 bytes', () => [...started(), listenOn(), pipe(1)]],
});

export const PIPE_POINTER_LIVE = rule({
  id: 'pipe-pointer-live',
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a ring is handed out that another pipe still uses',
  meaning:
    'The rings of a pipe are in use until its Close. This answer hands out the ring of a pipe whose stream is in the recording and was not closed, so that two pipes share it.',
  breaks: [
    'the accepted stream gets the rings of its listener',
    () => [...started(), listenOn(), pipe(1), NEW_CONNECTION, acceptNext(), accepted(1), acceptNext(), accepted(2)],
  ],
  keeps: [
    'the accepted stream gets rings of its own',
    () => [...started(), listenOn(), pipe(1), NEW_CONNECTION, acceptNext(), accepted(2), closeListener()],
  ],
});

export const SHARED_MEMORY_RULES: readonly Rule[] = [
  RING_SIZE_ZERO,
  RING_SIZE_ALIGNMENT,
  RING_SIZE_LARGE,
  RING_SIZE_CHANGED,
  SHM_OFFSET_RANGE,
  SHM_OFFSET_ALIGNMENT,
  SHM_OFFSET_ZERO,
  SHM_OVERLAP,
  SHM_REUSED,
  PIPE_ID_DIFFERS,
  PIPE_POINTER_ALIGNMENT,
  PIPE_SAME_RING,
  PIPE_LENGTH,
  PIPE_POINTER_LIVE,
];
