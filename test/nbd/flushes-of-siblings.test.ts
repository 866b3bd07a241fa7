import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';

const RULE = 'nbd/flush-before-write-replies';
const OPEN = s.simpleSession({ name: 'disk', flags: 0x010d });
const WRITES = [...OPEN, s.request(s.WRITE, 1, 0, 512), s.request(s.WRITE, 2, 512, 512)];
const ANOTHER: Step = { then: 'new connection', meanwhile: true };
const BACK: Step = { then: 'earlier connection' };
const FLUSH = [s.request(s.FLUSH, 1), s.simple(1)];

const told = (...steps: readonly Step[]) =>
  runSteps(nbd, steps, { close: 'closed' }).findings.flatMap((f) => (f.rule.id === RULE ? [f.text] : []));

describe('a flush, where another connection of the client has writes in flight', () => {
  it('comes too early if one of them is answered later', () => {
    const text = expect.stringMatching(/^2 writes unanswered on stream 1 /);
    expect(told(...WRITES, ANOTHER, ...OPEN, ...FLUSH, BACK, s.simple(2))).toEqual([text]);
    const next = [s.request(s.READ, 2, 0, 512), s.simple(2, 0, 512)];
    expect(told(...WRITES, ANOTHER, ...OPEN, ...FLUSH, BACK, s.simple(2), BACK, ...next)).toEqual([text]);
  });

  it('tells nothing if they never are: the capture may have lost the answers, and the end', () => {
    expect(told(...WRITES, ANOTHER, ...OPEN, ...FLUSH)).toEqual([]);
    expect(told(...WRITES, s.simple(1), ANOTHER, ...OPEN, ...FLUSH, ...s.disconnect())).toEqual([]);
  });

  it('tells nothing if the client gave that connection up', () => {
    expect(told(...WRITES, s.clientCloses, ANOTHER, ...OPEN, ...FLUSH)).toEqual([]);
    expect(told(...WRITES, { from: 'client', end: 'reset' }, ANOTHER, ...OPEN, ...FLUSH)).toEqual([]);
  });
});
