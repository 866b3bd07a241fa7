import { createHash } from 'node:crypto';
import { CONTINUED, INTERNAL, LIMIT, TLS_KEY_LOG } from '../base/capture-rules.js';
import type { Limits } from '../base/limits.js';
import { pathStat } from '../base/path-stat.js';
import { count } from '../base/text.js';
import { NotACapture, type CaptureNote, type Packet, type PacketSink, type CaptureInfo } from '../capture/packet.js';
import { inputName, inputPaths, openCapture, type CaptureInput, type ReadHooks } from '../capture/source.js';
import { isCompressed, readSecrets, scanSecrets } from '../capture/secrets.js';
import type { Protocol, ProtocolOptions } from '../contract/protocol.js';
import { LinkDecoder } from '../link/link-decoder.js';
import type { Connection } from '../stream/byte-stream.js';
import { StreamTable } from '../stream/stream-table.js';
import { Budget } from '../base/budget.js';
import { decodeAs, type DecodeAs } from './decode-as.js';
import type { Finding, Reporter, Summary } from './event.js';
import { PumpRoom } from './carry.js';
import { ParkedStreams } from './parked-streams.js';
import { effectiveSeverity, type RuleLevels } from './findings.js';
import { RunSecrets } from './run-secrets.js';
import { StreamAnalysis, type StreamEnvironment } from './stream-analysis.js';

export interface AnalysisOptions extends ProtocolOptions {
  readonly limits: Readonly<Limits>;
  /** Protocols to look for. */
  readonly protocols: readonly Protocol[];
  readonly decodeAs: readonly DecodeAs[];
  /** Only these stream numbers are reported; empty: all. */
  readonly streams: ReadonlySet<number>;
  readonly levels: RuleLevels;
  /** Paths of TLS key logs (NSS format). */
  readonly tlsKeylogs?: readonly string[];
  /** Whether these may be written while captures are read. */
  readonly tlsKeylogsGrow?: boolean;
  /** Whether messages are printed (and keep their first bytes for that). */
  readonly details: boolean;
  /** Whether their bytes are printed. */
  readonly bytes: boolean;
  /** Findings for which this returns true are neither reported nor counted. */
  readonly suppress?: (finding: Finding) => boolean;
}

export { inputName, inputParts, inputPaths, type CaptureInput, type MadeInput } from '../capture/source.js';

export interface RunHooks extends ReadHooks {
  /** Ends the input early and cleanly. */
  readonly signal?: AbortSignal;
  /** Whether to wait for more at the end of a regular file. */
  readonly follow?: boolean;
  /**
   * Milliseconds without a packet after which what is missing counts as lost: in a live capture nothing more may come that
   * would prove it, and what was captured has to be shown.
   */
  readonly quietAfter?: number;
  /** Where it is not certain whether this capture continues another one (see joinInputs). */
  readonly doubt?: JoinDoubt | null;
}

/** Why it is not certain whether a capture continues another one. */
export interface JoinDoubt {
  /** Whether a limit kept it from being found out. */
  readonly limit: boolean;
  readonly text: string;
}

/**
 * Carries captures through all floors into a reporter. One analysis is one run: protocols keep what they learn (tickets,
 * listings) from file to file, the summary counts over all.
 */
export class Analysis {
  private readonly options: AnalysisOptions;
  private readonly reporter: Reporter;
  private readonly shared = new Map<Protocol, unknown>();
  private readonly budget: Budget;
  private readonly held: Budget;
  private readonly secrets: RunSecrets;
  readonly summary: Summary = {
    files: 0,
    packets: 0,
    streams: 0,
    messages: 0,
    findings: { error: 0, warning: 0, note: 0 },
    protocols: {},
    messagesByProtocol: {},
  };
  /** Streams whose decoding failed inside wirelint. */
  internalErrors = 0;
  /** The highest number of a stream, whether it was wanted or not. */
  lastStream = 0;

