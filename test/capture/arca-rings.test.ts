import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { arca } from '../../src/protocols/arca/index.js';
import { accept, connect, connectOk, incoming, listen, listenOk } from '../../src/protocols/arca/rules/steps-a.js';
import { newPipe, pipeReply } from '../../src/protocols/arca/rules/steps-b.js';
import { ack, args, getArgs, mkdir } from '../../src/protocols/arca/rules/steps-c.js';
import { collect, type Collected } from '../kit/collect.js';

const folder = mkdtempSync(join(tmpdir(), 'arca-rings-'));
afterAll(() => rmSync(folder, { recursive: true }));

function join2(steps: readonly Step[], from: 'client' | 'server'): Uint8Array {
  return Buffer.concat(steps.flatMap((s) => ('bytes' in s && s.from === from ? [s.bytes] : [])));
}

/** A ring after all of `data` was written to it and `read` bytes of it were read. */
function ring(data: Uint8Array, size: number, header: number, read = data.length, closed = 0): Uint8Array {
  const out = new Uint8Array(header + size);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(read), true);
  view.setBigUint64(8, BigInt(data.length), true);
  out[16] = closed;
  data.forEach((b, i) => (out[header + (i % size)] = b));
  return out;
}

async function read(...parts: Uint8Array[]): Promise<Collected> {
  const path = join(folder, 'dump.bin');
  writeFileSync(path, Buffer.concat(parts));
  return collect(path, { only: [arca] });
}

const SESSION: readonly Step[] = [
  listen(1),
  listenOk(1, 1),
  accept(2, 1),
  connect(3),
  connectOk(3, 1),
  incoming(2, 1, 2),
];
const NAMES = ['AcceptRequest', 'ConnectOk', 'ConnectRequest', 'IncomingConnection', 'ListenOk', 'ListenRequest'];

describe('dumps of rings', () => {
  it('a region of family A: both rings, from their first byte', async () => {
    const { streams, messages, events, findings } = await read(
      ring(join2(SESSION, 'client'), 256, 24),
      ring(join2(SESSION, 'server'), 256, 24, 40),
    );
    expect(events[0]).toMatchObject({ type: 'capture', format: 'arca-rings' });
    expect(messages.map((m) => m.name).sort()).toEqual(NAMES);
    expect(messages.filter((m) => m.direction === 'client-to-server')).toHaveLength(3);
    expect(streams[0]).toMatchObject({ protocol: 'arca', session: { generation: 'A3' } });
    expect(findings.filter((f) => f.severity !== 'note')).toEqual([]);
    expect(findings.some((f) => /the last 33 not read yet/.test(f.text))).toBe(true);
  });

  it('a region of family B, where ring 1 is the host', async () => {
    const steps = [newPipe(), pipeReply(1), newPipe(64), pipeReply(2, { ring: 64 })];
    const { streams, messages, findings } = await read(
      ring(join2(steps, 'server'), 4096, 24),
      ring(join2(steps, 'client'), 4096, 24),
    );
    expect(streams[0]!.protocol).toBe('arca');
    expect(messages.filter((m) => m.direction === 'client-to-server').map((m) => m.name)).toEqual([
      'NewPipeRequest',
      'NewPipeRequest',
    ]);
    expect(findings.filter((f) => f.severity !== 'note')).toEqual([]);
  });

  it('rings of family C, one behind the other', async () => {
    const steps = [getArgs(), args('fix', 'eval'), mkdir('a/b'), ack()];
    const { messages, findings } = await read(
      ring(join2(steps, 'client'), 8192, 18),
      ring(join2(steps, 'server'), 8192, 18),
    );
    expect(messages.map((m) => m.name).sort()).toEqual(['Ack', 'Args', 'GetArgs', 'Mkdir']);
    expect(findings.filter((f) => f.severity !== 'note')).toEqual([]);
  });

  it('a ring that has gone round: what was overwritten is a gap of known size', async () => {
    const many: Step[] = [listen(1), listenOk(1, 1)];
    for (let id = 2; id < 40; id++) many.push(accept(id, 1), incoming(id, 1, id - 1));
    const guest = join2(many, 'client');
    const monitor = join2(many, 'server');
    const { streams, messages, findings } = await read(ring(guest, 128, 24), ring(monitor, 128, 24));
    expect(streams[0]!.missing).toEqual({
      'client-to-server': guest.length - 128,
      'server-to-client': monitor.length - 128,
    });
    expect(messages.length).toBeGreaterThan(8);
    expect(messages.at(-1)!.fields).toMatchObject({ requestId: 39 });
    expect(findings.filter((f) => f.severity !== 'note')).toEqual([]);
  });

  it('a writer that has closed ends its direction', async () => {
    const { findings } = await read(
      ring(join2(SESSION, 'client').subarray(0, 20), 256, 24, 20, 1),
      ring(join2(SESSION, 'server'), 256, 24),
    );
    expect(findings.map((f) => f.rule)).toContain('arca/frame-truncated');
  });

  it('what only begins alike is no capture', async () => {
    const dump = Buffer.concat([ring(join2(SESSION, 'client'), 256, 24), ring(join2(SESSION, 'server'), 256, 24)]);
    await expect(read(dump.subarray(0, 300))).rejects.toThrow();
    await expect(read(new Uint8Array(560))).rejects.toThrow('nothing but zero bytes');
    await expect(read(Buffer.alloc(4000, 'x'))).rejects.toThrow();
  });
});
