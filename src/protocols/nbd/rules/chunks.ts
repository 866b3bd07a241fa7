import { example, rule } from './rule.js';
import {
  chunk,
  data,
  DF,
  disconnect,
  EIO,
  EOVERFLOW,
  error,
  errorOffset,
  FLUSH,
  hole,
  none,
  READ,
  request,
  structuredReadAndLeave,
  structuredSession,
  u16,
  u32,
  u64,
} from './session-steps.js';
import type { Step } from '../../../base/rule.js';

/** Rules for chunks of structured and extended replies, and for the answers that they make up. */

const FLAGS = 'Structured reply flags';
const TYPES = 'Structured reply types';
const CHUNKS = 'Structured reply chunk message';
const READS = 'Request types (READ)';

const clean = () => structuredReadAndLeave(structuredSession());
/** A session with a READ of 1024 bytes at 4096, and the chunks that answer it. */
const read = (...chunks: Step[]) => [...structuredSession(), request(READ, 1, 4096, 1024), ...chunks, ...disconnect()];
const readDf = (length: number, ...chunks: Step[]) => [
  ...structuredSession(),
  request(READ, 1, 0, length, DF),
  ...chunks,
  ...disconnect(),
];
const flush = (...chunks: Step[]) => [...structuredSession(), request(FLUSH, 1), ...chunks, ...disconnect()];

export const UNKNOWN_REPLY_FLAG = rule('unknown-reply-flag', 'error', 'server', 'server', {
  title: 'a chunk has an undefined flag',
  meaning:
    'Only bit 0 (DONE) is defined. The server must not set other flags unless they were negotiated or are harmless hints; lower the level of the rule if yours are.',
  spec: FLAGS,
  breaks: example('flag 0x0002', () => flush(chunk(0, 1, 3))),
  keeps: example('DONE alone', () => flush(none(1))),
});

export const NONE_WITHOUT_DONE = rule('none-without-done', 'error', 'server', 'server', {
  title: 'a chunk of type NONE does not set DONE',
  meaning: 'A chunk of type NONE carries no content. Its only purpose is to end the answer, so DONE must be set.',
  spec: TYPES,
  breaks: example('NONE, then another NONE with DONE', () => flush(chunk(0, 1, false), none(1))),
  keeps: example('NONE with DONE', () => flush(none(1))),
});

export const NONE_WITH_PAYLOAD = rule('none-with-payload', 'error', 'server', 'server', {
  title: 'a chunk of type NONE has a payload',
  meaning: 'The length of a chunk of type NONE must be zero.',
  spec: TYPES,
  breaks: example('NONE with four bytes', () => flush(chunk(0, 1, true, u32(0)))),
  keeps: example('NONE without payload', () => flush(none(1))),
});

export const UNKNOWN_CHUNK_TYPE = rule('unknown-chunk-type', 'error', 'server', 'server', {
  title: 'a chunk has an undefined type',
  meaning:
    'The client must close the connection after a chunk of a type that it does not know (unless bit 15 marks it as an error), because it cannot understand the answer without it. Types 3 and 4 belong to a draft of April 2016.',
  spec: TYPES,
  breaks: example('type 9', () => read(chunk(9, 1, false, u32(0)), data(1, 4096, 1024))),
  keeps: example('defined types', () => read(data(1, 4096, 512, false), hole(1, 4608, 512))),
});

export const UNKNOWN_ERROR_CHUNK = rule('unknown-error-chunk', 'note', 'server', 'server', {
  title: 'an error chunk has an undefined type',
  meaning:
    'All types with bit 15 set are errors and begin with the same fields. The client can continue; the request has failed.',
  spec: TYPES,
  breaks: example('type 0x8009', () => read(chunk(0x8009, 1, true, u32(EIO), u16(0)))),
  keeps: example('type 0x8001', () => read(error(1, EIO))),
});

export const CHUNK_TYPE_FOR_COMMAND = rule('chunk-type-for-command', 'error', 'server', 'both', {
  title: 'the type of a chunk does not belong to the command',
  meaning:
    'OFFSET_DATA and OFFSET_HOLE answer READ, the block status chunks answer BLOCK_STATUS, and ERROR_OFFSET requires a command with an offset.',
  spec: TYPES,
  breaks: example('data in answer to FLUSH', () => flush(data(1, 0, 512))),
  keeps: example('data in answer to READ', clean),
});

