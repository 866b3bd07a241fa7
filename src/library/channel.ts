import type { Event } from '../report/event-object.js';

/** Passes batches of events from the analysis, which pushes them, to the consumer, who pulls them. */
export class Channel {
  private events: Event[] = [];
  private closed = false;
  private failure: unknown = null;
  private discarding = false;
  private wakeConsumer: (() => void) | null = null;
  private wakeProducer: (() => void) | null = null;

  put(event: Event): void {
    if (!this.discarding) this.events.push(event);
  }

  /** The events collected so far, as soon as there are any; null at the end. Rejects with the error that ended the analysis. */
  async take(): Promise<Event[] | null> {
    this.wakeProducer?.();
    while (this.events.length === 0) {
      if (this.closed) {
        if (this.failure !== null) throw this.failure;
        return null;
      }
      await new Promise<void>((resolve) => (this.wakeConsumer = resolve));
    }
    const batch = this.events;
    this.events = [];
    return batch;
  }

  /** Wakes the consumer and waits until it asks for more events. */
  async drained(signal: AbortSignal): Promise<void> {
    if (this.events.length === 0 || signal.aborted) return;
    const asked = new Promise<void>((resolve) => (this.wakeProducer = resolve));
    this.wakeConsumer?.();
    await asked;
    if (this.events.length > 0) await this.drained(signal);
  }

  close(failure: unknown): void {
    this.closed = true;
    this.failure = failure;
    this.wakeConsumer?.();
  }

  discard(): void {
    this.discarding = true;
    this.events = [];
    this.wakeProducer?.();
  }
}
