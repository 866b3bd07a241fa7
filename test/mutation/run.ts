/**
 * Mutation testing: Stryker changes the files that stryker.config.json names in one place at a time, and counts the changes that no
 * test notices. All of them take days on two cores, so this plays a sample: windows of a few lines drawn by a seed, as many for each
 * folder as it has lines. Changes that span more lines than a window (long blocks that become empty) are not in it.
 *
 *     npm run mutation -- [WINDOWS [SEED]]     100 windows and seed 1 where nothing else is said
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import picomatch from 'picomatch';
import { Random } from '../fuzz/random.js';

/** Lines in a window. */
const LINES = 10;

const [windows = 100, seed = 1] = process.argv.slice(2).map(Number);
const { mutate } = JSON.parse(readFileSync('stryker.config.json', 'utf8')) as { mutate: string[] };
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' }).map((name) => `src/${name}`);
const mutated = picomatch(mutate);
const ranges = sources
  .filter((path) => mutated(path))
  .sort()
  .flatMap((path) => {
    const lines = readFileSync(path, 'utf8').split('\n').length;
    return Array.from({ length: Math.ceil(lines / LINES) }, (_, i) => `${path}:${i * LINES + 1}-${(i + 1) * LINES}`);
  });

const random = new Random(seed, windows);
const drawn = Array.from(
  { length: Math.min(windows, ranges.length) },
  () => ranges.splice(random.below(ranges.length), 1)[0]!,
);
console.log(`${drawn.length} windows of ${LINES} lines of ${ranges.length + drawn.length}, seed ${seed}`);
const { status } = spawnSync('npx', ['stryker', 'run', '--mutate', drawn.sort().join(',')], { stdio: 'inherit' });
process.exitCode = status ?? 1;
