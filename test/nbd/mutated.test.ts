import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import type { Finding } from '../../src/engine/event.js';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import { TRAFFIC } from './loss-kit.js';

type Sent = Extract<Step, { readonly bytes: Uint8Array }>;

const REQUESTS = ['25609513', '21e41c71'];
const REPLIES = ['67446698', '668e33ef', '6e8a278c'];

/** What the server of a session with a changed request really does: it accepts that request, and echoes another offset. */
const TRUE_AS_WELL = ['nbd/bad-request-accepted', 'nbd/extended-offset-mismatch'];

/** One field, or one message, of a clean session changed; `rules`: one of them has to be raised; `party`: who is to blame. */
interface Mutation {
  readonly what: string;
  readonly magics: readonly string[];
  readonly change: (steps: Step[], at: number) => void;
  readonly rules: readonly string[];
  readonly party: 'client' | 'server';
  /** Which of the messages with these magics; all, where not given. */
  readonly only?: (bytes: Uint8Array, next: Uint8Array | null) => boolean;
}

const GREETING = '4e42444d';
const OPTION = '49484156';
const OPTION_REPLY = '0003e889';
const CMD_WRITE = 1;
const DONE = 1;

function cookieOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.subarray(8, 16)).toString('hex');
}

function rewritten(steps: Step[], at: number, offset: number, ...values: number[]): void {
  const step = steps[at] as Sent;
  const bytes = step.bytes.slice();
  bytes.set(values, offset);
  steps[at] = { ...step, bytes };
}

const MUTATIONS: readonly Mutation[] = [
  {
    what: 'magic of a request',
    magics: REQUESTS,
    change: (s, i) => rewritten(s, i, 2, 0xee),
    rules: ['bad-request-magic', 'data-after-disc'],
    party: 'client',
  },
  {
    what: 'flags of a request',
    magics: REQUESTS,
    change: (s, i) => rewritten(s, i, 4, 0x80),
    rules: ['unknown-command-flag'],
    party: 'client',
  },
  {
    what: 'type of a request',
    magics: REQUESTS,
    change: (s, i) => rewritten(s, i, 6, 0x7f),
    rules: ['unknown-command', 'bad-request-magic'],
    party: 'client',
  },
  {
    what: 'offset of a request',
    magics: REQUESTS,
    change: (s, i) => rewritten(s, i, 16, 0x40),
    rules: ['request-beyond-export', 'flush-fields-nonzero', 'disc-fields-nonzero'],
    party: 'client',
  },
  {
    what: 'magic of a reply',
    magics: REPLIES,
    change: (s, i) => rewritten(s, i, 2, 0xee),
    rules: ['bad-reply-magic'],
    party: 'server',
  },
  {
    what: 'cookie of a reply',
    magics: REPLIES,
    change: (s, i) => rewritten(s, i, 8, 0x66),
    rules: ['reply-unknown-cookie', 'read-incomplete', 'bad-reply-magic'],
    party: 'server',
  },
  {
    what: 'flags of a chunk',
    magics: REPLIES.slice(1),
    change: (s, i) => rewritten(s, i, 4, 0x40),
    rules: ['unknown-reply-flag'],
    party: 'server',
  },
  {
    what: 'type of a chunk',
    magics: REPLIES.slice(1),
    change: (s, i) => rewritten(s, i, 6, 0x3f),
    rules: ['unknown-chunk-type'],
    party: 'server',
  },
  {
    what: 'error of a simple reply',
    magics: ['67446698'],
    change: (s, i) => rewritten(s, i, 6, 0x7f),
    rules: ['unknown-error-value'],
    party: 'server',
  },
  {
    what: 'a reply twice',
    magics: REPLIES,
    change: (s, i) => s.splice(i, 0, s[i]!),
    rules: ['reply-after-done', 'chunk-overlap', 'reply-unknown-cookie', 'bad-reply-magic'],
    party: 'server',
  },
  {
    what: 'a reply left out',
    magics: REPLIES,
    change: (s, i) => s.splice(i, 1),
    rules: ['unanswered-request', 'disc-with-in-flight', 'read-incomplete'],
    party: 'server',
  },
  {
    what: 'a request left out',
    magics: REQUESTS,
    change: (s, i) => s.splice(i, 1),
    rules: ['reply-unknown-cookie'],
    party: 'server',
  },
  {
    what: 'second magic of the greeting',
    magics: [GREETING],
    change: (s, i) => rewritten(s, i, 8, 0xee),
    rules: ['bad-second-magic'],
    party: 'server',
  },
  {
    what: 'handshake flags',
    magics: [GREETING],
    change: (s, i) => rewritten(s, i, 16, 0x80),
    rules: ['unknown-handshake-flag'],
    party: 'server',
  },
  {
    what: 'magic of an option',
    magics: [OPTION],
    change: (s, i) => rewritten(s, i, 2, 0xee),
    rules: ['bad-option-magic'],
    party: 'client',
  },
  {
    what: 'length of an option',
    magics: [OPTION],
    change: (s, i) => rewritten(s, i, 15, (s[i] as Sent).bytes[15]! + 3),
    rules: [
      'bad-option-magic',
      'go-length-mismatch',
      'go-name-overruns',
      'option-data-forbidden',
      'meta-request-malformed',
      'bad-request-magic',
    ],
    party: 'client',
  },
  {
    what: 'magic of an option reply',
    magics: [OPTION_REPLY],
    change: (s, i) => rewritten(s, i, 6, 0xee),
    rules: ['bad-option-reply-magic'],
    party: 'server',
  },
  {
    what: 'option that a reply names',
    magics: [OPTION_REPLY],
    change: (s, i) => rewritten(s, i, 10, 0x55),
    rules: ['option-reply-mismatch'],
    party: 'server',
  },
  {
    what: 'type of an option reply',
    magics: [OPTION_REPLY],
    change: (s, i) => rewritten(s, i, 14, 0x33),
    rules: ['unknown-reply-type'],
    party: 'server',
  },
  {
    what: 'length of an option reply',
    magics: [OPTION_REPLY],
    change: (s, i) => rewritten(s, i, 19, (s[i] as Sent).bytes[19]! + 1),
    rules: [
      'ack-with-data',
      'info-export-bad-length',
      'info-block-size-bad-length',
      'bad-option-reply-magic',
      'bad-reply-magic',
      'go-padding',
    ],
    party: 'server',
  },
  {
    what: 'length of a WRITE',
    magics: [REQUESTS[0]!],
    only: (bytes) => bytes[7] === CMD_WRITE,
    change: (s, i) => rewritten(s, i, 27, (s[i] as Sent).bytes[27]! + 4),
    rules: ['bad-request-magic', 'request-misaligned'],
    party: 'client',
  },
  {
    what: 'length of a structured chunk',
    magics: [REPLIES[1]!],
    change: (s, i) => rewritten(s, i, 19, (s[i] as Sent).bytes[19]! + 1),
    rules: [
      'bad-reply-magic',
      'none-with-payload',
      'offset-hole-bad-length',
      'block-status-bad-length',
      'chunk-out-of-bounds',
    ],
    party: 'server',
  },
  {
    what: 'a request twice',
    magics: REQUESTS,
    only: (bytes) => bytes[7] !== CMD_WRITE,
    change: (s, i) => s.splice(i, 0, s[i]!),
    rules: ['cookie-reused-in-flight', 'data-after-disc'],
    party: 'client',
  },
  {
    what: 'chunks of one reply in the wrong order',
    magics: REPLIES.slice(1),
    only: (bytes, next) =>
      next !== null && (bytes[5]! & DONE) === 0 && (next[5]! & DONE) !== 0 && cookieOf(bytes) === cookieOf(next),
    change: (s, i) => s.splice(i, 2, s[i + 1]!, s[i]!),
    rules: ['reply-after-done', 'reply-unknown-cookie', 'read-incomplete'],
    party: 'server',
  },
];

