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
  title: 'a chunk with a flag that is not defined',
  meaning:
    'Only bit 0 (DONE) is defined. The server must not set others unless they were negotiated (or are harmless hints: lower the rule if yours are).',
  spec: FLAGS,
  breaks: example('flag 0x0002', () => flush(chunk(0, 1, 3))),
  keeps: example('DONE alone', () => flush(none(1))),
});

export const NONE_WITHOUT_DONE = rule('none-without-done', 'error', 'server', 'server', {
  title: 'NONE without DONE',
  meaning: 'A chunk of type NONE carries nothing; all it can do is end the answer, so DONE must be set.',
  spec: TYPES,
  breaks: example('NONE, then another NONE with DONE', () => flush(chunk(0, 1, false), none(1))),
  keeps: example('NONE with DONE', () => flush(none(1))),
});

export const NONE_WITH_PAYLOAD = rule('none-with-payload', 'error', 'server', 'server', {
  title: 'NONE with a payload',
  meaning: 'The length of a chunk of type NONE must be zero.',
  spec: TYPES,
  breaks: example('NONE with four bytes', () => flush(chunk(0, 1, true, u32(0)))),
  keeps: example('NONE without payload', () => flush(none(1))),
});

export const UNKNOWN_CHUNK_TYPE = rule('unknown-chunk-type', 'error', 'server', 'server', {
  title: 'a chunk of a type that is not defined',
  meaning:
    'The client must hang up on a chunk type that it does not know (unless bit 15 marks it as an error), because the answer cannot be understood without it. Types 3 and 4 belonged to a draft of April 2016.',
  spec: TYPES,
  breaks: example('type 9', () => read(chunk(9, 1, false, u32(0)), data(1, 4096, 1024))),
  keeps: example('defined types', () => read(data(1, 4096, 512, false), hole(1, 4608, 512))),
});

export const UNKNOWN_ERROR_CHUNK = rule('unknown-error-chunk', 'note', 'server', 'server', {
  title: 'an error chunk of a type that is not defined',
  meaning: 'All types with bit 15 set are errors and begin alike; the client can go on, with the request failed.',
  spec: TYPES,
  breaks: example('type 0x8009', () => read(chunk(0x8009, 1, true, u32(EIO), u16(0)))),
  keeps: example('type 0x8001', () => read(error(1, EIO))),
});

export const CHUNK_TYPE_FOR_COMMAND = rule('chunk-type-for-command', 'error', 'server', 'both', {
  title: 'a chunk of this type does not belong to the command',
  meaning:
    'OFFSET_DATA and OFFSET_HOLE answer READ, the block status chunks answer BLOCK_STATUS, and ERROR_OFFSET needs a command with an offset.',
  spec: TYPES,
  breaks: example('data in answer to FLUSH', () => flush(data(1, 0, 512))),
  keeps: example('data in answer to READ', clean),
});

export const OFFSET_DATA_TOO_SHORT = rule('offset-data-too-short', 'error', 'server', 'server', {
  title: 'OFFSET_DATA without data',
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
  title: 'a hole of no bytes',
  meaning: 'Content chunks describe at least one byte; the size of a hole must not be zero.',
  spec: TYPES,
  breaks: example('a hole of 0 bytes', () => read(hole(1, 4096, 0, false), data(1, 4096, 1024))),
  keeps: example('a hole of 1024 bytes', () => read(hole(1, 4096, 1024))),
});

export const CHUNK_OUT_OF_BOUNDS = rule('chunk-out-of-bounds', 'error', 'server', 'both', {
  title: 'content outside the range that was asked for',
  meaning:
    'Every content chunk must lie inside the range of the READ. A careless client copies it behind its buffer; offsets are absolute in the export, not relative to the request.',
  spec: TYPES,
  breaks: example('an offset relative to the request', () => read(data(1, 0, 1024))),
  keeps: example('an absolute offset', () => read(data(1, 4096, 1024))),
});

