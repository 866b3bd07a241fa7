import { describe, expect, it } from 'vitest';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import {
  BLOCK_STATUS,
  disconnect,
  extendedSession,
  REQ_ONE,
  request,
  status,
  structuredSession,
  xdisconnect,
  xrequest,
  xstatus,
} from '../../src/protocols/nbd/rules/session-steps.js';

const BASE = ['base:allocation'];

function unaligned(
  size: number,
  asked: readonly [number, number, number?],
  extents: readonly (readonly [number, number])[],
) {
  const [offset, length, flags] = asked;
  const { findings } = runSteps(nbd, [
    ...structuredSession({ blocks: [512, 4096, 33554432], size }, BASE),
    request(BLOCK_STATUS, 1, offset, length, flags),
    status(1, 1, extents),
    ...disconnect(),
  ]);
  return findings
    .filter((f) => f.rule.id === 'nbd/block-status-unaligned')
    .map((f) => ({ at: f.offset - f.message!.offset, text: f.text, related: f.related.map((m) => m.name) }));
}

describe('alignment of extents to the minimum block size', () => {
  const at = (i: number, bytes: number) => [
    {
      at: 24 + 8 * i,
      text: `extent ${i + 1} of ${bytes} bytes is not a multiple of 512`,
      related: ['NBD_CMD_BLOCK_STATUS'],
    },
  ];

  it('judges the only extent of an answer to REQ_ONE', () => {
    expect(unaligned(1024, [0, 1024, REQ_ONE], [[1000, 0]])).toEqual(at(0, 1000));
  });

  it('judges the last extent, which nothing excuses in an export of whole blocks', () => {
    const extents = [
      [512, 0],
      [65000, 3],
    ] as const;
    expect(unaligned(1048576, [0, 65536], extents)).toEqual(at(1, 65000));
    expect(
      unaligned(
        66048,
        [0, 65536],
        [
          [512, 0],
          [65536, 3],
        ],
      ),
    ).toEqual([]);
  });

  it('accepts the tail of an export that is not a multiple of the minimum, and only that', () => {
    expect(
      unaligned(
        1000,
        [0, 1000],
        [
          [512, 0],
          [488, 3],
        ],
      ),
    ).toEqual([]);
    expect(
      unaligned(
        1000,
        [0, 1000],
        [
          [512, 0],
          [400, 3],
        ],
      ),
    ).toEqual(at(1, 400));
    expect(unaligned(1000, [512, 488], [[488, 3]])).toEqual([]);
    expect(unaligned(65000, [0, 1024], [[1000, 3]])).toEqual(at(0, 1000));
  });

  it('names the first of several', () => {
    expect(
      unaligned(
        1048576,
        [0, 65536],
        [
          [100, 0],
          [200, 3],
          [300, 0],
        ],
      ),
    ).toEqual(at(0, 100));
  });

  it('leaves the answer to a misaligned request to the client', () => {
    expect(unaligned(1048576, [100, 1000, REQ_ONE], [[1000, 0]])).toEqual([]);
  });

  it('finds the position of extended extents in the reply itself', () => {
    const run = (size: number, length: number) =>
      runSteps(
        nbd,
        [
          ...extendedSession({ blocks: [512, 4096, 33554432], size }, BASE),
          xrequest(BLOCK_STATUS, 1, 512, 1024),
          xstatus(1, 512, 1, [[length, 0]]),
          ...xdisconnect(),
        ],
        { oneSided: 'server', forced: true },
      ).findings.filter((f) => f.rule.id === 'nbd/block-status-unaligned').length;
    expect(run(1000, 488)).toBe(0);
    expect(run(1000, 400)).toBe(1);
    expect(run(2048, 488)).toBe(1);
  });
});
