import { safeJson } from '../base/text.js';
import { rfc3339 } from '../base/time.js';
import type { CaptureInfo } from '../capture/packet.js';
import type { Message } from '../contract/message.js';
import type { Divisible } from '../engine/divisible.js';
import { directionOf } from '../engine/direction.js';
import type { Finding, Reporter, StreamRecord, Summary } from '../engine/event.js';
import { captureEvent, fieldsText, findingEvent, isInTls, streamEvent, summaryEvent } from './event-object.js';
import type { TextOutput } from './output.js';

/** Every event as one line of JSON, without a line end, in capture order. */
export class EventLines implements Reporter {
  private readonly line: (json: string) => void;
  /** The unchanging beginning of a stream's message lines, for the stream that spoke last. */
  private lead = '';
  private leadOf: StreamRecord | null = null;

  constructor(line: (json: string) => void) {
    this.line = (json) => line(safeJson(json));
  }

  capture(file: string, info: CaptureInfo): void {
    this.line(JSON.stringify(captureEvent(file, info)));
  }

  message(stream: StreamRecord, message: Message): void {
    this.line(this.messageLine(stream, message));
  }

  finding(finding: Finding): void {
    this.line(JSON.stringify(findingEvent(finding)));
  }

  stream(stream: StreamRecord): void {
    if (this.leadOf === stream) this.leadOf = null;
    this.line(JSON.stringify(streamEvent(stream)));
  }

  summary(summary: Summary): void {
    this.line(JSON.stringify(summaryEvent(summary)));
  }

  /** The same text as JSON.stringify(messageEvent(...)), without the object: this is the line that costs. */
  private messageLine(stream: StreamRecord, m: Message): string {
    const protocol = stream.protocol!;
    if (this.leadOf !== stream) {
      this.leadOf = stream;
      this.lead = `{"type":"message","file":${JSON.stringify(stream.file)},"stream":${stream.id},"protocol":"${protocol.name}","direction":"`;
    }
    const place = `"offset":${m.offset},"length":${m.length},"packet":${m.packet},"time":"${rfc3339(m.seconds, m.nanos)}"`;
    const fields = fieldsText(protocol, m);
    const how = `"context":"${m.hinted ? 'peer' : 'own'}","complete":${m.complete},"inReplyTo":${m.inReplyTo === 0 ? 'null' : m.inReplyTo}${isInTls(stream, m) ? ',"layer":"tls"' : ''}`;
    return `${this.lead}${directionOf(stream, m.side)}","index":${m.index},"name":${JSON.stringify(m.name)},${place},"fields":${fields},${how}}`;
  }
}

/** How lines of JSON become a document. */
export interface Framing {
  line(json: string): void;
  /** Lines that are encoded, each with a line end. */
  lines(bytes: Uint8Array): void;
  end(): void;
}

/** One object a line. */
export class Ndjson implements Framing {
  private readonly output: TextOutput;

  constructor(output: TextOutput) {
    this.output = output;
  }

  line(json: string): void {
    this.output.add(`${json}\n`);
  }

  lines(bytes: Uint8Array): void {
    this.output.addBytes(bytes);
  }

  end(): void {}
}

/** One document, `{"events":[...]}`, written as it grows. */
export class JsonDocument implements Framing {
  private empty = true;
  private readonly output: TextOutput;

  constructor(output: TextOutput) {
    this.output = output;
  }

  line(json: string): void {
    this.output.add(this.empty ? `{"events":[\n${json}` : `,\n${json}`);
    this.empty = false;
  }

  lines(bytes: Uint8Array): void {
    if (bytes.length > 0)
      this.line(
        Buffer.from(bytes)
          .toString('utf8', 0, bytes.length - 1)
          .replaceAll('\n', ',\n'),
      );
  }

  end(): void {
    this.output.add(this.empty ? '{"events":[]}\n' : '\n]}\n');
  }
}

/** A reporter that writes one of the two; the summary is the last event. */
export class EventReport extends EventLines implements Divisible<null> {
  private readonly output: TextOutput;
  private readonly framing: Framing;

  constructor(framing: Framing, output: TextOutput) {
    super((json) => framing.line(json));
    this.framing = framing;
    this.output = output;
  }

  override summary(summary: Summary): void {
    super.summary(summary);
    this.framing.end();
  }

  /** Lines are all there is. */
  gathered(): null {
    return null;
  }

  goOn(): void {}

  flush(): void {
    this.output.flush();
  }
}
