import { addSummary, emptySummary } from '../../engine/summary.js';
import type { Severity } from '../../base/rule.js';
import { type CheckReport, type FileReport } from '../../report/check-report.js';
import { decide, type GateSettings, type SuppressionState } from './gate.js';

/**
 * Makes the report of judged captures, in the order of the inputs. `problems`: inputs that cannot be read; `empty`: folders and patterns
 * that hold no file.
 */
export function reportOf(
  files: readonly FileReport[],
  failOn: Severity,
  settings: GateSettings,
  suppressions: SuppressionState,
  { problems, empty }: { readonly problems: readonly string[]; readonly empty: readonly string[] },
): CheckReport {
  const summary = emptySummary();
  for (const f of files) addSummary(summary, f.summary);
  const gate = decide(files, summary, settings, suppressions, problems);
  const nothing = empty.map((text) => `${text}: contains no files`);
  return {
    ...{ files, summary, failOn },
    gate: gate.status === 1 ? { ...gate, reasons: [...gate.reasons, ...nothing] } : gate,
    suppressed: files.reduce((n, f) => n + f.silenced, 0),
  };
}
