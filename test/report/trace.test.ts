import { describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { CAPTURES, wirelint } from '../kit/cli.js';

interface Event {
  readonly ph: 'M' | 'X' | 'C' | 'i';
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur: number;
  readonly s?: string;
  readonly args: Readonly<Record<string, unknown>>;
}

function trace(capture: string): { events: Event[]; document: Record<string, unknown> } {
  const { stdout, status } = wirelint(['analyze', '-f', 'trace', join(CAPTURES, capture)]);
  expect(status).toBe(0);
  const document = JSON.parse(stdout) as { traceEvents: Event[] } & Record<string, unknown>;
  return { events: document.traceEvents, document };
}

/** Nanoseconds of a slice's two ends. */
function ends(e: Event): [number, number] {
  return [Math.round(e.ts * 1000), Math.round(e.ts * 1000) + Math.round(e.dur * 1000)];
}

const CASES = ['nbd/nbdkit-async-64-inflight.pcap', 'nbd/real-loss-reorder-dup.pcap', 'msgr2/crc-omap.pcap.gz'];

describe('Chrome trace events', () => {
  it.each(CASES)(
    'of %s have what Perfetto asks for, and slices of one thread lie beside or inside one another',
    (capture) => {
      const { events } = trace(capture);
      const named = new Set(events.filter((e) => e.name === 'thread_name').map((e) => `${e.pid}/${e.tid}`));
      for (const e of events) {
        expect(['M', 'X', 'C', 'i']).toContain(e.ph);
        expect([Number.isInteger(e.pid), Number.isInteger(e.tid)]).toEqual([true, true]);
        if (e.ph === 'M') continue;
        expect(Number.isFinite(e.ts)).toBe(true);
        if (e.ph !== 'C') expect(named).toContain(`${e.pid}/${e.tid}`);
        if (e.ph === 'X') expect(e.dur, 'readers cannot nest slices without length').toBeGreaterThan(0);
      }
      const slices = events.filter((e) => e.ph === 'X');
      expect(slices.length).toBeGreaterThan(20);
      for (const thread of named) {
        const own = slices.filter((e) => `${e.pid}/${e.tid}` === thread).map(ends);
        const around: number[] = [];
        for (const [start, end] of own.sort(([a, b], [c, d]) => a - c || d - b)) {
          expect(end).toBeGreaterThanOrEqual(start);
          while (around.length > 0 && around.at(-1)! <= start) around.pop();
          if (around.length > 0) expect(end, `thread ${thread}`).toBeLessThanOrEqual(around.at(-1)!);
          around.push(end);
        }
      }
    },
  );

  it.each(CASES)(
    'of %s name each process and thread once, and have numbers where Perfetto reads numbers',
    (capture) => {
      const { events } = trace(capture);
      const names = (kind: string, of: (e: Event) => string): string[] =>
        events.filter((e) => e.ph === 'M' && e.name === kind).map(of);
      const processes = names('process_name', (e) => `${e.pid}`);
      const threads = names('thread_name', (e) => `${e.pid}/${e.tid}`);
      expect(new Set(processes).size).toBe(processes.length);
      expect(new Set(threads).size).toBe(threads.length);
      expect(new Set(events.map((e) => `${e.pid}`))).toEqual(new Set(processes));
      for (const e of events.filter(({ ph }) => ph === 'M')) {
        if (e.name.endsWith('_name')) expect(e.args['name']).toMatch(/./);
        else expect(e.args['sort_index']).toEqual(expect.any(Number));
      }
      for (const e of events.filter(({ ph }) => ph !== 'M')) {
        expect(e.name).not.toBe('');
        expect(e.ts).toBeGreaterThanOrEqual(0);
        expect([e.ph, typeof e.dur]).toEqual([e.ph, e.ph === 'X' ? 'number' : 'undefined']);
      }
      const counted = new Map<number, number>();
      for (const e of events.filter(({ ph }) => ph === 'C')) {
        expect(e.ts).toBeGreaterThanOrEqual(counted.get(e.pid) ?? 0);
        counted.set(e.pid, e.ts);
      }
      const counts = events.filter(({ ph }) => ph === 'C').flatMap((e) => Object.values(e.args));
      expect(counts.length).toBeGreaterThan(0);
      for (const n of counts) expect(Number.isInteger(n) && (n as number) >= 0).toBe(true);
    },
  );

  it('count the requests that are open', () => {
    const { events } = trace('nbd/nbdkit-async-64-inflight.pcap');
    const depths = events.filter((e) => e.ph === 'C').map((e) => e.args['requests'] as number);
    expect(Math.max(...depths)).toBe(64);
    expect(depths.at(-1)).toBe(0);
    expect(events.filter((e) => e.name === 'NBD_CMD_READ' && e.tid > 3)).not.toHaveLength(0);
  });

  it('have findings as instants, where they stand, and requests without an answer to the end', () => {
    const { events, document } = trace('nbd/field-42-short-read-client-hangs.pcap');
    const found = events.filter((e) => e.ph === 'i' && e.tid === 3);
    expect(found.length).toBeGreaterThan(0);
    for (const e of found) {
      expect(e.s).toBe('t');
      expect(e.name).toMatch(/^(error|warning|note): [a-z]+\/[a-z-]+$/);
      expect(e.args['text']).not.toBe('');
    }
    expect(document['otherData']).toMatchObject({ start: expect.stringMatching(/^\d{4}-.*Z$/) as string, streams: 1 });
  });
});
