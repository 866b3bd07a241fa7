import { JsonBytes } from '../base/json-bytes.js';

/** Where a report writes its lines. */
export interface TextSink {
  /** The next ones go here, behind what is there already. */
  readonly bytes: JsonBytes;
  /** A line is there, whole. */
  wrote(): void;
}

const ROOM = 256;

/** Gives each line, as text, to somebody else. */
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
