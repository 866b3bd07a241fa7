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

/** The same as it is counted, and where it was broken first: plain data. */
export interface Broken {
  readonly rule: string;
  readonly severity: Severity;
  n: number;
  readonly file: string;
  readonly stream: number | null;
  /** Index of the message; 0: it is about none. */
  readonly message: number;
  readonly packet: number;
}

const ORDER: readonly Severity[] = ['error', 'warning', 'note'];

/** What was found in a run, by rule: the way from a count to a place. */
export class RuleDigest {
  private readonly rules = new Map<string, Broken>();

  add(f: Finding): void {
    const seen = this.rules.get(`${f.rule.id} ${f.severity}`);
    if (seen !== undefined) seen.n++;
    else
      this.put({
        ...{ rule: f.rule.id, severity: f.severity, n: 1 },
        ...{ file: f.file, stream: f.stream?.id ?? null, message: f.message?.index ?? 0, packet: f.packet },
      });
  }

  /** Those of the captures that follow. */
  addAll(rules: readonly Broken[]): void {
    for (const rule of rules) {
      const seen = this.rules.get(`${rule.rule} ${rule.severity}`);
      if (seen !== undefined) seen.n += rule.n;
      else this.put({ ...rule });
    }
  }

  all(): Broken[] {
    return [...this.rules.values()];
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
      .sort((a, b) => ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity) || b.n - a.n || (a.rule < b.rule ? -1 : 1))
      .map((f) => {
        const { rule, severity, n } = f;
        const at = [
          f.stream === null ? '' : `stream ${f.stream}`,
          f.message > 0 ? `#${f.message}` : '',
          f.packet > 0 ? `packet ${f.packet}` : '',
        ].filter((w) => w !== '');
        const where = at.length === 0 ? '' : `, ${n > 1 ? 'first ' : ''}in ${at.join(' ')}`;
        return {
          rule,
          severity,
          place: `${n === 1 ? 'once' : count(n, 'time')}${where}`,
          command: f.stream === null ? null : showCommand(f, nameOf),
        };
      });
  }

  private put(rule: Broken): void {
    this.rules.set(`${rule.rule} ${rule.severity}`, rule);
  }
}

/** The command that shows a finding and what stands around it. */
function showCommand({ file, stream, message }: Broken, nameOf: (file: string) => string): string {
  const which = message > 0 ? `--where index==${message}` : '--findings';
  return `wirelint analyze ${shellWord(nameOf(file))} -s ${stream} ${which} -C 3`;
}

/** A word as a shell takes it. */
function shellWord(text: string): string {
  const safe = printable(text);
  return /^[\w./:@%+,=-]+$/.test(safe) && !safe.startsWith('-') ? safe : `'${safe.replaceAll("'", `'\\''`)}'`;
}
