import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { arca } from '../../src/protocols/arca/index.js';
import { accept, listen, listenOk } from '../../src/protocols/arca/rules/steps-a.js';
import { newPipe, onePipe, pipeReply } from '../../src/protocols/arca/rules/steps-b.js';
import { ack, mkdir, started } from '../../src/protocols/arca/rules/steps-c.js';

/** The step without `length` bytes from `at` on, which the capture lacks. */
function holed(step: Step, at: number, length: number): Step[] {
  if (!('bytes' in step)) throw new Error('a step without bytes');
  const { from, bytes } = step;
  return [
    { from, bytes: bytes.subarray(0, at) },
    { from, gap: length },
    { from, bytes: bytes.subarray(at + length) },
  ];
}

describe('a hole inside a frame', () => {
  it.each<[string, Step[], string[]]>([
    [
      'family A',
      [listen(1), ...holed(listenOk(1, 1), 8, 2), accept(2, 1)],
      ['ListenRequest', 'ListenOk', 'AcceptRequest'],
    ],
    [
      'family B',
      [...onePipe(), newPipe(), ...holed(pipeReply(2), 20, 9), newPipe(), pipeReply(3)],
      ['NewPipeRequest', 'NewPipeReply', 'NewPipeRequest', 'NewPipeReply', 'NewPipeRequest', 'NewPipeReply'],
    ],
    [
      'family C',
      [...started(), ...holed(mkdir('a/long/path'), 12, 3), ack(), mkdir('b'), ack()],
      ['GetArgs', 'Args', 'Mkdir', 'Ack', 'Mkdir', 'Ack'],
    ],
  ])('%s: costs that frame only, whose length says where the next one begins', (_, steps, names) => {
    const { messages, skipped } = runSteps(arca, steps, { forced: true });
    const inOrder = [...messages].sort((a, b) => a.firstPacket - b.firstPacket);
    expect(inOrder.map((m) => m.name)).toEqual(names);
    expect(messages.filter((m) => !m.complete)).toHaveLength(1);
    expect(messages.some((m) => m.complete && m.inferred)).toBe(false);
    expect(skipped.map((s) => s.undecoded + s.resynchronised)).toEqual([0, 0]);
  });

  it('keeps at most `detailBytes` of a frame for printing, as in every protocol', () => {
    const { messages } = runSteps(arca, [...started(), mkdir('x'.repeat(500)), ack()], {
      details: true,
      limits: { detailBytes: 100 },
    });
    const mkdirs = messages.filter((m) => m.name === 'Mkdir');
    expect(mkdirs.map((m) => m.head!.length)).toEqual([100]);
    const path = arca.annotate(mkdirs[0]!).find((a) => a.name === 'path')!;
    expect([path.length, path.value]).toEqual([91, 'x'.repeat(89)]);
  });
});
