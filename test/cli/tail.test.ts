import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BIN, CAPTURES, events, scratch, wirelint } from '../kit/cli.js';
import { writePiece } from '../kit/pcap-pieces.js';

const CAPTURE = readFileSync(join(CAPTURES, 'nbd/any-sll.pcap'));
/** Behind the answer to the first read: the stream is known by then, and much is still to come. */
const PART = Math.floor(CAPTURE.length / 4);

/** The records of a classic pcap file, in its byte order. */
function records(file: Buffer): Buffer[] {
  const out: Buffer[] = [];
  for (let at = 24; at < file.length;) {
    const end = at + 16 + file.readUInt32LE(at + 8);
    out.push(file.subarray(at, end));
    at = end;
  }
  return out;
}

class Tail {
  readonly child: ChildProcessWithoutNullStreams;
  out = '';
  err = '';

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [BIN, 'tail', ...args]);
    this.child.stdout.on('data', (d: Buffer) => (this.out += d.toString()));
    this.child.stderr.on('data', (d: Buffer) => (this.err += d.toString()));
  }

  async until(text: string): Promise<void> {
    while (!this.out.includes(text)) {
      if (this.child.exitCode !== null) throw new Error(`ended without ${text}: ${this.out}${this.err}`);
      await new Promise((r) => setTimeout(r, 10));
    }
  }

  async ended(): Promise<number | null> {
    return new Promise((done) => this.child.on('close', (status) => done(status)));
  }
}

describe('tail', () => {
  const folder = scratch();

  it('prints what a pipe brought without waiting for more, and ends with it', async () => {
    const tail = new Tail();
    tail.child.stdin.write(CAPTURE.subarray(0, PART));
    await tail.until('NBD_CMD_READ');
    expect(tail.out).not.toContain('summary:');
    tail.child.stdin.end(CAPTURE.subarray(PART));
    expect(await tail.ended()).toBe(0);
    expect(tail.out).toContain('end of stream 1: closed, 28 messages');
    expect(tail.out).toContain('summary: 40 packets');
    expect(tail.err).toBe('');
  });

  it('shows what came behind a packet that the recorder dropped, also when nothing more comes', async () => {
    const tail = new Tail();
    const kept = records(CAPTURE).filter((_, i) => i !== 20);
    tail.child.stdin.write(Buffer.concat([CAPTURE.subarray(0, 24), ...kept]));
    await tail.until('end of stream 1');
    expect(tail.out).toContain('capture/gap');
    expect(tail.out).toContain('NBD_CMD_DISC');
    expect(tail.out).not.toContain('summary:');
    tail.child.stdin.end();
    expect(await tail.ended()).toBe(0);
    expect(tail.out).toContain('summary: 39 packets');
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends at %s with its summary', async (signal) => {
    const tail = new Tail('-f', 'ndjson');
    tail.child.stdin.write(CAPTURE.subarray(0, PART));
    await tail.until('NBD_CMD_READ');
    tail.child.kill(signal);
    expect(await tail.ended()).toBe(0);
    const last = tail.out.trimEnd().split('\n').slice(-2);
    expect(last.map((l) => (JSON.parse(l) as { type: string }).type)).toEqual(['stream', 'summary']);
    expect(tail.err).toBe('');
  });

  it('follows a file that grows', async () => {
    const path = join(folder, 'growing.pcap');
    writeFileSync(path, CAPTURE.subarray(0, PART));
    const tail = new Tail(path);
    await tail.until('NBD_CMD_READ');
    expect(tail.out).not.toContain('NBD_CMD_DISC');
    appendFileSync(path, CAPTURE.subarray(PART));
    await tail.until('NBD_CMD_DISC');
    tail.child.kill('SIGINT');
    expect(await tail.ended()).toBe(0);
    expect(tail.out).toContain('summary: 40 packets');
  });

  /** A folder for a ring of files, and pieces of one capture to put into it. */
  function ringFolder(name: string): {
    path: (file: string) => string;
    put: (file: string, from: number, to?: number) => void;
  } {
    const ring = join(folder, name);
    mkdirSync(ring);
    const path = (file: string): string => join(ring, file);
    return { path, put: (file, from, to) => writePiece(join(CAPTURES, 'nbd/any-sll.pcap'), path(file), from, to) };
  }

  it('follows a recorder from file to file, as one recording, whatever becomes of the oldest', async () => {
    const ring = ringFolder('ring');
    // a capture of something else, and no capture
    ring.put('other.pcap', 30);
    utimesSync(ring.path('other.pcap'), 1, 1);
    writeFileSync(ring.path('notes.txt'), 'none');
    ring.put('r.pcap0', 0, 4);
    ring.put('r.pcap1', 4, 9);
    const tail = new Tail('-f', 'ndjson', ring.path(''));
    await tail.until('"packet":8,');
    // the newest grows (written anew it would be short for a moment, as one that its recorder writes over), and a new one comes
    const grown = join(folder, 'grown.pcap');
    writePiece(join(CAPTURES, 'nbd/any-sll.pcap'), grown, 4, 14);
    appendFileSync(ring.path('r.pcap1'), readFileSync(grown).subarray(statSync(ring.path('r.pcap1')).size));
    await tail.until('"packet":14,');
    writeFileSync(ring.path('r.pcap2'), '');
    ring.put('r.pcap2', 14, 20);
    await tail.until('"packet":20,');
    // the oldest is written over, and the next one is removed
    ring.put('r.pcap0', 20, 30);
    await tail.until('"packet":30,');
    rmSync(ring.path('r.pcap1'));
    ring.put('r.pcap3', 30);
    await tail.until('NBD_CMD_DISC');
    tail.child.kill('SIGINT');
    expect(await tail.ended()).toBe(0);
    const all = tail.out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const whole = wirelint(['analyze', '-f', 'ndjson', join(CAPTURES, 'nbd/any-sll.pcap')]);
    const content = (list: Record<string, unknown>[]): unknown[] => list.map(({ file: _, ...event }) => event);
    expect(content(all)).toEqual(content(events(whole.stdout)));
    expect(tail.err).toBe('');
  });

  it('follows files by a pattern, also where there is none yet', async () => {
    const ring = ringFolder('pattern');
    ring.put('other.pcap', 0, 3);
    const tail = new Tail(ring.path('ring_*.pcap'));
    ring.put('ring_00001_20261120150519.pcap', 0, 12);
    await tail.until('NBD_OPT_GO');
    ring.put('ring_00002_20261120150520.pcap', 12);
    await tail.until('end of stream 1');
    tail.child.kill('SIGINT');
    expect(await tail.ended()).toBe(0);
    expect(tail.out).toContain('-- ring_00002_20261120150520.pcap, from packet 13 on');
    expect(tail.out).toContain('28 messages');
  });

  it('writes a file as it goes', async () => {
    const path = join(folder, 'live.txt');
    const tail = new Tail('-o', path);
    tail.child.stdin.write(CAPTURE.subarray(0, PART));
    while (!readFileSync(path, { flag: 'a+' }).includes('NBD_CMD_READ')) await new Promise((r) => setTimeout(r, 10));
    tail.child.stdin.end();
    expect(await tail.ended()).toBe(0);
    expect(readFileSync(path, 'utf8')).toContain('summary:');
  });
});
