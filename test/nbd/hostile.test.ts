import { describe, expect, it } from 'vitest';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { unaccounted } from '../kit/properties.js';

const MiB = 1 << 20;

describe('hostile input', () => {
  /** Bytes full of magics, after a header that cannot be framed. */
  const floods: Record<string, Uint8Array> = {
    'WRITE headers of 32 MiB': s.join(s.u32(0x25609513), s.u16(0), s.u16(1), s.u64(1), s.u64(0), s.u32(33554432)),
    'READ headers that never chain': s.join(
      s.u32(0x25609513),
      s.u16(0),
      s.u16(0),
      s.u64(1),
      s.u64(0),
      s.u32(512),
      s.u8(0),
    ),
    'first bytes of magics': s.fill(64, 0x25),
  };
  for (const [what, unit] of Object.entries(floods)) {
    it(`accounts for every byte of ${what}`, () => {
      const flood = s.join(Array<Uint8Array>(Math.floor(MiB / unit.length)).fill(unit));
      const result = runSteps(nbd, [...s.simpleSession(), s.client('JUNK'), s.client(flood)], { chop: 1448 });
      expect(result.findings.filter((f) => f.rule.id.startsWith('internal/'))).toEqual([]);
      expect(unaccounted(result).filter((n) => n !== 0)).toEqual([]);
    });
  }

  it('does not believe lengths', () => {
    const result = runSteps(nbd, [
      ...s.hello(),
      s.client(s.u64(0x49484156454f5054n), s.u32(7), s.u32(0xffffffff), 'x'),
    ]);
    const m = result.messages[2]!;
    expect([m.name, m.complete, m.length - m.missing]).toEqual(['NBD_OPT_GO', false, 17]);
    expect(result.findings.filter((f) => f.severity === 'error')).toEqual([]);
  });

  it('survives requests without end that are never answered', () => {
    const steps = [...s.simpleSession()];
    const many = Array.from({ length: 3000 }, (_, i) => s.request(s.READ, i, 0, 512).bytes);
    steps.push(s.client(s.join(...many)));
    const result = runSteps(nbd, steps, { limits: { inFlight: 100 } });
    expect(result.sessions[0]!['deepestQueue']).toBe(100);
    expect(result.messages.length).toBe(7 + 3000 - 1);
  });

  it('survives bytes of any kind in any phase', () => {
    let seed = 1;
    const random = (n: number): Uint8Array => {
      const out = new Uint8Array(n);
      for (let i = 0; i < n; i++) {
        seed = (seed * 1103515245 + 12345) & 0x7fffffff;
        out[i] = seed >> 16;
      }
      return out;
    };
    const prefixes = [
      s.hello(),
      s.simpleSession(),
      s.structuredSession(),
      s.extendedSession(),
      [...s.hello(), ...s.starttls()],
    ];
    for (const prefix of prefixes) {
      for (let n = 1; n < 400; n += 13) {
        const steps = [...prefix, s.client(random(n)), s.server(random(n)), s.client(random(50)), s.server(random(50))];
        for (const chop of [1000, 3]) {
          const result = runSteps(nbd, [...steps, s.clientCloses, s.serverCloses], { chop });
          expect(result.findings.filter((f) => f.rule.id.startsWith('internal/')).map((f) => f.text)).toEqual([]);
          expect(
            unaccounted(result).filter((x) => x !== 0),
            `${n} bytes`,
          ).toEqual([]);
        }
      }
    }
  });
});
