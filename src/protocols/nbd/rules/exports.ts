import { example, rule } from './rule.js';
import {
  ack,
  ALL_FLAGS,
  extendedSession,
  hello,
  infoBlocks,
  infoData,
  infoExport,
  option,
  readAndLeave,
  reply,
  SEND_DF,
  setMeta,
  simpleSession,
  structured,
  structuredReadAndLeave,
  structuredSession,
  xdisconnect,
} from './session-steps.js';

/** Rules for what the server says about an export (transmission flags, size, block sizes), and for extended headers in negotiation. */

const FLAGS = 'Transmission flags';
const SIZES = 'Size constraints';
const EXTENSION = 'EXTENDED_HEADERS extension';
const EXT_HEADER_REQD = 0x8000000a;
const UNSUP = 0x80000001;
const PAYLOAD = 0x1000;

const abort = () => [option(2), ack(2)];
const clean = () => readAndLeave(simpleSession());
const blocks = (minimum: number, preferred: number, maximum: number) => () =>
  readAndLeave(simpleSession({ blocks: [minimum, preferred, maximum] }));

export const HAS_FLAGS_CLEAR = rule('has-flags-clear', 'error', 'server', 'server', {
  title: 'HAS_FLAGS is missing in the transmission flags',
  meaning:
    'Bit 0 of the transmission flags must always be set; it says that the field is valid at all. Very old oldstyle servers send zero for the whole field.',
  spec: FLAGS,
  breaks: example('flags of zero', () => readAndLeave(simpleSession({ flags: 0 }))),
  keeps: example('HAS_FLAGS alone', () => readAndLeave(simpleSession({ flags: 1 }))),
});

export const UNKNOWN_TRANSMISSION_FLAG = rule('unknown-transmission-flag', 'note', 'server', 'server', {
  title: 'the server sets an undefined transmission flag',
  meaning: 'Bits 13 to 15 are not defined; clients ignore them.',
  spec: FLAGS,
  breaks: example('bit 15', () => readAndLeave(simpleSession({ flags: 0x8001 }))),
  keeps: example('defined flags', clean),
});

export const SEND_DF_WITHOUT_STRUCTURED = rule('send-df-without-structured', 'error', 'server', 'server', {
  title: 'SEND_DF is set without structured replies',
  meaning:
    'The flag says that the server honours "do not fragment" in structured replies to READ. It must be clear unless structured replies or extended headers were agreed on; a client that relies on it would send a flag that has no meaning there.',
  spec: FLAGS,
  breaks: example('SEND_DF in a session with simple replies', () =>
    readAndLeave(simpleSession({ flags: ALL_FLAGS | SEND_DF })),
  ),
  keeps: example('SEND_DF with structured replies', () => structuredReadAndLeave(structuredSession())),
});

export const FAST_ZERO_WITHOUT_WRITE_ZEROES = rule('fast-zero-without-write-zeroes', 'error', 'server', 'server', {
  title: 'SEND_FAST_ZERO is set without SEND_WRITE_ZEROES',
  meaning: 'FAST_ZERO is a flag of NBD_CMD_WRITE_ZEROES, so a server must not offer it without offering the command.',
  spec: FLAGS,
  breaks: example('bit 11 without bit 6', () => readAndLeave(simpleSession({ flags: 0x0801 }))),
  keeps: example('both bits', () => readAndLeave(simpleSession({ flags: 0x0841 }))),
});

export const BS_PAYLOAD_FLAG_WITHOUT_EXTENDED = rule('bs-payload-flag-without-extended', 'error', 'server', 'server', {
  title: 'BLOCK_STATUS_PAYLOAD is set without extended headers',
  meaning: 'BLOCK_STATUS can carry a payload only with extended headers, so the flag must be clear without them.',
  spec: EXTENSION,
  breaks: example('bit 12 in a structured session', () =>
    structuredReadAndLeave(structuredSession({ flags: ALL_FLAGS | PAYLOAD }, ['base:allocation'])),
  ),
  keeps: example('bit 12 with extended headers', () => [
    ...extendedSession({ flags: ALL_FLAGS | PAYLOAD }, ['base:allocation']),
    ...xdisconnect(),
  ]),
});

