/** A TCP endpoint in bytes: an address of 4 or 16 bytes, and a port. */
export interface EndpointAddress {
  readonly address: Uint8Array;
  readonly port: number;
}

/** The address in `10.0.0.1:10809` or `[::1]:3300`; null if the text has none (`unix:/run/x.sock`). */
export function endpointAddress(text: string): EndpointAddress | null {
  const found = /^(?:\[([0-9a-f:]+)\]|(\d+(?:\.\d+){3})):(\d+)$/.exec(text);
  if (found === null) return null;
  const address = found[1] === undefined ? Uint8Array.from(found[2]!.split('.'), Number) : ipv6(found[1]);
  return address === null ? null : { address, port: Number(found[3]) };
}

function ipv6(text: string): Uint8Array | null {
  const [front = '', back] = text.split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((g) => parseInt(g, 16)));
  const head = groups(front);
  const tail = back === undefined ? [] : groups(back);
  const zeros = 8 - head.length - tail.length;
  if (zeros < 0 || (back === undefined && zeros !== 0)) return null;
  const all = [...head, ...new Array<number>(zeros).fill(0), ...tail];
  return Uint8Array.from(all.flatMap((g) => [g >>> 8, g & 0xff]));
}

/** The same address in 16 bytes; IPv4 as `::ffff:a.b.c.d`. */
export function wide(address: Uint8Array): Uint8Array {
  if (address.length === 16) return address;
  const out = new Uint8Array(16);
  out.set([0xff, 0xff], 10);
  out.set(address, 12);
  return out;
}
