import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { Analysis } from '../../src/engine/analysis.js';
import { bar, sparkline, squeezed } from '../../src/measure/chart.js';
import { Doublings } from '../../src/measure/doublings.js';
import { Latencies } from '../../src/measure/latencies.js';
import { Measure } from '../../src/measure/measure.js';
import { PlaceMap } from '../../src/measure/place-map.js';
import { TimeSeries } from '../../src/measure/time-series.js';
import { csvCell, statsCsv } from '../../src/report/stats-object.js';
import { SETTINGS } from '../kit/settings.js';

async function measured(path: string, limits = {}): Promise<Measure> {
  const measure = new Measure({ interval: null, limits: { ...DEFAULT_LIMITS, ...limits } });
  const analysis = new Analysis({ ...SETTINGS, details: true }, measure);
  await analysis.run(path);
  analysis.finish();
  return measure;
}

describe('latencies', () => {
  it('tell percentiles to one percent, and the longest exactly', () => {
    const l = new Latencies();
    for (let i = 1; i <= 10_000; i++) l.add(i * 1000);
    const s = l.summary()!;
    expect(s.count).toBe(10_000);
    for (const [value, exact] of [
      [s.p50, 5e6],
      [s.p90, 9e6],
      [s.p99, 9.9e6],
      [s.p999, 9.99e6],
    ] as const)
      expect(Math.abs(value / exact - 1)).toBeLessThan(0.01);
    expect(s.max).toBe(10_000_000);
    expect(s.mean).toBe(5_000_500);
  });

  it('tell the same, put together of several', () => {
    const [whole, first, second] = [1, 2, 3].map(() => new Latencies());
    for (let i = 1; i <= 3000; i++) {
      whole!.add(i * 977);
      (i % 3 === 0 ? first! : second!).add(i * 977);
    }
    const put = new Latencies();
    for (const part of [first!, second!]) put.goOn(part.gathered());
    expect(put.summary()).toEqual(whole!.summary());
  });

  it('have nothing to tell where there are none', () => expect(new Latencies().summary()).toBeNull());

  it('take whatever a clock that stepped brings', () => {
    const l = new Latencies();
    l.add(1e18);
    l.add(0);
    expect(l.summary()).toMatchObject({ count: 2, max: 1e18 });
  });
});

describe('a series of intervals', () => {
  it.each([null, 1])('is the same, put together of several or counted at once (%s)', (interval) => {
    const [whole, first, second] = [1, 2, 3].map(() => new TimeSeries(interval));
    for (let i = 0; i < 2000; i++) {
      const at = i < 1000 ? i / 100 : 90_000 + i / 10;
      whole!.add(at, 'requests', i);
      (i < 1000 ? first! : second!).add(at, 'requests', i);
    }
    const put = new TimeSeries(interval);
    for (const part of [first!, second!]) put.goOn(part.gathered());
    expect(put.seconds).toBe(whole!.seconds);
    expect(put.dropped).toBe(whole!.dropped);
    expect(put.intervals()).toEqual(whole!.intervals());
  });

  it('keeps a bounded number of spans, whose length doubles, and loses no count', () => {
    const series = new TimeSeries(null);
    for (let i = 0; i < 10_000; i++) {
      series.add(i / 100, 'requests', 1);
      series.queue(i / 100, i % 7);
    }
    const all = series.intervals();
    expect(all.length).toBeLessThanOrEqual(512);
    expect(all.reduce((n, i) => n + i.requests, 0)).toBe(10_000);
    expect(Math.max(...all.map((i) => i.queue))).toBe(6);
    expect(all.length * series.seconds).toBeGreaterThanOrEqual(100);
  });

  it('keeps the length that was asked for', () => {
    const series = new TimeSeries(0.5);
    series.add(0.1, 'bytes', 3);
    series.add(400, 'bytes', 4);
    series.add(-5, 'bytes', 1);
    const all = series.intervals();
    expect(all[0]).toMatchObject({ at: 0, bytes: 4 });
    expect(all.at(-1)).toMatchObject({ at: 400, bytes: 4 });
  });

  it('keeps the last day of seconds of three, second by second', () => {
    const series = new TimeSeries(1);
    const last = 3 * 86_400 - 1;
    for (let at = 0; at <= last; at++) series.add(at, 'requests', at % 1000);
    const all = series.intervals();
    expect(all.map((i) => i.at)).toEqual(Array.from({ length: 86_400 }, (_, i) => last - 86_399 + i));
    expect(all.every((i) => i.requests === i.at % 1000)).toBe(true);
    // times that step back beyond the first one that is left count there
    series.add(0, 'requests', 5);
    expect(series.intervals()[0]!.requests).toBe((all[0]!.at % 1000) + 5);
  });

  it('keeps the last day of seconds', () => {
    const series = new TimeSeries(1);
    series.add(0, 'requests', 1);
    series.add(100_000, 'requests', 2);
    const all = series.intervals();
    expect(all.length).toBe(86_400);
    expect(all.at(-1)).toMatchObject({ at: 100_000, requests: 2 });
  });
});

