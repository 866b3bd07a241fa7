import { describe, expect, it } from 'vitest';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { unaccounted } from '../kit/properties.js';
import { bytesOf, joinedLate, TRAFFIC } from './loss-kit.js';

describe('recordings that begin late', () => {
  for (const [form, traffic] of Object.entries(TRAFFIC)) {
    it(`${form}: anywhere in both streams, nobody is blamed and every byte is accounted for`, () => {
      const steps = traffic(24);
      const [client, server] = [bytesOf(steps, 'client'), bytesOf(steps, 'server')];
      let decoded = 0;
      for (let share = 0.05; share < 0.9; share += 0.013) {
        const late = joinedLate(steps, Math.floor(client * share), Math.floor(server * share));
        const result = runSteps(nbd, late, { late: true });
        const where = `from ${share} on`;
        const loud = result.findings.filter((f) => f.severity !== 'note' && f.party !== 'capture');
        expect(
          loud.map((f) => `${f.rule.id}: ${f.text}`),
          where,
        ).toEqual([]);
        if (result.streams[0]!.protocol === null) continue;
        decoded++;
        expect(
          unaccounted(result).filter((n) => n !== 0),
          where,
        ).toEqual([]);
      }
      expect(decoded).toBeGreaterThan(55);
    });

    for (const side of ['client', 'server'] as const) {
      it(`${form}: the ${side} alone`, () => {
        const steps = traffic(24);
        const total = bytesOf(steps, side);
        for (let share = 0.1; share < 0.7; share += 0.05) {
          const cut = Math.floor(total * share);
          const late = joinedLate(steps, cut, cut);
          const result = runSteps(nbd, late, { late: true, oneSided: side });
          const where = `from ${cut} on`;
          expect(result.streams[0]!.protocol?.name, where).toBe('nbd');
          expect(result.messages.length, where).toBeGreaterThan(3);
          expect(
            result.findings.filter((f) => f.severity !== 'note').map((f) => f.text),
            where,
          ).toEqual([]);
          expect(
            unaccounted(result).filter((n) => n !== 0),
            where,
          ).toEqual([]);
        }
      });
    }
  }

  it('finds the very first message when the recording begins with it, and says that the mode was guessed', () => {
    const steps = TRAFFIC.structured(9);
    const whole = runSteps(nbd, steps);
    const first = whole.messages.find((m) => m.name === 'NBD_CMD_READ')!;
    const reply = whole.messages.find((m) => m.inReplyTo === first.index)!;
    const result = runSteps(nbd, joinedLate(steps, first.offset, reply.offset), { late: true });
    expect(result.messages.find((m) => m.side === 0)!.name).toBe('NBD_CMD_READ');
    expect(result.messages.filter((m) => m.name === 'NBD_CMD_READ').length).toBe(3);
    expect(result.findings.map((f) => f.rule.id)).toContain('capture/mode-guessed');
    expect(result.findings.map((f) => f.rule.id)).not.toContain('capture/resynchronised');
  });

  it('is not fooled by a payload that holds NBD traffic', () => {
    const inner = s.join(
      ...Array.from({ length: 5 }, (_, i) => s.simple(100 + i).bytes),
      ...Array.from({ length: 5 }, (_, i) => s.none(200 + i).bytes),
    );
    const disk = s.join(s.fill(512, 0), inner, s.fill(1024 - inner.length, 0), s.fill(512, 0));
    const steps = [
      ...s.structuredSession(),
      ...Array.from({ length: 6 }, (_, i) => [
        s.request(s.READ, i + 1, 0, disk.length),
        s.chunk(1, i + 1, true, s.u64(0), disk),
      ]).flat(),
      ...s.disconnect(),
    ];
    const whole = runSteps(nbd, steps);
    expect(whole.findings.filter((f) => f.severity !== 'note')).toEqual([]);
    const chunks = whole.messages.filter((m) => m.name === 'NBD_REPLY_TYPE_OFFSET_DATA');
    expect(chunks.length).toBe(6);
    // the recording begins with the second chunk, whose header is there: its payload must stay its payload
    const late = runSteps(nbd, joinedLate(steps, 100, chunks[1]!.offset), { late: true, oneSided: 'server' });
    expect(late.messages.map((m) => m.name)).toEqual(Array(5).fill('NBD_REPLY_TYPE_OFFSET_DATA'));
  });

  it('knows simple replies from the server alone by packets, cookies and block sizes', () => {
    const steps = TRAFFIC.simple(12);
    const whole = runSteps(nbd, steps).messages.filter((m) => m.side === 1);
    const alone = runSteps(nbd, steps, { oneSided: 'server' });
    expect(alone.messages.map((m) => [m.name, m.offset, m.length])).toEqual(
      whole.map((m) => [m.name, m.offset, m.length]),
    );
    expect(alone.messages.filter((m) => m.inferred).length).toBeGreaterThan(5);
  });
});
