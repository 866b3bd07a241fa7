import type { Limits } from '../../src/base/limits.js';
import type { Example, Step } from '../../src/base/rule.js';
import type { Conversation, Protocol } from '../../src/contract/protocol.js';
import { runSteps, type StepOptions, type StepResult, settingOf } from '../../src/engine/example.js';
import type { Random } from '../fuzz/random.js';

/**
 * What every protocol must hold, asked of the examples of its own rules, so that a new protocol is held to it without a line of test.
 * Each function plays one example and returns what is wrong, in words; empty where nothing is.
 */

/** The errors that blame a side, by rule. */
function blamed(result: StepResult): Map<string, string> {
  const loud = result.findings.filter(
    (f) => f.rule.id.startsWith('internal/') || (f.severity === 'error' && f.party !== 'capture'),
  );
  return new Map(loud.map((f) => [f.rule.id, f.text]));
}

function optionsOf(example: Example): StepOptions {
  return { ...settingOf(example), forced: true };
}

/** Whatever the segmentation: the same messages of each side, and the same findings. */
export function differsInPieces(protocol: Protocol, example: Example, sizes: readonly number[]): string[] {
  const essence = (result: StepResult): string[] => [
    ...result.messages.map((m) => `${m.side} ${m.offset}+${m.length} ${m.name} ${m.complete}`).sort(),
    ...result.findings.map((f) => `${f.rule.id} ${f.side} ${f.offset}+${f.length} ${f.severity}`).sort(),
  ];
  const options = optionsOf(example);
  const whole = essence(runSteps(protocol, example.steps(), options));
  return sizes.flatMap((chop) => {
    const pieces = essence(runSteps(protocol, example.steps(), { ...options, chop }));
    const wrong = [...pieces.filter((x) => !whole.includes(x)), ...whole.filter((x) => !pieces.includes(x))];
    return wrong.map((x) => `in pieces of ${chop}: ${x}`);
  });
}

/** With a piece of one step missing from the capture: nobody is blamed who is not blamed of the whole. */
export function blamesForLoss(protocol: Protocol, example: Example, random: Random, tries: number): string[] {
  const options = optionsOf(example);
  const known = blamed(runSteps(protocol, example.steps(), options));
  const out: string[] = [];
  for (let i = 0; i < tries; i++) {
    const steps = example.steps();
    const full = steps.flatMap((s, n) => ('bytes' in s && s.bytes.length > 0 ? [n] : []));
    const at = full[random.below(full.length)];
    if (at === undefined) return [];
    const size = sizeOf(steps[at]);
    const from = random.below(size);
    const to = from + 1 + random.below(size - from);
    for (const [rule, text] of blamed(runSteps(protocol, withHole(steps, at, from, to), options))) {
      if (!known.has(rule)) out.push(`without bytes ${from}..${to} of step ${at}: ${rule}: ${text}`);
    }
  }
  return out;
}

/** The same, for one lost byte of an example: the rules that blame for it. */
export function blamedWithout(protocol: Protocol, example: Example, at: number, byte: number): string[] {
  const options = optionsOf(example);
  const known = blamed(runSteps(protocol, example.steps(), options));
  const lossy = blamed(runSteps(protocol, withHole(example.steps(), at, byte, byte + 1), options));
  return [...lossy.keys()].filter((rule) => !known.has(rule));
}

function sizeOf(step: Step | undefined): number {
  return step !== undefined && 'bytes' in step ? step.bytes.length : 0;
}

/** The steps without bytes `from..to` of step `at`, which the capture lacks. */
function withHole(steps: readonly Step[], at: number, from: number, to: number): readonly Step[] {
  const step = steps[at];
  if (step === undefined || !('bytes' in step)) return steps;
  const pieces: Step[] = [{ from: step.from, gap: to - from }];
  if (from > 0) pieces.unshift({ ...step, bytes: step.bytes.subarray(0, from) });
  if (to < step.bytes.length) pieces.push({ ...step, bytes: step.bytes.subarray(to) });
  return [...steps.slice(0, at), ...pieces, ...steps.slice(at + 1)];
}

/** Limits that are soon reached. */
const SMALL: Partial<Limits> = {
  inFlight: 16,
  turns: 16,
  strayReplies: 16,
  strayRequests: 16,
  haggling: 16,
  hagglingBytes: 1024,
  heldMessages: 16,
  heldBytes: 16_384,
  listItems: 16,
  tables: 16,
  shownItems: 16,
  findingsPerRule: 4,
};
/** How often the end of an example is played: when all that is bounded should be full, and when the rest has grown. */
const SOON = 120;
const LATER = 360;

/** With the last words of an example said again and again: what a conversation holds stops growing. */
export function growsWithoutBound(protocol: Protocol, example: Example): string[] {
  const soon = heldAfter(protocol, example, SOON);
  const later = heldAfter(protocol, example, LATER);
  return later - soon < LATER - SOON
    ? []
    : [`${soon} objects and items are held after ${SOON} rounds, ${later} after ${LATER}`];
}

function heldAfter(protocol: Protocol, example: Example, rounds: number): number {
  const said = example.steps().filter((s) => 'bytes' in s);
  const last = said.slice(-2);
  const steps = [...said, ...Array.from({ length: rounds }, () => last).flat()];
  let most = 0;
  const watched: Protocol = {
    ...protocol,
    probe: (input) => protocol.probe(input),
    messageNames: () => protocol.messageNames(),
    annotate: (m) => protocol.annotate(m),
    describe: (m, verbose) => protocol.describe(m, verbose),
    createShared: (o, limits) => protocol.createShared(o, limits),
    converse(context, output, settings): Conversation {
      const conversation = protocol.converse(context, output, settings);
      const { session } = conversation;
      const end = session.end.bind(session);
      session.end = (side, how, origin) => {
        most = Math.max(most, weigh(conversation, [context, output, ...settings]));
        end(side, how, origin);
      };
      return conversation;
    },
  };
  runSteps(watched, steps, { ...optionsOf(example), limits: SMALL });
  return most;
}

/** Objects, and items of lists, maps and sets, that can be reached from `root` without going through `borders`. */
function weigh(root: object, borders: readonly object[]): number {
  const seen = new Set<unknown>(borders);
  const open: unknown[] = [root];
  let weight = 0;
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value === 'string') weight += value.length >> 6;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    weight++;
    if (ArrayBuffer.isView(value)) weight += value.byteLength >> 6;
    else if (value instanceof Map || value instanceof Set) {
      weight += value.size;
      for (const item of value instanceof Map ? [...value.keys(), ...value.values()] : value) open.push(item);
    } else {
      if (Array.isArray(value)) weight += value.length;
      for (const item of Object.values(value)) open.push(item);
    }
  }
  return weight;
}
