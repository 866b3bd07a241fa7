import type { StreamRecord } from '../../src/engine/event.js';

/** The application data of the streams that are reported, by stream number and side: what came out of TLS, in order. */
export class Plaintext {
  private readonly parts = new Map<string, { offset: number; bytes: Buffer }[]>();

  data(stream: StreamRecord, side: 0 | 1, offset: number, bytes: Uint8Array, start: number, end: number): void {
    const key = `${stream.id}.${side}`;
    let parts = this.parts.get(key);
    if (parts === undefined) this.parts.set(key, (parts = []));
    // what was given from there on was TLS
    while (parts.length > 0 && parts.at(-1)!.offset + parts.at(-1)!.bytes.length > offset) {
      const last = parts.pop()!;
      if (last.offset < offset)
        parts.push({ offset: last.offset, bytes: last.bytes.subarray(0, offset - last.offset) });
    }
    parts.push({ offset, bytes: Buffer.from(bytes.slice(start, end)) });
  }

  /** What the side sent from that plaintext offset on. */
  of(stream: number, side: 0 | 1, from: number): Buffer {
    const all = this.parts.get(`${stream}.${side}`) ?? [];
    return Buffer.concat(all.map((p) => p.bytes.subarray(Math.max(0, from - p.offset))));
  }
}