export const CHUNK_OVERLAP = rule('chunk-overlap', 'error', 'server', 'server', {
  title: 'content is given twice',
  meaning: 'The content chunks of one answer must not overlap: the client could not know which one counts.',
  spec: TYPES,
  breaks: example('the second half begins too early', () => read(data(1, 4096, 512, false), data(1, 4352, 768))),
  keeps: example('one half after the other', () => read(data(1, 4096, 512, false), data(1, 4608, 512))),
});

export const CONTENT_AFTER_ERROR_OFFSET = rule('content-after-error-offset', 'error', 'server', 'server', {
  title: 'content for a position that was reported as failed',
  meaning:
    'If an error lies inside content that is sent all the same, the content must come first; after ERROR_OFFSET nothing may cover its position.',
  spec: READS,
  breaks: example('an error at 4200, then data over it', () =>
    read(errorOffset(1, EIO, 4200, false), data(1, 4096, 512)),
  ),
  keeps: example('data, then an error inside them', () => read(data(1, 4096, 512, false), errorOffset(1, EIO, 4200))),
});

export const READ_INCOMPLETE = rule('read-incomplete', 'error', 'server', 'both', {
  title: 'a READ succeeded without all of its content',
  meaning:
    'Unless an error is reported, the content chunks of an answer must cover the whole range of the READ. What is missing stays in the buffer of the client as it was.',
  spec: READS,
  breaks: example('half of the range', () => read(data(1, 4096, 512, false), none(1))),
  keeps: example('the whole range', () => read(data(1, 4096, 512, false), hole(1, 4608, 512, false), none(1))),
});

export const DF_FRAGMENTED = rule('df-fragmented', 'error', 'server', 'both', {
  title: 'a READ with DF was answered in several pieces',
  meaning: 'With the flag "do not fragment" there may be one content chunk at most.',
  spec: READS,
  breaks: example('two chunks', () => readDf(1024, data(1, 0, 512, false), data(1, 512, 512))),
  keeps: example('one chunk', () => readDf(1024, data(1, 0, 1024))),
});

export const DF_SMALL_REFUSED = rule('df-small-refused', 'error', 'server', 'both', {
  title: 'a short READ with DF was refused as too long',
  meaning: 'A server that offers SEND_DF must be able to send at least 65536 bytes unfragmented.',
  spec: READS,
  breaks: example('EOVERFLOW for 65536 bytes', () => readDf(65536, error(1, EOVERFLOW))),
  keeps: example('EOVERFLOW for 131072 bytes', () => readDf(131072, error(1, EOVERFLOW))),
});

export const DF_REFUSAL_WITH_CONTENT = rule('df-refusal-with-content', 'error', 'server', 'both', {
  title: 'a READ with DF was refused as too long, and content was sent',
  meaning: 'A refusal with EOVERFLOW must not come with content chunks.',
  spec: READS,
  breaks: example('data, then EOVERFLOW', () => readDf(131072, data(1, 0, 512, false), error(1, EOVERFLOW))),
  keeps: example('EOVERFLOW alone', () => readDf(131072, error(1, EOVERFLOW))),
});

export const CHUNK_OVER_MAX_PAYLOAD = rule('chunk-over-max-payload', 'error', 'server', 'session', {
  title: 'a chunk is larger than the maximum payload',
  meaning:
    'The variable part of a chunk must not exceed the maximum payload that the server advertised (the eight bytes of its offset do not count); longer answers are sent in several chunks.',
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
  title: 'content is cut at a position that is no multiple of 512',
  meaning:
    'Servers should cut content at multiples of 512, except at the edges of the request. Harmless in practice, so the rule is off unless it is switched on.',
  spec: READS,
  off: true,
  breaks: example('a cut at 4196', () => read(data(1, 4096, 100, false), data(1, 4196, 924))),
  keeps: example('a cut at 4608', () => read(data(1, 4096, 512, false), data(1, 4608, 512))),
});

export const CHUNKS_MERGEABLE = rule('chunks-mergeable', 'note', 'server', 'server', {
  title: 'neighbouring content could have been one chunk',
  meaning:
    'Servers should use few chunks. Two data chunks, or two holes, that touch each other could have been one. There are good reasons for it (limits, streaming), so the rule is off unless it is switched on.',
  spec: CHUNKS,
  off: true,
  breaks: example('two data chunks side by side', () => read(data(1, 4096, 512, false), data(1, 4608, 512))),
  keeps: example('data beside a hole', () => read(data(1, 4096, 512, false), hole(1, 4608, 512))),
});