function hex4(step: Step): string {
  return 'bytes' in step ? Buffer.from(step.bytes.subarray(0, 4)).toString('hex') : '';
}

function names(findings: readonly Finding[]): string[] {
  return findings.map((f) => f.rule.id.replace('nbd/', ''));
}

describe('every message of clean sessions, changed in one way', () => {
  const tally = { tried: 0, caught: 0, missed: [] as string[], wrongly: 0 };
  for (const [form, traffic] of Object.entries(TRAFFIC)) {
    for (const m of MUTATIONS) {
      it(`${form}: ${m.what}`, () => {
        const clean = traffic(12);
        const innocent: string[] = [];
        const disc = clean.findLastIndex((step) => REQUESTS.includes(hex4(step)));
        clean.forEach((step, at) => {
          if (!m.magics.includes(hex4(step)) || (at === disc && m.what === 'a request left out')) return;
          const next = clean[at + 1];
          const following = next !== undefined && 'bytes' in next ? next.bytes : null;
          if (m.only !== undefined && !m.only((step as Sent).bytes, following)) return;
          const steps = [...clean];
          m.change(steps, at);
          const { findings } = runSteps(nbd, steps, { close: 'closed' });
          const where = `${form}, ${m.what} (step ${at}): ${names(findings).join(' ')}`;
          tally.tried++;
          if (names(findings).some((rule) => m.rules.includes(rule))) tally.caught++;
          else tally.missed.push(where);
          const wrong = findings.filter(
            (f) =>
              f.severity === 'error' &&
              !TRUE_AS_WELL.includes(f.rule.id) &&
              f.party !== m.party &&
              f.party !== 'either' &&
              f.party !== 'capture',
          );
          if (wrong.length > 0) innocent.push(`${where}: ${names(wrong).join(' ')}`);
        });
        tally.wrongly += innocent.length;
        expect(innocent).toEqual([]);
      });
    }
  }

  it('is caught by the right rule nearly always', () => {
    const share = tally.caught / tally.tried;
    console.log(
      `${tally.caught} of ${tally.tried} mutations caught by the right rule (${(share * 100).toFixed(1)} %), ${tally.wrongly} blamed on the innocent`,
    );
    expect(tally.tried).toBeGreaterThan(400);
    expect(tally.wrongly).toBe(0);
    expect(share, tally.missed.join('\n')).toBeGreaterThanOrEqual(0.95);
  });
});
