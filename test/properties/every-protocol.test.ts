import { describe, expect, it } from 'vitest';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { Random } from '../fuzz/random.js';
import { blamesForLoss, differsInPieces, growsWithoutBound } from '../kit/protocol-properties.js';
import { RUNS, SEED } from './sessions.js';

/** Longer examples are left to the captures: every property plays them several times. */
const MOST_BYTES = 20_000;
/** Holes that are tried in each example. */
const TRIES = Math.ceil(RUNS / 2);

/** Each example draws the same holes whatever other rules there are. */
function randomOf(id: string): Random {
  return new Random(
    SEED,
    [...id].reduce((sum, c) => (sum * 31 + c.charCodeAt(0)) >>> 0, 7),
  );
}

describe.each(PROTOCOLS.map((p) => [p.name, p] as const))('the examples of %s', (_, protocol) => {
  const examples = protocol.rules.flatMap((rule) => {
    const example = rule.keeps;
    if (example === undefined) return [];
    const size = example.steps().reduce((n, s) => n + ('bytes' in s ? s.bytes.length : 0), 0);
    return size === 0 || size > MOST_BYTES ? [] : [{ id: rule.id, example }];
  });

  it('are there', () => {
    expect(examples.length).toBeGreaterThan(0);
  });

  it('decode the same in any pieces', { timeout: 180_000 }, () => {
    const wrong = examples.flatMap(({ id, example }) =>
      differsInPieces(protocol, example, [1, 7]).map((w) => `${id} ${w}`),
    );
    expect(wrong).toEqual([]);
  });

  it('blame nobody for what was not captured', { timeout: 180_000 }, () => {
    const wrong = examples.flatMap(({ id, example }) =>
      blamesForLoss(protocol, example, randomOf(id), TRIES).map((w) => `${id} ${w}`),
    );
    expect(wrong).toEqual([]);
  });

  it('hold no more, however long they go on', { timeout: 180_000 }, () => {
    const wrong = examples.flatMap(({ id, example }) => growsWithoutBound(protocol, example).map((w) => `${id} ${w}`));
    expect(wrong).toEqual([]);
  });
});
