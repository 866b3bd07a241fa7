import { describe, expect, it } from 'vitest';
import { AwakeRing } from '../../src/stream/awake-ring.js';
import type { TcpConnection } from '../../src/stream/tcp-connection.js';

const connection = () => ({ turn: -1 }) as TcpConnection;

/** Everything that the ring drops while `n` new connections come. */
function drops(ring: AwakeRing, n: number): TcpConnection[] {
  return Array.from({ length: n }, () => ring.add(connection())).filter((c) => c !== null);
}

describe('connections that could be parked', () => {
  it('drop out, oldest first, when as many others have come', () => {
    const ring = new AwakeRing();
    const [a, b] = [connection(), connection()];
    ring.add(a);
    ring.add(b);
    expect(drops(ring, 254)).toEqual([]);
    expect(drops(ring, 2)).toEqual([a, b]);
  });

  it('are let go of when they are over', () => {
    const ring = new AwakeRing();
    const [over, open] = [connection(), connection()];
    ring.add(over);
    ring.add(open);
    ring.remove(over);
    const dropped = drops(ring, 256);
    expect(dropped).toHaveLength(1);
    expect(dropped[0]).toBe(open);
  });

  it('are not taken out by one that never was in it', () => {
    const ring = new AwakeRing();
    ring.add(connection());
    ring.remove(connection());
    expect(drops(ring, 256)).toHaveLength(1);
  });
});
