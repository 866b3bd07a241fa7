import type { Budget } from '../base/budget.js';
import type { Side } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import type { Message } from '../contract/message.js';
import type { DecoderSettings, Protocol } from '../contract/protocol.js';
import type { Connection } from '../stream/byte-stream.js';
import type { TlsEvent } from '../tls/event.js';
import type { SecretSource } from '../tls/secret-source.js';
import type { PumpRoom } from './carry.js';
import type { Finding, Reporter, StreamRecord } from './event.js';
import type { RuleLevels } from './findings.js';
import type { ParkedStreams } from './parked-streams.js';
import type { ProbeStores } from './probe-stores.js';
import type { SessionBudgets } from './session-budgets.js';

/** The settings of decoders that begin with the first byte of their direction, and of all others. */
export interface SharedSettings {
  readonly fromStart: DecoderSettings;
  readonly late: DecoderSettings;
}

export function sharedSettings(given: Omit<DecoderSettings, 'fromStart'>): SharedSettings {
  const { limits, details, bytes } = given;
  return { fromStart: { limits, details, bytes, fromStart: true }, late: { limits, details, bytes, fromStart: false } };
}

/** What the streams of one run share. */
export interface StreamEnvironment {
  readonly limits: Readonly<Limits>;
  readonly budget: Budget;
  readonly budgets: SessionBudgets;
  readonly protocols: readonly Protocol[];
  /** The protocol that the user said a connection speaks, or null. */
  readonly forced: (connection: Connection) => Protocol | null;
  /** A protocol's state across connections. */
  readonly shared: (protocol: Protocol) => unknown;
  readonly levels: RuleLevels;
  readonly details: boolean;
  readonly settings: SharedSettings;
  /** The parked streams of this file; made when first asked for, as most files park none. */
  readonly parked: () => ParkedStreams;
  readonly room: PumpRoom;
  readonly stores: ProbeStores;
  /** Whether to report `what` of this stream: what is true of many streams of a file is reported of the first one only. */
  readonly once: (record: StreamRecord, what: string) => boolean;
  /** Secrets of TLS sessions. */
  readonly secrets: SecretSource;
  /** Streams whose TLS records wait for their secrets. */
  readonly waiting: Set<{ poke(): void }>;
  readonly secured: (record: StreamRecord, side: Side, event: TlsEvent) => void;
  /** See Reporter. */
  readonly data?: Reporter['data'] | undefined;
  readonly skipped?: Reporter['skipped'] | undefined;
  readonly opened: (record: StreamRecord) => void;
  readonly message: (record: StreamRecord, message: Message) => void;
  readonly finding: (finding: Finding) => void;
  /** See AnalysisOptions. */
  readonly suppress?: ((finding: Finding) => boolean) | undefined;
  readonly closed: (record: StreamRecord) => void;
}
