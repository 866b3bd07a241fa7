import { readFileSync } from 'node:fs';
import type { Rule } from '../base/rule.js';
import type { Summary } from '../engine/event.js';
import { PROTOCOLS } from '../protocols/registry.js';
import type { CheckReport } from '../report/check-report.js';
import type { PagePart } from '../report/page/collector.js';
import type { PageHead, PageRule } from '../report/page/format.js';
import { pageHtml } from '../report/page/html.js';
import { ruleExamples } from '../report/rule-page.js';
import { packageRoot } from './package-root.js';
import { allRules } from './plan.js';
import { version } from './version.js';

export interface PageContent {
  readonly command: PageHead['command'];
  readonly parts: readonly PagePart[];
  readonly totals: Pick<Summary, 'files' | 'packets' | 'streams' | 'messages' | 'findings'>;
  readonly gate?: PageHead['gate'];
}

/** The page of a run: `-f html` of every command. */
export function page({ command, parts, totals, gate }: PageContent): string {
  const broken = new Set(parts.flatMap((p) => p.broken));
  const rules = allRules().filter((r) => broken.has(r.id));
  const { files, packets, streams, messages, findings } = totals;
  const head = {
    version: version(),
    command,
    gate: gate ?? null,
    totals: { files, packets, streams, messages, findings },
    rules: rules.map(pageRule),
  };
  return pageHtml(head, parts, { script: built('page.js'), style: built('page.css') });
}

/** The page of what `check` judged. */
export function checkPage(report: CheckReport): string {
  const parts = report.files.flatMap((f) => f.page ?? []);
  const { gate, summary, suppressed } = report;
  return page({ command: 'check', parts, totals: summary, gate: { ...gate, suppressed } });
}

function pageRule(rule: Rule): PageRule {
  const { id, title, meaning, spec } = rule;
  const protocol = PROTOCOLS.find((p) => p.rules.includes(rule)) ?? null;
  return { id, title, meaning, spec, examples: ruleExamples(rule, protocol) };
}

/** A file of the page's program. */
function built(name: string): string {
  return readFileSync(new URL(`dist/page/${name}`, packageRoot()), 'utf8').trim();
}
