import { basename } from 'node:path';
import { DEFAULT_LIMITS } from '../base/limits.js';
import { byteSize, count, safeText } from '../base/text.js';
import { CLIENT } from '../base/input.js';
import type { CaptureInfo } from '../capture/packet.js';
import { inputName, inputPaths } from '../engine/analysis.js';
import type { Finding, Reporter, StreamRecord } from '../engine/event.js';
import type { Message } from '../contract/message.js';
import { TextOutput } from '../report/output.js';
import { CaptureBuilder } from '../rewrite/capture-builder.js';
import type { CaptureWriter } from '../rewrite/capture-writer.js';
import { smallest } from '../rewrite/delta-debugging.js';
import { isNote, kindOf, raised } from '../rewrite/kept-rule.js';
import { PcapWriter } from '../rewrite/pcap-writer.js';
import { PcapngWriter } from '../rewrite/pcapng-writer.js';
import { resized, unitsOf, writeUnits, type Boundaries, type Unit } from '../rewrite/reduction.js';
import { Tracer } from '../rewrite/stream-trace.js';
import type { Command } from './command.js';
import { finishDestination, openDestination } from './destination.js';
import { Interrupt } from './interrupt.js';
import { INPUT_OPTIONS, single, type CommonArguments } from './options.js';
import { allRules, analysisOptions, Planner } from './plan.js';
import { Progress } from './progress.js';
import { runInputs } from './run.js';
import { UsageError } from './usage-error.js';
import { version } from './version.js';

interface ReduceArguments extends CommonArguments {
  readonly capture: string;
  readonly keep: string;
  readonly write: string;
  readonly 'as-test'?: boolean;
}

/** Sizes to which payloads are cut, tried from the smallest on. */
const SIZES = [16, 512, 4096, 65_536];

export const reduce: Command = {
  options: (yargs) =>
    yargs
      .positional('capture', { type: 'string', demandOption: true, describe: 'The capture to reduce' })
      .options({
        keep: {
          ...single,
          type: 'string',
          demandOption: true,
          describe: 'The finding to keep: RULE or RULE@PARTY',
        },
        write: {
          ...single,
          type: 'string',
          alias: 'w',
          demandOption: true,
          describe: 'The capture to write (.pcap or .pcapng)',
        },
        'as-test': {
          type: 'boolean',
          describe: 'Print a suppression for wirelint.config.json that makes the capture a test',
        },
        ...INPUT_OPTIONS,
      })
      .example(
        '$0 reduce big.pcap --keep nbd/read-incomplete@server -w small.pcapng',
        'the fewest messages that still show the finding',
      ),

  async run(raw) {
    const args = raw as unknown as ReduceArguments;
    const [rule = '', party] = args.keep.split('@');
    const known = allRules();
    if (!known.some((r) => r.id === rule)) throw new UsageError(`--keep ${args.keep}: there is no such rule`);
    if (party !== undefined && !['client', 'server', 'either', 'capture'].includes(party))
      throw new UsageError(`--keep ${args.keep}: expected the party client, server, either or capture`);
    const is = (f: Finding): boolean => f.rule.id === rule && (party === undefined || f.party === party);
    const isKept = (kind: string): boolean => kind.startsWith(party === undefined ? `${rule}@` : args.keep);
    const planner = await Planner.load(args);
    const output = openDestination(args.write, { inputs: inputPaths(args.capture) });
    const interrupt = new Interrupt(true);
    const sink = new TextOutput(1);
    const pass = async (keeper: Keeper, streams: ReadonlySet<number>): Promise<number> => {
      const tracer = streams.size === 0 ? undefined : keeper.tracer;
      const status = await runInputs([args.capture], {
        ...{ planner, detail: 'lines' as const, reporter: keeper, output: sink, signal: interrupt.signal },
        tap: tracer === undefined ? undefined : { open: (c, o) => (streams.has(c.id) ? tracer.open(c, o) : NO_SINK) },
        join: args.join !== 'never',
      });
      return interrupt.status ?? status;
    };
    const fail = (status: number, words?: string): number => {
      output.discard();
      if (words !== undefined) throw new UsageError(words);
      return status;
    };
    const first = new Keeper(is, new Set());
    const status = await pass(first, new Set());
    if (status !== 0) return fail(status);
    const { found } = first;
    if (found.size === 0) return fail(2, `${inputName(args.capture)} has no finding ${args.keep} in a stream`);
    // if the finding was more than a note, it must stay so
    const noted = [...first.kinds].filter(isKept).every(isNote);
    const has = (kinds: ReadonlySet<string>): boolean =>
      [...kinds].some((kind) => isKept(kind) && (noted || !isNote(kind)));
    const options = analysisOptions(planner.for(inputName(args.capture)), 'lines');
    const protocolOf = first.protocols;
    const related = [...protocolOf.keys()].filter((id) =>
      [...found].some((f) => protocolOf.get(id) === protocolOf.get(f)),
    );
    const progress = new Progress(true);
    let trials = 0;
    const more = (): boolean => trials < DEFAULT_LIMITS.reduceTrials && interrupt.status === null;
    let digits = 6;
    let kept: readonly Unit[] = [];
    let whole: readonly Unit[] = [];
    let protocols = new Map<number, StreamRecord['protocol']>();
    // first try the stream alone; if that does not suffice, all streams of its protocol
    for (const streams of [[Math.min(...found)], related]) {
      const keeper = new Keeper(is, new Set(streams));
      const again = await pass(keeper, new Set(streams));
      if (again !== 0) return fail(again);
      if (keeper.tracer.overflowed)
        return fail(
          2,
          `the streams that show it are larger than ${byteSize(DEFAULT_LIMITS.reduceBytes)} (limit reduceBytes)`,
        );
      digits = keeper.digits;
      protocols = keeper.protocols;
      whole = keeper.units();
      trials++;
      const kinds = await raised(whole, rule, options, digits);
      if (has(kinds)) {
        kept = whole;
        for (const kind of kinds) first.kinds.add(kind);
        break;
      }
    }
    if (kept.length === 0)
      return fail(2, `${args.keep} is no longer raised when the streams are written again, so it cannot be kept`);
    const trial = async (units: readonly Unit[]): Promise<boolean> => {
      trials++;
      progress.count(trials, DEFAULT_LIMITS.reduceTrials);
      const kinds = await raised(units, rule, options, digits);
      // a reduced session must not break rules that the original keeps: it would mislead
      return has(kinds) && [...kinds].every((kind) => first.kinds.has(kind));
    };
    const traces = [...new Set(kept.map((u) => u.trace))];
    if (traces.length > 1) {
      const few = await smallest(traces, (some) => trial(whole.filter((u) => some.includes(u.trace))), more);
      kept = whole.filter((u) => few.includes(u.trace));
    }
    kept = await smallest(kept, trial, more);
    for (const most of SIZES) {
      const smaller = kept.map((u) =>
        resized(u, protocols.get(u.trace.connection.id) ?? null, (n) => Math.min(n, most)),
      );
      if (smaller.every((u, i) => u.length === kept[i]!.length)) break;
      if (!more() || !(await trial(smaller))) continue;
      kept = smaller;
      break;
    }
    progress.clear();
    if (interrupt.status !== null) return fail(interrupt.status);
    const write = (bytes: Uint8Array): void => output.addBytes(bytes);
    const writer: CaptureWriter = /\.pcap$/.test(args.write)
      ? new PcapWriter(write)
      : new PcapngWriter(write, `wirelint ${version()}`);
    const builder = new CaptureBuilder(writer, digits);
    try {
      writeUnits(kept, builder);
    } catch (error) {
      return fail(2, (error as Error).message);
    }
    writer.flush();
    finishDestination(output, args.write);
    const messages = kept.filter((u) => u.message !== null).length;
    const words = `${count(first.packets, 'packet')}, ${count(first.messageCount, 'message')} -> ${count(builder.packets, 'packet')}, ${count(messages, 'message')} (${count(trials, 'trial')}${more() ? '' : ', then reduceTrials'})`;
    if (args['as-test'] === true) sink.add(asTest(rule, args.write, inputName(args.capture)));
    else sink.add(`${safeText(words)}\n`);
    finishDestination(sink, undefined);
    return 0;
  },
};

