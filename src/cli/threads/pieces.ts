import type { CaptureInput } from '../../engine/analysis.js';
import type { JoinDoubt } from '../../engine/analysis-options.js';
import type { Summary } from '../../engine/event.js';
import type { Start } from '../../measure/measure.js';
import type { TableName } from '../../table/schema.js';
import type { RowGroup } from '../../table/chunk.js';
import type { Detail, Plan } from '../plan.js';
import type { Look, ReporterArguments } from '../reporters.js';

/** What the threads of a run make of each capture. Like all that goes from thread to thread it is plain data. */
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
  /** Of the run as a whole, and of this capture. */
  readonly base: Plan;
  readonly own: Plan;
}

/** A piece of the output, in its order. */
export type Piece =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** Text that depends on whether `key` was said of a capture before. */
  | { readonly kind: 'once'; readonly key: string; readonly first: string; readonly again: string }
  | { readonly kind: 'rows'; readonly table: TableName; readonly bytes: Uint8Array; readonly group: RowGroup };

/** The end of a capture: what stays to be said. */
export interface CaptureDone {
  readonly kind: 'done';
  /** Why it could not be read to its end, in one line; null: it was. */
  readonly problem: string | null;
  /** Whether it is no capture at all. */
  readonly foreign: boolean;
  readonly summary: Summary;
  readonly lastStream: number;
  readonly internalErrors: number;
  /** See Divisible; null where it failed before there was anything. */
  readonly gathered: unknown;
}

/** Bytes of pieces that one thread may be ahead of what was taken of it. */
export const AHEAD = 32 << 20;
/** What a piece counts for beside its bytes. */
const PIECE_OVERHEAD = 256;

export function sizeOf(piece: Piece): number {
  return PIECE_OVERHEAD + (piece.kind === 'once' ? piece.first.length + piece.again.length : piece.bytes.length);
}
