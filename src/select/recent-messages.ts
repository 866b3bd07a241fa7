import type { Message } from '../contract/message.js';
import type { StreamRecord } from '../engine/event.js';

/** The last messages of all streams together, found by stream and index: for what a reply answers. */
export class RecentMessages {
  private readonly capacity: number;
  private readonly byStream = new Map<StreamRecord, Map<number, Message>>();
  /** In order of arrival, as a ring. */
  private readonly streams: StreamRecord[] = [];
  private readonly indexes: number[] = [];
  private next = 0;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  add(stream: StreamRecord, message: Message): void {
    if (this.streams.length === this.capacity)
      this.byStream.get(this.streams[this.next]!)?.delete(this.indexes[this.next]!);
    this.streams[this.next] = stream;
    this.indexes[this.next] = message.index;
    this.next = (this.next + 1) % this.capacity;
    let own = this.byStream.get(stream);
    if (own === undefined) this.byStream.set(stream, (own = new Map()));
    own.set(message.index, message);
  }

  get(stream: StreamRecord, index: number): Message | null {
    return this.byStream.get(stream)?.get(index) ?? null;
  }

  forget(stream: StreamRecord): void {
    this.byStream.delete(stream);
  }
}