export const OFFSET_DATA_TOO_SHORT = rule('offset-data-too-short', 'error', 'server', 'server', {
  title: 'an OFFSET_DATA chunk contains no data',
  meaning: 'The payload is an offset of eight bytes and at least one byte of data.',
  spec: TYPES,
  breaks: example('an offset and nothing else', () => read(data(1, 4096, 0, false), data(1, 4096, 1024))),
  keeps: example('an offset and data', clean),
});

export const OFFSET_HOLE_BAD_LENGTH = rule('offset-hole-bad-length', 'error', 'server', 'server', {
  title: 'OFFSET_HOLE is not 12 bytes long',
  meaning: 'The payload is an offset of 64 bits and the size of the hole in 32 bits.',
  spec: TYPES,
  breaks: example('a size of 64 bits', () => read(chunk(2, 1, false, u64(4096), u64(1024)), data(1, 4096, 1024))),
  keeps: example('12 bytes', () => read(hole(1, 4096, 1024))),
});

export const HOLE_SIZE_ZERO = rule('hole-size-zero', 'error', 'server', 'server', {
  title: 'an OFFSET_HOLE chunk has a size of zero',
  meaning: 'A content chunk must describe at least one byte, so the size of a hole must not be zero.',
  spec: TYPES,
  breaks: example('a hole of 0 bytes', () => read(hole(1, 4096, 0, false), data(1, 4096, 1024))),
  keeps: example('a hole of 1024 bytes', () => read(hole(1, 4096, 1024))),
});

export const CHUNK_OUT_OF_BOUNDS = rule('chunk-out-of-bounds', 'error', 'server', 'both', {
  title: 'a content chunk lies outside of the requested range',
  meaning:
    'Every content chunk must lie inside the range of the READ. A careless client copies the data past the end of its buffer. The usual cause is an offset relative to the request: offsets are absolute positions in the export.',
  spec: TYPES,
  breaks: example('an offset relative to the request', () => read(data(1, 0, 1024))),
  keeps: example('an absolute offset', () => read(data(1, 4096, 1024))),
});

export const CHUNK_OVERLAP = rule('chunk-overlap', 'error', 'server', 'server', {
  title: 'two content chunks overlap',
  meaning:
    'The content chunks of an answer must not overlap, because the client could not know which of them is valid.',
  spec: TYPES,
  breaks: example('the second half begins too early', () => read(data(1, 4096, 512, false), data(1, 4352, 768))),
  keeps: example('one half after the other', () => read(data(1, 4096, 512, false), data(1, 4608, 512))),
});

export const CONTENT_AFTER_ERROR_OFFSET = rule('content-after-error-offset', 'error', 'server', 'server', {
  title: 'content is sent for a position that was reported as failed',
  meaning:
    'If an error position lies inside a content chunk, the content must come first. After ERROR_OFFSET no content chunk may cover that position.',
  spec: READS,
  breaks: example('an error at 4200, then data over it', () =>
    read(errorOffset(1, EIO, 4200, false), data(1, 4096, 512)),
  ),
  keeps: example('data, then an error inside them', () => read(data(1, 4096, 512, false), errorOffset(1, EIO, 4200))),
});

export const READ_INCOMPLETE = rule('read-incomplete', 'error', 'server', 'both', {
  title: 'a READ succeeds without all of its content',
  meaning:
    'Unless an error is reported, the content chunks of an answer must cover the whole range of the READ. Where they do not, the buffer of the client keeps its old contents.',
  spec: READS,
  breaks: example('half of the range', () => read(data(1, 4096, 512, false), none(1))),
  keeps: example('the whole range', () => read(data(1, 4096, 512, false), hole(1, 4608, 512, false), none(1))),
});

export const DF_FRAGMENTED = rule('df-fragmented', 'error', 'server', 'both', {
  title: 'a READ with DF is answered with several content chunks',
  meaning: 'With the flag DF (do not fragment) an answer must have at most one content chunk.',
  spec: READS,
  breaks: example('two chunks', () => readDf(1024, data(1, 0, 512, false), data(1, 512, 512))),
  keeps: example('one chunk', () => readDf(1024, data(1, 0, 1024))),
});

export const DF_SMALL_REFUSED = rule('df-small-refused', 'error', 'server', 'both', {
  title: 'a short READ with DF is refused with EOVERFLOW',
  meaning: 'A server that offers SEND_DF must be able to send at least 65536 bytes unfragmented.',
  spec: READS,
  breaks: example('EOVERFLOW for 65536 bytes', () => readDf(65536, error(1, EOVERFLOW))),
  keeps: example('EOVERFLOW for 131072 bytes', () => readDf(131072, error(1, EOVERFLOW))),
});