export const BS_PAYLOAD_FLAG_WITHOUT_CONTEXTS = rule(
  'bs-payload-flag-without-contexts',
  'warning',
  'server',
  'server',
  {
    title: 'BLOCK_STATUS_PAYLOAD is set without metadata contexts',
    meaning:
      'The flag should be clear in the answer to NBD_OPT_GO if no metadata context was selected, because the payload of BLOCK_STATUS chooses among the selected contexts.',
    spec: EXTENSION,
    breaks: example('bit 12 without contexts', () => [
      ...extendedSession({ flags: ALL_FLAGS | PAYLOAD }),
      ...xdisconnect(),
    ]),
    keeps: example('bit 12 with a context', () => [
      ...extendedSession({ flags: ALL_FLAGS | PAYLOAD }, ['base:allocation']),
      ...xdisconnect(),
    ]),
  },
);

export const EXPORT_SIZE_NOT_REPRESENTABLE = rule('export-size-not-representable', 'note', 'server', 'server', {
  title: 'the export is larger than 2^63 - 1 bytes',
  meaning: 'Many systems keep file sizes in signed 64-bit integers and cannot use such an export.',
  spec: 'Conventions',
  breaks: example('a size of 2^63', () => readAndLeave(simpleSession({ size: 0x8000000000000000n }))),
  keeps: example('a size of 2^63 - 4096', () => readAndLeave(simpleSession({ size: 0x7ffffffffffff000n }))),
});

export const BLOCK_SIZE_NOT_POWER_OF_TWO = rule('block-size-not-power-of-two', 'error', 'server', 'server', {
  title: 'a block size is not a power of two',
  meaning: 'The minimum and the preferred block size must be powers of two, because clients align with bit masks.',
  spec: SIZES,
  breaks: example('a preferred size of 3000', blocks(1, 3000, 33554432)),
  keeps: example('powers of two', clean),
});

export const MIN_BLOCK_TOO_LARGE = rule('min-block-too-large', 'error', 'server', 'server', {
  title: 'the minimum block size is larger than 65536',
  meaning:
    'The minimum block size must not exceed 64 KiB, so that clients can rely on that limit when they allocate buffers for aligned requests.',
  spec: SIZES,
  breaks: example('a minimum of 131072', () => [
    ...hello(),
    option(6, infoData('')),
    infoBlocks(6, 131072, 131072, 33554432),
    infoExport(6, 1048576, ALL_FLAGS),
    ack(6),
    ...abort(),
  ]),
  keeps: example('a minimum of 65536', () => [
    ...hello(),
    option(6, infoData('')),
    infoBlocks(6, 65536, 65536, 33554432),
    infoExport(6, 1048576, ALL_FLAGS),
    ack(6),
    ...abort(),
  ]),
});

export const PREFERRED_BLOCK_TOO_SMALL = rule('preferred-block-too-small', 'error', 'server', 'server', {
  title: 'the preferred block size is below 512 or below the minimum',
  meaning: 'The preferred block size must be at least 512 and at least the minimum block size.',
  spec: SIZES,
  breaks: example('a preferred size of 256', blocks(1, 256, 33554432)),
  keeps: example('a preferred size of 512', blocks(1, 512, 33554432)),
});

export const MAX_PAYLOAD_BELOW_PREFERRED = rule('max-payload-below-preferred', 'error', 'server', 'server', {
  title: 'the maximum payload is smaller than the preferred block size',
  meaning:
    'The maximum payload must be at least the preferred block size; otherwise a client could never send a block of the preferred size.',
  spec: SIZES,
  breaks: example('preferred 4096, maximum 2048', () =>
    readAndLeave(simpleSession({ size: 524288, blocks: [1, 4096, 2048] })),
  ),
  keeps: example('preferred 4096, maximum 4096', () =>
    readAndLeave(simpleSession({ size: 524288, blocks: [1, 4096, 4096] })),
  ),
});

export const MAX_PAYLOAD_SMALL = rule('max-payload-small', 'warning', 'server', 'server', {
  title: 'the maximum payload is smaller than 1 MiB',
  meaning:
    'The maximum payload should be at least 2^20 bytes (or the size of the export, if that is less). A small maximum reduces the throughput.',
  spec: SIZES,
  breaks: example('a maximum of 65536', blocks(1, 4096, 65536)),
  keeps: example('a maximum of 2^20', blocks(1, 4096, 1048576)),
});

export const EXPORT_SIZE_UNALIGNED = rule('export-size-unaligned', 'warning', 'server', 'server', {
  title: 'the export size is not a multiple of the minimum block size',
  meaning:
    'The size should be a multiple of the minimum block size; otherwise a client that respects the minimum cannot read the last bytes of the export.',
  spec: SIZES,
  breaks: example('1048577 bytes in blocks of 512', () =>
    readAndLeave(simpleSession({ size: 1048577, blocks: [512, 4096, 33554432] })),
  ),
  keeps: example('1048576 bytes in blocks of 512', () =>
    readAndLeave(simpleSession({ blocks: [512, 4096, 33554432] })),
  ),
});

