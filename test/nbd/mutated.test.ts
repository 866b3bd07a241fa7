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
