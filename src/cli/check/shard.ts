import { UsageError } from '../usage-error.js';

/** This run's share of the work: number `index` (from 1) of `of`. */
export interface Shard {
  readonly index: number;
  readonly of: number;
}

const MOST_SHARDS = 10_000;

/** Parses `I/N`, or `auto`: the variables that the scheduler sets. Throws UsageError. */
export function parseShard(text: string, env: Readonly<Record<string, string | undefined>>): Shard {
  if (text === 'auto') return fromScheduler(env);
  const match = /^(\d{1,5})\/(\d{1,5})$/.exec(text);
  const shard = match === null ? null : { index: Number(match[1]), of: Number(match[2]) };
  if (shard === null || !isPossible(shard))
    throw new UsageError(`--shard ${text}: expected I/N, with I from 1 to N and N up to ${MOST_SHARDS}, or auto`);
  return shard;
}

function isPossible({ index, of }: Shard): boolean {
  return Number.isInteger(index) && Number.isInteger(of) && index >= 1 && index <= of && of <= MOST_SHARDS;
}

/** The variables of one scheduler: the job's number, the number of jobs, and the number of the first job. */
interface Scheduler {
  readonly name: string;
  readonly index: string;
  readonly of: string;
  readonly first: (env: Readonly<Record<string, string | undefined>>) => number;
}

/**
 * GitLab: `parallel: N` (docs.gitlab.com, predefined variables). Slurm: job arrays (sbatch, INPUT AND OUTPUT ENVIRONMENT VARIABLES).
 * Kubernetes: indexed jobs only know their index; the job's manifest has to set JOB_COMPLETIONS to the number of jobs.
 */
const SCHEDULERS: readonly Scheduler[] = [
  { name: 'GitLab', index: 'CI_NODE_INDEX', of: 'CI_NODE_TOTAL', first: () => 1 },
  {
    name: 'Slurm',
    index: 'SLURM_ARRAY_TASK_ID',
    of: 'SLURM_ARRAY_TASK_COUNT',
    first: (env) => Number(env['SLURM_ARRAY_TASK_MIN'] ?? '0'),
  },
  { name: 'Kubernetes', index: 'JOB_COMPLETION_INDEX', of: 'JOB_COMPLETIONS', first: () => 0 },
];

function fromScheduler(env: Readonly<Record<string, string | undefined>>): Shard {
  for (const { name, index, of, first } of SCHEDULERS) {
    const number = env[index];
    const count = env[of];
    if (number === undefined) continue;
    if (count === undefined)
      throw new UsageError(
        `--shard auto: ${name} sets ${index}, but ${of} is not set, so the number of shards is unknown`,
      );
    const shard = { index: Number(number) - first(env) + 1, of: Number(count) };
    if (number === '' || count === '' || !isPossible(shard))
      throw new UsageError(`--shard auto: ${index}=${number} of ${of}=${count} is not a shard`);
    return shard;
  }
  const known = SCHEDULERS.map((s) => `${s.name} (${s.index})`).join(', ');
  throw new UsageError(`--shard auto: none of the variables of ${known} is set; use --shard I/N`);
}

/** A piece of work whose size is known. */
export interface Sized {
  readonly name: string;
  readonly bytes: number;
}

/**
 * Indexes of the pieces of work that belong to a shard, in ascending order. The largest piece goes first, to the shard with the least so
 * far. The result depends on sizes and names only, so every shard computes the same division on any machine.
 */
export function placesOf(shard: Shard, works: readonly Sized[]): number[] {
  const load = new Array<number>(shard.of).fill(0);
  const order = works
    .map((_, i) => i)
    .sort((a, b) => works[b]!.bytes - works[a]!.bytes || byName(works[a]!, works[b]!));
  const mine: number[] = [];
  for (const i of order) {
    let least = 0;
    for (let s = 1; s < shard.of; s++) if (load[s]! < load[least]!) least = s;
    // an empty file is work, too
    load[least]! += works[i]!.bytes + 1;
    if (least === shard.index - 1) mine.push(i);
  }
  return mine.sort((a, b) => a - b);
}

function byName(a: Sized, b: Sized): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
