/** Bytes that may wait for a name; more of them are written without it. */
const HELD_BYTES = 4 << 20;

interface Entry {
  readonly run: () => void;
  /** Whether it must wait until something is known. */
  waits: boolean;
}

/**
 * Keeps what is recorded in order while the process behind a connection is being looked for: the name stands in the first packet, and the
 * connection does not wait for it, only its record does.
 */
export class EmitQueue {
  private entries: Entry[] = [];
  private bytes = 0;

  /** Does this when everything before it is done. */
  add(run: () => void, bytes: number): void {
    if (this.entries.length === 0) {
      run();
      return;
    }
    this.entries.push({ run, waits: false });
    this.bytes += bytes;
    if (this.bytes > HELD_BYTES) this.release();
  }

  /** Does this when everything before it is done, and the function that is returned was called. */
  addWaiting(run: () => void): () => void {
    const entry: Entry = { run, waits: true };
    this.entries.push(entry);
    return () => {
      entry.waits = false;
      this.drain();
    };
  }

  /** Waits for nothing any more. */
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
