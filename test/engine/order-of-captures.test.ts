import { expect, it } from 'vitest';
import { Analysis } from '../../src/engine/analysis.js';
import { EventReporter } from '../../src/report/event-reporter.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import { SETTINGS } from '../kit/settings.js';

const PATHS = ['nbdkit-export-list', 'nbdkit-tls-required-refused', 'client-killed-in-flight'].map(
  (name) => `captures/nbd/${name}.pcap`,
);

/** What is said of each file, where they are read in this order, and how often what connections share was made. */
async function events(paths: readonly string[]): Promise<{ said: Record<string, unknown[]>; made: number }> {
  const said: Record<string, unknown[]> = {};
  let made = 0;
  const counted: typeof nbd = {
    ...nbd,
    createShared: (options, limits) => {
      made++;
      return nbd.createShared(options, limits);
    },
  };
  const reporter = new EventReporter((e) => {
    if (e.type !== 'summary') (said[e.file] ??= []).push(e);
  });
  const analysis = new Analysis({ ...SETTINGS, protocols: [counted], details: true }, reporter);
  for (const path of paths) await analysis.run(path);
  return { said, made };
}

it('the order of several captures, and what else is read, changes nothing that is said of one', async () => {
  const { said, made } = await events(PATHS);
  expect([Object.keys(said), made]).toEqual([PATHS, PATHS.length]);
  expect((await events([...PATHS].reverse())).said).toEqual(said);
  for (const path of PATHS) expect((await events([path])).said).toEqual({ [path]: said[path] });
});
