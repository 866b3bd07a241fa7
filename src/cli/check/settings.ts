import type { CaptureInput } from '../../engine/analysis.js';
import type { CommonArguments } from '../options.js';
import type { Planner } from '../plan.js';
import type { ReportRequest } from './formats.js';
import type { GateSettings } from './gate.js';
import type { Shard } from './shard.js';

/** The settings of one run of `check`. */
export interface CheckSettings {
  readonly inputs: readonly string[];
  readonly raws: readonly CaptureInput[];
  readonly args: CommonArguments;
  readonly planner: Planner;
  readonly reports: readonly ReportRequest[];
  /** The folder for the tables of `-f parquet`; null: not wanted. */
  readonly tables: string | null;
  readonly golden: 'compare' | 'update' | null;
  readonly baseline: boolean;
  /** The part of the captures that this run judges; null: all. */
  readonly shard: Shard | null;
  /** The folder of the result cache, or null. */
  readonly cache: string | null;
  /** Whether it is one of the repeated runs of `--watch`, in which a signal ends the current run. */
  readonly watch: boolean;
  /** How many captures are judged at once; null: as many as there are cores. */
  readonly jobs: number | null;
  readonly gate: GateSettings;
}
