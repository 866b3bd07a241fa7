import type { Limits } from '../base/limits.js';
import type { Divisible } from '../engine/divisible.js';
import { OperationTotal, type GatheredOperation } from './operation-total.js';
import { PlaceMap, type GatheredPlaces } from './place-map.js';
import { TimeSeries, type GatheredSeries } from './time-series.js';

/** How many of the longest operations are listed. */
const LONGEST = 10;

/** One operation that took long. */
export interface LongOperation {
  readonly file: string;
  readonly stream: number;
  /** Index and packet number of the request. */
  readonly index: number;
  readonly packet: number;
  readonly name: string;
  readonly what: string;
  readonly nanos: number;
}

/** Counts of one stream. */
export interface StreamTotal {
  readonly file: string;
  readonly stream: number;
  readonly protocol: string;
  readonly client: string;
  readonly server: string;
  readonly messages: number;
  readonly bytes: number;
  readonly missing: number;
  readonly requests: number;
  readonly errors: number;
  readonly unanswered: number;
  /** The most requests that were open at once. */
  readonly queue: number;
  /** Mean latency in nanoseconds; -1: unknown. */
  readonly latency: number;
  readonly longest: number;
}

/** Everything counted for one protocol. */
export class ProtocolTotal {
  readonly name: string;
  readonly messages = new Map<string, { count: number; bytes: number }>();
  readonly operations = new Map<string, OperationTotal>();
  /** The groups that a protocol defines for its operations: by kind of group, then by name (`osd` -> `osd.2` -> total). */
  readonly groups = new Map<string, Map<string, OperationTotal>>();
  readonly series: TimeSeries;
  readonly places = new PlaceMap();
  streams = 0;
  /** Stream bytes missing from the capture: counts and latencies near them are uncertain. */
  missing = 0;

  constructor(name: string, interval: number | null) {
    this.name = name;
    this.series = new TimeSeries(interval);
  }
}

type Groups<T> = ReadonlyMap<string, ReadonlyMap<string, T>>;

interface GatheredProtocol {
  readonly messages: ReadonlyMap<string, { readonly count: number; readonly bytes: number }>;
  readonly operations: ReadonlyMap<string, GatheredOperation>;
  readonly groups: Groups<GatheredOperation>;
  readonly series: GatheredSeries;
  readonly places: GatheredPlaces;
  readonly streams: number;
  readonly missing: number;
}

/** The statistics of some captures as plain data, to be sent between threads. */
export interface GatheredTotals {
  readonly protocols: ReadonlyMap<string, GatheredProtocol>;
  readonly longest: readonly LongOperation[];
  readonly streams: readonly StreamTotal[];
  readonly beyond: Totals['beyond'];
}

/** The statistics of some captures, in bounded memory. */
export class Totals implements Divisible<GatheredTotals> {
  readonly protocols = new Map<string, ProtocolTotal>();
  readonly longest: LongOperation[] = [];
  readonly streams: StreamTotal[] = [];
  /**
   * How many streams are not in the list, and how many requests, and names and groups, were not counted individually because there were too
   * many.
   */
  readonly beyond = { streams: 0, requests: 0, kinds: 0 };
  private readonly interval: number | null;
  private readonly limits: Readonly<Limits>;

  /** `interval`: see TimeSeries. */
  constructor(interval: number | null, limits: Readonly<Limits>) {
    this.interval = interval;
    this.limits = limits;
  }

  of(protocol: string): ProtocolTotal {
    let total = this.protocols.get(protocol);
    if (total === undefined) this.protocols.set(protocol, (total = new ProtocolTotal(protocol, this.interval)));
    return total;
  }

  /**
   * The entry of that name. The traffic decides how many names there are, so beyond `limits.statsNames` all further names share the entry
   * `others`.
   */
  entry<T>(map: Map<string, T>, name: string, make: () => T): T {
    let entry = map.get(name);
    if (entry !== undefined) return entry;
    const crowded = map.size >= this.limits.statsNames;
    if (crowded) this.beyond.kinds++;
    const key = crowded ? 'others' : name;
    entry = map.get(key);
    if (entry === undefined) map.set(key, (entry = make()));
    return entry;
  }

  list(stream: StreamTotal): void {
    if (this.streams.length < this.limits.listItems) this.streams.push(stream);
    else this.beyond.streams++;
  }

  /** Whether an operation of this duration is among the longest so far. */
  isLong(nanos: number): boolean {
    return this.longest.length < LONGEST || nanos > this.longest[LONGEST - 1]!.nanos;
  }

  long(operation: LongOperation): void {
    const { longest } = this;
    if (!this.isLong(operation.nanos)) return;
    let i = longest.length;
    while (i > 0 && longest[i - 1]!.nanos < operation.nanos) i--;
    longest.splice(i, 0, operation);
    if (longest.length > LONGEST) longest.pop();
  }

  gathered(): GatheredTotals {
    const { longest, streams, beyond } = this;
    return { protocols: mapped(this.protocols, gatheredProtocol), longest, streams, beyond };
  }

  goOn({ protocols, longest, streams, beyond }: GatheredTotals): void {
    for (const [name, more] of protocols) this.protocol(this.of(name), more);
    for (const operation of longest) this.long(operation);
    for (const stream of streams) this.list(stream);
    for (const key of ['streams', 'requests', 'kinds'] as const) this.beyond[key] += beyond[key];
  }

  private protocol(total: ProtocolTotal, more: GatheredProtocol): void {
    for (const [name, { count, bytes }] of more.messages) {
      const own = this.entry(total.messages, name, noMessages);
      own.count += count;
      own.bytes += bytes;
    }
    this.operations(total.operations, more.operations);
    for (const [by, names] of more.groups) this.operations(this.entry(total.groups, by, noOperations), names);
    total.series.goOn(more.series);
    total.places.goOn(more.places);
    total.streams += more.streams;
    total.missing += more.missing;
  }

  private operations(to: Map<string, OperationTotal>, more: ReadonlyMap<string, GatheredOperation>): void {
    for (const [name, operation] of more) this.entry(to, name, () => new OperationTotal()).goOn(operation);
  }
}

export function noMessages(): { count: number; bytes: number } {
  return { count: 0, bytes: 0 };
}

export function noOperations(): Map<string, OperationTotal> {
  return new Map();
}

function gatheredProtocol(p: ProtocolTotal): GatheredProtocol {
  const gathered = (o: OperationTotal): GatheredOperation => o.gathered();
  return {
    messages: p.messages,
    operations: mapped(p.operations, gathered),
    groups: mapped(p.groups, (names) => mapped(names, gathered)),
    series: p.series.gathered(),
    places: p.places.gathered(),
    streams: p.streams,
    missing: p.missing,
  };
}

function mapped<A, B>(map: ReadonlyMap<string, A>, to: (value: A) => B): Map<string, B> {
  return new Map([...map].map(([key, value]) => [key, to(value)]));
}
