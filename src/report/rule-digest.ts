import type { Severity } from '../base/rule.js';
import { count } from '../base/text.js';
import type { Finding, Repeated } from '../engine/event.js';
import { printable } from './words.js';

/** One rule that was broken: how often, where first, and the command that shows it. */
export interface DigestRow {
  readonly rule: string;
  readonly severity: Severity;
  readonly place: string;
  /** Null for what is about the capture as a whole. */
  readonly command: string | null;
}

const ORDER: readonly Severity[] = ['error', 'warning', 'note'];

/** What was found in a run, by rule: the way from a count to a place. */
export class RuleDigest {
  private readonly rules = new Map<string, { first: Finding; severity: Severity; n: number }>();

  add(f: Finding): void {
    const key = `${f.rule.id} ${f.severity}`;
    const seen = this.rules.get(key);
    if (seen === undefined) this.rules.set(key, { first: f, severity: f.severity, n: 1 });
    else seen.n++;
  }

  /** Those that a stream's end tells to have come again. */
  again(repeated: readonly Repeated[]): void {
    for (const { finding: f, times } of repeated) {
      const seen = this.rules.get(`${f.rule.id} ${f.severity}`);
      if (seen !== undefined) seen.n += times - 1;
    }
  }

  /** The gravest first, then the most frequent. `nameOf`: what an input is called. */
  rows(nameOf: (file: string) => string): DigestRow[] {
    return [...this.rules.values()]
      .sort(
        (a, b) =>
          ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) ||
          b.n - a.n ||
          (a.first.rule.id < b.first.rule.id ? -1 : 1),
      )
      .map(({ first: f, severity, n }) => {
        const at = [
          f.stream === null ? '' : `stream ${f.stream.id}`,
          f.message !== null && f.message.index > 0 ? `#${f.message.index}` : '',
          f.packet > 0 ? `packet ${f.packet}` : '',
        ].filter((w) => w !== '');
        const where = at.length === 0 ? '' : `, ${n > 1 ? 'first ' : ''}in ${at.join(' ')}`;
        return {
          rule: f.rule.id,
          severity,
          place: `${n === 1 ? 'once' : count(n, 'time')}${where}`,
          command: f.stream === null ? null : showCommand(f, nameOf),
        };
      });
  }
}

/** The command that shows a finding and what stands around it. */
function showCommand(f: Finding, nameOf: (file: string) => string): string {
  const which = f.message !== null && f.message.index > 0 ? `--where index==${f.message.index}` : '--findings';
  return `wirelint analyze ${shellWord(nameOf(f.file))} -s ${f.stream!.id} ${which} -C 3`;
}

/** A word as a shell takes it. */
function shellWord(text: string): string {
  const safe = printable(text);
  return /^[\w./:@%+,=-]+$/.test(safe) && !safe.startsWith('-') ? safe : `'${safe.replaceAll("'", `'\\''`)}'`;
}
