import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import type { Step } from '../../src/base/rule.js';
import { Intake } from '../../src/capture/intake.js';
import { Analysis } from '../../src/engine/analysis.js';
import type { Reporter } from '../../src/engine/event.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import type { Event } from '../../src/report/event-object.js';
import { EventReporter } from '../../src/report/event-reporter.js';
import { pcapFile } from '../kit/pcap-writer.js';
import { sessionPackets, type SessionPacket } from '../kit/session-packets.js';

const text = (from: 'client' | 'server', what: string): Step => ({ from, bytes: new Uint8Array(Buffer.from(what)) });
const get = text('client', 'GET / HTTP/1.1\r\nHost: example.org\r\n\r\n');
const ok = text('server', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
const HTTP = Array.from({ length: 20 }, () => [get, ok]).flat();

/** More than are awake at once, of every kind. */
const FLOWS = 700;

function packetsOf(i: number): SessionPacket[] {
  const port = 10_000 + i;
  const all = (steps: readonly Step[], size = 1000): SessionPacket[] => sessionPackets(steps, 80, () => size, port);
  switch (i % 7) {
    case 0: // quiet after its set-up for a long time, then NBD
      return all([...s.simpleSession(), s.request(s.READ, 1, 0, 512), s.simple(1, 0, 512)]);
    case 1:
      return all(HTTP);
    case 2:
      return all([...HTTP, s.clientCloses, s.serverCloses]);
    case 3: // a segment was not captured, which is certain when enough others have followed
      return all(HTTP, 20).filter((_, at) => at !== 8);
    case 4: // joined late
      return all(HTTP, 20).slice(4);
    case 5: // one segment comes late, one twice
      return swapped(all(HTTP, 20), 6).flatMap((p, at) => (at === 4 ? [p, p] : [p]));
    default:
      return all([...HTTP, { from: 'server', end: 'reset' }]);
  }
}

function swapped(packets: SessionPacket[], at: number): SessionPacket[] {
  [packets[at], packets[at + 1]] = [packets[at + 1]!, packets[at]!];
  return packets;
}

/** What is reported of each connection, by its client, but for numbers and times. */
function reported(packets: readonly SessionPacket[]): Map<string, unknown[]> {
  const clients = new Map<number, string>();
  const out = new Map<string, unknown[]>();
  const held = new Map<number, unknown[]>();
  const print = new EventReporter((e: Event) => {
    if (e.type !== 'message' && e.type !== 'finding' && e.type !== 'stream') return;
    const { stream, ...rest } = e as Event & { stream: number };
    const facts = JSON.stringify(rest, (key, value: unknown) => (/^(packet|time)$/.test(key) ? '' : value));
    held.set(stream, [...(held.get(stream) ?? []), facts]);
    if (e.type === 'stream') clients.set(stream, e.client);
  });
  const reporter: Reporter = {
    capture: () => undefined,
    message: (stream, message) => print.message(stream, message),
    finding: (finding) => print.finding(finding),
    stream: (record) => {
      print.stream(record);
      const first = (record.firstBytes ?? []).map((b) => Buffer.from(b).toString('latin1'));
      out.set(clients.get(record.id)!, [...held.get(record.id)!, first]);
    },
    summary: () => undefined,
  };
  const options = { decodeAs: [], streams: new Set<number>(), levels: new Map(), keyrings: [], showSecrets: false };
  const analysis = new Analysis(
    // connections of one client are compared with one another: that there are many is said once, of one of them
    {
      ...options,
      limits: { ...DEFAULT_LIMITS, siblingsCompared: FLOWS },
      protocols: PROTOCOLS,
      details: true,
      bytes: true,
    },
    reporter,
  );
  const live = analysis.live('capture');
  const intake = new Intake('blocks', live.sink, DEFAULT_LIMITS);
  intake.push(pcapFile(packets.map((p) => ({ data: p.frame, nanos: 0 }))));
  intake.end(false);
  live.end();
  return out;
}

describe('connections that are parked', () => {
  it('are reported as if they had been the only ones', () => {
    const flows = Array.from({ length: FLOWS }, (_, i) => packetsOf(i));
    const together: SessionPacket[] = [];
    for (let k = 0; flows.some((f) => k < f.length); k++) for (const f of flows) if (k < f.length) together.push(f[k]!);
    const found = reported(together);
    expect(found.size).toBe(FLOWS);
    for (const flow of flows) {
      const [[client, alone]] = [...reported(flow)] as [[string, unknown[]]];
      expect(found.get(client), client).toEqual(alone);
    }
    const spoken = [...found.values()].filter((events) => events.some((e) => String(e).includes('"type":"message"')));
    expect(spoken.length).toBe(FLOWS / 7);
  });
});