export const DF_REFUSAL_WITH_CONTENT = rule('df-refusal-with-content', 'error', 'server', 'both', {
  title: 'a READ with DF is refused with EOVERFLOW although content was sent',
  meaning: 'An answer that refuses the READ with EOVERFLOW must not have content chunks.',
  spec: READS,
  breaks: example('data, then EOVERFLOW', () => readDf(131072, data(1, 0, 512, false), error(1, EOVERFLOW))),
  keeps: example('EOVERFLOW alone', () => readDf(131072, error(1, EOVERFLOW))),
});

export const CHUNK_OVER_MAX_PAYLOAD = rule('chunk-over-max-payload', 'error', 'server', 'session', {
  title: 'a chunk is larger than the maximum payload',
  meaning:
    'The variable part of a chunk must not exceed the maximum payload that the server advertised; the eight bytes of its offset do not count. A longer answer has to be sent in several chunks.',
  spec: TYPES,
  breaks: example('8192 bytes, maximum 4096', () => [
    ...structuredSession({ size: 524288, blocks: [1, 4096, 4096] }),
    request(READ, 1, 0, 8192),
    data(1, 0, 8192),
    ...disconnect(),
  ]),
  keeps: example('twice 4096 bytes, maximum 4096', () => [
    ...structuredSession({ size: 524288, blocks: [1, 4096, 4096] }),
    request(READ, 1, 0, 8192),
    data(1, 0, 4096, false),
    data(1, 4096, 4096),
    ...disconnect(),
  ]),
});

export const CHUNK_NOT_512_ALIGNED = rule('chunk-not-512-aligned', 'warning', 'server', 'both', {
  title: 'content is split at a position that is not a multiple of 512',
  meaning:
    'Servers should split content at multiples of 512, except at the edges of the request. Other positions do no harm in practice, so the rule is off by default.',
  spec: READS,
  off: true,
  breaks: example('split at 4196', () => read(data(1, 4096, 100, false), data(1, 4196, 924))),
  keeps: example('split at 4608', () => read(data(1, 4096, 512, false), data(1, 4608, 512))),
});

export const CHUNKS_MERGEABLE = rule('chunks-mergeable', 'note', 'server', 'server', {
  title: 'adjacent content could have been one chunk',
  meaning:
    'Servers should use few chunks. Two adjacent data chunks, or two adjacent holes, could have been sent as one. There are good reasons not to merge them (limits, streaming), so the rule is off by default.',
  spec: CHUNKS,
  off: true,
  breaks: example('two adjacent data chunks', () => read(data(1, 4096, 512, false), data(1, 4608, 512))),
  keeps: example('data next to a hole', () => read(data(1, 4096, 512, false), hole(1, 4608, 512))),
});

export const ERROR_CHUNK_TOO_SHORT = rule('error-chunk-too-short', 'error', 'server', 'server', {
  title: 'an error chunk is too short',
  meaning: 'ERROR needs six bytes (the error and the length of the message), ERROR_OFFSET fourteen.',
  spec: TYPES,
  breaks: example('ERROR with four bytes', () => read(chunk(0x8001, 1, true, u32(EIO)))),
  keeps: example('ERROR with six bytes', () => read(error(1, EIO))),
});

export const ERROR_MESSAGE_OVERRUNS = rule('error-message-overruns', 'error', 'server', 'server', {
  title: 'the message of an error chunk runs past the chunk',
  meaning:
    'The length of the message must not exceed the rest of the chunk. The client must close the connection, because it cannot tell where the next field is.',
  spec: TYPES,
  breaks: example('a message of 200 bytes in a chunk of 11', () =>
    read(chunk(0x8001, 1, true, u32(EIO), u16(200), 'short')),
  ),
  keeps: example('lengths that agree', () => read(error(1, EIO, 'short'))),
});

export const ERROR_CHUNK_TRAILING = rule('error-chunk-trailing', 'note', 'server', 'server', {
  title: 'an error chunk has bytes after its last field',
  meaning: 'Nothing is defined after the message of ERROR or the offset of ERROR_OFFSET. Clients ignore such bytes.',
  spec: TYPES,
  breaks: example('four bytes after the message', () => read(chunk(0x8001, 1, true, u32(EIO), u16(0), u32(7)))),
  keeps: example('nothing after the message', () => read(error(1, EIO, 'bad'))),
});