  constructor(options: AnalysisOptions, reporter: Reporter) {
    this.options = options;
    this.reporter = reporter;
    this.budget = new Budget(options.limits.bufferedBytes);
    this.held = new Budget(options.limits.heldMessages);
    this.secrets = new RunSecrets(options.tlsKeylogs ?? [], options.limits, options.tlsKeylogsGrow ?? false);
  }

  /**
   * Analyzes one input to its end. Throws NotACapture, or what the file system says; nothing else: a bug is a finding, and the analysis
   * goes on where it can. `options`: where this input has others than the run; keyrings and what protocols share are always the run's.
   */
  async run(input: CaptureInput, hooks: RunHooks = {}, options = this.options): Promise<void> {
    const name = inputName(input);
    const source = await openCapture(input, {
      limits: this.options.limits,
      signal: hooks.signal,
      follow: hooks.follow,
    });
    const live = this.live(name, options, hooks.doubt ?? null);
    await this.findSecrets(input, hooks, live.sink);
    const quiet = hooks.quietAfter === undefined ? undefined : setInterval(() => live.tick(), hooks.quietAfter / 2);
    try {
      await source.read(live.sink, hooks);
    } catch (error) {
      if (isExpected(error)) throw error;
      live.fault(error);
    } finally {
      clearInterval(quiet);
      live.end();
      this.secrets.lookAhead(null);
    }
  }

  /** Secrets may stand behind the packets that they open: a file can be read ahead. */
  private async findSecrets(input: CaptureInput, hooks: RunHooks, sink: PacketSink): Promise<void> {
    if (hooks.follow || (typeof input !== 'string' && 'client' in input)) return;
    const { limits } = this.options;
    const take = (text: string): void => sink.keyLog?.(text);
    const plain: string[] = [];
    for (const path of inputPaths(input)) {
      if (path === '-' || pathStat(path)?.isFile() !== true) continue;
      try {
        if (isCompressed(path)) await readSecrets(path, limits, take, hooks.signal);
        else plain.push(path);
      } catch {
        // whoever reads the packets will say what is wrong with the file
      }
    }
    if (plain.length > 0)
      this.secrets.lookAhead(() => {
        for (const path of plain) scanSecrets(path, limits, take);
      });
  }

