import { pathStat } from '../base/path-stat.js';
import { NotACapture, type PacketSink } from '../capture/packet.js';
import { inputName, openCapture, type CaptureInput } from '../capture/source.js';
import { isCompressed, readSecrets, scanSecrets } from '../capture/secrets.js';
import type { Protocol } from '../contract/protocol.js';
import { Budget } from '../base/budget.js';
import type { AnalysisOptions, LiveHooks, RunHooks } from './analysis-options.js';
import type { Reporter, Summary } from './event.js';
import { FileRun } from './file-run.js';
import { RunSecrets } from './run-secrets.js';
import { emptySummary } from './summary.js';
import { SessionBudgets } from './session-budgets.js';

export { inputName, inputParts, inputPaths, type CaptureInput, type MadeInput } from '../capture/source.js';

/**
 * Takes captures through all layers into a reporter. One analysis is one run; its summary covers all its captures. What protocols learn from
 * connections (listings, sessions that are resumed) is kept for one recording only, so that the output for a recording depends neither on
 * the order of the captures nor on how many are read at once. What every recording is to know is passed in as `learned` (see rehearsal.ts).
 */
export class Analysis {
  private readonly options: AnalysisOptions;
  private readonly reporter: Reporter;
  /** By protocol: what the connections of the current input share, or, with `together`, those of all inputs. */
  private shared = new Map<Protocol, unknown>();
  private readonly budget: Budget;
  private readonly budgets: SessionBudgets;
  private readonly secrets: RunSecrets;
  readonly summary: Summary = emptySummary();
  /** Streams whose decoding failed inside wirelint. */
  internalErrors = 0;
  /** The highest stream number, of reported and of unwanted streams. */
  lastStream = 0;

  private readonly together: boolean;

  /** `together`: protocols share their state across all inputs. For a first pass of which nothing is reported (see rehearse). */
  constructor(options: AnalysisOptions, reporter: Reporter, together = false) {
    this.options = options;
    this.together = together;
    this.reporter = reporter;
    this.budget = new Budget(options.limits.bufferedBytes);
    this.budgets = new SessionBudgets(options.limits);
    this.secrets = new RunSecrets(options.tlsKeylogs ?? [], options.limits, options.tlsKeylogsGrow ?? false);
  }

  /**
   * Analyzes one input to its end. Throws NotACapture, or errors of the file system, and nothing else: a bug of wirelint becomes a finding,
   * and the analysis goes on where it can. `options`: for this input, if they differ from the run's; keyrings and what protocols share are
   * always the run's.
   */
  async run(input: CaptureInput, hooks: RunHooks = {}, options = this.options): Promise<void> {
    const name = inputName(input);
    const source = openCapture(input, {
      limits: this.options.limits,
      signal: hooks.signal,
      follow: hooks.follow,
      content: hooks.content,
    });
    const live = this.live(name, options, hooks);
    const { sink } = live;
    const take = (text: string): void => sink.keyLog?.(text);
    if (typeof input !== 'string' && 'parts' in input) await this.findSecrets(input.parts, hooks, take);
    const reading = typeof input === 'string' ? { ...hooks, regular: this.aheadOf(hooks, take) } : hooks;
    const quiet = hooks.quietAfter === undefined ? undefined : setInterval(() => live.tick(), hooks.quietAfter / 2);
    try {
      await source.read(sink, reading);
    } catch (error) {
      if (isExpected(error)) throw error;
      live.fault(error);
    } finally {
      clearInterval(quiet);
      live.end();
      this.secrets.lookAhead(null);
    }
  }

  /** Called before a file is read: TLS secrets may come after the packets that they decrypt, so they are looked for in advance. */
  private aheadOf(hooks: RunHooks, take: (text: string) => void): NonNullable<RunHooks['regular']> {
    const { limits } = this.options;
    return (path, isCompressed) => {
      // errors are ignored: reading the packets reports them
      if (isCompressed) return readSecrets(path, limits, take, hooks.signal).catch(() => undefined);
      this.secrets.lookAhead(() => scanSecrets(path, limits, take));
      return undefined;
    };
  }

  /** The same for a recording of several files, before the first one is read. */
  private async findSecrets(
    paths: readonly string[],
    { signal }: RunHooks,
    take: (text: string) => void,
  ): Promise<void> {
    const { limits } = this.options;
    const plain: string[] = [];
    for (const path of paths) {
      if (pathStat(path)?.isFile() !== true) continue;
      try {
        if (isCompressed(path)) await readSecrets(path, limits, take, signal);
        else plain.push(path);
      } catch {
        // reading the packets reports what is wrong with the file
      }
    }
    if (plain.length > 0)
      this.secrets.lookAhead(() => {
        for (const path of plain) scanSecrets(path, limits, take);
      });
  }

  /** An input whose packets the caller hands over. `end` comes last. */
  live(name: string, options = this.options, hooks: LiveHooks = {}): LiveInput {
    if (!this.together) this.shared = new Map<Protocol, unknown>();
    const { shared } = this;
    const file = new FileRun(
      name,
      options,
      hooks,
      this.reporter,
      this.budget,
      this.budgets,
      this.secrets,
      this.summary,
      (p) => this.sharedOf(shared, p),
    );
    return {
      sink: file,
      tick: () => file.tick(),
      fault: (error) => file.fault(error, 'while reading this file; the rest of it is not read'),
      end: () => {
        file.end();
        this.internalErrors += file.internalErrors;
        this.lastStream = Math.max(this.lastStream, file.lastStream);
      },
    };
  }

  /** Reports the summary; the last call of a run. */
  finish(): void {
    this.reporter.summary(this.summary);
    this.reporter.flush?.();
  }

  /** What the protocols have learned, for another pass over the same inputs. */
  learned(): Record<string, unknown> {
    const learned: Record<string, unknown> = {};
    for (const [protocol, shared] of this.shared) {
      const facts = protocol.learned?.(shared);
      if (facts !== undefined) learned[protocol.name] = facts;
    }
    return learned;
  }

  private sharedOf(shared: Map<Protocol, unknown>, protocol: Protocol): unknown {
    if (!shared.has(protocol)) shared.set(protocol, protocol.createShared(this.options, this.options.limits));
    return shared.get(protocol);
  }
}

/** An input that the caller reads. */
export interface LiveInput {
  readonly sink: PacketSink;
  /** See FileRun. */
  tick(): void;
  /** Reading it failed because of a bug. */
  fault(error: unknown): void;
  end(): void;
}

/** Whether an error is the fault of the input, or of the system that it comes from, and not a bug. */
function isExpected(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof NotACapture || error.name === 'AbortError' || 'syscall' in error || 'errno' in error;
}
