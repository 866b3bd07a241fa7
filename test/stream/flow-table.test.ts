import { describe, expect, it } from 'vitest';
import { Segment, SYN } from '../../src/link/segment.js';
import { ESTABLISHED, FlowTable } from '../../src/stream/flow-table.js';
import { HalfOpen } from '../../src/stream/half-open.js';

/** A segment of flow number `n`: from port 1000 + n of one address to port 10809 of another. */
function segment(n: number, version: 4 | 6, back = false): Segment {
  const s = new Segment();
  const upper = version === 4 ? [0, 0, 0xffff] : [0x20010db8, -1, 0xffff];
  const [from, to] = back ? (['dst', 'src'] as const) : (['src', 'dst'] as const);
  [s[`${from}0`], s[`${from}1`], s[`${from}2`]] = upper as [number, number, number];
  [s[`${to}0`], s[`${to}1`], s[`${to}2`]] = upper as [number, number, number];
  s[`${from}3`] = 0x0a000001;
  s[`${to}3`] = 0xc0a80001 | 0;
  s[`${from}Port`] = 1000 + n;
  s[`${to}Port`] = 10809;
  return s;
}

describe('the flow table', () => {
  it('keeps flows of IPv4 apart from those of IPv6 with the same last words, whichever comes first', () => {
    for (const first of [4, 6] as const) {
      const table = new FlowTable(10_000, () => undefined);
      const slots = new Map<string, number>();
      const second = first === 4 ? (6 as const) : (4 as const);
      for (const version of [first, second] as const)
        for (let n = 0; n < 300; n++) {
          const s = segment(n, version);
          expect(table.find(s)).toBe(-1);
          slots.set(`${version} ${n}`, table.add(s, ESTABLISHED));
        }
      expect(new Set(slots.values()).size).toBe(600);
      for (const version of [4, 6] as const)
        for (let n = 0; n < 300; n++)
          for (const back of [false, true])
            expect(table.find(segment(n, version, back))).toBe(slots.get(`${version} ${n}`));
      expect(table.endpoints(slots.get('4 7')!, false)).toEqual(['10.0.0.1:1007', '192.168.0.1:10809']);
      expect(table.endpoints(slots.get('6 7')!, true)).toEqual([
        '[2001:db8:ffff:ffff:0:ffff:c0a8:1]:10809',
        '[2001:db8:ffff:ffff:0:ffff:a00:1]:1007',
      ]);
    }
  });

  it('finds what it holds when it has grown in long steps, up to its limit and beyond', () => {
    const gone: number[] = [];
    const table = new FlowTable(6000, (slot) => gone.push(slot));
    for (let n = 0; n < 9000; n++) {
      const s = segment(n, 4);
      table.find(s);
      table.add(s, ESTABLISHED);
    }
    expect(gone.length).toBe(3000);
    for (let n = 0; n < 9000; n++) expect(table.find(segment(n, 4)) >= 0).toBe(n >= 3000);
  });
});

describe('connections of which only a SYN was seen', () => {
  it('give their rows to others, and keep what was seen of each', () => {
    const half = new HalfOpen();
    const syn = (n: number): Segment => Object.assign(segment(n, 4), { flags: SYN, seq: 0xf0000000 + n, packet: n });
    for (let n = 0; n < 100; n++) half.add(3 * n, n + 1, syn(n), n % 2 === 1);
    for (let n = 0; n < 100; n += 2) half.remove(3 * n);
    half.remove(3);
    half.remove(3);
    half.remove(100_000);
    for (let n = 0; n < 60; n++) half.add(1000 + n, 1000 + n, syn(500 + n), false);
    half.add(9, 77, syn(42), false);
    const at = (slot: number): number[] => {
      const s = new Segment();
      half.recall(slot, s);
      return [half.id(slot), s.seq - 0xf0000000, s.packet, half.swapped(slot) ? 1 : 0];
    };
    expect(half.id(0)).toBe(0);
    expect(half.id(3)).toBe(0);
    expect(half.id(50_000)).toBe(0);
    expect(at(9)).toEqual([77, 42, 42, 0]);
    for (let n = 5; n < 100; n += 2) expect(at(3 * n)).toEqual([n + 1, n, n, 1]);
    for (let n = 0; n < 60; n++) expect(at(1000 + n)).toEqual([1000 + n, 500 + n, 500 + n, 0]);
  });
});