  /** Takes packets that the program itself makes. `end` comes last. */
  live(name: string, options = this.options, doubt: JoinDoubt | null = null): LiveInput {
    const file = new FileRun(
      name,
      options,
      doubt,
      this.reporter,
      this.budget,
      this.held,
      this.secrets,
      this.summary,
      (p) => this.sharedOf(p),
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

  /** What the protocols have learned for another pass over the same inputs. */
  learned(): Record<string, unknown> {
    const learned: Record<string, unknown> = {};
    for (const [protocol, shared] of this.shared) {
      const facts = protocol.learned?.(shared);
      if (facts !== undefined) learned[protocol.name] = facts;
    }
    return learned;
  }

  private sharedOf(protocol: Protocol): unknown {
    if (!this.shared.has(protocol)) this.shared.set(protocol, protocol.createShared(this.options));
    return this.shared.get(protocol);
  }
}

/** An input that somebody else reads. */
export interface LiveInput {
  readonly sink: PacketSink;
  /** See FileRun. */
  tick(): void;
  /** Reading it failed by a bug. */
  fault(error: unknown): void;
  end(): void;
}

/** What is wrong with the input or the system that it comes from, and not with us. */
function isExpected(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof NotACapture || error.name === 'AbortError' || 'syscall' in error || 'errno' in error;
}

/** One input on its way through link, stream and engine. */
class FileRun implements PacketSink {
  private readonly name: string;
  private readonly options: AnalysisOptions;
  private readonly doubt: JoinDoubt | null;
  private readonly reporter: Reporter;
  private readonly summary: Summary;
  private readonly link: LinkDecoder;
  private readonly table: StreamTable;
  private readonly secrets: RunSecrets;
  private readonly waiting = new Set<{ poke(): void }>();
  /** Digests of the secrets blocks that were taken. */
  private readonly keyLogs = new Set<string>();
  private keyLogsDropped = 0;
  private packets = 0;
  /** Packets at the last tick, and when it was found that no more came. */
  private ticked = 0;
  private quietAt = 0;
  private lastSeconds = 0;
  private lastNanos = 0;
  /** Bugs that were met below the streams. */
  private faults = 0;
  internalErrors = 0;
  lastStream = 0;

  constructor(
    name: string,
    options: AnalysisOptions,
    doubt: JoinDoubt | null,
    reporter: Reporter,
    budget: Budget,
    held: Budget,
    secrets: RunSecrets,
    summary: Summary,
    shared: (protocol: Protocol) => unknown,
  ) {
    this.name = name;
    this.options = options;
    this.doubt = doubt;
    this.reporter = reporter;
    this.summary = summary;
    this.secrets = secrets;
    const wanted = ({ id }: { readonly id: number }): boolean => options.streams.size === 0 || options.streams.has(id);
    const env: StreamEnvironment = {
      limits: options.limits,
      budget,
      held,
      protocols: options.protocols,
      forced: (connection: Connection) => decodeAs(options.decodeAs, connection),
      shared,
      levels: options.levels,
      details: options.details,
      bytes: options.bytes,
      parked: new ParkedStreams(),
      room: new PumpRoom(),
      named: new Set(),
      secrets,
      waiting: this.waiting,
      secured: (record, side, event) => {
        if (wanted(record)) reporter.secured?.(record, side, event);
      },
      suppress: options.suppress,
      data: reporter.data?.bind(reporter),
      opened: (record) => {
        if (wanted(record)) reporter.open?.(record);
      },
      message: (record, message) => {
        if (!wanted(record)) return;
        summary.messages++;
        reporter.message(record, message);
      },
      finding: (finding) => {
        if (finding.rule === INTERNAL) this.internalErrors++;
        if (finding.stream === null || wanted(finding.stream)) this.report(finding);
      },
      closed: (record) => {
        if (!wanted(record)) return;
        // first of all, as it may fail and be asked for again
        reporter.stream(record);
        const protocol = record.protocol?.name;
        if (protocol !== undefined) {
          summary.protocols[protocol] = (summary.protocols[protocol] ?? 0) + 1;
          summary.messagesByProtocol[protocol] = (summary.messagesByProtocol[protocol] ?? 0) + record.messages;
        }
      },
    };
    const note = (n: CaptureNote): void => this.note(n);
    this.table = new StreamTable(
      options.limits,
      (connection, origin, parked) => {
        this.lastStream = Math.max(this.lastStream, connection.id);
        if (parked < 0 && wanted(connection)) summary.streams++;
        return new StreamAnalysis(name, connection, origin, env, parked);
      },
      note,
    );
    this.link = new LinkDecoder(options.limits, (segment) => this.table.segment(segment), note);
  }

  info(info: CaptureInfo): void {
    this.summary.files++;
    this.reporter.capture(this.name, info);
  }

  part(path: string, firstPacket: number): void {
    this.reporter.part?.(this.name, path, firstPacket);
  }

  ended(exitStatus: number): void {
    this.reporter.ended?.(this.name, exitStatus);
  }

  /** Secrets that stand in the capture itself, as the text of a key log. */
  readonly keyLog = (text: string): void => {
    // a file that was read ahead brings its secrets twice
    const digest = createHash('sha256').update(text).digest('base64');
    if (this.keyLogs.has(digest)) return;
    if (this.keyLogs.size >= this.options.limits.tlsSecretBlocks) {
      this.keyLogsDropped++;
      return;
    }
    this.keyLogs.add(digest);
    this.secrets.log.add(text, this.name);
    for (const stream of [...this.waiting]) stream.poke();
  };

  packet(packet: Packet): void {
    this.lastSeconds = packet.seconds;
    this.lastNanos = packet.nanos;
    if (this.packets++ === 0) this.begin();
    try {
      this.link.packet(packet);
    } catch (error) {
      this.fault(error, `at packet ${packet.number}, which is passed over`);
    }
  }

  private begin(): void {
    this.reporter.begin?.(this.name, this.lastSeconds, this.lastNanos);
    const { doubt } = this;
    if (doubt !== null) this.note({ rule: doubt.limit ? LIMIT : CONTINUED, text: doubt.text, offset: 0, length: 0 });
  }

  /** Called at equal times: the second time that no packet came in between, the capture is quiet. */
  tick(): void {
    for (const stream of [...this.waiting]) stream.poke();
    const { packets } = this;
    const idle = packets === this.ticked;
    this.ticked = packets;
    if (!idle || this.quietAt === packets) return;
    this.quietAt = packets;
    try {
      this.table.quiet();
      this.reporter.flush?.();
    } catch (error) {
      this.fault(error, 'while nothing came');
    }
  }

  /** A bug below the streams, or in what is printed. */
  fault(error: unknown, where: string): void {
    this.internalErrors++;
    if (++this.faults > this.options.limits.findingsPerRule) return;
    const what = error instanceof Error ? error.message : String(error);
    this.note({ rule: INTERNAL, text: `${what} (${where})`, offset: 0, length: 0 });
  }

  note(note: CaptureNote): void {
    const severity = effectiveSeverity(note.rule, undefined, 'certain', this.options.levels);
    if (severity === null) return;
    const finding: Finding = {
      file: this.name,
      stream: null,
      rule: note.rule,
      severity,
      party: note.rule.party,
      confidence: 'certain',
      side: null,
      message: null,
      related: [],
      offset: note.offset,
      length: note.length,
      packet: this.packets,
      seconds: this.lastSeconds,
      nanos: this.lastNanos,
      text: note.text,
    };
    if (!this.options.suppress?.(finding)) this.report(finding);
  }

  end(): void {
    try {
      this.link.end();
      this.table.end();
    } catch (error) {
      this.fault(error, 'at the end of the file; streams may be missing');
    }
    const more = this.faults - this.options.limits.findingsPerRule;
    if (more > 0) this.note({ rule: INTERNAL, text: `and ${more} more like these`, offset: 0, length: 0 });
    this.tellBadLines();
    this.summary.packets += this.packets;
    this.reporter.endOfFile?.(this.name, this.packets);
  }

  /** Says how many lines of key logs were passed over: once for each. */
  private tellBadLines(): void {
    const { log } = this.secrets;
    for (const [source, lines] of log.badLines) {
      const what = source === this.name ? 'the secrets in this file' : `the key log ${source}`;
      const text = `${count(lines, 'line')} of ${what} cannot be used and ${lines === 1 ? 'is' : 'are'} passed over`;
      this.note({ rule: TLS_KEY_LOG, text, offset: 0, length: 0 });
    }
    log.badLines.clear();
    const { tlsKeyLogBytes, tlsSecretBlocks } = this.options.limits;
    for (const path of this.secrets.cutFiles()) {
      const text = `tlsKeyLogBytes: the key log ${path} is read up to byte ${tlsKeyLogBytes} only`;
      this.note({ rule: TLS_KEY_LOG, text, offset: 0, length: 0 });
    }
    if (this.keyLogsDropped > 0) {
      const text = `tlsSecretBlocks: ${count(this.keyLogsDropped, 'block')} of secrets beyond the first ${tlsSecretBlocks} are passed over`;
      this.note({ rule: TLS_KEY_LOG, text, offset: 0, length: 0 });
    }
    if (log.dropped === 0) return;
    const text = `tlsSessions: secrets of ${count(log.dropped, 'line')} beyond ${log.size} sessions are not kept`;
    this.note({ rule: TLS_KEY_LOG, text, offset: 0, length: 0 });
    log.dropped = 0;
  }

  private report(finding: Finding): void {
    this.summary.findings[finding.severity]++;
    try {
      this.reporter.finding(finding);
    } catch (error) {
      if (finding.rule === INTERNAL) throw error;
      this.fault(error, `while printing a finding of ${finding.rule.id}`);
    }
  }
}
