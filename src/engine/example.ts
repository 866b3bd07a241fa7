import { lazy } from '../base/lazy.js';
import { Block } from '../base/block.js';
import { DEFAULT_LIMITS, type Limits } from '../base/limits.js';
import { Origin } from '../base/origin.js';
import type { Example, Step } from '../base/rule.js';
import type { Message } from '../contract/message.js';
import type { Protocol } from '../contract/protocol.js';
import type { Connection, End } from '../stream/byte-stream.js';
import { KeyLog, type SessionSecrets } from '../tls/key-log.js';
import type { SecretSource } from '../tls/secret-source.js';
import { Budget } from '../base/budget.js';
import type { Finding, Reporter, StreamRecord } from './event.js';
import type { RuleLevels } from './findings.js';
import { PumpRoom } from './carry.js';
import { ParkedStreams } from './parked-streams.js';
import { ProbeStores } from './probe-stores.js';
import { sharedSettings, type StreamEnvironment } from './stream-environment.js';
import { StreamIntake } from './stream-intake.js';
import { SessionBudgets } from './session-budgets.js';

export interface StepOptions {
  /** The server's port; 10809 where not given. */
  readonly port?: number | undefined;
  /** Deliver only this side's bytes. */
  readonly oneSided?: 'client' | 'server';
  /** Cut every step into pieces of this many bytes; a function gets the number of the piece. */
  readonly chop?: number | ((n: number) => number);
  /** Pretend that the connection set-up was not captured. */
  readonly late?: boolean;
  readonly details?: boolean;
  readonly levels?: RuleLevels;
  readonly limits?: Partial<Limits>;
  /** What happens to a connection that no step ends: `open` (the capture ended) where not given. */
  readonly close?: 'closed' | 'reset' | 'open';
  /** Choose the protocol without looking at the bytes. */
  readonly forced?: boolean;
  readonly transport?: 'tcp' | 'unix';
  readonly showSecrets?: boolean;
  readonly keyrings?: readonly string[];
  /** Text of a TLS key log. */
  readonly keyLog?: string | undefined;
  /** What an earlier pass has learned: see Example.knows. */
  readonly knows?: unknown;
}

/** The options that an example itself sets. */
export function settingOf(example: Example): Pick<StepOptions, 'port' | 'knows' | 'keyLog'> {
  return { port: example.port, knows: example.knows?.(), keyLog: example.keyLog };
}

export interface SkippedBytes {
  readonly side: 'client' | 'server';
  readonly resynchronised: number;
  readonly opaque: number;
  readonly undecoded: number;
}

export interface StepResult<M extends Message = Message> {
  readonly messages: M[];
  readonly findings: Finding[];
  readonly streams: StreamRecord[];
  /** Session summaries by stream, taken before the sessions were released. */
  readonly sessions: Record<string, unknown>[];
  readonly descriptions: string[][];
  readonly skipped: SkippedBytes[];
}

/** Clock of a scripted session: each step (or piece of it) is one packet, one millisecond after the one before. */
const START_SECONDS = 1_700_000_000;
const STEP_NANOS = 1_000_000;

/** The secrets of a scripted session. */
class ExampleSecrets implements SecretSource {
  readonly log: KeyLog;
  readonly growing = false;
  readonly ahead = false;

  constructor(limit: number, text: string) {
    this.log = new KeyLog(limit);
    this.log.add(text, 'example');
  }

  find(clientRandom: Uint8Array): SessionSecrets | null {
    return this.log.find(clientRandom);
  }

  refresh(): boolean {
    return false;
  }
}

/** Plays a scripted session through classification, decoders and session, as if it had been captured. */
export function runSteps<M extends Message = Message>(
  protocol: Protocol<unknown, M>,
  steps: readonly Step[],
  options: StepOptions = {},
): StepResult<M> {
  const result: StepResult<M> = {
    messages: [],
    findings: [],
    streams: [],
    sessions: [],
    descriptions: [],
    skipped: [],
  };
  playSteps(protocol, steps, options, {
    capture: () => undefined,
    // a protocol's decoders make its own messages only
    message: (_, message) => result.messages.push(message as M),
    finding: (finding) => result.findings.push(finding),
    stream: (record) => {
      result.streams.push(record);
      result.sessions.push(record.session?.summary() ?? {});
      result.descriptions.push(record.session?.describe() ?? []);
      (['client', 'server'] as const).forEach((side, i) => result.skipped.push({ side, ...record.skipped[i]! }));
    },
    summary: () => undefined,
  });
  return result;
}

