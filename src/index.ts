/**
 * The public API: open captures and iterate their events, list the rules. The events are the objects of the ndjson format
 * (README, "Events").
 *
 *     for await (const event of openCapture('session.pcap')) if (event.type === 'finding') console.log(event.text);
 */
import { CAPTURE_RULES } from './base/capture-rules.js';
import { DEFAULT_LIMITS, type Limits } from './base/limits.js';
import { nearest } from './base/nearest.js';
import type { Needs, Party, Severity } from './base/rule.js';
import { Analysis, type CaptureInput } from './engine/analysis.js';
import type { AnalysisOptions } from './engine/analysis-options.js';
import { parseDecodeAs } from './engine/decode-as.js';
import type { RuleLevel } from './engine/findings.js';
import { joinInputs, unjoined } from './engine/joining/join.js';
import { rehearse } from './engine/rehearsal.js';
import { PROTOCOLS } from './protocols/registry.js';
import type { Event } from './report/event-object.js';
import { EventReporter } from './report/event-reporter.js';

export type {
  BothWays,
  CaptureEvent,
  Direction,
  Event,
  FindingEvent,
  MessageEvent,
  StreamEvent,
  SummaryEvent,
} from './report/event-object.js';
export type { Confidence, Needs, Party, Severity } from './base/rule.js';
export type { Limits } from './base/limits.js';
export type { Json } from './base/annotation.js';
export type { CaptureInput } from './engine/analysis.js';
export type { RuleLevel } from './engine/findings.js';
export { NotACapture, type CaptureFormat } from './capture/packet.js';

export interface OpenOptions {
  /** Names of the protocols to look for; all, where not given. */
  readonly protocols?: readonly string[];
  /** `SELECTOR=PROTOCOL`, as for `--decode-as`: `10810=nbd`, `unix:/run/x.sock=pesto`, `stream:3=arca`. */
  readonly decodeAs?: readonly string[];
  /** Only these stream numbers. */
  readonly streams?: readonly number[];
  /** Levels of rules by id. */
  readonly rules?: Readonly<Record<string, RuleLevel>>;
  /** Ceph keyring files. */
  readonly keyrings?: readonly string[];
  /** TLS key logs (NSS format), to open TLS. */
  readonly tlsKeylogs?: readonly string[];
  readonly showSecrets?: boolean;
  /** Bounds on memory and work, where they are to differ from the defaults. */
  readonly limits?: Partial<Limits>;
  /** Goes on at the end of a regular file as it grows, until `signal`. */
  readonly follow?: boolean;
  /** `auto` (the default): captures that continue one another are read as one recording; `never`: each by itself. */
  readonly join?: 'auto' | 'never';
  /** Ends the input early: what was read so far is reported in full. */
  readonly signal?: AbortSignal;
}

/**
 * Reads captures (paths, `-` for standard input, or pairs of raw stream files) and gives their events in capture order, the
 * summary last. Memory stays bounded: reading waits while the consumer is busy. Throws NotACapture or the system's error where an
 * input cannot be read, and an Error where an option makes no sense.
 */
export async function* openCapture(
  inputs: CaptureInput | readonly CaptureInput[],
  options: OpenOptions = {},
): AsyncGenerator<Event, void, void> {
  const list = Array.isArray(inputs) ? (inputs as readonly CaptureInput[]) : [inputs as CaptureInput];
  const channel = new Channel();
  const stop = new AbortController();
  const signal = options.signal === undefined ? stop.signal : AbortSignal.any([options.signal, stop.signal]);
  const settings = analysisOptions(options);
  for (const p of settings.protocols) p.validate?.(settings);
  const reading = (async () => {
    const recordings =
      options.join === 'never' || options.follow === true ? unjoined(list) : await joinInputs(list, signal);
    const read = recordings.map((r) => r.input);
    const learned = options.follow ? undefined : await rehearse(read, settings, () => ({ signal }));
    const analysis = new Analysis({ ...settings, learned }, new EventReporter((event) => channel.put(event)));
    for (const { input, doubt } of recordings) {
      if (signal.aborted) break;
      await analysis.run(input, { doubt, signal, follow: options.follow, batch: () => channel.drained(stop.signal) });
    }
    analysis.finish();
  })().then(
    () => channel.close(null),
    (error: unknown) => channel.close(error),
  );
  try {
    for (let batch = await channel.take(); batch !== null; batch = await channel.take()) yield* batch;
  } finally {
    stop.abort();
    channel.discard();
    await reading;
  }
}

