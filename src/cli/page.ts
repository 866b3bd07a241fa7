import { readFileSync } from 'node:fs';
import { DEFAULT_LIMITS } from '../base/limits.js';
import type { Rule } from '../base/rule.js';
import type { Comparison } from '../compare/comparison.js';
import type { Summary } from '../engine/event.js';
import { PROTOCOLS } from '../protocols/registry.js';
import type { CheckReport } from '../report/check-report.js';
import type { PagePart } from '../report/page/collector.js';
import type { PageHead, PageRule } from '../report/page/format.js';
import { comparisonPage } from '../report/page/comparison.js';
import { comparisonHtml, pageHtml } from '../report/page/html.js';
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

/** The HTML page of a run, for `-f html` of every command. */
export function page({ command, parts, totals, gate }: PageContent): string {
  const broken = new Set(parts.flatMap((p) => p.broken));
  const { files, packets, streams, messages, findings } = totals;
  const head = {
    version: version(),
    command,
    gate: gate ?? null,
    totals: { files, packets, streams, messages, findings },
    rules: pageRules(broken),
  };
  return pageHtml(head, parts, { script: built('page.js'), style: built('page.css') });
}

/** The HTML page of a comparison of two captures. `names`: how they are called. */
export function diffPage(comparison: Comparison, names: readonly [string, string]): string {
  const differing = [...comparison.findings, ...comparison.streams.flatMap((s) => s.findings)];
  const rules = pageRules(new Set(differing.map((f) => (f.a ?? f.b!).rule)));
  const content = { version: version(), names, rules, ...comparisonPage(comparison, DEFAULT_LIMITS) };
  return comparisonHtml(content, { script: built('comparison.js'), style: built('comparison.css') });
}

/** The HTML page of a run of `check`. */
export function checkPage(report: CheckReport): string {
  const parts = report.files.flatMap((f) => f.page ?? []);
  const { gate, summary, suppressed } = report;
  return page({ command: 'check', parts, totals: summary, gate: { ...gate, suppressed } });
}

/** What a page shows about the rules with these ids. */
function pageRules(ids: ReadonlySet<string>): PageRule[] {
  return allRules()
    .filter((r) => ids.has(r.id))
    .map(pageRule);
}

function pageRule(rule: Rule): PageRule {
  const { id, title, meaning, spec } = rule;
  const protocol = PROTOCOLS.find((p) => p.rules.includes(rule)) ?? null;
  return { id, title, meaning, spec, examples: ruleExamples(rule, protocol) };
}

/** Reads a file of the page's built program. */
function built(name: string): string {
  return readFileSync(new URL(`dist/page/${name}`, packageRoot()), 'utf8').trim();
}
