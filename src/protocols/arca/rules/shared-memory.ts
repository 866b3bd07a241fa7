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
  title: 'a ring of size 0',
  meaning:
    'A ring without room can carry nothing: positions are computed modulo its size, and both programs divide by zero.',
  breaks: ['ConnectOk with ring 0', () => [connect(1), connectOk(1, 1, { ring: 0 })]],
  keeps: ['ConnectOk with ring 4096', () => [connect(1), connectOk(1, 1)]],
});

export const RING_SIZE_ALIGNMENT = rule({
  id: 'ring-size-alignment',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a ring size is no multiple of 8',
  meaning:
    'The second ring of a region follows the first one directly and begins with 64-bit cursors, which must be aligned: the size of a ring is a multiple of 8. A power of two is not required.',
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
    'The region of a pipe is twice as large as its ring. No guest has that much memory to share for one connection; the number is probably not a size.',
  breaks: ['ring 2^31', () => [connect(1), connectOk(1, 1, { ring: 2 ** 31 })]],
  keeps: ['ring 2^16', () => [connect(1), connectOk(1, 1, { ring: 2 ** 16 })]],
});

export const RING_SIZE_CHANGED = rule({
  id: 'ring-size-changed',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'connections of one session have rings of different sizes',
  meaning:
    'A monitor is started with one ring size and uses it for every connection. Another one means that the numbers of two monitors, or of two versions, are mixed.',
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
    'Offsets count from the start of the shared allocator and stay below 2^47 with the whole region. The guest refuses others.',
  breaks: ['offset 2^47', () => [connect(1), connectOk(1, 1, { pipe: 2 ** 47 })]],
  keeps: ['offset 0x2000000', () => [connect(1), connectOk(1, 1, { pipe: 0x200_0000 })]],
});

export const SHM_OFFSET_ALIGNMENT = rule({
  id: 'shm-offset-alignment',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'an offset is not aligned',
  meaning:
    'The allocator hands out blocks of at least 4096 bytes, so that offsets are multiples of 4096: another one (a warning) does not come from it. An offset that is no multiple of 8 is an error, since the cursors at its start would not be aligned.',
  breaks: ['offset 0x2000003', () => [connect(1), connectOk(1, 1, { pipe: 0x200_0003 })]],
  keeps: ['offset 0x2000000', () => [connect(1), connectOk(1, 1, { pipe: 0x200_0000 })]],
});

export const SHM_OFFSET_ZERO = rule({
  id: 'shm-offset-zero',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'a region at offset 0',
  meaning:
    'The first block belongs to the allocator itself. Offset 0 is a field that was never filled in, and a guest that uses it overwrites the bookkeeping.',
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
    'A region holds two rings of 24 bytes and the ring size each. Part of this one was handed out before for another connection: the two will write into each other. The whole of an earlier region may be handed out again once its pipe is closed (shm-reused).',
  breaks: [
    'the second begins inside the first',
    () => [connect(1), connectOk(1, 1, { pipe: 0x200_0000 }), connect(2), connectOk(2, 2, { pipe: 0x200_1000 })],
  ],
  keeps: [
    'the second lies behind the first',
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
    'The host frees a region when all four flags of its rings say closed, and the allocator may then return the same block. Whether the pipe was closed is only visible in shared memory, not on this stream, so that this is a note.',
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
  title: 'a pipe id is not the connection id',
  meaning:
    'In generations A1 and A2 the pipe id is a placeholder that repeats the connection id. Another value comes from a monitor that has pipes of its own, which those generations never had.',
  breaks: ['pipe 9 for connection 2', () => [...a2(), connect(2), connectOk(2, 2, { pipe: 9 })]],
  keeps: ['pipe 2 for connection 2', () => [...a2(), connect(2), connectOk(2, 2, { pipe: 2 })]],
});

export const PIPE_POINTER_ALIGNMENT = rule({
  id: 'pipe-pointer-alignment',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'a ring does not begin where reference-counted blocks do',
  meaning:
    'Each ring of family C lies in a reference-counted block of its own: 16 bytes of counters at the start of a block of at least 4096, then the ring. Its pointer is therefore 16 above a multiple of 4096. Guest and host turn the pointer back into the counted reference; with another one they change counters somewhere else.',
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
    'A pipe has one ring for each direction. With one ring for both, or two that overlap, the guest reads its own requests as answers.',
  breaks: ['rx and tx are one', () => [...started(), listenOn(), pipe(1, [1024, 1024], [0x1f4_1010, 0x1f4_1010])]],
  keeps: ['rx and tx differ', () => [...started(), listenOn(), pipe(1)]],
});

export const PIPE_LENGTH = rule({
  id: 'pipe-length',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a child pipe has rings of unusual length',
  meaning:
    'Hosts give every file, listener and stream rings of 1024 bytes; another length is a warning. One byte of a ring always stays free, so that a ring of less than 2 bytes can carry nothing, which is an error.',
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
    'The rings of a pipe are in use until its Close. This answer hands out the ring of a pipe whose stream is in the recording and has not been closed: two pipes would share it.',
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
