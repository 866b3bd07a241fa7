/** Writes Ceph's basic encodings (src/include/encoding.h), little-endian, for examples and tests. */

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let pos = 0;
  for (const p of parts) {
    out.set(p, pos);
    pos += p.length;
  }
  return out;
}

export function u8(v: number): Uint8Array {
  return Uint8Array.of(v);
}

export function u16(v: number): Uint8Array {
  return Uint8Array.of(v & 0xff, (v >>> 8) & 0xff);
}

export function u32(v: number): Uint8Array {
  return Uint8Array.of(v & 0xff, (v >>> 8) & 0xff, (v >>> 16) & 0xff, (v >>> 24) & 0xff);
}

export function u64(v: bigint | number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt.asUintN(64, BigInt(v)), true);
  return out;
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** u32 length and the bytes. */
export function blob(bytes: Uint8Array): Uint8Array {
  return concat(u32(bytes.length), bytes);
}

export function str(text: string): Uint8Array {
  return blob(ascii(text));
}

export function vec(items: readonly Uint8Array[]): Uint8Array {
  return concat(u32(items.length), ...items);
}
