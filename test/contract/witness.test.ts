import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { CLIENT, otherSide } from '../../src/base/input.js';
import { Intake } from '../../src/capture/intake.js';
import type { Message } from '../../src/contract/message.js';
import type { DecoderSettings, Protocol, SessionContext } from '../../src/contract/protocol.js';
import { confidenceOf, confidenceThat, Witness, type Knowledge } from '../../src/contract/witness.js';
import { Analysis } from '../../src/engine/analysis.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { Random } from '../fuzz/random.js';
import { captureBytes, without } from '../kit/capture-cuts.js';
import { SETTINGS } from '../kit/settings.js';

/** What a witness said of one message when it came: about the peer's last messages, and about wholeness. */
interface Testimony {
  readonly key: string;
  /** `hadReceived` by the peer's message. */
  readonly received: ReadonlyMap<string, Knowledge>;
  readonly sawAll: Knowledge;
  /** Everything of the peer that was decoded by then. */
  readonly peers: ReadonlySet<string>;
  /** Of its own side: whole, and what came before. */
  readonly whole: boolean;
  readonly before: ReadonlySet<string>;
}

/** Testimony by stream (its client's address) and message; streams whose beginning is not captured are left out. */
type Record = Map<string, Map<string, Testimony>>;

const REMEMBERED = 24;

function listening(protocol: Protocol, record: Record): Protocol {
  return {
    ...protocol,
    converse: (context, output, settings) => {
      const parts = protocol.converse(context, output, settings);
      const { session } = parts;
      const witness = new Witness(context, settings);
      const heard: [Message[], Message[]] = [[], []];
      const keys: [Set<string>, Set<string>] = [new Set(), new Set()];
      const said = new Map<string, Testimony>();
      if (context.connection.start === 'captured') record.set(context.connection.endpoints.join(' '), said);
      const { message, gap, skip } = {
        message: session.message.bind(session),
        gap: session.gap.bind(session),
        skip: session.skip?.bind(session),
      };
      session.message = (m) => {
        const peer = otherSide(m.side);
        const key = `${m.side} ${m.offset} ${m.name}`;
        said.set(key, {
          key,
          received: new Map(
            heard[peer].slice(-REMEMBERED).map((e) => [`${peer} ${e.offset} ${e.name}`, witness.hadReceived(m, e)]),
          ),
          sawAll: witness.sawAllBefore(m),
          peers: new Set(keys[peer]),
          whole: witness.whole(m.side),
          before: new Set(keys[m.side]),
        });
        heard[m.side].push(m);
        keys[m.side].add(key);
        message(m);
      };
      session.gap = (side, offset, length) => {
        witness.lose(side, offset);
        gap(side, offset, length);
      };
      session.skip = (side, offset, length, reason) => {
        witness.lose(side, offset);
        skip?.(side, offset, length, reason);
      };
      return parts;
    },
  };
}

function testimonies(file: Uint8Array): Record {
  const record: Record = new Map();
  const ignore = { capture: () => undefined, message: () => undefined, finding: () => undefined };
  const analysis = new Analysis(
    { ...SETTINGS, protocols: PROTOCOLS.map((p) => listening(p, record)) },
    { ...ignore, stream: () => undefined, summary: () => undefined },
  );
  const live = analysis.live('capture');
  const intake = new Intake('blocks', live.sink, DEFAULT_LIMITS);
  intake.push(file.slice());
  intake.end(false);
  live.end();
  return record;
}

const denies = (a: Knowledge, b: Knowledge): boolean => (a === 'yes' && b === 'no') || (a === 'no' && b === 'yes');

/** Claims of the poorer capture that the whole one denies. */
function denied(poor: Record, whole: Record): string[] {
  const out: string[] = [];
  for (const [stream, claims] of poor) {
    const truth = whole.get(stream);
    if (truth === undefined) continue;
    for (const [key, claim] of claims) {
      const known = truth.get(key);
      if (known === undefined) continue;
      for (const [earlier, knowledge] of claim.received) {
        const other = known.received.get(earlier);
        if (other !== undefined && denies(knowledge, other)) out.push(`${key}: ${earlier} ${knowledge}, not ${other}`);
      }
      if (claim.sawAll === 'yes')
        for (const [earlier, knowledge] of known.received)
          if (knowledge === 'yes' && !claim.peers.has(earlier)) out.push(`${key}: saw all, without ${earlier}`);
      if (claim.whole)
        for (const earlier of known.before)
          if (!claim.before.has(earlier)) out.push(`${key}: whole, without ${earlier}`);
    }
  }
  return out;
}

const CAPTURES = [
  'nbd/nbdkit-async-64-inflight.pcap',
  'nbd/nbdkit-structured-sparse-df.pcap',
  'msgr2/crc-reset.pcap.gz',
  'msgr2/crc-badmethod.pcap',
  'pesto/p52-tap-tcp.pcapng',
  'pesto/tcp-bridge.pcap',
  'arca/a06-replies-overtake.pcap',
];

describe.each(CAPTURES)('what a witness says of %s', (name) => {
  it('is not denied by the whole capture, whatever packets are taken away', { timeout: 120_000 }, () => {
    const capture = captureBytes(`captures/${name}`);
    const whole = testimonies(capture.bytes);
    expect([...whole.values()].some((claims) => claims.size > 0)).toBe(true);
    const runs = Number(process.env['WIRELINT_RUNS'] ?? 6);
    for (let run = 0; run < runs; run++) {
      const random = new Random(run, 77);
      const percent = [2, 10, 30][run % 3]!;
      const poor = testimonies(without(capture, () => random.below(100) < percent));
      expect(denied(poor, whole)).toEqual([]);
    }
  });
});

describe('a message whose sender had received no byte of the capture', () => {
  const context = { present: () => false, decodedUpTo: () => 0, connection: { ordered: true } };
  const saidBy = (start: boolean): Knowledge => {
    const settings = { fromStart: start } as DecoderSettings;
    const witness = new Witness(context as unknown as SessionContext, [settings, settings]);
    return witness.sawAllBefore({ side: CLIENT, peerSeen: 0 } as Message);
  };

  it('had seen all there was, where the capture holds the beginning, and nobody knows what, where it does not', () => {
    expect(saidBy(true)).toBe('yes');
    expect(saidBy(false)).toBe('unknown');
  });
});

describe('confidence', () => {
  it('that something is so needs knowledge that speaks for it', () => {
    const all: readonly Knowledge[] = ['yes', 'likely', 'unknown', 'unlikely', 'no'];
    expect(all.map(confidenceThat)).toEqual(['certain', 'likely', null, null, null]);
  });

  it('is that of the knowledge it rests on', () => {
    const all: readonly Knowledge[] = ['yes', 'likely', 'unknown', 'unlikely', 'no'];
    expect(all.map(confidenceOf)).toEqual(['certain', 'likely', null, 'likely', 'certain']);
  });
});
