import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import type { Step } from '../../src/base/rule.js';
import { playSteps } from '../../src/engine/example.js';
import type { Reporter } from '../../src/engine/event.js';
import { EventReporter } from '../../src/report/event-reporter.js';
import { Expression } from '../../src/select/expression.js';
import { LeftOut, Selection, type SelectionOptions } from '../../src/select/selection.js';
import { wirelint } from '../kit/cli.js';
import { client, server, toy } from '../kit/toy-protocol.js';

interface Result {
  readonly shown: string[];
  readonly leftOut: LeftOut;
}

/** What passes a selection of a session: `#index name`, and the rules of findings. */
function select(steps: readonly Step[], options: Partial<SelectionOptions> & { readonly if?: string }): Result {
  const shown: string[] = [];
  const leftOut = new LeftOut();
  const reporter = new EventReporter((e) => {
    if (e.type === 'message') shown.push(`#${e.index} ${e.name}`);
    if (e.type === 'finding') shown.push(e.rule);
  });
  const where = options.if === undefined ? [] : [new Expression(options.if)];
  const all = {
    where,
    findings: false,
    context: 0,
    quiet: false,
    hideStreams: true,
    limits: DEFAULT_LIMITS,
    ...options,
  };
  playSteps(toy, steps, {}, new Selection(reporter, all, leftOut));
  return { shown, leftOut };
}

const session = [
  server('TOY!'),
  client('Q', 1, 2),
  client('Q', 2, 0),
  server('A', 1, 'xy'),
  server('A', 2),
  server('N', 3, 'abc'),
];

describe('a selection', () => {
  it('passes on everything where nothing is asked', () => {
    expect(select(session, {}).shown).toEqual([
      '#1 TOY',
      '#2 QUESTION',
      '#3 QUESTION',
      'toy/zero-size',
      '#4 ANSWER',
      '#5 ANSWER',
      '#6 NOTE',
    ]);
  });

  it('brings the findings about a message along, and counts what it hides', () => {
    const { shown, leftOut } = select(session, { if: 'name == "QUESTION" && fields.size == 0' });
    expect(shown).toEqual(['#3 QUESTION', 'toy/zero-size']);
    expect({ ...leftOut }).toMatchObject({ messages: 5, findings: 0, streams: 0, hasty: 0 });
    expect({ ...select(session, { if: 'index == 2' }).leftOut }).toMatchObject({ messages: 5, findings: 1 });
    expect({ ...select(session, { if: 'index == 99' }).leftOut }).toMatchObject({
      messages: 6,
      findings: 1,
      streams: 1,
    });
  });

  it('looks at findings', () => {
    expect(select(session, { if: 'findings.exists(f, f.severity == "error")' }).shown).toEqual([
      '#3 QUESTION',
      'toy/zero-size',
    ]);
    expect(select(session, { if: 'finding.party == "client"' }).shown).toEqual(['#3 QUESTION', 'toy/zero-size']);
    expect(select(session, { if: 'finding == null && name == "QUESTION"' }).shown).toEqual(['#2 QUESTION']);
  });

  it('looks from an answer at its request, and from a request at its answer', () => {
    expect(select(session, { if: 'request.fields.size == 2' }).shown).toEqual(['#4 ANSWER']);
    expect(select(session, { if: 'reply.index == 5' }).shown).toEqual(['#3 QUESTION', 'toy/zero-size']);
    expect(select(session, { if: 'reply == null && name != "ANSWER"' }).shown).toEqual(['#1 TOY', '#6 NOTE']);
  });

  it('shows what stands around, once', () => {
    expect(select(session, { findings: true, context: 1 }).shown).toEqual([
      '#2 QUESTION',
      '#3 QUESTION',
      'toy/zero-size',
      '#4 ANSWER',
    ]);
    const { shown, leftOut } = select(session, { if: 'index == 3 || index == 5', context: 2 });
    expect(shown.filter((s) => s.startsWith('#'))).toEqual(
      [1, 2, 3, 4, 5, 6].map((i) => expect.stringContaining(`#${i} `)),
    );
    expect(leftOut.messages).toBe(0);
  });

  it('decides early where too many wait, and says so', () => {
    const limits = { ...DEFAULT_LIMITS, selectionMessages: 2 };
    const { shown, leftOut } = select(session, { if: 'reply != null', limits });
    expect(leftOut.hasty).toBeGreaterThan(0);
    expect(shown.filter((s) => s.startsWith('#')).length).toBeLessThan(2 + 1);
  });
});

describe('no notes', () => {
  it('leave out notes, and nothing else: neither TLS nor where a file of a ring begins', () => {
    const capture = 'captures/tls/d-dsb-qemu-nbd-tls13-aes128gcm-clientcert.pcapng';
    const lines = (...options: string[]): string[] =>
      wirelint(['analyze', ...options, capture])
        .stdout.split('\n')
        .filter((line) => line.includes(' TLS ') || /^ +\d+ +\d+ /.test(line));
    expect(lines('-q')).toEqual(lines());
    expect(lines('-q').some((line) => line.includes('TLS ClientHello'))).toBe(true);
  });

  it('leave it to be seen how a recorded program ended, and which file a packet is from', () => {
    const told: string[] = [];
    const to: Reporter = {
      capture: () => undefined,
      message: () => undefined,
      finding: () => undefined,
      stream: () => undefined,
      summary: () => undefined,
      part: (_, path, first) => told.push(`${path} from ${first}`),
      ended: (_, status) => told.push(`status ${status}`),
    };
    const quiet = { where: [], findings: false, context: 0, quiet: true, hideStreams: true, limits: DEFAULT_LIMITS };
    const selection = new Selection(to, quiet, new LeftOut());
    selection.part('ring.pcap0', 'ring.pcap1', 9);
    selection.ended('ring.pcap0', 3);
    expect(told).toEqual(['ring.pcap1 from 9', 'status 3']);
  });
});
