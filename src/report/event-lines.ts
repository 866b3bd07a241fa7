import { CLIENT, SERVER, type Side } from '../base/input.js';
import type { JsonBytes } from '../base/json-bytes.js';
import { safeJson } from '../base/text.js';
import { TextPiece } from '../base/text-bytes.js';
import { wholeSecond } from '../base/time.js';
import type { CaptureInfo } from '../capture/packet.js';
import type { Message } from '../contract/message.js';
import type { Divisible } from '../engine/divisible.js';
import { directionOf } from '../engine/direction.js';
import type { Finding, Reporter, StreamRecord, Summary } from '../engine/event.js';
import {
  captureEvent,
  findingEvent,
  isInTls,
  streamEvent,
  summaryEvent,
  writeFields,
  type Event,
} from './event-object.js';
import type { TextOutput } from './output.js';
import { TextLines } from './text-sink.js';

const NEWLINE = 0x0a;
const CLOSE = 0x7d;

/** Takes lines of JSON. Each is written to `bytes` between `begin` and `end`. */
export interface LineSink {
  readonly bytes: JsonBytes;
  begin(): void;
  end(): void;
}

/** Passes each line, as text, to a function. */
export class LinesTo implements LineSink {
  readonly bytes: JsonBytes;
  private readonly to: TextLines;

  constructor(take: (json: string) => void) {
    this.to = new TextLines(take);
    this.bytes = this.to.bytes;
  }

  begin(): void {}

  end(): void {
    this.to.wrote();
  }
}

const PEER = new TextPiece(',"context":"peer","complete":');
const OWN = new TextPiece(',"context":"own","complete":');
const WHOLE = new TextPiece('true,"inReplyTo":');
const CUT = new TextPiece('false,"inReplyTo":');
const NOTHING = new TextPiece('null');
const IN_TLS = new TextPiece(',"layer":"tls"');
const LENGTH = new TextPiece(',"length":');
const PACKET = new TextPiece(',"packet":');
const FIELDS = new TextPiece('Z","fields":');
/** Most message names whose encoded form is kept. */
const MAX_NAMES = 1024;

/** Every event as one line of JSON, in capture order. */
export class EventLines implements Reporter {
  private readonly to: LineSink;
  /** The constant beginnings of message lines of the stream whose message was last, by side. */
  private leads: readonly [TextPiece, TextPiece] | null = null;
  private leadsOf: StreamRecord | null = null;
  private readonly names = new Map<string, TextPiece>();
  /** The second of the last message, and its encoded form with the text before it. */
  private second = NaN;
  private time = NOTHING;

  constructor(to: LineSink) {
    this.to = to;
  }

  capture(file: string, info: CaptureInfo): void {
    this.line(captureEvent(file, info));
  }

  /**
   * Writes the same text as safeJson(JSON.stringify(messageEvent(...))), but without creating the object: most of the time is spent here.
   */
  message(stream: StreamRecord, m: Message): void {
    const { bytes } = this.to;
    const from = bytes.size;
    try {
      this.to.begin();
      this.write(bytes, stream, m);
    } catch (error) {
      // the protocol may throw when the line is half written
      bytes.size = from;
      throw error;
    }
    this.to.end();
  }

  finding(finding: Finding): void {
    this.line(findingEvent(finding));
  }

  stream(stream: StreamRecord): void {
    if (this.leadsOf === stream) this.leadsOf = null;
    this.line(streamEvent(stream));
  }

  summary(summary: Summary): void {
    this.line(summaryEvent(summary));
  }

  private line(event: Event): void {
    const json = JSON.stringify(event);
    this.to.begin();
    this.to.bytes.json(json);
    this.to.end();
  }

