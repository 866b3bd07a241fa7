import type { Severity } from '../base/rule.js';
import { count } from '../base/text.js';
import type { Finding, Repeated } from '../engine/event.js';
import { printable } from './words.js';

/** One broken rule: how often, where first, and the command that shows that place. */
export interface DigestRow {
  readonly rule: string;
  readonly severity: Severity;
  readonly place: string;
  /** Null for a finding about the capture as a whole. */
  readonly command: string | null;
}

/** A broken rule while it is counted, with the place of its first finding: plain data. */
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

/** Counts the findings of a run by rule, and remembers the first place of each. */
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

  /** Adds those of the captures that follow. */
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

  /** Adds the repetitions that are known at the end of a stream. */
  again(repeated: readonly Repeated[]): void {
    for (const { finding: f, times } of repeated) {
      const seen = this.rules.get(`${f.rule.id} ${f.severity}`);
      if (seen !== undefined) seen.n += times - 1;
    }
  }

  /** The rows, sorted by severity and then by frequency. `nameOf`: the name of an input. */
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

/** The command that shows a finding and the messages around it. */
function showCommand({ file, stream, message }: Broken, nameOf: (file: string) => string): string {
  const which = message > 0 ? `--where index==${message}` : '--findings';
  return `wirelint analyze ${shellWord(nameOf(file))} -s ${stream} ${which} -C 3`;
}

/** A text quoted for a shell if necessary. */
function shellWord(text: string): string {
  const safe = printable(text);
  return /^[\w./:@%+,=-]+$/.test(safe) && !safe.startsWith('-') ? safe : `'${safe.replaceAll("'", `'\\''`)}'`;
}