export const EXT_REQD_AFTER_EXTENDED = rule('ext-reqd-after-extended', 'error', 'server', 'server', {
  title: 'the server requires extended headers that were already agreed on',
  meaning:
    'NBD_REP_ERR_EXT_HEADER_REQD asks a client to negotiate extended headers. After that has been done, the client cannot act on such an answer to NBD_OPT_INFO, NBD_OPT_GO or a metadata context option.',
  spec: EXTENSION,
  breaks: example('GO refused with ERR_EXT_HEADER_REQD after EXTENDED_HEADERS', () => [
    ...hello(),
    option(11),
    ack(11),
    option(7, infoData('')),
    reply(7, EXT_HEADER_REQD),
    ...abort(),
  ]),
  keeps: example('GO served after EXTENDED_HEADERS', () => [...extendedSession(), ...xdisconnect()]),
});

export const EXT_REQD_FOR_BASE = rule('ext-reqd-for-base', 'error', 'server', 'both', {
  title: 'the server requires extended headers for contexts that do not need them',
  meaning:
    'The contexts of the namespace base have a 32-bit status, so a server must offer them with structured replies, too.',
  spec: EXTENSION,
  breaks: example('extended headers are required for base:allocation', () => [
    ...hello(),
    ...structured(),
    option(10, metaRequest()),
    reply(10, EXT_HEADER_REQD),
    ...abort(),
  ]),
  keeps: example('base:allocation with structured replies', () => [
    ...hello(),
    ...structured(),
    ...setMeta(),
    ...abort(),
  ]),
});

export const GO_UNSUP_AFTER_EXTENDED = rule('go-unsup-after-extended', 'error', 'server', 'server', {
  title: 'the server supports extended headers but not NBD_OPT_GO',
  meaning:
    'NBD_OPT_EXPORT_NAME must not be used with extended headers, so a server that supports them must support NBD_OPT_GO. Otherwise no client can enter the transmission phase.',
  spec: EXTENSION,
  breaks: example('GO unsupported after EXTENDED_HEADERS', () => [
    ...hello(),
    option(11),
    ack(11),
    option(7, infoData('')),
    reply(7, UNSUP),
    ...abort(),
  ]),
  keeps: example('GO served after EXTENDED_HEADERS', () => [...extendedSession(), ...xdisconnect()]),
});

export const EXT_REQD_LIMITS_INTEROP = rule('ext-reqd-limits-interop', 'warning', 'server', 'server', {
  title: 'the server refuses clients without extended headers',
  meaning: 'Few clients support extended headers, so a server should serve the others with compact headers.',
  spec: 'EXTENDED_HEADERS extension, maximum interoperability',
  breaks: example('GO refused with ERR_EXT_HEADER_REQD', () => [
    ...hello(),
    option(7, infoData('')),
    reply(7, EXT_HEADER_REQD),
    ...abort(),
  ]),
  keeps: example('GO served with compact headers', clean),
});

function metaRequest(): Uint8Array {
  return (setMeta()[0] as { bytes: Uint8Array }).bytes.subarray(16);
}

export const EXPORT_RULES = [
  HAS_FLAGS_CLEAR,
  UNKNOWN_TRANSMISSION_FLAG,
  SEND_DF_WITHOUT_STRUCTURED,
  FAST_ZERO_WITHOUT_WRITE_ZEROES,
  BS_PAYLOAD_FLAG_WITHOUT_EXTENDED,
  BS_PAYLOAD_FLAG_WITHOUT_CONTEXTS,
  EXPORT_SIZE_NOT_REPRESENTABLE,
  BLOCK_SIZE_NOT_POWER_OF_TWO,
  MIN_BLOCK_TOO_LARGE,
  PREFERRED_BLOCK_TOO_SMALL,
  MAX_PAYLOAD_BELOW_PREFERRED,
  MAX_PAYLOAD_SMALL,
  EXPORT_SIZE_UNALIGNED,
  EXT_REQD_AFTER_EXTENDED,
  EXT_REQD_FOR_BASE,
  GO_UNSUP_AFTER_EXTENDED,
  EXT_REQD_LIMITS_INTEROP,
];
