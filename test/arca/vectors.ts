import type { Step } from '../../src/base/rule.js';
import { unhex } from '../../src/base/hex.js';

/** Byte vectors of all generations: `xx{n}` repeats a byte. A trailing `g` or `m` in a name tells the sides of one pair apart. */
const VECTORS = {
  A01: ['G', '01 06 00 2a 00{7} 90 1f'],
  A02: ['M', '02 04 00 2a 00 00 00 01 00 00 00'],
  A03: ['G', '08 04 00 32 00 00 00 01 00 00 00'],
  A04: ['M', '05 18 00 32 00 00 00 01 00 00 00 07 00 00 00 07 00{8} 10 00{6}'],
  A05: ['G', '03 06 00 2b 00 00 00 08 08 08 08 bb 01'],
  A06: ['M', '04 18 00 2b 00{7} 08 00 00 00 00 a0 f3 01 00 00 00 00 40 00{7}'],
  A07: ['M', '04 14 00 2b 00{7} 08 00 00 00 08 00 00 00 00 01 00{6}'],
  A08: ['M', '06 04 00 01 00 00 00 62 00 00 00 07 04 00 02 00 00 00 6f 00 00 00'],
  A09: ['M', '09 04 00 37 00 00 00 09 00 00 00'],
  A10: ['M', '05 14 00 00 00 00 00 01 00 00 00 01 00 00 00 01 00 00 00 00 01 00{6}'],
  A11g: [
    'G',
    '01 06 00 01 00{7} 90 1f 08 04 00 02 00 00 00 01 00 00 00 03 06 00 03 00 00 00 0a 00 00 09 50 00 08 04 00 04 00 00 00 e7 03 00 00',
  ],
  A11m: [
    'M',
    '02 04 00 01 00 00 00 01 00 00 00 04 18 00 03 00{7} 01 00 00 00 00 a0 f3 01 00 00 00 00 40 00{7} 09 04 00 04 00 00 00 09 00 00 00 05 18 00 02 00 00 00 01 00 00 00 02 00 00 00 00 b0 f3 01 00 00 00 00 40 00{7}',
  ],
  A12: ['G', '01 01 01 05 00 00 00'],
  A13: ['G', '0a 00 00 05 00 00 00'],
  A14: ['G', '01 05 00 05 00 00 00 7f 00 00 01 90'],
  A15: ['G', '03 08 00 06 00 00 00 01 02 03 04 50 00 00 00'],
  B01: ['G', '08 00 00 10 00{6}'],
  B02: ['M', '38 00 00 00 f4 01 00 00 00 00 00 10 00{6} 01 00{8} 30 00{6} 02 00{8} 30 00{6} 03 00{7}'],
  B03: ['M', '30 00 00 00 f4 01 00 00 00 00 00 10 00{7} 30 00{6} 02 00{8} 30 00{6} 03 00{7}'],
  B04: ['G', '13 00 01 05 09 00{7} 2f 74 6d 70 2f 61 2e 74 78'],
  B05: ['G', '09 00 00 00 10 00{6} 06 00 01 68 65 6c 6c 6f 0a 00 02 d6 ff{7} 02 01 00 03'],
  B06: ['M', '05 00 00 64 61 74 61 09 00 01 05 00{7} 09 00 02 00 04 00{6} 05 00 04 fe ff ff ff 01 00 03'],
  C01: ['G', '01 00{8}'],
  C02: ['M', '0b 00{8} 02 03 66 69 78 04 65 76 61 6c'],
  C03: ['M', '0c 00{8} 01 02 03 66 69 78 04 65 76 61 6c'],
  C04: ['G', '07 00{7} 03 00 00 00 00 91 3f'],
  C05: ['G', '07 00{7} 04 00 00 00 00 91 3f'],
  C06: ['M', '0d 00{7} 01 90 a0 d0 0f 80 08 90 c0 d0 0f 80 08'],
  C07: ['G', '0e 00{7} 05 0b 65 78 61 6d 70 6c 65 2e 6f 72 67 50'],
  C08: ['G', '0c 00{7} 02 05 61 2e 66 69 78 01 00 00 00 00'],
  C09: ['M', '02 00{7} 03 00'],
  C10: ['G', '02 00{7} 01 01'],
  C11: ['G', '06 00{7} 03 04 2e 66 69 78'],
  C12g: ['G', '03 00{7} 01 80 08 15 00{8} 13 48 54 54 50 2f 31 2e 30 20 32 30 30 20 4f 4b 0d 0a 0d 0a 01 00{7} 02'],
  C12m: ['M', '14 00{7} 01 12 47 45 54 20 2f 20 48 54 54 50 2f 31 2e 30 0d 0a 0d 0a 02 00{8} 13'],
  C13g: ['G', '03 00{8} ac 02 03 00{7} 02 02 53 01 00{7} 03'],
  C13m: ['M', '05 00{8} 03 61 62 63 03 00{7} 02 be 07'],
  C14g: ['G', '01 00{8} 01 00{7} 01'],
  C14m: ['M', '0d 00{8} 90 a0 d0 0f 80 08 90 c0 d0 0f 80 08'],
  C15: ['G', '09 00{7} 03 00 00 00 00 91 bf 80 00'],
  C16: ['G', '02 00{7} 80 00'],
  C17g: ['G', '06 00{7} 07 7f 00 00 01 50 08 00{7} 08 f0 96 80 a0 c1 e7 1f 0a 00{7} 0d b0 97 80 a0 c1 e7 1f 80 04'],
  C17m: ['M', '09 00{8} 03 f0 96 80 a0 c1 e7 1f 09 00{8} 04 b0 97 80 a0 c1 e7 1f 05 00{8} 06 02 68 69'],
  L01: ['G', '00 00 20 00{6} 10 00{7} 04 03 00 30 00{8} 40 00{6}'],
} as const;

export type VectorName = keyof typeof VECTORS;

/** The bytes of a vector. */
export function vector(name: VectorName): Uint8Array {
  const text = VECTORS[name][1].replace(/([0-9a-f]{2})\{(\d+)\}/g, (_, byte: string, n: string) =>
    byte.repeat(Number(n)),
  );
  return unhex(text);
}

/** Vectors as the steps of a session. */
export function play(...names: VectorName[]): Step[] {
  return names.map((n) => ({ from: VECTORS[n][0] === 'G' ? 'client' : 'server', bytes: vector(n) }));
}

/** Both sides of a pipe of family C, a request and its answer in turn. */
export function taken(guest: VectorName, monitor: VectorName): Step[] {
  const [requests, answers] = [split(vector(guest)), split(vector(monitor))];
  const steps: Step[] = [];
  for (let i = 0; i < Math.max(requests.length, answers.length); i++) {
    if (i < requests.length) steps.push({ from: 'client', bytes: requests[i]! });
    if (i < answers.length) steps.push({ from: 'server', bytes: answers[i]! });
  }
  return steps;
}

function split(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let p = 0; p < bytes.length; p += 8 + bytes[p]!) frames.push(bytes.subarray(p, p + 8 + bytes[p]!));
  return frames;
}
