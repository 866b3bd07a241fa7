import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps, type StepResult } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { unaccounted } from '../kit/properties.js';
import { SealedSession } from '../../src/tls/sealed-session.js';

function reads(n: number): Step[] {
  return Array.from({ length: n }, (_, i) => [s.request(s.READ, i + 1, 512 * i, 512), s.simple(i + 1, 0, 512)]).flat();
}

function run(tls: SealedSession, inside: readonly Step[]): StepResult {
  const result = runSteps(nbd, [...s.hello(), ...s.starttls(), ...inside], { keyLog: tls.keyLog });
  expect(unaccounted(result)).toEqual([0, 0]);
  return result;
}

const countOf = (result: StepResult, name: string): number => result.messages.filter((m) => m.name === name).length;
const rules = (result: StepResult): string[] => result.findings.map((f) => f.rule.id);

describe('a session inside TLS', () => {
  it('goes on behind key updates of both sides', () => {
    const tls = new SealedSession();
    const inside = [
      ...tls.open(),
      ...tls.sealAll([...s.go(), ...reads(3)]),
      tls.keyUpdate('client'),
      tls.keyUpdate('server'),
      ...tls.sealAll(reads(3)),
      tls.keyUpdate('server'),
      ...tls.sealAll([...reads(3), s.request(s.DISC, 99)]),
      tls.closeNotify('client'),
    ];
    const result = run(tls, inside);
    expect([countOf(result, 'NBD_CMD_READ'), countOf(result, 'NBD_SIMPLE_REPLY')]).toEqual([9, 9]);
    expect(rules(result)).toEqual([]);
  });

  it('names a record with a changed byte once, at its place, and goes on behind it', () => {
    const tls = new SealedSession();
    const front = [...tls.open(), ...tls.sealAll([...s.go(), ...reads(3)])];
    const [request, reply] = tls.sealAll(reads(1)) as [Step & { bytes: Uint8Array }, Step & { bytes: Uint8Array }];
    const flipped = reply.bytes.slice();
    flipped[40]! ^= 1;
    const result = run(tls, [...front, request, { from: 'server', bytes: flipped }, ...tls.sealAll(reads(3))]);
    const before = front
      .filter((step) => 'bytes' in step && step.from === 'server')
      .reduce((sum, step) => sum + (step as { bytes: Uint8Array }).bytes.length, 0);
    const bad = result.findings.filter((f) => f.rule.id === 'tls/bad-record');
    expect(bad.map((f) => [f.side, f.offset, f.length])).toEqual([[1, before + streamStart('server'), flipped.length]]);
    expect(countOf(result, 'NBD_SIMPLE_REPLY')).toBe(6);
    expect(result.findings.filter((f) => f.severity === 'error')).toEqual([]);
  });

  it('opens with one direction alone, where the hello of that direction tells enough', () => {
    const tls = new SealedSession();
    const inside = [...tls.open(), ...tls.sealAll([...s.go(), ...reads(3)])];
    const all = [...s.hello(), ...s.starttls(), ...inside];
    for (const [from, name] of [
      ['client', 'NBD_CMD_READ'],
      ['server', 'NBD_SIMPLE_REPLY'],
    ] as const) {
      const steps = all.filter((step) => 'from' in step && step.from === from);
      const result = runSteps(nbd, steps, { keyLog: tls.keyLog });
      expect(unaccounted(result)).toEqual([0, 0]);
      expect(countOf(result, name), from).toBe(3);
    }
  });
});

/** Bytes of that side in front of TLS. */
function streamStart(from: 'client' | 'server'): number {
  return [...s.hello(), ...s.starttls()].reduce(
    (sum, step) => sum + ('bytes' in step && step.from === from ? step.bytes.length : 0),
    0,
  );
}
