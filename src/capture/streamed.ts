import type { Readable } from 'node:stream';
import { Funnel } from './funnel.js';
import type { PacketSink } from './packet.js';
import type { ReadHooks, ReadOptions } from './reading.js';

/** Reads a capture from a stream: each chunk is parsed as soon as it arrives. Destroys the stream at the end. */
export async function readStream(
  stream: Readable,
  options: ReadOptions,
  sink: PacketSink,
  hooks: ReadHooks,
): Promise<void> {
  const { signal } = options;
  const stop = (): void => void stream.destroy();
  signal?.addEventListener('abort', stop);
  try {
    const funnel = new Funnel('stream', sink, options.limits, hooks);
    let bytesRead = 0;
    if (!signal?.aborted)
      for await (const chunk of chunksOf(stream, signal)) {
        bytesRead += chunk.length;
        const pending = funnel.push(chunk);
        if (pending !== undefined) await pending;
        await hooks.batch?.();
        hooks.progress?.(bytesRead, null);
        if (funnel.done) break;
      }
    await funnel.end(signal?.aborted ?? false);
  } finally {
    signal?.removeEventListener('abort', stop);
    stream.destroy();
  }
}

/** The stream's chunks; ends without an error if the stream was destroyed because the user wants to stop. */
async function* chunksOf(
  stream: Readable,
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* stream as AsyncIterable<Uint8Array>;
  } catch (e) {
    if (!signal?.aborted) throw e;
  }
}
