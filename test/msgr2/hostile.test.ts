import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/base/crc32c.js';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { TAG } from '../../src/protocols/msgr2/constants.js';
import * as E from '../../src/protocols/msgr2/encode.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { script } from '../../src/protocols/msgr2/script.js';
import { unaccounted } from '../kit/properties.js';

const internal = (steps: readonly Step[], late = false): string[] => {
  const result = runSteps(msgr2, steps, { late, port: 3300, forced: late });
  for (const m of result.messages) {
    msgr2.annotate(m);
    msgr2.describe(m, true);
  }
  expect(unaccounted(result).filter((n) => n !== 0)).toEqual([]);
  return result.findings.filter((f) => f.rule.id.startsWith('internal/')).map((f) => f.text);
};

const SESSION: readonly Step[] = script()
  .openLossless()
  .message('client', { type: 42, version: 8, front: new Uint8Array(200).fill(3) })
  .message('server', { type: 41, version: 4, front: new Uint8Array(300).fill(1), data: new Uint8Array(40) })
  .value('client', TAG.ACK, 1)
  .message('client', { seq: 2, type: 15, version: 3, front: new Uint8Array(60) }).steps;

/** A preamble with a right checksum around whatever fields. */
function preamble(tag: number, count: number, lengths: readonly number[], flags = 0): Uint8Array {
  const out = new Uint8Array(32);
  const view = new DataView(out.buffer);
  out[0] = tag;
  out[1] = count;
  lengths.forEach((n, i) => view.setUint32(2 + 6 * i, n, true));
  out[26] = flags;
  view.setUint32(28, crc32c(0, out, 0, 28), true);
  return out;
}

describe('hostile bytes', () => {
  it('never break the decoder: sessions with bytes changed, lost and left out', () => {
    const change = fc.record({ step: fc.nat(), at: fc.nat(), value: fc.integer({ min: 0, max: 255 }) });
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 8 }), fc.option(fc.nat(400)), (changes, gap) => {
        const steps: Step[] = SESSION.map((s) => ('bytes' in s ? { ...s, bytes: s.bytes.slice() } : s));
        for (const c of changes) {
          const s = steps[c.step % steps.length]!;
          if ('bytes' in s && s.bytes.length > 0) s.bytes[c.at % s.bytes.length] = c.value;
        }
        if (gap !== null)
          steps.splice((gap * 7) % steps.length, 0, { from: gap % 2 ? 'client' : 'server', gap: gap + 1 });
        expect(internal(steps)).toEqual([]);
      }),
      { numRuns: 400 },
    );
  });

  it('with right checksums around any fields', () => {
    const frame = fc.record({
      tag: fc.integer({ min: 0, max: 30 }),
      count: fc.integer({ min: 0, max: 6 }),
      lengths: fc.array(fc.oneof(fc.nat(120), fc.constantFrom(0, 41, 0xffff_ffff, 1 << 20, 1 << 24)), { maxLength: 4 }),
      flags: fc.integer({ min: 0, max: 3 }),
      body: fc.uint8Array({ maxLength: 200 }),
    });
    fc.assert(
      fc.property(
        fc.array(frame, { minLength: 1, maxLength: 4 }),
        fc.boolean(),
        fc.boolean(),
        (frames, early, late) => {
          const bytes = E.concat(...frames.flatMap((f) => [preamble(f.tag, f.count, f.lengths, f.flags), f.body]));
          const before = early ? script().banners() : script().open();
          expect(internal([...(late ? [] : before.steps), { from: 'client', bytes }], late)).toEqual([]);
        },
      ),
      { numRuns: 400 },
    );
  });

  it('in payloads of every tag', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 22 }),
        fc.uint8Array({ maxLength: 120 }),
        fc.boolean(),
        (tag, body, client) => {
          const s = script()
            .open()
            .control(client ? 'client' : 'server', tag, body);
          expect(internal(s.steps)).toEqual([]);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('in fronts of every type and version', () => {
    const type = fc.oneof(fc.integer({ min: 0, max: 150 }), fc.constantFrom(0x700, 0x701, 0x702, 0x704, 0x709, 0x70a));
    fc.assert(
      fc.property(type, fc.integer({ min: 0, max: 11 }), fc.uint8Array({ maxLength: 200 }), (t, version, front) => {
        const s = script().open().message('server', { type: t, version, compatVersion: 0, front });
        expect(internal(s.steps)).toEqual([]);
      }),
      { numRuns: 600 },
    );
  });

  it('that announce gigabytes are counted, not held', () => {
    const huge = preamble(TAG.MESSAGE, 4, [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff]);
    const steps: Step[] = [
      ...script().open().steps,
      { from: 'client', bytes: E.concat(huge, new Uint8Array(100_000)) },
    ];
    expect(internal(steps)).toEqual([]);
  });

  it('that decompress without end are bounded', async () => {
    const { deflateRawSync } = await import('node:zlib');
    const bomb = E.concat(E.u8(0), new Uint8Array(deflateRawSync(new Uint8Array(64 << 20))));
    const s = script()
      .banners({ supported: 3n }, { supported: 3n })
      .hellos()
      .request()
      .challenge()
      .done()
      .signatures()
      .idents()
      .control('client', TAG.COMPRESSION_REQUEST, E.concat(E.u8(1), E.vec([E.u32(2)])))
      .control('server', TAG.COMPRESSION_DONE, E.concat(E.u8(1), E.u32(2)))
      .send('client', E.frame(TAG.MESSAGE, [bomb, bomb], { flags: 1 }));
    const before = process.memoryUsage().arrayBuffers;
    expect(internal(s.steps)).toEqual([]);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 << 20);
  });
});
