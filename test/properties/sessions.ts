import fc from 'fast-check';
import type { Step } from '../../src/base/rule.js';
import { stepsOf } from '../kit/capture-steps.js';
import type { Analyzed } from '../kit/in-memory.js';
import type { SessionPacket } from '../kit/session-packets.js';
import { Random } from '../fuzz/random.js';

/** How often each property is tried; `npm run fuzz:properties` tries more. */
export const RUNS = Number(process.env['WIRELINT_RUNS'] ?? 6);

/** The same tries in every run of `npm test`; `npm run fuzz:properties` draws others, and fast-check prints the seed of what fails. */
export const SEED = Number(
  process.env['WIRELINT_SEED'] ?? (process.env['WIRELINT_RUNS'] === undefined ? 9 : Date.now() | 0),
);
fc.configureGlobal({ seed: SEED });

export interface WholeSession {
  readonly name: string;
  readonly port: number;
  readonly steps: readonly Step[];
}

/** Recorded sessions of every protocol, captured from their beginning with nothing lost, short enough to be played often. */
const RECORDED: readonly (readonly [string, number])[] = [
  ['nbd/nbdkit-nbdinfo-go.pcap', 1],
  ['nbd/nbdkit-list-exports.pcap', 1],
  ['nbd/nbdkit-out-of-range.pcap', 1],
  ['nbd/nbdkit-errors-eio.pcap', 1],
  ['nbd/client-killed-in-flight.pcap', 1],
  ['nbd/nbdkit-tls-required-refused.pcap', 1],
  ['nbd/nbdkit-tls-fallback.pcap', 1],
  ['nbd/nbdkit-no-structured.pcap', 1],
  ['nbd/qemu10-extended-map.pcap', 1],
  ['nbd/scripted-client-cookie-reuse.pcap', 1],
  ['msgr2/crc-badmethod.pcap', 1],
  ['msgr2/crc-wrongkey.pcap', 1],
  ['msgr2/default-watch.pcap', 1],
  ['msgr2/rev0-crc-boot.pcap.gz', 5],
  ['msgr2/v1client-to-v2port.pcap', 3],
  ['msgr1/reef-monitor.pcap', 1],
  ['msgr1/reef-osd-write.pcap', 1],
  ['pesto/tcp-bridge.pcap', 1],
  ['pesto/p52-tap-tcp.pcapng', 1],
  ['pesto/p46-v1-tcp.pcapng', 1],
  ['pesto/p23-early-write.pcap', 1],
  ['arca/a01-listen-accept-connect.pcap', 1],
  ['arca/a04-unknown-listener.pcap', 1],
  ['arca/a06-replies-overtake.pcap', 1],
  ['arca/a17-long-payload.pcap', 1],
  ['arca/a23-cross-listener-order.pcap', 1],
  ['arca/b04-connectok-with-listener.pcap', 1],
];

/** For sessions that were recorded on sockets without ports. */
const SOME_PORT = 4444;

export async function wholeSessions(): Promise<WholeSession[]> {
  const out: WholeSession[] = [];
  for (const [name, id] of RECORDED) {
    const { connection, steps } = (await stepsOf(`captures/${name}`)).find((s) => s.connection.id === id)!;
    out.push({ name: `${name} stream ${id}`, port: connection.ports[1] || SOME_PORT, steps });
  }
  return out;
}

/** All streams of a capture that begin in it and lack nothing, up to so many bytes. */
export async function streamsOf(path: string, most: number): Promise<WholeSession[]> {
  return (await stepsOf(path)).flatMap(({ connection, steps }) => {
    const size = steps.reduce((n, s) => n + ('bytes' in s ? s.bytes.length : 0), 0);
    const whole = connection.start === 'captured' && !steps.some((s) => 'gap' in s);
    if (!whole || size === 0 || size > most) return [];
    return [{ name: `${path} stream ${connection.id}`, port: connection.ports[1] || SOME_PORT, steps }];
  });
}

/** The packets without about so many of a hundred; the connection's set-up may be among them. */
export function cutShort(packets: readonly SessionPacket[], percent: number, seed: number): SessionPacket[] {
  const random = new Random(seed, percent);
  return packets.filter(() => random.below(1000) >= percent * 10);
}

/** The rules whose errors a result has. */
export function errorsOf(result: Analyzed): Set<string> {
  return new Set(result.findings.filter((f) => f.severity === 'error').map((f) => f.rule));
}

/** Errors of a peer other than the known ones, and failures inside. */
export function blamed(result: Analyzed, known: ReadonlySet<string>): string[] {
  return result.findings
    .filter(
      (f) => f.rule.startsWith('internal/') || (f.severity === 'error' && f.party !== 'capture' && !known.has(f.rule)),
    )
    .map((f) => `${f.rule}: ${f.text}`);
}