/** Hands batches of events from the analysis, which pushes, to the consumer, who pulls. */
class Channel {
  private events: Event[] = [];
  private closed = false;
  private failure: unknown = null;
  private discarding = false;
  private wakeConsumer: (() => void) | null = null;
  private wakeProducer: (() => void) | null = null;

  put(event: Event): void {
    if (!this.discarding) this.events.push(event);
  }

  /** What there is, as soon as there is something; null at the end. Rejects with the error that ended the analysis. */
  async take(): Promise<Event[] | null> {
    this.wakeProducer?.();
    while (this.events.length === 0) {
      if (this.closed) {
        if (this.failure !== null) throw this.failure;
        return null;
      }
      await new Promise<void>((resolve) => (this.wakeConsumer = resolve));
    }
    const batch = this.events;
    this.events = [];
    return batch;
  }

  /** Wakes the consumer, and waits until it has come back for more. */
  async drained(signal: AbortSignal): Promise<void> {
    if (this.events.length === 0 || signal.aborted) return;
    const asked = new Promise<void>((resolve) => (this.wakeProducer = resolve));
    this.wakeConsumer?.();
    await asked;
    if (this.events.length > 0) await this.drained(signal);
  }

  close(failure: unknown): void {
    this.closed = true;
    this.failure = failure;
    this.wakeConsumer?.();
  }

  discard(): void {
    this.discarding = true;
    this.events = [];
    this.wakeProducer?.();
  }
}

const LEVELS: ReadonlySet<string> = new Set(['off', 'note', 'warning', 'error']);

/** Throws an Error that says what was meant where a name is not known. */
function known(what: string, name: string, names: ReadonlySet<string>, where = ''): void {
  if (names.has(name)) return;
  const near = nearest(name, names);
  throw new Error(`unknown ${what} ${JSON.stringify(name)}${where}${near === null ? '' : `; did you mean ${near}?`}`);
}

function analysisOptions(options: OpenOptions): AnalysisOptions {
  const names = options.protocols;
  for (const name of names ?? []) known('protocol', name, new Set(PROTOCOLS.map((p) => p.name)));
  const ids = new Set(listRules().map((r) => r.id));
  for (const [id, level] of Object.entries(options.rules ?? {})) {
    known('rule', id, ids);
    known('level', level, LEVELS, ` of rule ${id}`);
  }
  return {
    limits: { ...DEFAULT_LIMITS, ...options.limits },
    protocols: PROTOCOLS.filter((p) => names === undefined || names.includes(p.name)),
    decodeAs: (options.decodeAs ?? []).map((text) => parseDecodeAs(text, PROTOCOLS)),
    streams: new Set(options.streams),
    levels: new Map(Object.entries(options.rules ?? {})),
    keyrings: options.keyrings ?? [],
    tlsKeylogs: options.tlsKeylogs ?? [],
    tlsKeylogsGrow: options.follow ?? false,
    showSecrets: options.showSecrets ?? false,
    details: true,
    bytes: true,
  };
}

export interface RuleInfo {
  readonly id: string;
  readonly severity: Severity;
  readonly party: Party;
  readonly needs: Needs;
  readonly title: string;
  readonly meaning: string;
  readonly spec: string;
  /** Whether it is only reported where it is switched on. */
  readonly off: boolean;
}

/** All rules, those about the capture itself last. */
export function listRules(): RuleInfo[] {
  return [...PROTOCOLS.flatMap((p) => p.rules), ...CAPTURE_RULES].map((r) => ({
    id: r.id,
    severity: r.severity,
    party: r.party,
    needs: r.needs,
    title: r.title,
    meaning: r.meaning,
    spec: r.spec,
    off: r.off ?? false,
  }));
}

export interface ProtocolInfo {
  readonly name: string;
  readonly title: string;
}

/** The protocols that wirelint knows. */
export function listProtocols(): ProtocolInfo[] {
  return PROTOCOLS.map(({ name, title }) => ({ name, title }));
}
