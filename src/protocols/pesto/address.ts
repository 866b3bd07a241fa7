/**
 * Addresses as pesto transmits them: 16 bytes. IPv4 is `::ffff:a.b.c.d`; everything else is IPv6. The functions take the bytes and the
 * address's index in them.
 */

function zero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}

export function isV4(bytes: Uint8Array, at: number): boolean {
  return zero(bytes, at, at + 10) && bytes[at + 10] === 0xff && bytes[at + 11] === 0xff;
}

/** `::` */
export function isAny6(bytes: Uint8Array, at: number): boolean {
  return zero(bytes, at, at + 16);
}

/** `0.0.0.0` */
export function isAny4(bytes: Uint8Array, at: number): boolean {
  return isV4(bytes, at) && zero(bytes, at + 12, at + 16);
}

export function isUnspecified(bytes: Uint8Array, at: number): boolean {
  return isAny6(bytes, at) || isAny4(bytes, at);
}

/** Multicast of either family, or IPv4's limited broadcast. */
export function isMulticast(bytes: Uint8Array, at: number): boolean {
  if (bytes[at] === 0xff) return true;
  if (!isV4(bytes, at)) return false;
  const first = bytes[at + 12]!;
  return (
    (first & 0xf0) === 0xe0 ||
    (first === 255 && bytes[at + 13] === 255 && bytes[at + 14] === 255 && bytes[at + 15] === 255)
  );
}

/** `127.0.0.1` or `::1`. */
export function isLocalhost(bytes: Uint8Array, at: number): boolean {
  if (isV4(bytes, at))
    return bytes[at + 12] === 127 && bytes[at + 13] === 0 && bytes[at + 14] === 0 && bytes[at + 15] === 1;
  return zero(bytes, at, at + 15) && bytes[at + 15] === 1;
}

export function sameAddress(a: Uint8Array, atA: number, b: Uint8Array, atB: number): boolean {
  for (let i = 0; i < 16; i++) if (a[atA + i] !== b[atB + i]) return false;
  return true;
}

/** Whether an address is of a kind that people write into rules. Bytes that are wrongly read as an address seldom are. */
export function isPlausible(bytes: Uint8Array, at: number): boolean {
  if (isV4(bytes, at) || isAny6(bytes, at) || isLocalhost(bytes, at)) return true;
  const first = bytes[at]!;
  return (first >= 0x20 && first <= 0x3f) || first >= 0xfc;
}

/** The address as inet_ntop writes it: `192.0.2.1`, `2001:db8::5`. */
export function formatAddress(bytes: Uint8Array, at: number): string {
  if (isV4(bytes, at)) return dotted(bytes, at + 12);
  const words: number[] = [];
  for (let i = 0; i < 16; i += 2) words.push((bytes[at + i]! << 8) | bytes[at + i + 1]!);
  const [start, length] = longestZeroRun(words);
  if (start === 0 && length === 6) return `::${dotted(bytes, at + 12)}`;
  const hex = words.map((w) => w.toString(16));
  if (length < 2) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

function dotted(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** Start and length of the first longest run of zeros. */
function longestZeroRun(words: readonly number[]): [number, number] {
  let start = 0;
  let length = 0;
  for (let i = 0; i < words.length; i++) {
    let n = 0;
    while (i + n < words.length && words[i + n] === 0) n++;
    if (n > length) {
      start = i;
      length = n;
    }
    i += n;
  }
  return [start, length];
}