/** A suppression that silences nothing fails the gate, so the one printed here asserts that the rule is raised. */
function asTest(rule: string, path: string, from: string): string {
  const suppression = {
    rule,
    path: `**/${basename(path)}`,
    reason: `a test: ${rule} must be raised here (reduced from ${basename(from)})`,
  };
  return `${JSON.stringify({ suppressions: [suppression] }, null, 2)}\n`;
}

const NO_SINK = {
  bytes: () => undefined,
  gap: () => undefined,
  end: () => undefined,
  note: () => undefined,
  close: () => undefined,
};

/** Finds the streams in which the rule is raised, and keeps the messages and bytes of the wanted streams. */
class Keeper implements Reporter {
  private readonly is: (f: Finding) => boolean;
  private readonly streams: ReadonlySet<number>;
  readonly found = new Set<number>();
  /** The kinds of all findings of streams. */
  readonly kinds = new Set<string>();
  readonly protocols = new Map<number, StreamRecord['protocol']>();
  readonly tracer = new Tracer(DEFAULT_LIMITS.reduceBytes);
  private readonly messages = new Map<number, [Message[], Message[]]>();
  private readonly sealed = new Set<number>();
  packets = 0;
  messageCount = 0;
  digits = 6;

  constructor(is: (f: Finding) => boolean, streams: ReadonlySet<number>) {
    this.is = is;
    this.streams = streams;
  }

  capture(_file: string, info: CaptureInfo): void {
    this.digits = { s: 0, ms: 3, us: 6 }[info.resolution] ?? 9;
  }

  open(stream: StreamRecord): void {
    this.protocols.set(stream.id, stream.protocol);
    if (this.streams.has(stream.id)) this.messages.set(stream.id, [[], []]);
  }

  message(stream: StreamRecord, m: Message): void {
    this.messageCount++;
    const both = this.messages.get(stream.id);
    if (both === undefined) return;
    const end = m.side === CLIENT ? stream.clientEnd : stream.clientEnd === 0 ? 1 : 0;
    both[end].push(m);
  }

  finding(f: Finding): void {
    if (f.stream !== null) this.kinds.add(kindOf(f));
    if (f.stream !== null && this.is(f)) this.found.add(f.stream.id);
  }

  stream(stream: StreamRecord): void {
    // in a stream that was opened, messages' offsets count in the plaintext
    if (stream.tls !== null) this.sealed.add(stream.id);
  }

  summary(): void {}

  endOfFile(_file: string, packets: number): void {
    this.packets += packets;
  }

  units(): Unit[] {
    const units: Unit[] = [];
    for (const [id, trace] of this.tracer.traces) {
      const boundaries: Boundaries = this.sealed.has(id) ? null : (this.messages.get(id) ?? null);
      units.push(...unitsOf(trace, boundaries));
    }
    return units.sort((a, b) => a.at.packet - b.at.packet);
  }
}
