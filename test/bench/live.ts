import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { WIRELINT } from './compare.js';
import { quantile, table } from './measure.js';

const PORT = 10809;
const READ = 4096;
/** Immediate mode gives each packet a slot as long as the longest possible one: 2 MiB, the default, are 30 packets. */
const RING_KILOBYTES = '65536';

/** Counts the packets of a classic pcap that passes by in pieces. */
class RecordWalk {
  packets = 0;
  private skip = 24;
  private readonly header = Buffer.alloc(16);
  private have = 0;

  push(chunk: Uint8Array): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.skip > 0) {
        const n = Math.min(this.skip, chunk.length - at);
        this.skip -= n;
        at += n;
        continue;
      }
      const n = Math.min(16 - this.have, chunk.length - at);
      this.header.set(chunk.subarray(at, at + n), this.have);
      this.have += n;
      at += n;
      if (this.have < 16) return;
      this.have = 0;
      this.skip = this.header.readUInt32LE(8);
      this.packets++;
    }
  }
}

/** A server that answers requests of an NBD session with simple replies; what it serves is of no interest. */
function serve(socket: Socket): void {
  socket.setNoDelay(true);
  socket.write(Buffer.from('4e42444d4147494349484156454f50540003', 'hex'));
  let held = Buffer.alloc(0);
  let haggling = true;
  socket.on('data', (chunk) => {
    held = Buffer.concat([held, chunk as Buffer]);
    if (haggling) {
      // flags, and NBD_OPT_EXPORT_NAME with an empty name: size and flags are the answer
      if (held.length < 20) return;
      held = held.subarray(20);
      haggling = false;
      socket.write(Buffer.from('00000100000000000001', 'hex'));
    }
    for (; held.length >= 28; held = held.subarray(28)) {
      const reply = Buffer.alloc(16 + READ);
      reply.writeUInt32BE(0x67446698, 0);
      held.copy(reply, 8, 8, 16);
      socket.write(reply);
    }
  });
  socket.on('error', () => undefined);
}

/** A client that sends `perSecond` reads a second, in bursts of a millisecond. */
function load(perSecond: number, seconds: number): Promise<number> {
  return new Promise((resolve) => {
    const socket = connect(PORT, '127.0.0.1');
    socket.setNoDelay(true);
    socket.write(Buffer.from('0000000349484156454f50540000000100000000', 'hex'));
    socket.resume();
    const start = performance.now();
    let sent = 0;
    const timer = setInterval(() => {
      const elapsed = performance.now() - start;
      if (elapsed > seconds * 1000) {
        clearInterval(timer);
        setTimeout(() => {
          socket.destroy();
          resolve(sent);
        }, 500);
        return;
      }
      for (const due = Math.floor((elapsed * perSecond) / 1000); sent < due; sent++) {
        const request = Buffer.alloc(28);
        request.writeUInt32BE(0x25609513, 0);
        request.writeBigUInt64BE(BigInt(sent + 1), 8);
        request.writeBigUInt64BE(BigInt((sent % 1000) * READ), 16);
        request.writeUInt32BE(READ, 24);
        socket.write(request);
      }
    }, 1);
  });
}

function peakOf(child: ChildProcess): number {
  try {
    const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}

interface LiveResult {
  readonly requests: number;
  readonly packets: number;
  readonly lines: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly dropped: string;
  readonly peak: number;
}

/** Feeds what tcpdump records of a real connection to `wirelint tail`, and times each line from the packet's arrival on the pipe. */
async function watch(perSecond: number, seconds: number): Promise<LiveResult> {
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(PORT, '127.0.0.1', resolve));
  const recorder = spawn(
    'tcpdump',
    ['-i', 'lo', '--immediate-mode', '-B', RING_KILOBYTES, '-U', '-w', '-', 'port', String(PORT)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let said = '';
  recorder.stderr.on('data', (text: Buffer) => (said += text.toString()));
  const tail = spawn(WIRELINT[0]!, [...WIRELINT.slice(1), 'tail', '-f', 'ndjson'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const walk = new RecordWalk();
  const arrived: number[] = [0];
  recorder.stdout.on('data', (chunk: Buffer) => {
    walk.push(chunk);
    const now = performance.now();
    while (arrived.length <= walk.packets) arrived.push(now);
    tail.stdin.write(chunk);
  });
  recorder.stdout.on('end', () => tail.stdin.end());
  const waits: number[] = [];
  const lines = createInterface({ input: tail.stdout });
  lines.on('line', (line) => {
    const packet = /^\{"type":"message".*?"packet":(\d+)/.exec(line)?.[1];
    if (packet !== undefined) waits.push(performance.now() - arrived[Number(packet)]!);
  });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const requests = await load(perSecond, seconds);
  const peak = peakOf(tail);
  recorder.kill('SIGINT');
  await new Promise((resolve) => lines.on('close', resolve));
  server.close();
  return {
    requests,
    packets: walk.packets,
    lines: waits.length,
    p50: quantile(waits, 0.5),
    p95: quantile(waits, 0.95),
    p99: quantile(waits, 0.99),
    dropped: /(\d+) packets? dropped by kernel/.exec(said)?.[1] ?? 'unknown',
    peak,
  };
}

/** Latency and losses of live decoding at several rates. */
export async function live(rates: readonly number[], seconds: number): Promise<string[]> {
  if (spawnSync('tcpdump', ['-i', 'lo', '-c', '0', '-w', '/dev/null']).error !== undefined)
    return ['tcpdump is not installed: live latency was not measured', ''];
  const rows: string[][] = [];
  for (const rate of rates) {
    const r = await watch(rate, seconds);
    rows.push([
      String(rate),
      (r.packets / seconds).toFixed(0),
      `${r.lines} of ${2 * r.requests}`,
      r.p50.toFixed(1),
      r.p95.toFixed(1),
      r.p99.toFixed(1),
      r.dropped,
      r.peak.toFixed(0),
    ]);
  }
  return [
    '### Live: tcpdump --immediate-mode -B 65536 -U -w - | wirelint tail -f ndjson',
    '',
    `NBD reads of ${READ} bytes over loopback, ${seconds} s at each rate. Added latency is from the arrival of a packet on the pipe to its line.`,
    '',
    ...table(
      ['reads/s', 'packets/s', 'messages seen', 'p50 ms', 'p95 ms', 'p99 ms', 'dropped by the kernel', 'peak MB'],
      rows,
    ),
    '',
  ];
}
