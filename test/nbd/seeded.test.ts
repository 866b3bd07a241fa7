import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';

type Sent = Extract<Step, { readonly bytes: Uint8Array }>;

/** One field of one message of a clean session, rewritten; what must be found, and who is to blame. */
interface Mutation {
  readonly what: string;
  /** First four bytes (hex) of the messages that it applies to, and the type at bytes 6 and 7 where that matters. */
  readonly magic: string;
  readonly type?: number;
  readonly change: (bytes: Uint8Array) => void;
  readonly rules: readonly string[];
  readonly party: 'client' | 'server';
}

function put(at: number, ...values: number[]): (bytes: Uint8Array) => void {
  return (bytes) => bytes.set(values, at);
}

const REQUEST = '25609513';
const CHUNK = '668e33ef';
const SIMPLE = '67446698';
const XREQUEST = '21e41c71';
const XCHUNK = '6e8a278c';

const MUTATIONS: readonly Mutation[] = [
  { what: 'request magic', magic: REQUEST, change: put(3, 0x12), rules: ['bad-request-magic'], party: 'client' },
  {
    what: 'extended request magic',
    magic: XREQUEST,
    change: put(3, 0x72),
    rules: ['bad-request-magic'],
    party: 'client',
  },
  { what: 'command flag 6', magic: REQUEST, change: put(5, 0x40), rules: ['unknown-command-flag'], party: 'client' },
  { what: 'command', magic: REQUEST, type: 3, change: put(7, 42), rules: ['unknown-command'], party: 'client' },
  { what: 'offset', magic: REQUEST, type: 0, change: put(16, 0x7f), rules: ['request-beyond-export'], party: 'client' },
  {
    what: 'FLUSH length',
    magic: REQUEST,
    type: 3,
    change: put(27, 1),
    rules: ['flush-fields-nonzero'],
    party: 'client',
  },
  {
    what: 'DF on a FLUSH',
    magic: REQUEST,
    type: 3,
    change: put(5, 4),
    rules: ['command-flag-not-applicable'],
    party: 'client',
  },
  { what: 'DISC offset', magic: REQUEST, type: 2, change: put(23, 1), rules: ['disc-fields-nonzero'], party: 'client' },
  { what: 'chunk magic', magic: CHUNK, change: put(3, 0xee), rules: ['bad-reply-magic'], party: 'server' },
  { what: 'simple reply magic', magic: SIMPLE, change: put(3, 0x99), rules: ['bad-reply-magic'], party: 'server' },
  { what: 'chunk cookie', magic: CHUNK, change: put(8, 0x77), rules: ['reply-unknown-cookie'], party: 'server' },
  { what: 'simple cookie', magic: SIMPLE, change: put(8, 0x77), rules: ['reply-unknown-cookie'], party: 'server' },
  { what: 'simple error', magic: SIMPLE, change: put(7, 99), rules: ['unknown-error-value'], party: 'server' },
  { what: 'chunk flag 1', magic: CHUNK, change: put(5, 3), rules: ['unknown-reply-flag'], party: 'server' },
  { what: 'chunk type', magic: CHUNK, type: 2, change: put(7, 4), rules: ['unknown-chunk-type'], party: 'server' },
  {
    what: 'content offset',
    magic: CHUNK,
    type: 1,
    change: put(20, 0x01),
    rules: ['chunk-out-of-bounds'],
    party: 'server',
  },
  { what: 'hole size', magic: CHUNK, type: 2, change: put(28, 0, 0, 0, 0), rules: ['hole-size-zero'], party: 'server' },
  {
    what: 'extent length',
    magic: CHUNK,
    type: 5,
    change: put(24, 0, 0, 0, 0),
    rules: ['block-status-zero-extent'],
    party: 'server',
  },
  {
    what: 'context id',
    magic: CHUNK,
    type: 5,
    change: put(23, 9),
    rules: ['block-status-unknown-context'],
    party: 'server',
  },
  {
    what: 'offset of an extended chunk',
    magic: XCHUNK,
    change: put(16, 1),
    rules: ['extended-offset-mismatch'],
    party: 'server',
  },
];

function hex4(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(0, 4)).toString('hex');
}

const STRUCTURED = (): Step[] => [
  ...s.structuredSession({}, ['base:allocation']),
  s.request(s.READ, 1, 4096, 1024),
  s.hole(1, 4096, 512, false),
  s.data(1, 4608, 512),
  s.request(s.FLUSH, 2),
  s.simple(2),
  s.request(s.BLOCK_STATUS, 3, 0, 65536),
  s.status(3, 1, [
    [4096, 0],
    [61440, 3],
  ]),
  s.request(s.WRITE, 4, 0, 512),
  s.simple(4),
  ...s.disconnect(),
];
const SIMPLE_SESSION = (): Step[] => [
  ...s.simpleSession(),
  s.request(s.READ, 1, 4096, 512),
  s.simple(1, 0, 512),
  s.request(s.FLUSH, 2),
  s.simple(2),
  ...s.disconnect(),
];
const EXTENDED = (): Step[] => [
  ...s.extendedSession(),
  s.xrequest(s.READ, 1, 4096, 512),
  s.xchunk(1, 1, 4096, true, s.u64(4096), s.fill(512)),
  s.xwrite(2, 0, 512),
  s.xchunk(0, 2, 0, true),
  ...s.xdisconnect(),
];

describe('one field rewritten in a clean session', () => {
  for (const session of [SIMPLE_SESSION, STRUCTURED, EXTENDED]) {
    const clean = session();
    for (const m of MUTATIONS) {
      const at = clean.findIndex(
        (step) => 'bytes' in step && hex4(step.bytes) === m.magic && (m.type === undefined || step.bytes[7] === m.type),
      );
      if (at < 0) continue;
      it(`${session.name}: ${m.what}`, () => {
        const steps = session();
        const step = steps[at] as Sent;
        const bytes = step.bytes.slice();
        m.change(bytes);
        steps[at] = { ...step, bytes };
        const { findings } = runSteps(nbd, steps);
        const rules = findings.map((f) => f.rule.id.replace('nbd/', ''));
        for (const rule of m.rules) expect(rules).toContain(rule);
        const innocent = findings.filter((f) => f.severity === 'error' && f.party !== m.party && f.party !== 'either');
        expect(innocent.map((f) => `${f.rule.id}: ${f.text}`)).toEqual([]);
      });
    }
  }

  it('a reply that is repeated, and one that is dropped', () => {
    const steps = STRUCTURED();
    const at = steps.findIndex((step) => 'bytes' in step && hex4(step.bytes) === SIMPLE);
    const repeated = runSteps(nbd, [...steps.slice(0, at + 1), steps[at]!, ...steps.slice(at + 1)]);
    expect(repeated.findings.map((f) => f.rule.id)).toContain('nbd/reply-after-done');
    const dropped = runSteps(nbd, [...steps.slice(0, at), ...steps.slice(at + 1)]);
    const rules = dropped.findings.filter((f) => f.severity !== 'note').map((f) => f.rule.id);
    expect(rules).toContain('nbd/unanswered-request');
  });
});
