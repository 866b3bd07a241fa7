import { example, rule } from './rule.js';
import type { Step } from '../../../base/rule.js';
import {
  ALL_FLAGS,
  BLOCK_STATUS,
  chunk,
  disconnect,
  extendedSession,
  join,
  PAYLOAD_LEN,
  REQ_ONE,
  request,
  status,
  structuredSession,
  u32,
  u64,
  xchunk,
  xdisconnect,
  xrequest,
  xstatus,
} from './session-steps.js';

/** Rules for answers to NBD_CMD_BLOCK_STATUS. */

const TYPES = 'Structured reply types';
const COMMAND = 'Request types (BLOCK_STATUS)';
const ALLOCATION = 'base:allocation metadata context';
const EXTENSION = 'EXTENDED_HEADERS extension';

const BASE = ['base:allocation'];
const BITMAP = ['qemu:dirty-bitmap:b0'];
const TWO = ['base:allocation', 'qemu:allocation-depth'];

/** A session with a BLOCK_STATUS of 65536 bytes at 0, and the chunks that answer it. */
const ask = (...chunks: Step[]) => [
  ...structuredSession({}, BASE),
  request(BLOCK_STATUS, 1, 0, 65536),
  ...chunks,
  ...disconnect(),
];
const askOne = (...chunks: Step[]) => [
  ...structuredSession({}, BASE),
  request(BLOCK_STATUS, 1, 0, 65536, REQ_ONE),
  ...chunks,
  ...disconnect(),
];
const askTwo = (...chunks: Step[]) => [
  ...structuredSession({}, TWO),
  request(BLOCK_STATUS, 1, 0, 65536),
  ...chunks,
  ...disconnect(),
];
const xask = (...chunks: Step[]) => [
  ...extendedSession({}, BASE),
  xrequest(BLOCK_STATUS, 1, 0, 65536),
  ...chunks,
  ...xdisconnect(),
];
const clean = () =>
  ask(
    status(1, 1, [
      [4096, 0],
      [61440, 3],
    ]),
  );
const xclean = () =>
  xask(
    xstatus(1, 0, 1, [
      [4096, 0],
      [61440, 3],
    ]),
  );

export const BLOCK_STATUS_BAD_LENGTH = rule('block-status-bad-length', 'error', 'server', 'server', {
  title: 'the length of a block status chunk does not fit its extents',
  meaning:
    'The payload is a context id and at least one extent of eight bytes. With extended headers it is a context id, a count, and at least one extent of sixteen bytes.',
  spec: TYPES,
  breaks: example('half an extent', () => ask(chunk(5, 1, true, u32(1), u32(65536)))),
  keeps: example('whole extents', clean),
});

export const BLOCK_STATUS_ZERO_EXTENT = rule('block-status-zero-extent', 'error', 'server', 'server', {
  title: 'an extent has a length of zero',
  meaning:
    'The length of an extent must not be zero. A client that adds up extents until its range is covered may loop forever.',
  spec: TYPES,
  breaks: example('an extent of 0 bytes', () =>
    ask(
      status(1, 1, [
        [0, 0],
        [65536, 3],
      ]),
    ),
  ),
  keeps: example('extents with lengths', clean),
});

export const BLOCK_STATUS_UNKNOWN_CONTEXT = rule('block-status-unknown-context', 'error', 'server', 'server', {
  title: 'block status is sent for a context that was not selected',
  meaning:
    'The context id must be one that the answer to the last NBD_OPT_SET_META_CONTEXT assigned. Ids of earlier selections and of listings are not valid.',
  spec: TYPES,
  breaks: example('id 9 where 1 was selected', () => ask(status(1, 9, [[65536, 0]]))),
  keeps: example('id 1', clean),
});

export const BLOCK_STATUS_DUPLICATE_CONTEXT = rule('block-status-duplicate-context', 'error', 'server', 'server', {
  title: 'block status is sent twice for one context',
  meaning: 'An answer must have exactly one chunk for each context.',
  spec: COMMAND,
  breaks: example('id 1 twice', () => ask(status(1, 1, [[4096, 0]], false), status(1, 1, [[65536, 0]]))),
  keeps: example('id 1 once', clean),
});

export const BLOCK_STATUS_MISSING_CONTEXT = rule('block-status-missing-context', 'error', 'server', 'both', {
  title: 'a successful block status omits a selected context',
  meaning:
    'A successful answer must have a chunk for each selected context, or for each context that the request listed.',
  spec: COMMAND,
  breaks: example('one of two contexts', () => askTwo(status(1, 1, [[65536, 0]]))),
  keeps: example('both contexts', () => askTwo(status(1, 1, [[65536, 0]], false), status(1, 2, [[65536, 1]]))),
});