  private write(out: JsonBytes, stream: StreamRecord, m: Message): void {
    if (this.leadsOf !== stream) {
      this.leadsOf = stream;
      this.leads = [leadOf(stream, CLIENT), leadOf(stream, SERVER)];
    }
    out.piece(this.leads![m.side]);
    out.decimal(m.index);
    out.piece(this.nameOf(m));
    out.decimal(m.offset);
    out.piece(LENGTH);
    out.decimal(m.length);
    out.piece(PACKET);
    out.decimal(m.packet);
    out.piece(m.seconds === this.second ? this.time : this.timeOf(m.seconds));
    out.digits(m.nanos, 9);
    out.piece(FIELDS);
    writeFields(stream.protocol!, m, out);
    out.piece(m.hinted ? PEER : OWN);
    out.piece(m.complete ? WHOLE : CUT);
    if (m.inReplyTo === 0) out.piece(NOTHING);
    else out.decimal(m.inReplyTo);
    if (isInTls(stream, m)) out.piece(IN_TLS);
    out.byte(CLOSE);
  }

  private nameOf({ name }: Message): TextPiece {
    let piece = this.names.get(name);
    if (piece === undefined) {
      piece = new TextPiece(safeJson(`,"name":${JSON.stringify(name)},"offset":`));
      if (this.names.size < MAX_NAMES) this.names.set(name, piece);
    }
    return piece;
  }

  private timeOf(seconds: number): TextPiece {
    this.second = seconds;
    this.time = new TextPiece(`,"time":"${wholeSecond(seconds)}.`);
    return this.time;
  }
}

function leadOf(stream: StreamRecord, side: Side): TextPiece {
  const file = safeJson(JSON.stringify(stream.file));
  return new TextPiece(
    `{"type":"message","file":${file},"stream":${stream.id},"protocol":"${stream.protocol!.name}","direction":"${directionOf(stream, side)}","index":`,
  );
}

/** How lines of JSON form a document. */
export interface Framing extends LineSink {
  line(json: string): void;
  /** Takes lines that are encoded already, each with its line end. */
  lines(bytes: Uint8Array): void;
  /** Ends the document. */
  close(): void;
}

/** One object on each line. */
export class Ndjson implements Framing {
  readonly bytes: JsonBytes;
  private readonly output: TextOutput;

  constructor(output: TextOutput) {
    this.output = output;
    this.bytes = output.bytes;
  }

  line(json: string): void {
    this.output.add(`${json}\n`);
  }

  begin(): void {}

  end(): void {
    this.bytes.byte(NEWLINE);
    this.output.wrote();
  }

  lines(bytes: Uint8Array): void {
    this.output.addBytes(bytes);
  }

  close(): void {}
}

/** One document, `{"events":[...]}`, written as the events come. */
export class JsonDocument implements Framing {
  readonly bytes: JsonBytes;
  private empty = true;
  private readonly output: TextOutput;

  constructor(output: TextOutput) {
    this.output = output;
    this.bytes = output.bytes;
  }

  line(json: string): void {
    this.begin();
    this.output.add(json);
    this.end();
  }

  begin(): void {
    this.bytes.text(this.empty ? '{"events":[\n' : ',\n');
  }

  end(): void {
    this.empty = false;
    this.output.wrote();
  }

  lines(bytes: Uint8Array): void {
    if (bytes.length > 0)
      this.line(
        Buffer.from(bytes)
          .toString('utf8', 0, bytes.length - 1)
          .replaceAll('\n', ',\n'),
      );
  }

  close(): void {
    this.output.add(this.empty ? '{"events":[]}\n' : '\n]}\n');
  }
}

/** A reporter that writes one of these documents. The summary is the last event. */
export class EventReport extends EventLines implements Divisible<null> {
  private readonly output: TextOutput;
  private readonly framing: Framing;

  constructor(framing: Framing, output: TextOutput) {
    super(framing);
    this.framing = framing;
    this.output = output;
  }

  override summary(summary: Summary): void {
    super.summary(summary);
    this.framing.close();
  }

  /** Nothing is kept for the end of the run: each line was written as it came. */
  gathered(): null {
    return null;
  }

  goOn(): void {}

  flush(): void {
    this.output.flush();
  }
}
