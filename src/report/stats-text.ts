import { byteSize, count } from '../base/text.js';
import { textWidth, wrapText } from '../base/text-width.js';
import { duration } from '../base/time.js';
import { bar, sparkline, squeezed } from '../measure/chart.js';
import type { Measure } from '../measure/measure.js';
import type { ProtocolTotal } from '../measure/totals.js';
import { ALIGNMENT, type OperationTotal } from '../measure/operation-total.js';
import { paragraphs } from './grid.js';
import { theme, type Paint, type Theme } from './theme.js';
import { printable } from './words.js';

export interface StatsTextOptions {
  readonly colors: boolean;
  /** Columns to fill. */
  readonly width: number;
  /** The same for tables, which are not narrowed if the output is no terminal. */
  readonly tableWidth: number;
  /** Whether rows of intervals were asked for. */
  readonly intervals: boolean;
}

/** Most streams, messages and groups that are listed. JSON and CSV have all. */
const LISTED = 20;

/** The numbers of a run as text with small charts. */
export function statsText(measure: Measure, options: StatsTextOptions): string {
  return new StatsText(measure, options).text();
}

class StatsText {
  private readonly measure: Measure;
  private readonly options: StatsTextOptions;
  private readonly t: Theme;
  private readonly lines: string[] = [];

  constructor(measure: Measure, options: StatsTextOptions) {
    this.measure = measure;
    this.options = options;
    this.t = theme(options.colors);
  }

  text(): string {
    const { measure } = this;
    const s = measure.summaryOfRun;
    if (s !== null)
      this.lines.push(
        `${count(s.files, 'capture')}, ${count(s.packets, 'packet')}, ${count(s.streams, 'stream')}, ${count(s.messages, 'message')}`,
      );
    const totals = [...measure.protocols.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const total of totals) this.protocol(total);
    this.longest();
    this.streams();
    const { streams, requests, kinds } = measure.beyond;
    if (requests > 0) this.lines.push('', `${count(requests, 'request')} not followed (limit heldMessages)`);
    if (kinds > 0) this.lines.push('', `${kinds} counted as "others" (limit statsNames)`);
    if (streams > 0) this.lines.push('', `${count(streams, 'stream')} not listed one by one (limit listItems)`);
    if (totals.length === 0) this.lines.push('', 'no stream of a known protocol');
    return `${this.lines.join('\n')}\n`;
  }

  private protocol(total: ProtocolTotal): void {
    let messages = 0;
    let bytes = 0;
    for (const m of total.messages.values()) {
      messages += m.count;
      bytes += m.bytes;
    }
    this.lines.push(
      '',
      `${this.t.title(total.name)}   ${count(total.streams, 'stream')}, ${count(messages, 'message')}, ${byteSize(bytes)}`,
    );
    if (total.missing > 0)
      this.lines.push(
        `  ${this.t.severity.warning('~')} ${byteSize(total.missing)} were not captured: counts are too low, latencies and queue depth doubtful`,
      );
    if (total.operations.size > 0) this.operations('operation', total.operations);
    for (const [by, group] of total.groups) this.operations(by, group);
    this.times(total);
    this.series(total);
    this.places(total);
    this.table(
      ['message', 'count', 'bytes'],
      [...total.messages]
        .sort((a, b) => b[1].count - a[1].count)
        .slice(0, LISTED)
        .map(([name, m]) => [printable(name), String(m.count), byteSize(m.bytes)]),
      total.messages.size,
    );
  }