/** The same into a reporter, for `explain`. */
export function playSteps(protocol: Protocol, steps: readonly Step[], options: StepOptions, reporter: Reporter): void {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const shared = protocol.createShared(
    {
      keyrings: options.keyrings ?? [],
      showSecrets: options.showSecrets ?? false,
      ...(options.knows === undefined ? {} : { learned: { [protocol.name]: options.knows } }),
    },
    limits,
  );
  const budget = new Budget(limits.bufferedBytes);
  const env: StreamEnvironment = {
    limits,
    budget,
    budgets: new SessionBudgets(limits),
    protocols: [protocol],
    forced: () => (options.forced ? protocol : null),
    shared: () => shared,
    levels: options.levels ?? new Map(),
    parked: lazy(() => new ParkedStreams()),
    room: new PumpRoom(limits, budget),
    stores: new ProbeStores(),
    once: () => true,
    secrets: new ExampleSecrets(limits.tlsSessions, options.keyLog ?? ''),
    waiting: new Set(),
    secured: (record, side, event) => reporter.secured?.(record, side, event),
    details: options.details ?? true,
    settings: sharedSettings({ limits, details: options.details ?? true, bytes: options.details ?? true }),
    opened: (record) => reporter.open?.(record),
    message: (record, message) => reporter.message(record, message),
    finding: (finding) => reporter.finding(finding),
    closed: (record) => reporter.stream(record),
  };
  let player = new Player(1, env, options);
  let connections = 1;
  const left: Player[] = [];
  for (const step of steps) {
    if ('pause' in step) {
      player.clock.seconds += step.pause;
    } else if (!('then' in step)) {
      player.play(step);
    } else if (step.then === 'earlier connection') {
      const earlier = left.pop();
      if (earlier === undefined) throw new Error('no connection was left open');
      left.push(player);
      player = earlier;
    } else {
      if (step.meanwhile) left.push(player);
      else player.close();
      player = new Player(++connections, env, options, player.clock);
    }
  }
  for (const earlier of left) earlier.close();
  player.close();
}

class Player {
  readonly id: number;
  readonly clock: Origin;
  private readonly stream: StreamIntake;
  private readonly options: StepOptions;
  /** Stream offsets by end. */
  private readonly sent: [number, number] = [0, 0];
  private readonly ended: [boolean, boolean] = [false, false];
  private wasReset = false;
  private pieces = 0;

  constructor(id: number, env: StreamEnvironment, options: StepOptions, clock = new Origin()) {
    this.id = id;
    this.options = options;
    this.clock = clock;
    if (clock.packet === 0) clock.seconds = START_SECONDS;
    const port = options.port ?? 10809;
    const unix = options.transport === 'unix';
    const only = options.oneSided;
    const connection: Connection = {
      id,
      transport: unix ? 'unix' : 'tcp',
      endpoints: unix
        ? [`unix:pid=${1000 + id}`, 'unix:/run/example.sock']
        : [`192.0.2.1:${40000 + id}`, `192.0.2.2:${port}`],
      ports: unix ? [0, 0] : [40000 + id, port],
      start: options.late ? 'missed' : 'captured',
      initiatorKnown: !options.late,
      ordered: true,
      heard: [only !== 'server', only !== 'client'],
      vlan: -1,
      comment: '',
    };
    this.tick();
    this.stream = new StreamIntake('example', connection, this.clock, env);
  }

  play(step: Exclude<Step, { readonly then: unknown } | { readonly pause: unknown }>): void {
    if (this.options.oneSided !== undefined && this.options.oneSided !== step.from) return;
    const from: End = step.from === 'client' ? 0 : 1;
    const peer: End = from === 0 ? 1 : 0;
    if ('bytes' in step) {
      const block = new Block(step.bytes);
      const peerSeen = this.options.oneSided === undefined ? (step.seen ?? this.sent[peer]) : -1;
      for (let pos = 0; pos < step.bytes.length;) {
        const size = this.pieceSize(step.bytes.length - pos);
        this.tick();
        this.clock.peerSeen = peerSeen;
        this.stream.bytes(from, block, pos, pos + size, this.clock);
        pos += size;
      }
      this.sent[from] += step.bytes.length;
    } else if ('gap' in step) {
      this.tick();
      this.stream.gap(from, step.gap, false, this.clock);
      this.sent[from] += step.gap;
    } else {
      this.tick();
      if (this.ended[from]) return;
      this.ended[from] = true;
      this.stream.end(from, step.end, this.clock);
      if (step.end === 'reset') this.wasReset = true;
    }
  }

  close(): void {
    const both = this.ended[0] && this.ended[1];
    this.stream.close(this.wasReset ? 'reset' : both ? 'closed' : (this.options.close ?? 'open'));
  }

  private pieceSize(left: number): number {
    const chop = this.options.chop;
    if (chop === undefined) return left;
    const size = typeof chop === 'number' ? chop : chop(this.pieces++);
    return Math.max(1, Math.min(left, size));
  }

  private tick(): void {
    this.clock.packet++;
    this.clock.nanos += STEP_NANOS;
    if (this.clock.nanos >= 1_000_000_000) {
      this.clock.nanos -= 1_000_000_000;
      this.clock.seconds++;
    }
    this.clock.peerSeen = -1;
  }
}
