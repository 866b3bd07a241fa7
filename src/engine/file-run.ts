import { createHash } from 'node:crypto';
import type { Budget } from '../base/budget.js';
import { CONTINUED, INTERNAL, LIMIT, TLS_KEY_LOG } from '../base/capture-rules.js';
import { lazy } from '../base/lazy.js';
import { count } from '../base/text.js';
import type { CaptureInfo, CaptureNote, Packet, PacketSink } from '../capture/packet.js';
import type { Protocol } from '../contract/protocol.js';
import { LinkDecoder } from '../link/link-decoder.js';
import type { Connection } from '../stream/byte-stream.js';
import { StreamTable } from '../stream/stream-table.js';
import type { AnalysisOptions, LiveHooks } from './analysis-options.js';
import { PumpRoom } from './carry.js';
import { decodeAs } from './decode-as.js';
import type { Finding, Reporter, Summary } from './event.js';
import { effectiveSeverity } from './findings.js';
import { ParkedStreams } from './parked-streams.js';
import { ProbeStores } from './probe-stores.js';
import type { RunSecrets } from './run-secrets.js';
import { tapped } from './tap.js';
import { sharedSettings, type StreamEnvironment } from './stream-environment.js';
import { StreamIntake } from './stream-intake.js';
import type { SessionBudgets } from './session-budgets.js';

/** Takes the packets of one input through link, stream and engine. */
export class FileRun implements PacketSink {
  private readonly name: string;
  private readonly options: AnalysisOptions;
  private readonly hooks: LiveHooks;
  private readonly reporter: Reporter;
  private readonly summary: Summary;
  private readonly link: LinkDecoder;
  private readonly table: StreamTable;
  private readonly secrets: RunSecrets;
  private readonly waiting = new Set<{ poke(): void }>();
  /** Digests of the blocks of TLS secrets that were taken. */
  private readonly keyLogs = new Set<string>();
  private keyLogsDropped = 0;
  private packets = 0;
  /** `packets` at the last tick, and when the capture was last found to be quiet. */
  private ticked = 0;
  private quietAt = 0;
  private lastSeconds = 0;
  private lastNanos = 0;
  /** Bugs that were hit outside of any stream. */
  private faults = 0;
  internalErrors = 0;
  lastStream = 0;

  constructor(
    name: string,
    options: AnalysisOptions,
    hooks: LiveHooks,
    reporter: Reporter,
    budget: Budget,
    budgets: SessionBudgets,
    secrets: RunSecrets,
    summary: Summary,
    shared: (protocol: Protocol) => unknown,
  ) {
    this.name = name;
    this.options = options;
    this.hooks = hooks;
    this.reporter = reporter;
    this.summary = summary;
    this.secrets = secrets;
    const wanted = ({ id }: { readonly id: number }): boolean => options.streams.size === 0 || options.streams.has(id);
    const said = new Set<string>();
    const env: StreamEnvironment = {
      limits: options.limits,
      budget,
      budgets,
      protocols: options.protocols,
      forced: (connection: Connection) => decodeAs(options.decodeAs, connection),
      shared,
      levels: options.levels,
      details: options.details,
      settings: sharedSettings(options),
      parked: lazy(() => new ParkedStreams()),
      room: new PumpRoom(options.limits, budget),
      stores: new ProbeStores(),
      once: (record, what) => {
        if (!wanted(record) || said.has(what)) return false;
        said.add(what);
        return true;
      },
      secrets,
      waiting: this.waiting,
      secured: (record, side, event) => {
        if (wanted(record)) reporter.secured?.(record, side, event);
      },
      suppress: options.suppress,
      data: reporter.data?.bind(reporter),
      skipped: reporter.skipped?.bind(reporter),
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
        // before the summary counts it: if this throws, `closed` is called again
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
        const analysis = new StreamIntake(name, connection, origin, env, parked);
        return hooks.tap === undefined || !wanted(connection)
          ? analysis
          : tapped(hooks.tap.open(connection, origin), analysis);
      },
      note,
    );
    this.link = new LinkDecoder(options.limits, (segment) => this.table.segment(segment), note);
  }

  info(info: CaptureInfo): void {
    this.summary.files++;
    this.hooks.tee?.info?.(info);
    this.reporter.capture(this.name, info);
  }

  part(path: string, firstPacket: number): void {
    this.reporter.part?.(this.name, path, firstPacket);
  }

  ended(exitStatus: number): void {
    this.summary.programs.push({ file: this.name, exitStatus });
    this.reporter.ended?.(this.name, exitStatus);
  }

  /** TLS secrets inside the capture, as the text of a key log. */
  readonly keyLog = (text: string): void => {
    this.hooks.tee?.keyLog?.(text);
    // a file that was searched for secrets in advance brings them twice
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
      this.hooks.tee?.packet?.(packet);
      this.link.packet(packet);
    } catch (error) {
      this.fault(error, `at packet ${packet.number}, which is passed over`);
    }
  }

  private begin(): void {
    this.reporter.begin?.(this.name, this.lastSeconds, this.lastNanos);
    const doubt = this.hooks.doubt ?? null;
    if (doubt !== null) this.note({ rule: doubt.limit ? LIMIT : CONTINUED, text: doubt.text, offset: 0, length: 0 });
  }

  /** Called by a timer. If no packet came since the last call, the capture is quiet. */
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

  /** Reports a bug outside of any stream: in the layers below, or in a reporter. */
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

  /** Reports what could not be used of the TLS secrets: bad lines, and what exceeds a limit. Each is reported once. */
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
    const text = `tlsSessions: ${count(log.dropped, 'secret')} beyond those of ${log.size} sessions not kept`;
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
