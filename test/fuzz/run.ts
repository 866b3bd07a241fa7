import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { loadCorpus } from './corpus.js';
import { Random } from './random.js';
import { editcapTrial, traceTo, trial, type Kind } from './target.js';

/** An input that takes longer (or a loop that never ends) is a failure; generous, as machines are busy. */
const HANG_MS = 30_000;
/** Of the processor's time. */
const SLOW_MS = 2000;
const HEAP_MB = 128;
/** Inputs told of one failure. */
const EXAMPLES = 3;

const USAGE = `npm run fuzz -- [options]
  --inputs N    how many inputs (default: 100000)
  --seed N      where to begin (default: from the clock; it is printed)
  --first N     number of the first input (default: 0)
  --only N,N    run just these inputs and print what happens
  --editcap     whole captures, damaged by Wireshark's editcap -E (which must be installed)`;

interface Job {
  readonly seed: number;
  readonly first: number;
  readonly inputs: number;
  /** Whether editcap makes the inputs. */
  readonly editcap: boolean;
  /** Just these, and everything that happens is printed. */
  readonly only: readonly number[];
  /** Number of the input at work, and when it began (ms since the worker did). */
  readonly now: Float64Array;
}

interface Failure {
  readonly input: number;
  readonly kind: Kind;
  readonly corpus: string;
  readonly what: string;
}

interface Report {
  readonly inputs: number;
  readonly bytes: number;
  readonly kinds: Record<string, number>;
  /** Milliseconds spent by kind. */
  readonly times: Record<string, number>;
  readonly failures: Failure[];
  readonly slowest: { readonly ms: number; readonly input: number };
  readonly rss: number;
}

/** The thread that runs the inputs; the main one watches it. */
async function work(job: Job): Promise<Report> {
  const corpus = await loadCorpus();
  const make = job.editcap ? editcapTrial : trial;
  if (job.only.length > 0) traceTo((line) => parentPort?.postMessage({ line }));
  const kinds: Record<string, number> = {};
  const times: Record<string, number> = {};
  const seen = new Map<string, number>();
  const failures: Failure[] = [];
  let bytes = 0;
  let rss = 0;
  let slowest = { ms: 0, input: 0 };
  for (let i = 0; i < job.inputs; i++) {
    const n = job.only[i] ?? job.first + i;
    const start = processorTime();
    job.now[1] = Date.now();
    job.now[0] = n;
    const { kind, seed, bytes: size, problem } = await make(corpus, new Random(job.seed, n));
    const ms = processorTime() - start;
    times[kind] = (times[kind] ?? 0) + ms;
    if (ms > slowest.ms) slowest = { ms, input: n };
    bytes += size;
    kinds[kind] = (kinds[kind] ?? 0) + 1;
    const wrong = problem ?? (ms > SLOW_MS ? new Error(`took ${Math.round(ms)} ms`) : null);
    if (wrong !== null) {
      const what = (wrong.stack ?? wrong.message).split('\n').slice(0, 6).join('\n');
      const key = what.replace(/\d+/g, '#');
      const before = seen.get(key) ?? 0;
      seen.set(key, before + 1);
      if (before < EXAMPLES) {
        failures.push({ input: n, kind, corpus: seed, what });
        parentPort?.postMessage({ failure: failures.at(-1) });
      }
    }
    if (i % 10_000 === 0) {
      rss = Math.max(rss, process.memoryUsage.rss());
      parentPort?.postMessage({ progress: i });
    }
  }
  return { inputs: job.inputs, bytes, kinds, times, failures, slowest, rss };
}

function processorTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function tell(job: { seed: number }, f: Failure): void {
  say(
    `input ${f.input} (${f.kind} from ${f.corpus}); again: npm run fuzz -- ${f.kind === 'editcap' ? '--editcap ' : ''}--seed ${job.seed} --only ${f.input}\n  ${f.what}`,
  );
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    options: {
      inputs: text,
      seed: text,
      first: text,
      only: text,
      editcap: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const seed = Number(values.seed ?? Date.now() % 1_000_000_000);
  const only = values.only?.split(',').map(Number) ?? [];
  const first = Number(values.first ?? 0);
  const inputs = only.length > 0 ? only.length : Number(values.inputs ?? 100_000);
  const now = new Float64Array(new SharedArrayBuffer(16));
  const job: Job = { seed, first, inputs, editcap: values.editcap ?? false, only, now };
  say(`seed ${seed}, inputs ${first} to ${first + inputs - 1}`);
  const started = Date.now();
  const worker = new Worker(fileURLToPath(import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
  });
  const report = await new Promise<Report | Error>((resolve) => {
    const dog = setInterval(() => {
      if (now[1]! > 0 && Date.now() - now[1]! > HANG_MS) resolve(new Error(`input ${now[0]} does not end`));
    }, 1000);
    worker.on('message', (m: { line?: string; failure?: Failure; report?: Report; progress?: number }) => {
      if (m.line !== undefined) say(m.line);
      if (m.failure !== undefined) tell(job, m.failure);
      if (m.progress !== undefined) say(`${m.progress} inputs, ${Math.round((Date.now() - started) / 1000)} s`);
      if (m.report !== undefined) resolve(m.report);
    });
    worker.on('error', (error) => resolve(new Error(`input ${now[0]}: ${error.message}`, { cause: error })));
    worker.on('exit', () => {
      clearInterval(dog);
      resolve(new Error(`the worker ended at input ${now[0]}`));
    });
  });
  await worker.terminate();
  if (report instanceof Error) {
    say(report.stack ?? report.message);
    return 1;
  }
  const { bytes, kinds, times, slowest, failures, rss } = report;
  const seconds = Math.round((Date.now() - started) / 1000);
  const list = Object.entries(kinds)
    .map(([kind, n]) => `${n} ${kind} in ${Math.round((times[kind] ?? 0) / 1000)} s`)
    .join(', ');
  say(`${inputs} inputs (${list}), ${bytes} bytes, ${seconds} s; ${failures.length} different failures`);
  say(`slowest: ${Math.round(slowest.ms)} ms (input ${slowest.input}); at most ${Math.round(rss / 1e6)} MB of memory`);
  return failures.length === 0 ? 0 : 1;
}

if (isMainThread) {
  process.exitCode = await main();
} else {
  const report = await work(workerData as Job);
  parentPort!.postMessage({ report });
}