export const BLOCK_STATUS_EXTRA_CONTEXT = rule('block-status-extra-context', 'error', 'server', 'both', {
  title: 'block status is sent for a context that the request did not list',
  meaning: 'A request with payload lists the contexts that it asks for; the answer must be limited to them.',
  spec: EXTENSION,
  breaks: example('two contexts where one was listed', () => [
    ...extendedSession({ flags: ALL_FLAGS | 0x1080 }, TWO),
    xrequest(BLOCK_STATUS, 1, 0, 12, PAYLOAD_LEN, join(u64(65536), u32(1))),
    xstatus(1, 0, 1, [[65536, 0]], false),
    xstatus(1, 0, 2, [[65536, 1]]),
    ...xdisconnect(),
  ]),
  keeps: example('the listed one', () => [
    ...extendedSession({ flags: ALL_FLAGS | 0x1080 }, TWO),
    xrequest(BLOCK_STATUS, 1, 0, 12, PAYLOAD_LEN, join(u64(65536), u32(1))),
    xstatus(1, 0, 1, [[65536, 0]]),
    ...xdisconnect(),
  ]),
});

export const REQ_ONE_MULTIPLE_EXTENTS = rule('req-one-multiple-extents', 'error', 'server', 'both', {
  title: 'several extents are sent although one was requested',
  meaning: 'With REQ_ONE the chunk of each context must hold exactly one extent.',
  spec: TYPES,
  breaks: example('two extents', () =>
    askOne(
      status(1, 1, [
        [4096, 0],
        [4096, 3],
      ]),
    ),
  ),
  keeps: example('one extent', () => askOne(status(1, 1, [[4096, 0]]))),
});

export const REQ_ONE_EXTENT_TOO_LONG = rule('req-one-extent-too-long', 'error', 'server', 'both', {
  title: 'the only extent is longer than the request',
  meaning: 'With REQ_ONE the extent must not reach past the end of the requested range.',
  spec: TYPES,
  breaks: example('131072 bytes for a request of 65536', () => askOne(status(1, 1, [[131072, 0]]))),
  keeps: example('65536 bytes', () => askOne(status(1, 1, [[65536, 0]]))),
});

export const BLOCK_STATUS_SURPLUS_EXTENTS = rule('block-status-surplus-extents', 'error', 'server', 'both', {
  title: 'an extent begins past the end of the request',
  meaning: 'Only the last extent may reach past the end of the requested range; none may begin there.',
  spec: TYPES,
  breaks: example('a second extent after the range', () =>
    ask(
      status(1, 1, [
        [65536, 0],
        [4096, 3],
      ]),
    ),
  ),
  keeps: example('the last extent overshoots', () =>
    ask(
      status(1, 1, [
        [4096, 0],
        [131072, 3],
      ]),
    ),
  ),
});

export const BLOCK_STATUS_TOO_MANY_EXTENTS = rule('block-status-too-many-extents', 'warning', 'server', 'server', {
  title: 'a chunk holds more than 2^20 extents',
  meaning:
    'A server should send at most 2^20 extents. A shorter answer is always allowed, and the client asks again for the rest.',
  spec: TYPES,
  breaks: example('2^20 + 1 extents', () => [
    ...structuredSession({ size: 4194304 }, BASE),
    request(BLOCK_STATUS, 1, 0, 4194304),
    chunk(5, 1, true, u32(1), many(1048577)),
    ...disconnect(),
  ]),
  keeps: example('two extents', clean),
});

export const BLOCK_STATUS_SAME_NEIGHBOUR = rule('block-status-same-neighbour', 'warning', 'server', 'server', {
  title: 'adjacent extents have the same status',
  meaning:
    'Consecutive extents should differ in their status. Servers that look up one cluster at a time do not always merge them, so the rule is off by default.',
  spec: COMMAND,
  off: true,
  breaks: example('two data extents', () =>
    ask(
      status(1, 1, [
        [4096, 0],
        [61440, 0],
      ]),
    ),
  ),
  keeps: example('data and a hole', clean),
});

export const BLOCK_STATUS_UNALIGNED = rule('block-status-unaligned', 'warning', 'server', 'session', {
  title: 'an extent is not a multiple of the minimum block size',
  meaning:
    'Extents should be multiples of the minimum block size that the server advertised. The only exception is the extent that ends at the end of an export whose size is not a multiple of it; the last extent of an answer that ends elsewhere is no exception. qemu 2.12 to 4.0 sent such extents for the last bytes of a file.',
  spec: COMMAND,
  breaks: example('one extent of 1000 bytes in blocks of 512, of an export of 1024', () => [
    ...structuredSession({ blocks: [512, 4096, 33554432], size: 1024 }, BASE),
    request(BLOCK_STATUS, 1, 0, 1024, REQ_ONE),
    status(1, 1, [[1000, 0]]),
    ...disconnect(),
  ]),
  keeps: example('one extent of 1024 bytes', () => [
    ...structuredSession({ blocks: [512, 4096, 33554432], size: 1024 }, BASE),
    request(BLOCK_STATUS, 1, 0, 1024, REQ_ONE),
    status(1, 1, [[1024, 0]]),
    ...disconnect(),
  ]),
});

