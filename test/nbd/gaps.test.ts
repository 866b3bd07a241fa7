import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import {
  data,
  disconnect,
  READ,
  request,
  structuredSession,
  unseen,
} from '../../src/protocols/nbd/rules/session-steps.js';
import { unaccounted } from '../kit/properties.js';
import { bytesOf, TRAFFIC, withGap } from './loss-kit.js';

const SIDES = ['client', 'server'] as const;

describe('bytes that the capture lost', () => {
  for (const [form, traffic] of Object.entries(TRAFFIC)) {
    for (const [side, from] of SIDES.entries()) {
      it(`${form}, ${from}: no blame, every byte accounted for, at most one message lost behind the gap`, () => {
        const steps = traffic(24);
        const whole = runSteps(nbd, steps).messages.filter((m) => m.side === side);
        const total = bytesOf(steps, from);
        for (const length of [1, 30, 600, 1500]) {
          for (let offset = 0; offset + length < total; offset += 97) {
            const result = runSteps(nbd, withGap(steps, from, offset, length));
            const where = `gap of ${length} at ${offset}`;
            const errors = result.findings.filter((f) => f.severity !== 'note' && f.party !== 'capture');
            expect(
              errors.map((f) => `${f.rule.id}: ${f.text}`),
              where,
            ).toEqual([]);
            expect(
              unaccounted(result).filter((n) => n !== 0),
              where,
            ).toEqual([]);
            const got = new Set(
              result.messages.filter((m) => m.side === side).map((m) => `${m.name} ${m.offset} ${m.length}`),
            );
            // the greeting, and the answer to an option, can be told only in their place
            const behind = whole.filter(
              (m) => m.offset >= offset + length && m.name !== 'NBDMAGIC' && m.name !== 'CLIENT_FLAGS',
            );
            const lost = behind.filter((m) => !got.has(`${m.name} ${m.offset} ${m.length}`));
            expect(lost.map((m) => `${m.name} ${m.offset}`).slice(1), where).toEqual([]);
          }
        }
      });
    }
  }

  it('a gap inside a payload loses nothing else, and says what is missing', () => {
    const steps = TRAFFIC.structured(4);
    const whole = runSteps(nbd, steps);
    const data = whole.messages.find((m) => m.name === 'NBD_REPLY_TYPE_OFFSET_DATA')!;
    const result = runSteps(nbd, withGap(steps, 'server', data.offset + 100, 50));
    expect(result.messages.length).toBe(whole.messages.length);
    const cut = result.messages.find((m) => m.name === 'NBD_REPLY_TYPE_OFFSET_DATA')!;
    expect([cut.complete, cut.missing]).toEqual([false, 50]);
    expect(result.findings.map((f) => f.rule.id)).not.toContain('capture/resynchronised');
  });

  it('says how many bytes were skipped', () => {
    const steps = TRAFFIC.structured(12);
    const whole = runSteps(nbd, steps);
    const data = whole.messages.find((m) => m.name === 'NBD_REPLY_TYPE_OFFSET_DATA')!;
    const result = runSteps(nbd, withGap(steps, 'server', data.offset - 4, 40));
    const found = result.findings.find((f) => f.rule.id === 'capture/resynchronised');
    expect(found?.text).toMatch(/^504 bytes skipped; decoding goes on with/);
    expect(result.streams[0]!.skipped[1].resynchronised).toBe(504);
  });

  it('with the answer to a request that is decoded later gives it no other one: its cookie may be in use again', () => {
    const first = request(READ, 1, 4096, 512);
    const again = request(READ, 1, 8192, 512);
    const handshake = structuredSession();
    const before = bytesOf(handshake, 'server');
    const lost = data(1, 4096, 512).bytes.length;
    // the recorder has the server's packets in front of the client's, and lacks the first answer
    const gap: Step = { from: 'server', gap: lost };
    const client = [unseen(first, before), unseen(again, before + lost), ...disconnect()];
    const late = bytesOf(handshake, 'client') + first.bytes.length + again.bytes.length;
    const answer = unseen(data(1, 8192, 512), late);
    const { findings } = runSteps(nbd, [...handshake, gap, answer, ...client]);
    expect(findings.filter((f) => f.party !== 'capture').map((f) => `${f.rule.id}: ${f.text}`)).toEqual([]);
  });
});
