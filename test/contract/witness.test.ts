import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { CLIENT, otherSide, SERVER, type Side } from '../../src/base/input.js';
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

/** A connection of which a test says everything: who is in the capture, and how far each side is decoded. */
interface Told {
  readonly present?: readonly [boolean, boolean];
  readonly heard?: readonly [boolean, boolean];
  readonly ordered?: boolean;
  readonly clientEnd?: 0 | 1 | null;
  readonly decoded?: number;
  readonly fromStart?: readonly [boolean, boolean];
}

function witnessOf({
  present = [true, true],
  heard = [false, false],
  ordered = true,
  clientEnd = null,
  decoded = 0,
  fromStart = [true, true],
}: Told = {}): Witness {
  const context = {
    present: (side: Side) => present[side],
    decodedUpTo: () => decoded,
    clientEnd,
    connection: { ordered, heard },
  };
  const settings = fromStart.map((start) => ({ fromStart: start })) as [DecoderSettings, DecoderSettings];
  return new Witness(context as unknown as SessionContext, settings);
}

/** A message of a side with what its sender had received (-1: nobody knows) and the packets it came in. */
const said = (side: Side, peerSeen: number, firstPacket = 10, packet = firstPacket, endOffset = 100): Message =>
  ({ side, peerSeen, firstPacket, packet, endOffset }) as Message;

describe('whether a side is whole', () => {
  it('is so from its first byte up to the first loss, where it is in the capture', () => {
    const witness = witnessOf({ fromStart: [true, false] });
    expect([witness.whole(CLIENT), witness.whole(SERVER), witness.bothWhole]).toEqual([true, false, false]);
    witness.lose(CLIENT, 50);
    witness.lose(CLIENT, 80);
    expect([49, 50, 51].map((upTo) => witness.whole(CLIENT, upTo))).toEqual([true, true, false]);
    expect([witness.whole(CLIENT), witness.whole(SERVER, 0)]).toEqual([false, false]);
    expect(witnessOf({ present: [true, false] }).whole(SERVER)).toBe(false);
  });

  it('needs both for both', () => {
    expect(witnessOf().bothWhole).toBe(true);
    const witness = witnessOf();
    witness.lose(SERVER, 0);
    expect(witness.bothWhole).toBe(false);
    expect(witnessOf({ present: [false, true] }).bothWhole).toBe(false);
  });

  it('counts from a greeting on where the capture began later, and not over a loss', () => {
    const late = witnessOf({ fromStart: [false, false] });
    expect(late.intact(CLIENT)).toBe(false);
    late.began(CLIENT);
    expect([late.intact(CLIENT), late.intact(SERVER), late.whole(CLIENT)]).toEqual([true, false, true]);
    late.lose(CLIENT, 8);
    late.began(CLIENT);
    expect([late.intact(CLIENT), late.whole(CLIENT, 8)]).toEqual([false, true]);
    late.beginsAnew(CLIENT);
    expect(late.intact(CLIENT)).toBe(true);
    const lost = witnessOf();
    lost.lose(SERVER, 0);
    lost.began(SERVER);
    expect(lost.intact(SERVER)).toBe(false);
  });

  it('stays open where a recording has no order and nothing of the side came yet', () => {
    const absent = [true, false] as const;
    expect(witnessOf({ present: absent }).mayBeWhole(SERVER)).toBe(false);
    expect(witnessOf({ present: absent, ordered: false }).mayBeWhole(SERVER)).toBe(true);
    expect(witnessOf().mayBeWhole(SERVER)).toBe(true);
    expect(witnessOf({ fromStart: [true, false], ordered: false }).mayBeWhole(SERVER)).toBe(false);
  });
});

