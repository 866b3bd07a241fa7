import type { Message } from '../contract/message.js';
import type { Divisible } from '../engine/divisible.js';
import type { Reporter, StreamRecord, Summary } from '../engine/event.js';
import { CaptureMeasure, type MeasureOptions, type Start } from './capture-measure.js';
import { Totals, type GatheredTotals } from './totals.js';

export type { MeasureOptions, Start } from './capture-measure.js';

/** Numbers instead of lines: takes the events of a run, keeps counts of bounded size. */
export class Measure extends Totals implements Reporter, Divisible<GatheredTotals> {
  summaryOfRun: Summary | null = null;
  private readonly options: MeasureOptions;
  private current: CaptureMeasure | null = null;
  private start: Start | null;

  /** `start`: the time of the run's first packet, where that is in a capture that somebody else reads. */
  constructor(options: MeasureOptions, start: Start | null = null) {
    super(options.interval, options.limits);
    this.options = options;
    this.start = start;
  }

  capture(): void {}

  begin(_file: string, seconds: number, nanos: number): void {
    this.start ??= { seconds, nanos };
    this.current = new CaptureMeasure(this.options, this.start);
  }

  message(stream: StreamRecord, m: Message): void {
    this.current?.message(stream, m);
  }

  finding(): void {}

  stream(s: StreamRecord): void {
    this.current?.stream(s);
  }

  /** Each capture is counted by itself, wherever that is done: how many are read at once must not change a sum. */
  endOfFile(): void {
    if (this.current !== null) this.goOn(this.current.totals.gathered());
    this.current = null;
  }

  summary(summary: Summary): void {
    this.endOfFile();
    this.summaryOfRun = summary;
    this.streams.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.stream - b.stream));
  }
}
