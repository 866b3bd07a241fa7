import { defineConfig } from 'vitest/config';

// What mutants are played against: the tests that need neither a build nor other programs, nor minutes for each mutant.
export default defineConfig({
  test: {
    include: [
      'test/contract/*.test.ts',
      'test/engine/*.test.ts',
      'test/stream/*.test.ts',
      'test/pesto/*.test.ts',
      'test/golden/shifted-positions.test.ts',
    ],
    exclude: [
      'test/engine/parked-streams.test.ts',
      'test/stream/captures.test.ts',
      'test/pesto/recorded-sessions.test.ts',
    ],
    testTimeout: 60_000,
  },
});
