/** Bytes that may wait for a process name. If there are more, they are written without it. */
const HELD_BYTES = 4 << 20;

interface Entry {
  readonly run: () => void;
  /** Whether it must wait for its process name. */
  waits: boolean;
}

/**
 * Keeps the recording in order while the process of a connection is searched for. Its name belongs into the connection's first packet, and
 * only the recording waits for it, not the connection.
 */
export class EmitQueue {
  private entries: Entry[] = [];
  private bytes = 0;

  /** Runs the function after all functions before it. */
  add(run: () => void, bytes: number): void {
    if (this.entries.length === 0) {
      run();
      return;
    }
    this.entries.push({ run, waits: false });
    this.bytes += bytes;
    if (this.bytes > HELD_BYTES) this.release();
  }

  /** Runs the function after all functions before it, and not before the returned function is called. */
  addWaiting(run: () => void): () => void {
    const entry: Entry = { run, waits: true };
    this.entries.push(entry);
    return () => {
      entry.waits = false;
      this.drain();
    };
  }

  /** Stops waiting, and runs everything. */
  release(): void {
    for (const entry of this.entries) entry.waits = false;
    this.drain();
  }

  private drain(): void {
    const { entries } = this;
    let done = 0;
    while (done < entries.length && !entries[done]!.waits) entries[done++]!.run();
    this.entries = entries.slice(done);
    if (this.entries.length === 0) this.bytes = 0;
  }
}
