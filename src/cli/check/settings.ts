import type { CaptureInput } from '../../engine/analysis.js';
import type { CommonArguments } from '../options.js';
import type { Planner } from '../plan.js';
import type { ReportRequest } from './formats.js';
import type { GateSettings } from './gate.js';
import type { Shard } from './shard.js';

/** What one run of `check` judges, and how. */
export interface CheckSettings {
  readonly inputs: readonly string[];
  readonly raws: readonly CaptureInput[];
  readonly args: CommonArguments;
  readonly planner: Planner;
  readonly reports: readonly ReportRequest[];
  /** The folder of tables that is asked for, or null. */
  readonly tables: string | null;
  readonly golden: 'compare' | 'update' | null;
  readonly baseline: boolean;
  /** The part of the captures that this run judges; null: all. */
  readonly shard: Shard | null;
  /** A folder that keeps results, or null. */
  readonly cache: string | null;
  /** Whether it is one of many runs, of which a signal ends the last one. */
  readonly watch: boolean;
  /** Captures judged at once; null: as many as there are cores. */
  readonly jobs: number | null;
  readonly gate: GateSettings;
}