  private operations(title: string, operations: ReadonlyMap<string, OperationTotal>): void {
    const rows = [...operations].sort((a, b) => b[1].count - a[1].count || (a[0] < b[0] ? -1 : 1));
    const placed = rows.some(([, o]) => o.placed > 0);
    const head = [title, 'count', 'errors', 'bytes', 'p50', 'p90', 'p99', 'p99.9', 'max'];
    if (placed) head.push('in order', 'aligned');
    this.table(
      head,
      rows.slice(0, LISTED).map(([name, o]) => {
        const l = o.latencies.summary();
        const times = l === null ? ['', '', '', '', ''] : [l.p50, l.p90, l.p99, l.p999, l.max].map(duration);
        const row = [
          printable(name),
          String(o.count),
          o.failed === 0 ? '' : String(o.failed),
          byteSize(o.bytes),
          ...times,
        ];
        if (placed) row.push(percent(o.sequential, o.placed), percent(o.aligned, o.placed));
        return row;
      }),
      rows.length,
      placed ? head.length - 2 : head.length,
    );
    const errors = rows.flatMap(([name, o]) =>
      [...o.errors].map(([error, n]) => `${printable(name)} ${printable(error)} ${n}`),
    );
    if (errors.length > 0) this.wrapped(`errors: ${errors.slice(0, LISTED).join(', ')}`);
    if (placed)
      this.wrapped(`in order: begins where the one before ended; aligned: to ${byteSize(ALIGNMENT)}`, this.t.dim);
  }

  /** Histograms of the latency of the two most frequent operations. */
  private times(total: ProtocolTotal): void {
    const frequent = [...total.operations]
      .filter(([, o]) => o.latencies.count > 1)
      .sort((a, b) => b[1].count - a[1].count);
    for (const [name, operation] of frequent.slice(0, 2)) {
      const bars = operation.times.bars();
      const most = Math.max(...bars.map((b) => b.count));
      this.lines.push('', `  latency of ${printable(name)}`);
      const room = Math.max(10, this.options.width - 30);
      for (const b of bars)
        this.lines.push(`  ${`<= ${duration(b.to)}`.padStart(12)}  ${bar(b.count / most, room)} ${b.count}`);
    }
  }

  private series(total: ProtocolTotal): void {
    const intervals = total.series.intervals();
    if (intervals.length < 2) return;
    const { seconds } = total.series;
    const room = Math.max(10, Math.min(intervals.length, this.options.width - 40));
    const per = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length / seconds;
    const most = (values: readonly number[]): number => Math.max(...values);
    const rows: [string, readonly number[], string][] = [
      [
        'requests',
        squeezed(
          intervals.map((i) => i.requests),
          room,
          per,
        ),
        '/s',
      ],
      [
        'throughput',
        squeezed(
          intervals.map((i) => i.bytes),
          room,
          per,
        ),
        'B/s',
      ],
      [
        'queue',
        squeezed(
          intervals.map((i) => i.queue),
          room,
          most,
        ),
        '',
      ],
    ];
    const span = duration(Math.round(intervals.length * seconds * 1e9));
    this.lines.push('', `  over ${span}`);
    for (const [name, values, unit] of rows) {
      const top = Math.max(...values);
      const text = unit === 'B/s' ? `${byteSize(Math.round(top))}/s` : `${Math.round(top)}${unit}`;
      this.lines.push(`  ${name.padStart(12)}  ${sparkline(values)}  peak ${text}`);
    }
    if (!this.options.intervals) return;
    this.table(
      ['from', 'requests', 'replies', 'errors', 'bytes', 'queue'],
      intervals.map((i) => [
        `${Number(i.at.toFixed(6))} s`,
        String(i.requests),
        String(i.replies),
        i.errors === 0 ? '' : String(i.errors),
        byteSize(i.bytes),
        String(i.queue),
      ]),
      intervals.length,
    );
  }

  private places(total: ProtocolTotal): void {
    const { read, written, size } = total.places;
    const used =
      Math.max(
        read.findLastIndex((n) => n > 0),
        written.findLastIndex((n) => n > 0),
      ) + 1;
    if (used === 0) return;
    this.lines.push('', `  offsets from 0 to ${byteSize(used * size)}`);
    for (const [name, parts] of [
      ['read, other', read],
      ['written', written],
    ] as const) {
      const values = [...parts.subarray(0, used)];
      const sum = values.reduce((a, b) => a + b, 0);
      const shown = squeezed(values, Math.max(10, this.options.width - 28), (some) => some.reduce((a, b) => a + b, 0));
      if (sum > 0) this.lines.push(`  ${name.padStart(12)}  ${sparkline(shown)}  ${byteSize(sum)}`);
    }
  }

