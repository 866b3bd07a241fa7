import { readdirSync, watch, type FSWatcher } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { nameOfBytes, systemPath } from '../../base/file-name.js';
import { pathStat } from '../../base/path-stat.js';
import { isPattern, patternBase } from '../../base/pattern.js';
import { complain } from '../complain.js';
import { systemWords, UsageError } from '../usage-error.js';
import { findInputs, IGNORED } from './inputs.js';

/** Milliseconds without a change after which captures are judged: a recorder writes in bursts. */
const QUIET_MS = 300;

export interface Watched {
  /** The inputs that `check` was given. */
  readonly inputs: readonly string[];
  /** Further files whose changes cause a new run, such as the configuration. */
  readonly besides: readonly string[];
  /** Files that the run itself writes, whose changes are ignored. */
  readonly written: readonly string[];
}

/**
 * Judges once, and again whenever a capture appears, changes or vanishes, until a signal; returns that signal's exit status. The system
 * reports changes: nothing is polled.
 */
export async function watchAndJudge(watched: Watched, judge: () => Promise<number>): Promise<number> {
  const changes = new Changes([...watched.inputs, ...watched.besides]);
  try {
    for (let before = new Map<string, string>(); ;) {
      // watch before reading the stamps: a file that appears in a new folder before it is watched is then still found by its stamp
      changes.refresh();
      const now = stamps(watched);
      const changed = [...new Set([...before.keys(), ...now.keys()])].filter((p) => before.get(p) !== now.get(p));
      if (before.size === 0 || changed.length > 0) {
        if (before.size > 0) complain(`${changed[0]!}${more(changed.length - 1)} changed`);
        const status = await judge();
        if (status > 128) return status;
      }
      before = now.size > 0 ? now : new Map([['', '']]);
      const signal = await changes.next();
      if (signal !== null) return 128 + constants.signals[signal];
    }
  } finally {
    changes.close();
  }
}

function more(others: number): string {
  return others === 0 ? '' : ` and ${others} more`;
}

/** By path, a text that changes whenever the file changes or is replaced. */
function stamps({ inputs, besides, written }: Watched): Map<string, string> {
  const own = new Set(written.map((p) => resolve(p)));
  const paths = [...findInputs(inputs).inputs.map((i) => i.path), ...besides];
  const found = new Map<string, string>();
  for (const path of paths) {
    const stat = pathStat(path);
    if (!own.has(resolve(path)))
      found.set(path, stat === undefined ? 'gone' : `${stat.ino} ${stat.size} ${stat.mtimeMs}`);
  }
  return found;
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** Tells when something below the inputs has changed and then stayed the same for QUIET_MS. */
class Changes {
  private readonly paths: readonly string[];
  private readonly watchers = new Map<string, FSWatcher>();
  private changed = false;
  private wake: () => void = () => undefined;

  private caught: NodeJS.Signals | null = null;

  constructor(paths: readonly string[]) {
    this.paths = paths;
    // registered for the whole watch: a signal that arrives while no handler is registered would end the process
    for (const signal of SIGNALS) process.on(signal, this.stop);
  }

  /** Watches all folders that exist now, and stops watching those that are gone. */
  refresh(): void {
    const folders = new Map<string, string>();
    for (const path of this.paths) {
      const isFolder = pathStat(path)?.isDirectory() ?? false;
      if (isFolder) collect(path, folders);
      else if (pathStat(path) === undefined && isPattern(path)) collect(patternBase(path).folder || '.', folders);
      // a file is replaced as often as it is written to: watching its folder reports both
      else add(dirname(path), folders);
    }
    for (const [key, watcher] of this.watchers)
      if (!folders.has(key)) {
        watcher.close();
        this.watchers.delete(key);
      }
    for (const [key, folder] of folders) if (!this.watchers.has(key)) this.watch(key, folder);
  }

  private watch(key: string, folder: string): void {
    try {
      const watcher = watch(systemPath(folder));
      watcher.on('change', this.take);
      // that the folder is gone was reported as a change before
      watcher.on('error', this.take);
      this.watchers.set(key, watcher);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      throw new UsageError(`cannot watch ${folder}: ${systemWords(error)}`);
    }
  }

  /** Resolves with null when something may have changed, or with the signal that came first. */
  async next(): Promise<NodeJS.Signals | null> {
    while (!this.changed && this.caught === null) await this.event();
    while (this.changed && this.caught === null) {
      this.changed = false;
      await this.event(QUIET_MS);
    }
    return this.caught;
  }

  close(): void {
    for (const signal of SIGNALS) process.off(signal, this.stop);
    for (const watcher of this.watchers.values()) watcher.close();
  }

  private event(timeout?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = timeout === undefined ? undefined : setTimeout(resolve, timeout);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private readonly stop = (signal: NodeJS.Signals): void => {
    this.caught = signal;
    this.wake();
  };

  private readonly take = (): void => {
    this.changed = true;
    this.wake();
  };
}

/** Adds a folder under a key that is the same by whatever path it is reached. False if it is not a folder, or already there. */
function add(folder: string, to: Map<string, string>): boolean {
  const stat = pathStat(folder);
  if (!stat?.isDirectory() || to.has(`${stat.dev} ${stat.ino}`)) return false;
  to.set(`${stat.dev} ${stat.ino}`, folder);
  return true;
}

/** Adds a folder and all folders below it. */
function collect(folder: string, to: Map<string, string>): void {
  if (!add(folder, to)) return;
  let names: string[];
  try {
    names = readdirSync(systemPath(folder), 'buffer').map(nameOfBytes);
  } catch {
    // it vanished or cannot be read; the search for captures reports the latter
    return;
  }
  for (const name of names) if (!IGNORED.has(name)) collect(join(folder, name), to);
}
