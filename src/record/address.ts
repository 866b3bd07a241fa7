import { isIP } from 'node:net';

/** An address that the proxy listens at or connects to. */
export type StreamAddress =
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number };

/** Most bytes in the path of a Unix socket (sun_path without its NUL). */
const PATH_BYTES = 107;

/**
 * Reads `PATH`, `unix:PATH`, `@NAME` (abstract), `tcp:PORT` or `tcp:HOST:PORT` (`tcp:[::1]:PORT`). Without a host, it is 127.0.0.1. Throws
 * an Error that says what is wrong.
 */
export function parseAddress(text: string): StreamAddress {
  if (text.startsWith('tcp:')) {
    const match = /^(?:(\[[^\]]+\]|[^:]*):)?(\d{1,5})$/.exec(text.slice(4));
    const port = Number(match?.[2]);
    if (match === null || port > 65_535) throw new Error(`${text}: expected tcp:PORT or tcp:HOST:PORT`);
    const host = (match[1] ?? '').replace(/^\[|\]$/g, '');
    return { kind: 'tcp', host: host === '' ? '127.0.0.1' : host, port };
  }
  const path = text.startsWith('unix:') ? text.slice(5) : text;
  if (path === '') throw new Error('the path of a socket is empty');
  if (Buffer.byteLength(path) > PATH_BYTES)
    throw new Error(`${path}: longer than ${PATH_BYTES} bytes, which no Unix socket can be`);
  return { kind: 'unix', path: path.startsWith('@') ? `\0${path.slice(1)}` : path };
}

/** The address as it is shown to people and in recordings. */
export function addressName(address: StreamAddress): string {
  if (address.kind === 'unix') return address.path.replace(/^\0/, '@');
  return address.host.includes(':') ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** The bytes of an IP address, 4 or 16; `::ffff:a.b.c.d` is taken as IPv4. Null if it is none. */
export function ipBytes(text: string): Uint8Array | null {
  const plain = text.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  switch (isIP(plain)) {
    case 4:
      return Uint8Array.from(plain.split('.').map(Number));
    case 6:
      return ipv6Bytes(plain);
    default:
      return null;
  }
}

function ipv6Bytes(text: string): Uint8Array {
  const out = new Uint8Array(16);
  const [before = '', after] = text.split('::') as [string?, string?];
  const words = (part: string): number[] => (part === '' ? [] : part.split(':').map((w) => Number.parseInt(w, 16)));
  const head = words(before);
  const tail = after === undefined ? [] : words(after);
  const all = [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  all.forEach((word, i) => {
    out[2 * i] = word >>> 8;
    out[2 * i + 1] = word & 0xff;
  });
  return out;
}

/** Maps an IPv4 address to IPv6, for a conversation whose other end has an IPv6 address. */
export function mappedToIpv6(address: Uint8Array): Uint8Array {
  if (address.length === 16) return address;
  const out = new Uint8Array(16);
  out[10] = 0xff;
  out[11] = 0xff;
  out.set(address, 12);
  return out;
}
