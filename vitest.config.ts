import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 60_000,
    // the tests of the command line wait for processes of their own, so a worker for every core pays
    maxWorkers: '100%',
  },
});
