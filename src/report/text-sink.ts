import { JsonBytes } from '../base/json-bytes.js';

/** Takes the lines of a report. */
export interface TextSink {
  /** The next line is written here, after what is there already. */
  readonly bytes: JsonBytes;
  /** Must be called after each whole line. */
  wrote(): void;
}

const ROOM = 256;

/** Passes each line, as text, to a function. */
export class TextLines implements TextSink {
  readonly bytes = new JsonBytes(ROOM);
  private readonly take: (text: string) => void;

  constructor(take: (text: string) => void) {
    this.take = take;
  }

  wrote(): void {
    const text = this.bytes.toString();
    this.bytes.size = 0;
    this.take(text);
  }
}
