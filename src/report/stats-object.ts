import type { Json } from '../base/annotation.js';
import type { Measure } from '../measure/measure.js';
import type { ProtocolTotal, StreamTotal } from '../measure/totals.js';
import type { OperationTotal } from '../measure/operation-total.js';

/** The numbers of a run as one JSON document. Times are in seconds. */
export function statsObject(measure: Measure): Record<string, Json> {
  const s = measure.summaryOfRun;
  return {
    files: s?.files ?? 0,
    packets: s?.packets ?? 0,
    streams: measure.streams.map(streamObject),
    protocols: Object.fromEntries([...measure.protocols].map(([name, total]) => [name, protocolObject(total)])),
    longest: measure.longest.map((l) => ({
      file: l.file,
      stream: l.stream,
      index: l.index,
      packet: l.packet,
      operation: l.name,
      what: l.what,
      latency: l.nanos / 1e9,
    })),
    notCounted: { ...measure.beyond },
  };
}

function streamObject(s: StreamTotal): Record<string, Json> {
  const { latency, longest, ...rest } = s;
  return { ...rest, latency: latency < 0 ? null : { mean: latency / 1e9, max: longest / 1e9 } };
}

function operationsObject(operations: ReadonlyMap<string, OperationTotal>): Record<string, Json> {
  return Object.fromEntries([...operations].map(([name, o]) => [name, o.toJSON()]));
}

function protocolObject(total: ProtocolTotal): Record<string, Json> {
  return {
    streams: total.streams,
    missing: total.missing,
    messages: Object.fromEntries([...total.messages].map(([name, m]) => [name, { ...m }])),
    operations: operationsObject(total.operations),
    groups: Object.fromEntries([...total.groups].map(([by, group]) => [by, operationsObject(group)])),
    interval: total.series.seconds,
    intervals: total.series.intervals().map((i) => ({ ...i })),
    places: { size: total.places.size, others: [...total.places.read], written: [...total.places.written] },
  };
}

/** Rows of operations, by protocol and by the protocol's groups, as CSV (RFC 4180). */
export function statsCsv(measure: Measure): string {
  const head = 'protocol,by,name,count,answered,errors,bytes,mean,p50,p90,p99,p999,max,sequential,aligned';
  const rows = [head];
  for (const total of measure.protocols.values()) {
    for (const [name, o] of total.operations) rows.push(csvRow(total.name, 'operation', name, o));
    for (const [by, group] of total.groups) for (const [name, o] of group) rows.push(csvRow(total.name, by, name, o));
  }
  return `${rows.join('\r\n')}\r\n`;
}

function csvRow(protocol: string, by: string, name: string, o: OperationTotal): string {
  const l = o.latencies.summary();
  const times =
    l === null ? ['', '', '', '', '', ''] : [l.mean, l.p50, l.p90, l.p99, l.p999, l.max].map((n) => String(n / 1e9));
  const share = (part: number): string => (o.placed === 0 ? '' : String(part / o.placed));
  return [protocol, by, name, o.count, o.answered, o.failed, o.bytes, ...times, share(o.sequential), share(o.aligned)]
    .map((cell) => csvCell(String(cell)))
    .join(',');
}

/** A field of RFC 4180. */
export function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
