import type { Rule } from '../base/rule.js';
import { ruleSpecUrl } from '../protocols/registry.js';
import { wrapText } from '../base/text-width.js';
import type { TextOutput } from '../report/output.js';
import { theme, type Theme } from '../report/theme.js';
import { terminalWidth, wantColors } from './colors.js';
import type { Command } from './command.js';
import { finishDestination, openDestination } from './destination.js';
import { formatOption, PRINT_OPTIONS, single } from './options.js';
import { allRules } from './plan.js';
import { UsageError } from './usage-error.js';

interface RulesArguments {
  readonly pattern?: string;
  readonly severity?: string;
  readonly party?: string;
  readonly format?: string;
  readonly output?: string;
  readonly color?: string;
}

export const rules: Command = {
  options: (yargs) =>
    yargs
      .positional('pattern', {
        type: 'string',
        describe:
          'Only rules whose id or title contains this text; with * or ?, a pattern for ids, such as nbd/*-cookie*',
      })
      .options({
        ...formatOption(['text', 'table', 'json', 'markdown']),
        severity: { ...single, choices: ['error', 'warning', 'note'], describe: 'Only rules of this severity' },
        party: {
          ...single,
          choices: ['client', 'server', 'either', 'capture'],
          describe: 'Only rules that blame this party',
        },
        output: PRINT_OPTIONS.output,
        color: PRINT_OPTIONS.color,
      })
      .example("$0 rules 'nbd/*'", 'the rules for NBD')
      .example('$0 rules --format markdown', 'all rules with explanations'),

  async run(raw) {
    const args = raw as RulesArguments;
    const chosen = matching(allRules(), args.pattern).filter(
      (r) => r.severity === (args.severity ?? r.severity) && r.party === (args.party ?? r.party),
    );
    if (chosen.length === 0) {
      const wanted = [args.pattern, args.severity, args.party]
        .filter((w) => w !== undefined)
        .map((w) => JSON.stringify(w));
      throw new UsageError(`no rule matches ${wanted.join(', ')}`);
    }
    const output = openDestination(args.output);
    await print(chosen, args, output);
    finishDestination(output, args.output);
    return 0;
  },
};

async function print(chosen: readonly Rule[], args: RulesArguments, output: TextOutput): Promise<void> {
  const colors = wantColors(args);
  switch (args.format) {
    case 'json':
      output.add(`${JSON.stringify({ rules: chosen.map(ruleObject) }, null, 2)}\n`);
      return;
    case 'markdown': {
      const { catalogue } = await import('../report/rule-catalogue.js');
      output.add(catalogue(chosen));
      return;
    }
    case 'table': {
      const { renderTable } = await import('../report/grid.js');
      const columns = ['id', 'severity', 'party', 'needs', 'title', 'spec'].map((title) => ({ title }));
      output.add(renderTable(columns, chosen.map(ruleRow), theme(colors), terminalWidth(args)));
      return;
    }
    default:
      list(chosen, theme(colors), output, terminalWidth(args));
  }
}

function list(chosen: readonly Rule[], t: Theme, output: TextOutput, width: number | null): void {
  const widest = (pick: (r: Rule) => string, least: number): number =>
    chosen.reduce((w, r) => Math.max(w, pick(r).length), least);
  const widths = [
    widest((r) => r.id, 4),
    widest(severityWords, 8),
    widest((r) => r.party, 6),
    widest((r) => r.needs, 5),
  ] as const;
  const columns = widths.reduce((a, b) => a + b + 2, 0);
  const heading = ['rule', 'severity', 'blames', 'needs'].map((word, i) => word.padEnd(widths[i]!)).join('  ');
  const rest = 'what breaks it  [specification]';
  const besides = width === null || columns + rest.length <= width;
  output.add(t.dim(besides ? `${heading}  ${rest}` : `${heading}\n    ${rest}`) + '\n');
  for (const r of chosen) {
    const id = t.title(r.id.padEnd(widths[0]));
    const severity = t.severity[r.severity](severityWords(r).padEnd(widths[1]));
    const lead = `${id}  ${severity}  ${r.party.padEnd(widths[2])}  ${r.needs.padEnd(widths[3])}`;
    const what = `${r.title}  ${t.dim(`[${r.spec}]`)}`;
    const wide = columns + r.title.length + r.spec.length + 4;
    if (width === null || wide <= width) output.add(`${lead}  ${what}\n`);
    else output.add(`${lead.trimEnd()}\n${indented(`${r.title}  [${r.spec}]`, width)}`);
  }
}

/** Wraps text and indents it below its heading. */
function indented(text: string, width: number): string {
  return wrapText(text, width - 4, width - 4)
    .map((line) => `    ${line}\n`)
    .join('');
}

function severityWords(r: Rule): string {
  return r.off ? `${r.severity} (off)` : r.severity;
}

function ruleRow(r: Rule): string[] {
  return [r.id, severityWords(r), r.party, r.needs, r.title, r.spec];
}

/** A rule in the form of `rules --format json`. */
function ruleObject(r: Rule): Record<string, string | boolean | null> {
  return {
    id: r.id,
    severity: r.severity,
    default: !r.off,
    party: r.party,
    needs: r.needs,
    title: r.title,
    meaning: r.meaning,
    spec: r.spec,
    specUrl: ruleSpecUrl(r),
  };
}

function matching(rules: readonly Rule[], pattern: string | undefined): readonly Rule[] {
  if (pattern === undefined) return rules;
  const wild = /[*?]/.test(pattern);
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*/g, '.*')
    .replace(/\?/g, '.');
  const expression = new RegExp(wild ? `^${source}$` : source, 'i');
  return rules.filter((r) => expression.test(r.id) || (!wild && expression.test(r.title)));
}
