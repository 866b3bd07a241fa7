/** Bytes of frames on the wire, by the lengths of their segments, as Ceph's own tests have them (src/test/msgr/test_frames_v2.cc, 20.2.4). */
import { describe, expect, it } from 'vitest';
import { runSteps } from '../../src/engine/example.js';
import { TAG } from '../../src/protocols/msgr2/constants.js';
import * as E from '../../src/protocols/msgr2/encode.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import type { Revision } from '../../src/protocols/msgr2/layout.js';
import { DataFrame } from '../../src/protocols/msgr2/message.js';
import { script } from '../../src/protocols/msgr2/script.js';
import { exampleKeys, sealedScript } from '../../src/protocols/msgr2/secure/sealed-script.js';

/** Lengths of header, front, middle and data; bytes in revision 0 (crc, secure) and in revision 1 (crc, secure). */
const SIZES: readonly (readonly [readonly number[], readonly number[]])[] = [
  [
    [0, 0, 0, 0],
    [49, 64, 32, 96],
  ],
  [
    [0, 0, 0, 303],
    [352, 368, 348, 432],
  ],
  [
    [0, 0, 202, 0],
    [251, 272, 247, 336],
  ],
  [
    [0, 0, 202, 303],
    [554, 576, 550, 640],
  ],
  [
    [0, 101, 0, 0],
    [150, 176, 146, 240],
  ],
  [
    [0, 101, 0, 303],
    [453, 480, 449, 544],
  ],
  [
    [0, 101, 202, 0],
    [352, 384, 348, 448],
  ],
  [
    [0, 101, 202, 303],
    [655, 688, 651, 752],
  ],
  [
    [1, 0, 0, 0],
    [50, 80, 37, 96],
  ],
  [
    [1, 0, 0, 303],
    [353, 384, 353, 432],
  ],
  [
    [1, 0, 202, 0],
    [252, 288, 252, 336],
  ],
  [
    [1, 0, 202, 303],
    [555, 592, 555, 640],
  ],
  [
    [1, 101, 0, 0],
    [151, 192, 151, 240],
  ],
  [
    [1, 101, 0, 303],
    [454, 496, 454, 544],
  ],
  [
    [1, 101, 202, 0],
    [353, 400, 353, 448],
  ],
  [
    [1, 101, 202, 303],
    [656, 704, 656, 752],
  ],
  [
    [48, 0, 0, 0],
    [97, 112, 84, 96],
  ],
  [
    [48, 0, 0, 303],
    [400, 416, 400, 432],
  ],
  [
    [48, 0, 202, 0],
    [299, 320, 299, 336],
  ],
  [
    [48, 0, 202, 303],
    [602, 624, 602, 640],
  ],
  [
    [48, 101, 0, 0],
    [198, 224, 198, 240],
  ],
  [
    [48, 101, 0, 303],
    [501, 528, 501, 544],
  ],
  [
    [48, 101, 202, 0],
    [400, 432, 400, 448],
  ],
  [
    [48, 101, 202, 303],
    [703, 736, 703, 752],
  ],
  [
    [49, 0, 0, 0],
    [98, 128, 85, 128],
  ],
  [
    [49, 0, 0, 303],
    [401, 432, 401, 464],
  ],
  [
    [49, 0, 202, 0],
    [300, 336, 300, 368],
  ],
  [
    [49, 0, 202, 303],
    [603, 640, 603, 672],
  ],
  [
    [49, 101, 0, 0],
    [199, 240, 199, 272],
  ],
  [
    [49, 101, 0, 303],
    [502, 544, 502, 576],
  ],
  [
    [49, 101, 202, 0],
    [401, 448, 401, 480],
  ],
  [
    [49, 101, 202, 303],
    [704, 752, 704, 784],
  ],
];

describe.each([
  ['revision 0, crc', 0, false, 0],
  ['revision 0, secure', 0, true, 1],
  ['revision 1, crc', 1, false, 2],
  ['revision 1, secure', 1, true, 3],
] as const)('%s', (_, revision: Revision, secure, column) => {
  it.each(SIZES)('a frame of %j', (lengths, totals) => {
    const segments = lengths.map((n, i) => new Uint8Array(n).fill('HFMD'.charCodeAt(i)));
    const { steps } = secure
      ? sealedScript(revision).openSealed().sealed('client', TAG.MESSAGE, segments)
      : script(revision).open();
    if (!secure) steps.push({ from: 'client', bytes: E.frame(TAG.MESSAGE, segments, { revision }) });
    const written = steps.at(-1);
    expect(written !== undefined && 'bytes' in written ? written.bytes.length : 0).toBe(totals[column]);
    // read again, and the next frame behind it
    const behind = secure
      ? sealedScript(revision)
          .openSealed()
          .sealed('client', TAG.MESSAGE, segments)
          .sealed('client', TAG.ACK, [E.u64(1)])
      : script(revision).open().value('client', TAG.ACK, 1n);
    const all = secure ? behind.steps : [...steps, behind.steps.at(-1)!];
    const { messages } = runSteps(msgr2, all, { port: 3300, knows: exampleKeys() });
    const [frame, ack] = messages.slice(-2);
    expect(frame).toBeInstanceOf(DataFrame);
    expect(frame!.length).toBe(totals[column]);
    expect([0, 1, 2, 3].map((i) => (frame as DataFrame).segmentLength(i))).toEqual(lengths);
    expect(ack!.name).toBe('ACK');
  });
});