describe('whether a side was heard', () => {
  const none = [false, false] as const;

  it('is so where its packets are there, whichever end the client is', () => {
    const heardAt = (clientEnd: 0 | 1 | null, heard: readonly [boolean, boolean]): boolean[] => {
      const witness = witnessOf({ present: none, heard, clientEnd });
      return [witness.heard(CLIENT), witness.heard(SERVER)];
    };
    expect(heardAt(0, [true, false])).toEqual([true, false]);
    expect(heardAt(1, [true, false])).toEqual([false, true]);
    expect(heardAt(null, [true, false])).toEqual([true, false]);
    expect(heardAt(null, [false, true])).toEqual([false, true]);
    expect(witnessOf({ present: [true, false] }).heard(CLIENT)).toBe(true);
    expect(witnessOf({ present: none, ordered: false }).mayBeHeard(CLIENT)).toBe(true);
    expect(witnessOf({ present: none }).mayBeHeard(CLIENT)).toBe(false);
    expect(witnessOf().mayBeHeard(CLIENT)).toBe(true);
  });

  it('unbroken is one that was heard and lost nothing, wherever its beginning is', () => {
    const witness = witnessOf({ fromStart: [false, false] });
    expect([witness.unbroken(CLIENT), witness.hasLost(CLIENT)]).toEqual([true, false]);
    witness.lose(CLIENT, 0);
    expect([witness.unbroken(CLIENT), witness.hasLost(CLIENT), witness.hasLost(SERVER)]).toEqual([false, true, false]);
    expect(witnessOf({ present: none }).unbroken(SERVER)).toBe(false);
  });

  it('sealed is one whose bytes cannot be read: they count as lost', () => {
    const witness = witnessOf();
    witness.seal(SERVER, 20);
    expect([witness.isSealed(SERVER), witness.isSealed(CLIENT)]).toEqual([true, false]);
    expect([witness.hasLost(SERVER), witness.whole(SERVER, 20), witness.whole(SERVER, 21)]).toEqual([
      true,
      true,
      false,
    ]);
    expect(witness.sawAll(said(CLIENT, 0))).toBe('unknown');
    expect(witness.sawAll(said(SERVER, 0))).toBe('yes');
  });
});

describe('what a sender had received', () => {
  it('an acknowledgement proves, by the last byte that matters', () => {
    const witness = witnessOf();
    const earlier = said(SERVER, -1, 5, 5, 100);
    expect([99, 100, 101].map((seen) => witness.hadReceived(said(CLIENT, seen), earlier))).toEqual([
      'no',
      'yes',
      'yes',
    ]);
    expect([
      witness.hadReceived(said(CLIENT, 28), earlier, 28),
      witness.hadReceived(said(CLIENT, 0), earlier, 28),
    ]).toEqual(['yes', 'no']);
  });

  it('the order of packets makes likely, where there is one', () => {
    const witness = witnessOf();
    const later = said(CLIENT, -1, 10, 12);
    const known = (packet: number): Knowledge => witness.hadReceived(later, said(SERVER, -1, 1, packet));
    expect([9, 10, 11].map(known)).toEqual(['likely', 'unknown', 'unlikely']);
    expect(witnessOf({ ordered: false }).hadReceived(later, said(SERVER, -1, 1, 9))).toBe('unknown');
  });

  it('is all decoded, or not', () => {
    const at = (decoded: number, seen: number): Knowledge => witnessOf({ decoded }).sawAll(said(CLIENT, seen));
    expect([at(99, 100), at(100, 100), at(101, 100)]).toEqual(['no', 'yes', 'yes']);
    expect(witnessOf().sawAll(said(CLIENT, -1))).toBe('likely');
    expect(witnessOf({ ordered: false }).sawAll(said(CLIENT, -1))).toBe('unknown');
  });

  it('is all there was only where nothing is missing in front of it', () => {
    const lossy = (offset: number, decoded = 200): Witness => {
      const witness = witnessOf({ decoded });
      witness.lose(SERVER, offset);
      return witness;
    };
    expect(lossy(100).sawAllBefore(said(CLIENT, 100))).toBe('yes');
    expect(lossy(99).sawAllBefore(said(CLIENT, 100))).toBe('unknown');
    expect(lossy(100, 50).sawAllBefore(said(CLIENT, 100))).toBe('no');
    expect(lossy(1000).sawAllBefore(said(CLIENT, -1))).toBe('unknown');
    expect(witnessOf().sawAllBefore(said(CLIENT, -1))).toBe('likely');
    expect(witnessOf({ ordered: false }).sawAllBefore(said(CLIENT, -1))).toBe('unknown');
    // its own side's losses are of no concern
    expect(lossy(0, 300).sawAllBefore(said(SERVER, 100))).toBe('yes');
  });
});

describe('a message whose sender had received no byte of the capture', () => {
  const saidBy = (start: boolean): Knowledge =>
    witnessOf({ present: [false, false], fromStart: [start, start] }).sawAllBefore(said(CLIENT, 0));

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
