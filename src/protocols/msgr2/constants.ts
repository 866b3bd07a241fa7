/** Numbers and names of the messenger protocol, version 2 (doc/dev/msgr2.rst; src/include/msgr.h). */

/** Banner feature bits. */
export const REVISION_1 = 1n;
export const COMPRESSION = 2n;

/** Names of the banner's feature bits. */
export function bannerFeatureNames(word: bigint): string[] {
  const out: string[] = [];
  if (word & REVISION_1) out.push('REVISION_1');
  if (word & COMPRESSION) out.push('COMPRESSION');
  for (let bit = 2, rest = word >> 2n; rest !== 0n; bit++, rest >>= 1n) if (rest & 1n) out.push(`bit ${bit}`);
  return out;
}

export const TAG = {
  HELLO: 1,
  AUTH_REQUEST: 2,
  AUTH_BAD_METHOD: 3,
  AUTH_REPLY_MORE: 4,
  AUTH_REQUEST_MORE: 5,
  AUTH_DONE: 6,
  AUTH_SIGNATURE: 7,
  CLIENT_IDENT: 8,
  SERVER_IDENT: 9,
  IDENT_MISSING_FEATURES: 10,
  SESSION_RECONNECT: 11,
  SESSION_RESET: 12,
  SESSION_RETRY: 13,
  SESSION_RETRY_GLOBAL: 14,
  SESSION_RECONNECT_OK: 15,
  WAIT: 16,
  MESSAGE: 17,
  KEEPALIVE2: 18,
  KEEPALIVE2_ACK: 19,
  ACK: 20,
  COMPRESSION_REQUEST: 21,
  COMPRESSION_DONE: 22,
} as const;

export const LAST_TAG = 22;

const TAG_NAMES: readonly string[] = ['TAG_0', ...Object.keys(TAG)];

/** Every name that a message can have. */
export function messageNames(): string[] {
  return ['BANNER', ...TAG_NAMES, 'TAG_#'];
}

/** Such as `HELLO`; `TAG_40` for a number without a name. */
export function tagName(tag: number): string {
  return TAG_NAMES[tag] ?? `TAG_${tag}`;
}

/** Who may send a tag: 1 the connecting side, 2 the accepting side, 3 both; 0 for unknown tags. */
const TAG_SENDERS: readonly number[] = [0, 3, 1, 2, 2, 1, 2, 3, 1, 2, 2, 1, 2, 2, 2, 2, 2, 3, 3, 3, 3, 1, 2];

export function tagSenders(tag: number): number {
  return TAG_SENDERS[tag] ?? 0;
}

export const MODE_CRC = 1;
export const MODE_SECURE = 2;
export function isMode(mode: number): boolean {
  return mode === MODE_CRC || mode === MODE_SECURE;
}

const MODES: Readonly<Record<number, string>> = { 0: 'unknown', 1: 'crc', 2: 'secure' };

export function modeName(mode: number): string {
  return MODES[mode] ?? `mode ${mode}`;
}

const ALGORITHMS: readonly string[] = ['none', 'snappy', 'zlib', 'zstd', 'lz4', 'brotli'];

/** Whether the number is that of a compression algorithm; `none` (0) is not one. */
export function isAlgorithm(id: number): boolean {
  return id > 0 && id < ALGORITHMS.length;
}

export function algorithmName(id: number): string {
  return ALGORITHMS[id] ?? `algorithm ${id}`;
}

/** Flag of CLIENT_IDENT and SERVER_IDENT. */
export const IDENT_LOSSY = 1;
/** Preamble flag: the segments are compressed. */
export const FRAME_COMPRESSED = 1;
/** The epilogue's flag in revision 0, and the codes in the low nibble of late_status in revision 1. */
export const LATE_FLAG_ABORTED = 1;
export const LATE_CODE = 0xf;
export const LATE_ABORTED = 0x1;
export const LATE_COMPLETE = 0xe;
