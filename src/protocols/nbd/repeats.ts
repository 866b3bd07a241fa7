import type { Rule } from '../../base/rule.js';
import type { Message } from '../../contract/message.js';
import type { Evidence } from '../../contract/protocol.js';

/** Different things, and later messages, that one finding names. */
const NAMED = 6;

interface Repeated {
  readonly first: Evidence & { readonly message: Message };
  readonly whats: string[];
  readonly later: Message[];
  times: number;
  severity: Evidence['severity'];
  readonly say: (whats: string) => string;
}

/** What an implementation does again and again, because it was made so: raised once a session, at the first place, with a count. */
export class Repeats {
  private byRule: Map<Rule, Repeated> | null = null;

  /**
   * `what` names what the rule is broken with this time; `say` makes the sentence of all that were named, once the session is over. The
   * highest severity of all wins.
   */
  add(rule: Rule, evidence: Omit<Repeated['first'], 'text'>, what: string, say: (whats: string) => string): void {
    this.byRule ??= new Map();
    const known = this.byRule.get(rule);
    if (known === undefined) {
      const first = { ...evidence, text: '' } as Repeated['first'];
      this.byRule.set(rule, { first, whats: [what], later: [], times: 1, severity: evidence.severity, say });
      return;
    }
    known.times++;
    if (evidence.severity === undefined || evidence.severity === rule.severity) known.severity = evidence.severity;
    if (known.later.length < NAMED) known.later.push(evidence.message);
    if (known.whats.length < NAMED && !known.whats.includes(what)) known.whats.push(what);
  }

  /** Hands over what there is, each rule once. */
  flush(raise: (rule: Rule, evidence: Evidence) => void): void {
    for (const [rule, r] of this.byRule ?? []) {
      const text = r.say(r.whats.join(', ')) + (r.times === 1 ? '' : `; ${r.times} times in this session`);
      raise(rule, {
        ...r.first,
        related: [...(r.first.related ?? []), ...r.later],
        ...(r.severity !== undefined && { severity: r.severity }),
        text,
      });
    }
    this.byRule = null;
  }
}