export const BLOCK_STATUS_PAST_EXPORT = rule('block-status-past-export', 'note', 'server', 'session', {
  title: 'extents reach past the end of the export',
  meaning: 'The last extent may be longer than the request, but its part past the end of the export has no meaning.',
  spec: COMMAND,
  breaks: example('65536 bytes where 4096 are left', () => [
    ...structuredSession({ size: 65536 }, BASE),
    request(BLOCK_STATUS, 1, 61440, 4096),
    status(1, 1, [[65536, 0]]),
    ...disconnect(),
  ]),
  keeps: example('up to the end', () => [
    ...structuredSession({ size: 65536 }, BASE),
    request(BLOCK_STATUS, 1, 61440, 4096),
    status(1, 1, [[4096, 0]]),
    ...disconnect(),
  ]),
});

export const BASE_ALLOCATION_RESERVED_BITS = rule('base-allocation-reserved-bits', 'warning', 'server', 'server', {
  title: 'the status of base:allocation has undefined bits',
  meaning: 'Only bit 0 (HOLE) and bit 1 (ZERO) are defined; the others should be zero.',
  spec: ALLOCATION,
  breaks: example('status 4', () => ask(status(1, 1, [[65536, 4]]))),
  keeps: example('status 3', () => ask(status(1, 1, [[65536, 3]]))),
});

export const DIRTY_BITMAP_RESERVED_BITS = rule('dirty-bitmap-reserved-bits', 'note', 'server', 'server', {
  title: 'the status of a dirty bitmap has undefined bits',
  meaning: 'The contexts qemu:dirty-bitmap:NAME define only bit 0 (dirty).',
  spec: 'Metadata querying (qemu namespace)',
  breaks: example('status 2', () => [
    ...structuredSession({}, BITMAP),
    request(BLOCK_STATUS, 1, 0, 65536),
    status(1, 1, [[65536, 2]]),
    ...disconnect(),
  ]),
  keeps: example('status 1', () => [
    ...structuredSession({}, BITMAP),
    request(BLOCK_STATUS, 1, 0, 65536),
    status(1, 1, [[65536, 1]]),
    ...disconnect(),
  ]),
});

export const BLOCK_STATUS_TYPE_FOR_MODE = rule('block-status-type-for-mode', 'error', 'server', 'server', {
  title: 'the type of a block status chunk does not fit the header format',
  meaning:
    'Type 5 (BLOCK_STATUS) belongs to structured replies, type 6 (BLOCK_STATUS_EXT) to extended headers. A client expects extents of the other size.',
  spec: EXTENSION,
  breaks: example('type 5 with extended headers', () => xask(xchunk(5, 1, 0, true, u32(1), u32(65536), u32(0)))),
  keeps: example('type 6 with extended headers', xclean),
});

export const BLOCK_STATUS_EXT_COUNT = rule('block-status-ext-count', 'error', 'server', 'server', {
  title: 'the count of extents does not fit the length of the chunk',
  meaning:
    'With extended headers a chunk states the number of its extents, which must be (length - 8) / 16 and not zero.',
  spec: EXTENSION,
  breaks: example('count 2 with one extent', () => xask(xstatus(1, 0, 1, [[65536, 0]], true, 2))),
  keeps: example('count 2 with two extents', xclean),
});

export const BLOCK_STATUS_EXT_HIGH_BITS = rule('block-status-ext-high-bits', 'error', 'server', 'server', {
  title: 'a 32-bit status has bits in its upper half',
  meaning:
    'The contexts of the namespace base have a 32-bit status, also with extended headers: the upper half of the 64-bit field must be zero.',
  spec: EXTENSION,
  breaks: example('status 2^32', () => xask(xstatus(1, 0, 1, [[65536, 0x100000000n]]))),
  keeps: example('status 3', xclean),
});

/** `n` extents of one byte each, alternating between data and hole. */
function many(n: number): Uint8Array {
  const out = new Uint8Array(8 * n);
  for (let i = 0; i < n; i++) {
    out[8 * i + 3] = 1;
    out[8 * i + 7] = i & 1;
  }
  return out;
}

export const BLOCK_STATUS_RULES = [
  BLOCK_STATUS_BAD_LENGTH,
  BLOCK_STATUS_ZERO_EXTENT,
  BLOCK_STATUS_UNKNOWN_CONTEXT,
  BLOCK_STATUS_DUPLICATE_CONTEXT,
  BLOCK_STATUS_MISSING_CONTEXT,
  BLOCK_STATUS_EXTRA_CONTEXT,
  REQ_ONE_MULTIPLE_EXTENTS,
  REQ_ONE_EXTENT_TOO_LONG,
  BLOCK_STATUS_SURPLUS_EXTENTS,
  BLOCK_STATUS_TOO_MANY_EXTENTS,
  BLOCK_STATUS_SAME_NEIGHBOUR,
  BLOCK_STATUS_UNALIGNED,
  BLOCK_STATUS_PAST_EXPORT,
  BASE_ALLOCATION_RESERVED_BITS,
  DIRTY_BITMAP_RESERVED_BITS,
  BLOCK_STATUS_TYPE_FOR_MODE,
  BLOCK_STATUS_EXT_COUNT,
  BLOCK_STATUS_EXT_HIGH_BITS,
];
