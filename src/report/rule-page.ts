import { CAPTURE_RULES, EXPECTATION } from '../base/capture-rules.js';
import type { Example, Rule } from '../base/rule.js';
import type { Protocol } from '../contract/protocol.js';
import { playSteps, settingOf } from '../engine/example.js';
import type { RuleLevel } from '../engine/findings.js';
import { ruleSpecUrl } from '../protocols/registry.js';
import { theme } from './theme.js';
import { Transcript } from './transcript.js';

export interface RulePageOptions {
  readonly colors: boolean;
  readonly verbose: boolean;
  readonly hex: boolean;
  /** Columns of the terminal; null if there is none. */
  readonly width?: number | null;
}

/** Most columns of prose. */
const PROSE = 100;

const NEEDS_WORDS: Readonly<Record<Rule['needs'], string>> = {
  client: "the client's direction alone",
  server: "the server's direction alone",
  either: 'the direction that carries it alone',
  both: 'both directions',
  session: 'the whole session from its start',
  capture: 'nothing of the protocol',
};

/** Everything about one rule, with its example sessions as transcripts: the output of `explain`. */
export function rulePage(rule: Rule, protocol: Protocol | null, options: RulePageOptions): string {
  const t = theme(options.colors);
  const level = rule.off
    ? `${rule.severity}, off unless asked for with --rule ${rule.id}=${rule.severity}`
    : rule.severity;
  let out = `${t.title(rule.id)}   ${t.severity[rule.severity](level)}\n${rule.title}\n\n`;
  out += `${wrap(rule.meaning, Math.min(PROSE, options.width ?? PROSE))}\n\n`;
  out += `blames   ${blame(rule)}\nneeds    ${NEEDS_WORDS[rule.needs]}\nspec     ${rule.spec}\n`;
  const url = ruleSpecUrl(rule);
  if (url !== null) out += `         ${url}\n`;
  if (protocol === null) return out;
  if (rule.breaks !== undefined) out += example('breaks it', rule, rule.breaks, protocol, options);
  if (rule.keeps !== undefined) out += example('keeps it', rule, rule.keeps, protocol, options);
  return out;
}

/** The example sessions as plain text; empty if there are none. */
export function ruleExamples(rule: Rule, protocol: Protocol | null): string {
  if (protocol === null) return '';
  const options = { colors: false, verbose: false, hex: false, width: null };
  let out = '';
  if (rule.breaks !== undefined) out += example('breaks it', rule, rule.breaks, protocol, options);
  if (rule.keeps !== undefined) out += example('keeps it', rule, rule.keeps, protocol, options);
  return out.trim();
}

export function blame(rule: Pick<Rule, 'id' | 'party'>): string {
  if (rule.id === EXPECTATION.id) return 'nobody: the configuration asked for it';
  switch (rule.party) {
    case 'either':
      return 'the side that sent it';
    case 'capture':
      return 'nobody: it is about the capture';
    default:
      return `the ${rule.party}`;
  }
}

function example(verb: string, rule: Rule, example: Example, protocol: Protocol, options: RulePageOptions): string {
  const t = theme(options.colors);
  return `\n${t.title(`A session that ${verb}`)}: ${example.text}\n${exampleTranscript(rule, example, protocol, options)}`;
}

/** An example session as a transcript, with the rule switched on and notes of other rules switched off. */
function exampleTranscript(rule: Rule, example: Example, protocol: Protocol, options: RulePageOptions): string {
  let out = '';
  // the reader of this page needs no hint how to open it
  const transcript = new Transcript((text) => (out += text), { ...options, pageOf: false });
  const levels = new Map<string, RuleLevel>();
  for (const other of [...protocol.rules, ...CAPTURE_RULES])
    if (other.severity === 'note' && other !== rule) levels.set(other.id, 'off');
  if (rule.off) levels.set(rule.id, rule.severity);
  const play = { ...settingOf(example), levels, details: true };
  playSteps(protocol, example.steps(), play, transcript);
  return out;
}

/** Breaks text into lines of at most `width` characters. Empty lines stay. */
export function wrap(text: string, width: number): string {
  return text
    .split('\n')
    .map((paragraph) => {
      const lines: string[] = [];
      let line = '';
      for (const word of paragraph.split(' ')) {
        if (line !== '' && line.length + 1 + word.length > width) {
          lines.push(line);
          line = word;
        } else {
          line = line === '' ? word : `${line} ${word}`;
        }
      }
      return [...lines, line].join('\n');
    })
    .join('\n');
}

/** Escapes the characters of prose that Markdown takes for markup, except in code spans. */
export function markdown(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, i) => (i % 2 === 1 ? part : part.replace(/[\\*_<>[\]]/g, '\\$&')))
    .join('');
}
