import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { atLeast } from '../../engine/findings.js';
import type { CheckReport, CheckedFinding, FileReport } from '../../report/check-report.js';
import { complain } from '../complain.js';
import { CONFIG_NAME } from '../config-path.js';
import type { Suppression } from '../config-file.js';
import { finishDestination, openDestination } from '../destination.js';
import type { SuppressionState } from './gate.js';
import type { CheckSettings } from './settings.js';

const REASON = 'present when the baseline was written';

/**
 * Adds the findings that fail the gate now to the configuration's suppressions, and returns the report without them. Suppressions with a
 * fingerprint that silence nothing any more are removed; all others were written by the user and stay.
 */
export function applyBaseline(
  report: CheckReport,
  settings: CheckSettings,
  state: SuppressionState,
  again: (files: readonly FileReport[], suppressions: SuppressionState) => CheckReport,
): CheckReport {
  const { planner, gate } = settings;
  const path = planner.loaded?.path ?? settings.args.config ?? CONFIG_NAME;
  const added: Suppression[] = [];
  const files = report.files.map((file) => {
    const failOn = gate.failOn(file.file);
    const listed = (f: CheckedFinding): boolean =>
      atLeast(f.severity, failOn) || (gate.maxWarnings !== null && f.severity === 'warning');
    const findings = { ...file.summary.findings };
    for (const f of file.findings.filter(listed)) {
      findings[f.severity]--;
      added.push({
        rule: f.rule,
        path: planner.pathOf(file.file),
        fingerprint: f.fingerprint,
        reason: REASON,
      });
    }
    return {
      ...file,
      findings: file.findings.filter((f) => !listed(f)),
      silenced: file.silenced + file.findings.filter(listed).length,
      summary: { ...file.summary, findings },
    };
  });
  const kept = state.all.filter((s, i) => s.fingerprint === undefined || state.used.has(i) || !state.complete);
  write(path, [...kept, ...added]);
  complain(`${path}: ${added.length} added to the suppressions, ${state.all.length - kept.length} dropped`);
  const numbers = state.all.flatMap((s, i) => (kept.includes(s) && state.used.has(i) ? [kept.indexOf(s)] : []));
  const used = new Set([...numbers, ...added.map((_, i) => kept.length + i)]);
  return again(files, { ...state, all: [...kept, ...added], used });
}

/** Replaces the suppressions in a configuration file, or creates the file. Everything else in it stays. */
function write(path: string, suppressions: readonly Suppression[]): void {
  const text = existsSync(path) ? readFileSync(path, 'utf8').replace(/^\ufeff/, '') : '{}';
  const config = JSON.parse(text) as Record<string, unknown>;
  const indent = /^[{[]\r?\n([ \t]+)/.exec(text)?.[1] ?? '  ';
  const output = openDestination(resolve(path));
  output.add(`${JSON.stringify({ ...config, suppressions }, null, indent)}\n`);
  finishDestination(output, path);
}
