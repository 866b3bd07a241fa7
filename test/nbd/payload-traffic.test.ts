import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import type { Message } from '../../src/contract/message.js';
import { runSteps, type StepOptions, type StepResult } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import { stepsOf } from '../kit/capture-steps.js';
import { bytesOf, joinedLate, withGap } from './loss-kit.js';

const FOLDER = new URL('../../captures/nbd/', import.meta.url).pathname;
const SIDES = ['client', 'server'] as const;

function key(m: Message): string {
  return `${m.side} ${m.offset} ${m.name}`;
}

/** What the result takes for messages although the session has none there: as sure, and as a guess. */
function mistaken(result: StepResult, real: ReadonlySet<string>): { sure: string[]; guessed: string[] } {
  const wrong = result.messages.filter((m) => !real.has(key(m)));
  return {
    sure: wrong.filter((m) => !m.inferred).map(key),
    guessed: wrong.filter((m) => m.inferred).map(key),
  };
}

function blamed(result: StepResult): string[] {
  return result.findings.filter((f) => f.severity === 'error').map((f) => `${f.rule.id}: ${f.text}`);
}

// an image that holds recordings, rows of simple replies, chunks and requests; read and written in odd pieces
for (const form of ['simple', 'structured', 'extended'] as const) {
  const [stream] = await stepsOf(`${FOLDER}payload-is-nbd-${form}.pcap`);
  const steps: readonly Step[] = stream!.steps;
  const whole = runSteps(nbd, steps);
  const real = new Set(whole.messages.map(key));
  const run = (s: readonly Step[], options: StepOptions = {}): StepResult => runSteps(nbd, s, options);

  describe(`a disk image full of NBD traffic, ${form} replies`, () => {
    it('is data where the session was captured from its start', () => {
      expect(whole.findings.filter((f) => f.severity !== 'note')).toEqual([]);
      const commands = whole.messages.filter((m) => m.name.startsWith('NBD_CMD_')).map((m) => m.name);
      expect(commands.filter((n) => n === 'NBD_CMD_READ')).toHaveLength(7);
      expect(commands.filter((n) => n === 'NBD_CMD_WRITE')).toHaveLength(2);
      expect(whole.messages.some((m) => m.inferred)).toBe(false);
      expect(mistaken(run(steps, { chop: 7 }), real)).toEqual({ sure: [], guessed: [] });
    });

    for (const side of SIDES) {
      it(`with the ${side} alone`, () => {
        const result = run(steps, { oneSided: side });
        expect(mistaken(result, real).sure).toEqual([]);
        if (side === 'client' || form !== 'simple') expect(mistaken(result, real).guessed).toEqual([]);
        expect(blamed(result)).toEqual([]);
      });

      it(`with a gap anywhere in what the ${side} sent`, () => {
        const total = bytesOf(steps, side);
        for (let at = 0; at < total; at += 199) {
          for (const length of [1, 150, 1448]) {
            const result = run(withGap(steps, side, at, Math.min(length, total - at)));
            const where = `${length} bytes at ${at}`;
            expect(mistaken(result, real).sure, where).toEqual([]);
            expect(blamed(result), where).toEqual([]);
          }
        }
      });
    }

    it('joined late', () => {
      for (let share = 0.02; share < 0.95; share += 0.011) {
        const cut = joinedLate(
          steps,
          Math.floor(bytesOf(steps, 'client') * share),
          Math.floor(bytesOf(steps, 'server') * share),
        );
        const result = run(cut, { late: true });
        const moved = {
          client: Math.floor(bytesOf(steps, 'client') * share),
          server: Math.floor(bytesOf(steps, 'server') * share),
        };
        const names = new Set(whole.messages.map((m) => `${m.side} ${m.offset - moved[SIDES[m.side]!]} ${m.name}`));
        const where = `from ${share} on`;
        expect(mistaken(result, names).sure, where).toEqual([]);
        expect(blamed(result), where).toEqual([]);
      }
    });
  });
}
