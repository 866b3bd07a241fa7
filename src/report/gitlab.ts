import type { Severity } from '../base/rule.js';
import type { CheckReport } from './check-report.js';
import { shownPath } from '../base/file-name.js';
import { safeJson } from '../base/text.js';
import { shortHash } from './fingerprint.js';
import { placeOf, repositoryPath, whereWords } from './location.js';
import { printable } from './words.js';

const SEVERITIES: Readonly<Record<Severity, string>> = { error: 'major', warning: 'minor', note: 'info' };

/** GitLab's code quality report: one array, each entry with its own fingerprint. */
export function gitlab(report: CheckReport): string {
  const entries = report.files.flatMap((file) =>
    file.findings.map((f) => {
      const { path, line } = placeOf(file, f);
      return {
        description: `${printable(f.text)} (${printable(whereWords(f))})`,
        check_name: f.rule,
        fingerprint: shortHash(`${repositoryPath(file.file)}\0${f.fingerprint}`),
        severity: SEVERITIES[f.severity],
        location: { path: shownPath(path), lines: { begin: line } },
      };
    }),
  );
  return `${safeJson(JSON.stringify(entries, null, 2))}\n`;
}
