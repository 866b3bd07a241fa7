import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OpenRequests } from '../../src/table/open-requests.js';

it('holds what a Map would, in whatever order requests come and are answered', () => {
  // numbers that share slots of small tables, and far ones
  const number = fc.oneof(
    fc.integer({ min: 1, max: 40 }),
    fc.nat({ max: 20 }).map((n) => 1 + 64 * n),
    fc.constant(2 ** 40),
  );
  fc.assert(
    fc.property(fc.array(number, { maxLength: 200 }), (numbers) => {
      const asked = new OpenRequests();
      const map = new Map<number, string>();
      for (const n of numbers) {
        if (map.has(n)) {
          asked.delete(n);
          map.delete(n);
        } else {
          asked.add(n, `name ${n}`);
          map.set(n, `name ${n}`);
        }
        expect(asked.size).toBe(map.size);
        for (const other of numbers) expect(asked.get(other)).toBe(map.get(other) ?? null);
      }
    }),
  );
});