export const ERROR_CHUNK_TOO_SHORT = rule('error-chunk-too-short', 'error', 'server', 'server', {
  title: 'an error chunk is too short',
  meaning: 'ERROR needs six bytes (error and length of the message), ERROR_OFFSET fourteen.',
  spec: TYPES,
  breaks: example('ERROR with four bytes', () => read(chunk(0x8001, 1, true, u32(EIO)))),
  keeps: example('ERROR with six bytes', () => read(error(1, EIO))),
});

export const ERROR_MESSAGE_OVERRUNS = rule('error-message-overruns', 'error', 'server', 'server', {
  title: 'the message of an error chunk runs past the chunk',
  meaning:
    'The length of the message must fit into what is left of the chunk. The client must hang up: it cannot tell where the next field is.',
  spec: TYPES,
  breaks: example('a message of 200 bytes in a chunk of 11', () =>
    read(chunk(0x8001, 1, true, u32(EIO), u16(200), 'short')),
  ),
  keeps: example('lengths that agree', () => read(error(1, EIO, 'short'))),
});

export const ERROR_CHUNK_TRAILING = rule('error-chunk-trailing', 'note', 'server', 'server', {
  title: 'bytes are left over at the end of an error chunk',
  meaning: 'Nothing is defined behind the message of ERROR, or the offset of ERROR_OFFSET. Clients ignore it.',
  spec: TYPES,
  breaks: example('four bytes behind the message', () => read(chunk(0x8001, 1, true, u32(EIO), u16(0), u32(7)))),
  keeps: example('nothing behind the message', () => read(error(1, EIO, 'bad'))),
});

export const ERROR_ZERO = rule('error-zero', 'error', 'server', 'server', {
  title: 'an error chunk that reports success',
  meaning: 'The error of an error chunk must not be zero.',
  spec: TYPES,
  breaks: example('ERROR with error 0', () => read(error(1, 0))),
  keeps: example('ERROR with EIO', () => read(error(1, EIO))),
});

export const ERROR_OFFSET_OUT_OF_BOUNDS = rule('error-offset-out-of-bounds', 'error', 'server', 'both', {
  title: 'an error at a position outside the request',
  meaning: 'The offset of ERROR_OFFSET must lie inside the range of the request.',
  spec: TYPES,
  breaks: example('an error at 0 for a READ at 4096', () => read(errorOffset(1, EIO, 0))),
  keeps: example('an error at 4200', () => read(errorOffset(1, EIO, 4200))),
});

export const ERROR_OFFSET_REPEATED = rule('error-offset-repeated', 'warning', 'server', 'server', {
  title: 'an error is reported twice for one position',
  meaning: 'A position should be reported once in an answer.',
  spec: TYPES,
  breaks: example('4200 twice', () => read(errorOffset(1, EIO, 4200, false), errorOffset(1, EIO, 4200))),
  keeps: example('two positions', () => read(errorOffset(1, EIO, 4200, false), errorOffset(1, EIO, 4800))),
});

export const ERROR_OFFSETS_SHARE_CHUNK = rule('error-offsets-share-chunk', 'warning', 'server', 'server', {
  title: 'two errors inside one content chunk',
  meaning:
    'At most one position should be reported in the range of a content chunk; everything behind it is invalid anyway.',
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
  title: 'two ERROR chunks in one answer',
  meaning: 'ERROR fails the whole request; it should be the only error chunk of the answer.',
  spec: TYPES,
  breaks: example('ERROR twice', () => read(error(1, EIO, '', false), error(1, EIO))),
  keeps: example('ERROR once', () => read(error(1, EIO))),
});

export const ERROR_MIXED = rule('error-mixed', 'warning', 'server', 'server', {
  title: 'ERROR and ERROR_OFFSET in one answer',
  meaning: 'ERROR makes all data of the answer untrustworthy, so that a position besides it says nothing more.',
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
