import type { Message } from '../contract/message.js';
import type { StreamRecord } from '../engine/event.js';

/** The most recent messages of all streams together, found by stream and index. Used to find the request that a reply answers. */
export class RecentMessages {
  private readonly capacity: number;
  /** Most bytes that the kept messages may take together. */
  private readonly bytes: number;
  private readonly byStream = new Map<StreamRecord, Map<number, Message>>();
  /** The kept messages in order of arrival, as a ring buffer: the oldest is at `first`. */
  private readonly streams: StreamRecord[] = [];
  private readonly indexes: number[] = [];
  private readonly sizes: number[] = [];
  private first = 0;
  private count = 0;
  private kept = 0;

  constructor(capacity: number, bytes: number) {
    this.capacity = capacity;
    this.bytes = bytes;
  }

  add(stream: StreamRecord, message: Message): void {
    const size = message.keptBytes;
    while (this.count === this.capacity || (this.count > 0 && this.kept + size > this.bytes)) this.drop();
    const at = (this.first + this.count++) % this.capacity;
    this.streams[at] = stream;
    this.indexes[at] = message.index;
    this.sizes[at] = size;
    this.kept += size;
    let own = this.byStream.get(stream);
    if (own === undefined) this.byStream.set(stream, (own = new Map<number, Message>()));
    own.set(message.index, message);
  }

  private drop(): void {
    this.byStream.get(this.streams[this.first]!)?.delete(this.indexes[this.first]!);
    this.kept -= this.sizes[this.first]!;
    this.first = (this.first + 1) % this.capacity;
    this.count--;
  }

  get(stream: StreamRecord, index: number): Message | null {
    return this.byStream.get(stream)?.get(index) ?? null;
  }

  forget(stream: StreamRecord): void {
    this.byStream.delete(stream);
  }
}