  private longest(): void {
    const { longest } = this.measure;
    if (longest.length === 0) return;
    this.lines.push('', this.t.title('longest operations'));
    const several = (this.measure.summaryOfRun?.files ?? 0) > 1;
    for (const l of longest) {
      const file = several ? `${printable(l.file)} ` : '';
      this.wrapped(
        `${duration(l.nanos).padStart(8)}  ${file}stream ${l.stream} #${l.index} packet ${l.packet}  ${printable(l.name)}  ${printable(l.what)}`,
      );
    }
  }

  private streams(): void {
    const { streams } = this.measure;
    if (streams.length < 2) return;
    const several = new Set(streams.map((s) => s.file)).size > 1;
    const busiest = [...streams].sort((a, b) => b.bytes - a.bytes).slice(0, LISTED);
    this.lines.push('', this.t.title('streams'));
    this.table(
      [
        ...(several ? ['capture'] : []),
        'stream',
        'protocol',
        'client',
        'server',
        'bytes',
        'requests',
        'errors',
        'open',
        'queue',
        'mean',
        'max',
      ],
      busiest.map((s) => [
        ...(several ? [printable(s.file)] : []),
        `${s.missing > 0 ? '~' : ''}${s.stream}`,
        s.protocol,
        printable(s.client),
        printable(s.server),
        byteSize(s.bytes),
        String(s.requests),
        s.errors === 0 ? '' : String(s.errors),
        s.unanswered === 0 ? '' : String(s.unanswered),
        String(s.queue),
        s.latency < 0 ? '' : duration(Math.round(s.latency)),
        s.latency < 0 ? '' : duration(s.longest),
      ]),
      streams.length,
    );
  }

  private wrapped(text: string, paint: Paint = (t) => t): void {
    const [first, ...others] = wrapText(text, this.options.width - 2, this.options.width - 6);
    this.lines.push(paint(`  ${first}`), ...others.map((line) => paint(`      ${line}`)));
  }

  /**
   * Prints rows in columns: text is aligned left, numbers right, and a column without content is left out. If the table is too wide, the
   * columns from index `aside` on become a second table, and columns are separated by one blank.
   */
  private table(titles: readonly string[], cells: readonly Cells[], all: number, aside = titles.length): void {
    if (cells.length === 0) return;
    const said = titles.map((_, i) => i === 0 || cells.some((row) => row[i] !== ''));
    const head = titles.filter((_, i) => said[i]);
    const rows = cells.map((row) => row.filter((_, i) => said[i]));
    const widths = head.map((h, i) => Math.max(textWidth(h), ...rows.map((row) => textWidth(row[i]!))));
    const room = this.options.tableWidth - 2 - widths.reduce((a, b) => a + b, 0);
    const gaps = widths.length - 1;
    if (room < 2 * gaps && aside < titles.length) {
      const others = cells
        .map((row) => [row[0]!, ...row.slice(aside)])
        .filter((row) => row.some((c, i) => i > 0 && c !== ''));
      this.table(
        titles.slice(0, aside),
        cells.map((row) => row.slice(0, aside)),
        all,
      );
      this.table([titles[0]!, ...titles.slice(aside)], others, others.length);
      return;
    }
    const right = head.map((_, i) => rows.every((row) => /^~?[\d.]*( ?[A-Za-z%]+)?$/.test(row[i]!)) && i > 0);
    const line = (row: Cells): string => {
      const padded = row.map((cell, i) => {
        const blanks = ' '.repeat(widths[i]! - textWidth(cell));
        return right[i] ? blanks + cell : cell + blanks;
      });
      return `  ${padded.join(room < 2 * gaps ? ' ' : '  ').trimEnd()}`;
    };
    this.lines.push('');
    if (room >= gaps) this.lines.push(this.t.dim(line(head)), ...rows.map(line));
    else {
      const columns = head.map((title) => ({ title }));
      const text = paragraphs(columns, rows, this.t, this.options.width - 2).trimEnd();
      this.lines.push(this.t.dim(`  by ${head[0]}`), ...text.split('\n').map((l) => `  ${l}`));
    }
    if (all > rows.length) this.lines.push(this.t.dim(`  and ${all - rows.length} more`));
  }
}

type Cells = readonly string[];

function percent(part: number, whole: number): string {
  return whole === 0 ? '' : `${Math.round((100 * part) / whole)} %`;
}
