/** `10.0.0.1:10809` or `[::1]:3300`: an address of four 32-bit words (IPv4 as ::ffff:a.b.c.d) and a TCP port. */
export function tcpEndpoint(w0: number, w1: number, w2: number, w3: number, port: number): string {
  if (w0 === 0 && w1 === 0 && w2 === 0xffff) return `${dotted(w3)}:${port}`;
  return `[${ipv6Text(w0, w1, w2, w3)}]:${port}`;
}

function dotted(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 0xff}.${(word >>> 8) & 0xff}.${word & 0xff}`;
}

/** Text of an IPv6 address as RFC 5952 wants it: lower case, no leading zeros, the first longest run of zeros as `::`. */
export function ipv6Text(w0: number, w1: number, w2: number, w3: number): string {
  const groups: number[] = [];
  for (const w of [w0, w1, w2, w3]) groups.push((w >>> 16) & 0xffff, w & 0xffff);
  let bestAt = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > bestLength) {
      bestAt = i;
      bestLength = n;
    }
    i += n;
  }
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((g) => g.toString(16))
      .join(':');
  if (bestAt < 0) return text(0, 8);
  return `${text(0, bestAt)}::${text(bestAt + bestLength, 8)}`;
}
