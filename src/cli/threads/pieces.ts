import type { CaptureInput } from '../../engine/analysis.js';
import type { JoinDoubt } from '../../engine/analysis-options.js';
import type { Summary } from '../../engine/event.js';
import type { Start } from '../../measure/measure.js';
import type { TableName } from '../../table/schema.js';
import type { RowGroup } from '../../table/chunk.js';
import type { Detail, Plan } from '../plan.js';
import type { Look, ReporterArguments } from '../reporters.js';

/** What the threads of a run do with each capture. Plain data, like everything that is sent between threads. */
export type Work = { readonly detail: Detail } & (
  | {
      readonly kind: 'report';
      readonly format: string;
      readonly args: ReporterArguments;
      readonly look: Look;
    }
  | { readonly kind: 'tables'; readonly args: ReporterArguments }
  | {
      readonly kind: 'stats';
      readonly where: readonly string[];
      readonly interval: number | null;
      readonly start: Start;
    }
);

/** One capture to be read by a thread. */
export interface CaptureJob {
  readonly input: CaptureInput;
  readonly doubt: JoinDoubt | null;
  /** See Recording. */
  readonly content: Uint8Array | null;
  /** Plan of the run as a whole, and of this capture. */
  readonly base: Plan;
  readonly own: Plan;
}

/** A piece of the output; pieces are sent in the order of the output. */
export type Piece =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** Text that depends on whether `key` was printed for an earlier capture: `first` if not, `again` if so. */
  | { readonly kind: 'once'; readonly key: string; readonly first: string; readonly again: string }
  | { readonly kind: 'rows'; readonly table: TableName; readonly bytes: Uint8Array; readonly group: RowGroup };

/** Sent at the end of a capture: what remains to be reported. */
export interface CaptureDone {
  readonly kind: 'done';
  /** Why it could not be read to its end, in one line; null: it could. */
  readonly problem: string | null;
  /** Whether the file is not a capture at all. */
  readonly foreign: boolean;
  readonly summary: Summary;
  readonly lastStream: number;
  readonly internalErrors: number;
  /** See Divisible; null if reading failed before anything was gathered. */
  readonly gathered: unknown;
}

/** The most bytes of pieces that a thread may have sent and the main thread not yet taken. */
export const AHEAD = 32 << 20;
/** What each piece counts in addition to its bytes. */
const PIECE_OVERHEAD = 256;

export function sizeOf(piece: Piece): number {
  return PIECE_OVERHEAD + (piece.kind === 'once' ? piece.first.length + piece.again.length : piece.bytes.length);
}