export const ERROR_ZERO = rule('error-zero', 'error', 'server', 'server', {
  title: 'an error chunk reports success',
  meaning: 'The error in an error chunk must not be zero.',
  spec: TYPES,
  breaks: example('ERROR with error 0', () => read(error(1, 0))),
  keeps: example('ERROR with EIO', () => read(error(1, EIO))),
});

export const ERROR_OFFSET_OUT_OF_BOUNDS = rule('error-offset-out-of-bounds', 'error', 'server', 'both', {
  title: 'an error is reported for a position outside of the request',
  meaning: 'The offset of ERROR_OFFSET must lie inside the range of the request.',
  spec: TYPES,
  breaks: example('an error at 0 for a READ at 4096', () => read(errorOffset(1, EIO, 0))),
  keeps: example('an error at 4200', () => read(errorOffset(1, EIO, 4200))),
});

export const ERROR_OFFSET_REPEATED = rule('error-offset-repeated', 'warning', 'server', 'server', {
  title: 'an error is reported twice for the same position',
  meaning: 'A position should be reported only once in an answer.',
  spec: TYPES,
  breaks: example('4200 twice', () => read(errorOffset(1, EIO, 4200, false), errorOffset(1, EIO, 4200))),
  keeps: example('two positions', () => read(errorOffset(1, EIO, 4200, false), errorOffset(1, EIO, 4800))),
});

export const ERROR_OFFSETS_SHARE_CHUNK = rule('error-offsets-share-chunk', 'warning', 'server', 'server', {
  title: 'two errors are reported inside one content chunk',
  meaning:
    'At most one error position should be reported in the range of a content chunk, because everything after the first one is invalid anyway.',
  spec: TYPES,
  breaks: example('errors at 4200 and 4300 in one chunk', () =>
    read(data(1, 4096, 1024, false), errorOffset(1, EIO, 4200, false), errorOffset(1, EIO, 4300)),
  ),
  keeps: example('errors in two chunks', () =>
    read(
      data(1, 4096, 512, false),
      data(1, 4608, 512, false),
      errorOffset(1, EIO, 4200, false),
      errorOffset(1, EIO, 4700),
    ),
  ),
});

export const ERROR_REPEATED = rule('error-repeated', 'warning', 'server', 'server', {
  title: 'an answer contains two ERROR chunks',
  meaning: 'ERROR fails the whole request, so it should be the only error chunk of the answer.',
  spec: TYPES,
  breaks: example('ERROR twice', () => read(error(1, EIO, '', false), error(1, EIO))),
  keeps: example('ERROR once', () => read(error(1, EIO))),
});

export const ERROR_MIXED = rule('error-mixed', 'warning', 'server', 'server', {
  title: 'an answer contains both ERROR and ERROR_OFFSET',
  meaning: 'ERROR makes all data of the answer invalid, so an error position adds nothing.',
  spec: READS,
  breaks: example('ERROR_OFFSET, then ERROR', () => read(errorOffset(1, EIO, 4200, false), error(1, EIO))),
  keeps: example('ERROR_OFFSET alone', () => read(errorOffset(1, EIO, 4200))),
});

export const CHUNK_RULES = [
  UNKNOWN_REPLY_FLAG,
  NONE_WITHOUT_DONE,
  NONE_WITH_PAYLOAD,
  UNKNOWN_CHUNK_TYPE,
  UNKNOWN_ERROR_CHUNK,
  CHUNK_TYPE_FOR_COMMAND,
  OFFSET_DATA_TOO_SHORT,
  OFFSET_HOLE_BAD_LENGTH,
  HOLE_SIZE_ZERO,
  CHUNK_OUT_OF_BOUNDS,
  CHUNK_OVERLAP,
  CONTENT_AFTER_ERROR_OFFSET,
  READ_INCOMPLETE,
  DF_FRAGMENTED,
  DF_SMALL_REFUSED,
  DF_REFUSAL_WITH_CONTENT,
  CHUNK_OVER_MAX_PAYLOAD,
  CHUNK_NOT_512_ALIGNED,
  CHUNKS_MERGEABLE,
  ERROR_CHUNK_TOO_SHORT,
  ERROR_MESSAGE_OVERRUNS,
  ERROR_CHUNK_TRAILING,
  ERROR_ZERO,
  ERROR_OFFSET_OUT_OF_BOUNDS,
  ERROR_OFFSET_REPEATED,
  ERROR_OFFSETS_SHARE_CHUNK,
  ERROR_REPEATED,
  ERROR_MIXED,
];
