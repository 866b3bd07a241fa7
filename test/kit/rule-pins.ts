import { join } from 'node:path';
import type { Rule } from '../../src/base/rule.js';
import type { Protocol } from '../../src/contract/protocol.js';
import type { Finding } from '../../src/engine/event.js';
import { runSteps, settingOf } from '../../src/engine/example.js';

export const PINS = 'test/golden/pins';

/** The columns of a table of pinned findings. */
export const COLUMNS = [
  'example',
  'finding',
  'severity',
  'confidence',
  'party',
  'side',
  'message',
  'bytes',
  'related',
  'text',
];

/** The table of what a protocol's breaking examples report. */
export function pinsOf(protocol: Protocol): string {
  return join(PINS, `rules-${protocol.name}.tsv`);
}

/** What the example that breaks a rule reports: one line a finding. */
export function reported(protocol: Protocol, rule: Rule): string[] {
  const { breaks } = rule;
  if (breaks === undefined) return [];
  const levels = rule.off ? new Map([[rule.id, rule.severity]] as const) : new Map();
  const { findings } = runSteps(protocol, breaks.steps(), { ...settingOf(breaks), levels });
  return findings.map((f) => [rule.id, ...cells(f)].join('\t'));
}

function cells(f: Finding): string[] {
  return [
    f.rule.id,
    f.severity,
    f.confidence,
    f.party,
    f.side === null ? '-' : (['client', 'server'] as const)[f.side],
    f.message === null ? '-' : `#${f.message.index} ${f.message.name}`,
    `${f.offset}+${f.length}`,
    f.related.map((m) => `#${m.index} ${m.name}`).join(', ') || '-',
    f.text,
  ];
}
