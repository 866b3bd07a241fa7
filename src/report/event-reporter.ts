import type { CaptureInfo } from '../capture/packet.js';
import type { Message } from '../contract/message.js';
import type { Finding, Reporter, StreamRecord, Summary } from '../engine/event.js';
import { captureEvent, findingEvent, messageEvent, streamEvent, summaryEvent, type Event } from './event-object.js';

/** Passes every event on as a plain object. */
export class EventReporter implements Reporter {
  private readonly take: (event: Event) => void;

  constructor(take: (event: Event) => void) {
    this.take = take;
  }

  capture(file: string, info: CaptureInfo): void {
    this.take(captureEvent(file, info));
  }

  message(stream: StreamRecord, message: Message): void {
    this.take(messageEvent(stream, message));
  }

  finding(finding: Finding): void {
    this.take(findingEvent(finding));
  }

  stream(stream: StreamRecord): void {
    this.take(streamEvent(stream));
  }

  summary(summary: Summary): void {
    this.take(summaryEvent(summary));
  }
}