describe('charts', () => {
  it('show what is not zero', () => {
    expect(sparkline([0, 1, 50, 100])).toBe(' ▁▄█');
    expect(sparkline([])).toBe('');
    expect(bar(0.5, 4)).toBe('██');
    expect(bar(1e-9, 4)).toBe('▏');
    expect(bar(0, 4)).toBe('');
    expect(squeezed([1, 2, 3, 4], 2, (v) => Math.max(...v))).toEqual([2, 4]);
    // a rate is a rate, however many values there are
    const per = (v: readonly number[]): number => v.reduce((x, y) => x + y, 0) / v.length / 0.1;
    expect(squeezed([1, 2], 2, per)).toEqual([10, 20]);
  });

  it('count in doublings', () => {
    const d = new Doublings();
    for (const n of [0, 1, 2, 3, 4, 1024, 1025]) d.add(n);
    expect(d.bars().filter((b) => b.count > 0)).toEqual([
      { to: 1, count: 2 },
      { to: 2, count: 1 },
      { to: 4, count: 2 },
      { to: 1024, count: 1 },
      { to: 2048, count: 1 },
    ]);
  });

  it('divide a disk into equal parts that grow', () => {
    const map = new PlaceMap();
    map.add(0, 4096, false);
    map.add(4096, 8192, true);
    map.add(1 << 30, 512, false);
    expect(map.read.reduce((a, b) => a + b, 0)).toBe(4096 + 512);
    expect(map.written.reduce((a, b) => a + b, 0)).toBe(8192);
    expect(map.size * 64).toBeGreaterThan(1 << 30);
    map.add(-1, 512, false);
    expect(map.read.reduce((a, b) => a + b, 0)).toBe(4096 + 512);
  });
});

describe('stats of a session', () => {
  it('count its operations, errors and places', async () => {
    const m = await measured('captures/nbd/nbdkit-out-of-range.pcap');
    const nbd = m.protocols.get('nbd')!;
    const read = nbd.operations.get('READ')!;
    expect([read.count, read.answered, read.failed, read.bytes, read.aligned]).toEqual([5, 5, 4, 2560, 0]);
    expect(nbd.operations.get('WRITE')!.errors).toEqual(new Map([['NBD_ENOSPC', 1]]));
    expect(nbd.places.read.reduce((a, b) => a + b, 0)).toBe(512);
    expect(m.longest[0]).toMatchObject({ stream: 1, index: 10, packet: 19, name: 'READ', nanos: 599_000 });
    expect(m.streams).toMatchObject([{ stream: 1, protocol: 'nbd', requests: 12, errors: 9, unanswered: 0, queue: 1 }]);
    expect(statsCsv(m).split('\r\n')[1]).toMatch(/^nbd,operation,OPT_STRUCTURED_REPLY,1,1,0,0,0\.000044,/);
  });

  it('see the queue of an asynchronous client', async () => {
    const m = await measured('captures/nbd/nbdkit-async-64-inflight.pcap');
    expect(m.streams[0]!.queue).toBe(64);
  });

  it('say which limits were hit', async () => {
    const m = await measured('captures/nbd/nbdkit-async-64-inflight.pcap', {
      heldMessages: 4,
      statsNames: 2,
      listItems: 0,
    });
    expect(m.beyond.requests).toBeGreaterThan(0);
    expect(m.beyond.kinds).toBeGreaterThan(0);
    expect(m.beyond.streams).toBe(1);
  });

  it('quote what RFC 4180 wants quoted', () => {
    expect([csvCell('a'), csvCell('a,b'), csvCell('a"b'), csvCell('a\nb')]).toEqual(['a', '"a,b"', '"a""b"', '"a\nb"']);
  });
});
