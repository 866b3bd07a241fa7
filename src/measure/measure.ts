import type { Message } from '../contract/message.js';
import type { Divisible } from '../engine/divisible.js';
import type { Reporter, StreamRecord, Summary } from '../engine/event.js';
import { CaptureMeasure, type MeasureOptions, type Start } from './capture-measure.js';
import { Totals, type GatheredTotals } from './totals.js';

export type { MeasureOptions, Start } from './capture-measure.js';

/** A reporter that produces statistics instead of lines: counts the events of a run in bounded memory. */
export class Measure extends Totals implements Reporter, Divisible<GatheredTotals> {
  summaryOfRun: Summary | null = null;
  private readonly options: MeasureOptions;
  private current: CaptureMeasure | null = null;
  private start: Start | null;

  /** `start`: the time of the run's first packet, if another thread or process reads the capture that holds it. */
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

  /** Counts are gathered per capture and then added up, in every case: the sums must not depend on how many captures are read at once. */
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
