import type { Limits } from '../base/limits.js';
import type { PacketSink } from '../capture/packet.js';
import type { CaptureOptions, ReadHooks } from '../capture/reading.js';
import type { Protocol, ProtocolOptions } from '../contract/protocol.js';
import type { DecodeAs } from './decode-as.js';
import type { Finding } from './event.js';
import type { RuleLevels } from './findings.js';
import type { StreamTap } from './tap.js';

export interface AnalysisOptions extends ProtocolOptions {
  readonly limits: Readonly<Limits>;
  /** Protocols to look for. */
  readonly protocols: readonly Protocol[];
  readonly decodeAs: readonly DecodeAs[];
  /** Only these stream numbers are reported; empty: all. */
  readonly streams: ReadonlySet<number>;
  readonly levels: RuleLevels;
  /** Paths of TLS key logs (NSS format). */
  readonly tlsKeylogs?: readonly string[];
  /** Whether the key logs may grow while captures are read. */
  readonly tlsKeylogsGrow?: boolean | undefined;
  /** Whether messages are printed (and keep their first bytes for that). */
  readonly details: boolean;
  /** Whether the messages' bytes are printed. */
  readonly bytes: boolean;
  /** Findings for which this returns true are neither reported nor counted. */
  readonly suppress?: ((finding: Finding) => boolean) | undefined;
}

export interface RunHooks extends ReadHooks {
  /** Receives each packet, and whatever else the file contains, before it is analyzed. */
  readonly tee?: Partial<PacketSink> | undefined;
  /** Makes the sink that receives each connection's bytes before they are analyzed. */
  readonly tap?: StreamTap | undefined;
  /** Ends the input early and cleanly. */
  readonly signal?: AbortSignal | undefined;
  /** Whether to wait for more at the end of a regular file. */
  readonly follow?: boolean | undefined;
  /**
   * Milliseconds without a packet after which missing bytes count as lost. In a live capture there may be no further packet to prove them
   * lost, and what was captured behind them has to be shown.
   */
  readonly quietAfter?: number | undefined;
  /** See CaptureOptions. */
  readonly content?: CaptureOptions['content'];
  /** Set where it is not certain whether this capture continues another one (see joinInputs). */
  readonly doubt?: JoinDoubt | null;
}

/** The hooks that apply to an input whose packets the caller hands over (Analysis.live). */
export type LiveHooks = Pick<RunHooks, 'doubt' | 'tee' | 'tap'>;

/** Why it is not certain whether a capture continues another one. */
export interface JoinDoubt {
  /** Whether a limit is the reason. */
  readonly limit: boolean;
  readonly text: string;
}
