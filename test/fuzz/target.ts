import { execFileSync } from 'node:child_process';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import type { Step } from '../../src/base/rule.js';
import { Intake } from '../../src/capture/intake.js';
import { NotACapture } from '../../src/capture/packet.js';
import { openStream } from '../../src/capture/source.js';
import type { Message } from '../../src/contract/message.js';
import type { Protocol } from '../../src/contract/protocol.js';
import { Analysis } from '../../src/engine/analysis.js';
import type { Finding, Reporter, StreamRecord, Summary } from '../../src/engine/event.js';
import { playSteps, type StepOptions } from '../../src/engine/example.js';
import { StreamIntake } from '../../src/engine/stream-intake.js';
import { StreamLedger } from '../../src/engine/stream-ledger.js';
import { TAG } from '../../src/protocols/msgr2/constants.js';
import { exampleKeys, sealedScript } from '../../src/protocols/msgr2/secure/sealed-script.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { EventLines, LinesTo } from '../../src/report/event-lines.js';
import { Transcript } from '../../src/report/transcript.js';
import type { Corpus } from './corpus.js';
import { changeBytes, mutateCapture, mutateSession } from './mutation.js';
import type { Random } from './random.js';

/** What must not appear in anything that is printed, other than line ends. */
const UNSAFE = /[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** Limits that small inputs reach. */
const TIGHT: Partial<Limits> = {
  inFlight: 3,
  listItems: 2,
  hintBytes: 64,
  probeBytes: 256,
  probeSearchBytes: 512,
  messageBytes: 65_536,
  detailBytes: 64,
  findingsPerRule: 2,
  outOfOrderBytes: 256,
  outOfOrderSegments: 4,
  flows: 2,
  interfaces: 2,
  fragmentDatagrams: 2,
  bufferedBytes: 16_384,
};

/** Most inputs are not printed: more of them fit into an hour. */
const PRINTS = ['nothing', 'nothing', 'nothing', 'nothing', 'nothing', 'nothing', 'events', 'text'] as const;

let lastFailure: Error | null = null;
// an internal finding says what failed, not where
const { fail } = StreamLedger.prototype;
StreamLedger.prototype.fail = function (this: StreamLedger, ...args): void {
  const [error] = args;
  lastFailure = error instanceof Error ? error : new Error(String(error));
  fail.apply(this, args);
};

// what the engine relies on: a direction that has ended stays so
const overDirections = new WeakMap<StreamIntake, Set<number>>();
const { bytes: takeBytes, end: takeEnd } = StreamIntake.prototype;
StreamIntake.prototype.bytes = function (this: StreamIntake, ...args): void {
  if (overDirections.get(this)?.has(args[0])) throw new Error(`bytes of end ${args[0]} after its end`);
  takeBytes.apply(this, args);
};
StreamIntake.prototype.end = function (this: StreamIntake, ...args): void {
  const over = overDirections.get(this) ?? new Set();
  if (over.has(args[0])) throw new Error(`end ${args[0]} ends twice`);
  overDirections.set(this, over.add(args[0]));
  takeEnd.apply(this, args);
};

let trace: ((line: string) => void) | null = null;

/** Has what happens to every input told, line by line. */
export function traceTo(line: (text: string) => void): void {
  trace = line;
  const intake = StreamIntake.prototype;
  const { bytes, gap, end } = intake;
  intake.bytes = function (this: StreamIntake, ...args): void {
    line(
      `${args[0]} sends ${args[3] - args[2]}: ${Buffer.from(args[1].bytes.subarray(args[2], args[3])).toString('hex').slice(0, 160)}`,
    );
    bytes.apply(this, args);
  };
  intake.gap = function (this: StreamIntake, ...args): void {
    line(`${args[0]} lost ${args[1]}`);
    gap.apply(this, args);
  };
  intake.end = function (this: StreamIntake, ...args): void {
    line(`${args[0]} ${args[1]}`);
    end.apply(this, args);
  };
  const { skip } = StreamLedger.prototype;
  StreamLedger.prototype.skip = function (this: StreamLedger, ...args): void {
    line(`  side ${args[0]} ${args[1]}+${args[2]} skipped: ${args[3]}`);
    skip.apply(this, args);
  };
}

/** Watches what the engine reports: nothing internal, every byte accounted for, nothing that could harm a terminal. */
class Judge implements Reporter {
  private readonly taken = new Map<StreamRecord, [number, number]>();
  private readonly failed = new Set<StreamRecord>();
  private readonly printers: readonly Reporter[];
  problem: Error | null = null;

  constructor(prints: 'nothing' | 'events' | 'text') {
    const look = (text: string): void => {
      const found = UNSAFE.exec(text);
      if (found !== null) this.problem ??= new Error(`unsafe character ${JSON.stringify(found[0])} in ${prints}`);
    };
    this.printers =
      prints === 'events'
        ? [new EventLines(new LinesTo(look))]
        : prints === 'text'
          ? [new Transcript((t) => look(t), { colors: false, verbose: true, hex: true })]
          : [];
  }

  capture(...args: Parameters<Reporter['capture']>): void {
    for (const p of this.printers) p.capture(...args);
  }

  begin(file: string, seconds: number, nanos: number): void {
    for (const p of this.printers) p.begin?.(file, seconds, nanos);
  }

  open(stream: StreamRecord): void {
    for (const p of this.printers) p.open?.(stream);
  }

  message(stream: StreamRecord, message: Message): void {
    trace?.(`  side ${message.side} ${message.offset}+${message.length} ${message.name}, ${message.missing} missing`);
    let taken = this.taken.get(stream);
    if (taken === undefined) this.taken.set(stream, (taken = [0, 0]));
    taken[message.side] += message.length - message.missing;
    if (message.length < 0 || message.missing < 0 || message.missing > message.length)
      this.problem ??= new Error(`message of ${message.length} bytes, ${message.missing} missing`);
    for (const p of this.printers) p.message(stream, message);
  }

  finding(finding: Finding): void {
    trace?.(`  ${finding.rule.id} ${finding.text}`);
    if (finding.rule.id.startsWith('internal/')) {
      if (finding.stream !== null) this.failed.add(finding.stream);
      this.problem ??= lastFailure ?? new Error(finding.text);
    }
    for (const p of this.printers) p.finding(finding);
  }

  stream(record: StreamRecord): void {
    trace?.(`  end ${record.protocol?.name} ${JSON.stringify([record.bytes, record.missing, record.skipped])}`);
    record.session?.summary();
    record.session?.describe();
    const taken = this.taken.get(record) ?? [0, 0];
    if (!this.failed.has(record)) {
      for (const side of [0, 1] as const) {
        const { resynchronised, opaque, undecoded } = record.skipped[side];
        const left = record.bytes[side] - taken[side] - resynchronised - opaque - undecoded - record.tlsOverhead[side];
        if (left !== 0)
          this.problem ??= new Error(
            `${record.protocol?.name ?? 'unknown'}: ${left} bytes of side ${side} ${left > 0 ? 'unaccounted for' : 'counted twice'}`,
          );
      }
    }
    this.taken.delete(record);
    for (const p of this.printers) p.stream(record);
  }

  summary(summary: Summary): void {
    for (const p of this.printers) p.summary(summary);
  }
}

export type Kind = 'session' | 'capture' | 'sealed' | 'gzip' | 'editcap';

/** What one input was: to be said when it fails. */
export interface Trial {
  readonly kind: Kind;
  readonly seed: string;
  readonly bytes: number;
  readonly problem: Error | null;
}

/** Makes the input that these random numbers mean, and runs it. Whatever it throws is a failure. */
export async function trial(corpus: Corpus, random: Random): Promise<Trial> {
  lastFailure = null;
  const die = random.below(1000);
  if (die < 3) return gzipTrial(corpus, random);
  if (die < 15) return sealedTrial(random);
  return die < 135 ? captureTrial(corpus, random) : sessionTrial(corpus, random);
}

function sessionTrial(corpus: Corpus, random: Random): Trial {
  const session = random.pick(corpus.sessions);
  const steps = mutateSession(session, corpus.sessions, random);
  const other = random.oneIn(30);
  const protocol = other ? random.pick(PROTOCOLS) : session.protocol;
  const options: StepOptions = { ...session.options, forced: other || random.oneIn(8) };
  return play('session', session.name, protocol, steps, options, random);
}

/** Frames of secure mode with anything in them, encrypted as they must be. */
function sealedTrial(random: Random): Trial {
  const script = sealedScript(random.oneIn(3) ? 0 : 1).openSealed();
  for (let n = 1 + random.below(3); n > 0; n--) {
    const who = random.pick(['client', 'server'] as const);
    const segments = Array.from({ length: 1 + random.below(4) }, () => random.bytes(random.below(90)));
    if (random.oneIn(2)) {
      script.sealedMessage(who, {
        type: random.below(150),
        version: random.below(12),
        front: segments[0],
        data: segments[1],
      });
    } else {
      const tag = random.oneIn(4) ? random.below(256) : random.pick(Object.values(TAG));
      script.sealed(who, tag, segments, { padding: random.oneIn(4) ? 7 : undefined });
    }
  }
  const steps = script.steps.map((s): Step => ('bytes' in s ? { ...s, bytes: new Uint8Array(s.bytes) } : s));
  const last = steps.at(-1)!;
  if (random.oneIn(4) && 'bytes' in last) changeBytes(last.bytes, random);
  return play(
    'sealed',
    'sealed script',
    PROTOCOLS.find((p) => p.name === 'msgr2')!,
    steps,
    { port: 3300, knows: exampleKeys() },
    random,
  );
}

function play(
  kind: Kind,
  seed: string,
  protocol: Protocol,
  steps: readonly Step[],
  base: StepOptions,
  random: Random,
): Trial {
  const prints = random.pick(PRINTS);
  const judge = new Judge(prints);
  const options: StepOptions = {
    ...base,
    details: prints !== 'nothing' || random.oneIn(4),
    ...(random.oneIn(4) ? { chop: random.oneIn(2) ? 1 + random.below(20) : () => 1 + random.below(60) } : {}),
    ...(random.oneIn(12) ? { late: true } : {}),
    ...(random.oneIn(20) ? { oneSided: random.pick(['client', 'server'] as const) } : {}),
    ...(random.oneIn(6) ? { limits: TIGHT } : {}),
    ...(random.oneIn(10) ? { transport: 'unix' as const } : {}),
    close: random.pick(['open', 'closed', 'reset']),
  };
  let problem: Error | null = null;
  try {
    playSteps(protocol, steps, options, judge);
  } catch (error) {
    problem = error as Error;
  }
  const bytes = steps.reduce((n, s) => n + ('bytes' in s ? s.bytes.length : 0), 0);
  return { kind, seed, bytes, problem: problem ?? judge.problem };
}

function pipeline(random: Random): { judge: Judge; analysis: Analysis; limits: Limits } {
  const limits = random.oneIn(6) ? { ...DEFAULT_LIMITS, ...TIGHT } : DEFAULT_LIMITS;
  const prints = random.pick(PRINTS);
  const judge = new Judge(prints);
  const settings = {
    limits,
    protocols: PROTOCOLS,
    decodeAs: [],
    streams: new Set<number>(),
    levels: new Map(),
    details: prints !== 'nothing',
    bytes: prints !== 'nothing',
    keyrings: [],
    showSecrets: false,
  };
  return { judge, analysis: new Analysis(settings, judge), limits };
}

function captureTrial(corpus: Corpus, random: Random): Trial {
  const file = random.pick(corpus.captures);
  return analyzed('capture', file.name, mutateCapture(file, corpus.captures, random), random);
}

/** Bytes of packets that are changed, of each byte of a capture. */
const ERROR_RATES = ['0.0001', '0.001', '0.01', '0.05', '0.2'] as const;
/** Headers of Ethernet, IPv4 and TCP: half of the time only what lies behind them is changed. */
const HEADERS = '54';

/** A whole capture of packets whose bytes Wireshark's editcap changes here and there; it writes pcapng. */
export function editcapTrial(corpus: Corpus, random: Random): Trial {
  lastFailure = null;
  const { name } = random.pick(corpus.captures.filter((c) => !c.text));
  const spare = random.oneIn(2) ? ['-o', HEADERS] : [];
  const args = ['-E', random.pick(ERROR_RATES), '--seed', String(1 + random.below(1 << 30)), ...spare, name, '-'];
  const stdio = ['ignore', 'pipe', 'ignore'] as const;
  const bytes = new Uint8Array(execFileSync('editcap', args, { maxBuffer: 1 << 26, stdio: [...stdio] }));
  return analyzed('editcap', `${name} (editcap ${args.join(' ')})`, bytes, random);
}

function analyzed(kind: Kind, seed: string, bytes: Uint8Array, random: Random): Trial {
  const { judge, analysis, limits } = pipeline(random);
  let problem: Error | null = null;
  try {
    const live = analysis.live('x', undefined);
    const intake = new Intake(random.pick(['blocks', 'stream']), live.sink, limits);
    const size = random.oneIn(4) ? 1 + random.below(200) : bytes.length;
    for (let at = 0; at < bytes.length && !intake.done; at += size) intake.push(bytes.slice(at, at + size));
    intake.end(false);
    live.end();
    analysis.finish();
  } catch (error) {
    if (!(error instanceof NotACapture)) problem = error as Error;
  }
  return { kind, seed, bytes: bytes.length, problem: problem ?? judge.problem };
}

/** A compressed capture that is damaged before or after it was compressed, read as from a pipe. */
async function gzipTrial(corpus: Corpus, random: Random): Promise<Trial> {
  const file = random.pick(corpus.captures);
  const bytes = new Uint8Array(gzipSync(random.oneIn(2) ? file.bytes : mutateCapture(file, corpus.captures, random)));
  if (!random.oneIn(4)) changeBytes(bytes, random);
  const { judge, analysis, limits } = pipeline(random);
  let problem: Error | null = null;
  try {
    const live = analysis.live('x', undefined);
    const cut = random.below(bytes.length + 1);
    const chunks = [bytes.subarray(0, cut), bytes.subarray(cut)].filter((c) => c.length > 0);
    await openStream('x', () => Readable.from(chunks.map((c) => Buffer.from(c))), { limits }).read(live.sink);
    live.end();
    analysis.finish();
  } catch (error) {
    if (!(error instanceof NotACapture)) problem = error as Error;
  }
  return { kind: 'gzip', seed: file.name, bytes: bytes.length, problem: problem ?? judge.problem };
}
