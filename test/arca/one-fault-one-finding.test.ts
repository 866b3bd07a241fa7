import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { arca } from '../../src/protocols/arca/index.js';
import * as a from '../../src/protocols/arca/rules/steps-a.js';
import * as b from '../../src/protocols/arca/rules/steps-b.js';
import * as c from '../../src/protocols/arca/rules/steps-c.js';

/** What is raised, as `RULE PARTY OFFSET+LENGTH`, in one piece and byte by byte. */
function raised(steps: readonly Step[]): string[] {
  const told = (chop?: number): string[] =>
    runSteps(arca, [...steps, ...a.CLOSED], { transport: 'unix', ...(chop === undefined ? {} : { chop }) })
      .findings.filter((f) => f.party !== 'capture')
      .map((f) => `${f.rule.id.slice('arca/'.length)} ${f.party} ${f.offset}+${f.length}`);
  const whole = told();
  expect(told(1)).toEqual(whole);
  return whole;
}

/** A session that is in order, and goes on with these. */
const control = (...steps: Step[]): Step[] => [
  ...[...a.listening(), a.accept(2, 1), a.incoming(2, 1, 1), a.connect(3), a.connectOk(3, 2)],
  ...steps,
];
const pipes = (...steps: Step[]): Step[] => [...b.onePipe(), b.newPipe(), b.pipeReply(2), ...steps];
const postcard = (...steps: Step[]): Step[] => [...c.started(), ...steps];

describe('a fault of Arca', () => {
  const cases: Record<string, readonly [steps: readonly Step[], ...findings: string[]]> = {
    'is an id of 0, not that the ids go back or leave numbers out': [
      control(a.connect(0), a.connectOk(0, 3), a.connect(4), a.connectOk(4, 4)),
      'request-id-zero client 37+13',
    ],
    'is an id in use, whose requests are answered one by one': [
      control(a.connect(4), a.connect(4, '10.0.0.8:80'), a.connectOk(4, 3), a.connectOk(4, 4)),
      'request-id-reused-in-flight client 50+13',
    ],
    'is an id in use, and one reply too many': [
      control(a.connect(4), a.connect(4), a.connectOk(4, 3), a.connectOk(4, 4), a.connectOk(4, 5)),
      'request-id-reused-in-flight client 50+13',
      'reply-duplicate server 135+31',
    ],
    'is a reply of the wrong type, not what it says of a listener': [
      control(a.accept(4, 1), a.connectOk(4, 3, { listener: 1 })),
      'reply-type-mismatch server 73+31',
    ],
    'is a reply that overtakes, told by one rule': [
      control(a.connect(4), a.connect(5), a.connectOk(5, 3), a.connectOk(4, 4)),
      'sync-reply-order server 73+31',
    ],
    'is a listener that nobody knows, on either side, and no silence': [
      control(a.accept(4, 6), a.incoming(4, 6, 3)),
      'accept-unknown-listener client 37+11',
      'incoming-unknown-listener server 73+31',
    ],
    'is a listener that nobody knows, not that it is another one': [
      control(a.accept(4, 1), a.incoming(4, 7, 3)),
      'incoming-unknown-listener server 73+31',
    ],
    'is a ring that cannot be, not that it is another one': [
      control(...[0, 4100].flatMap((ring, i) => [a.connect(4 + i), a.connectOk(4 + i, 3 + i, { ring })])),
      'ring-size-zero server 73+31',
      'ring-size-alignment server 104+31',
    ],
    'is a request that the host cannot read, not that it has no answer': [
      pipes(b.lengthFrame('client', [0, 16, 0, 0, 0, 0, 0])),
      'new-pipe-length client 20+9',
    ],
    'is a pair of bells, not whose they are as well': [
      pipes(b.newPipe(), b.pipeReply(3, { bells: [4, 5] })),
      'doorbell-pair server 116+58',
    ],
    'is a value that the host cannot read, not that it has no answer': [
      postcard(c.body('client', [17])),
      'discriminant-unknown client 17+1',
    ],
    'is a request after Exit, not that it has no answer': [
      postcard(c.exit(0), c.open('/b')),
      'data-after-exit client 19+17',
    ],
    'is a request after Close, not that it has no answer': [
      [...c.talking(), c.closeStream(), c.send('x')],
      'request-after-close client 46+11',
    ],
    'is a length word of 0, for certain': [
      postcard({ from: 'client', bytes: new Uint8Array(8) }),
      'length-prefix client 9+8',
    ],
  };
  it.each(Object.entries(cases))('%s', (_, [steps, ...findings]) => {
    expect(raised(steps).filter((f) => !f.startsWith('pipelined'))).toEqual(findings);
  });

  it('in the length of a frame is an error', () => {
    const { findings } = runSteps(arca, postcard({ from: 'client', bytes: new Uint8Array(8) }), { transport: 'unix' });
    expect(findings.map((f) => [f.rule.id, f.severity])).toEqual([['arca/length-prefix', 'error']]);
  });
});
