import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { Severity } from '../base/rule.js';
import type { PageRule } from '../report/page/format.js';
import { GRAVITY, type Finding, type Model } from './model.js';
import { Level, Sign } from './parts.js';
import { findingPlace } from './words.js';

/** One finding in full. `here`: it is shown with its message, so that its place is left out. */
export function FindingCard(p: {
  readonly model: Model;
  readonly finding: Finding;
  readonly select: (row: number) => void;
  readonly here?: boolean;
}): JSX.Element {
  const { model, finding: f } = p;
  const rule = model.head.rules.find((r) => r.id === f.rule);
  return (
    <section class={`finding ${f.severity}`} aria-label={`${f.severity} ${f.rule}`}>
      <p class="head">
        <Level severity={f.severity} /> <code>{f.rule}</code>{' '}
        <span class="muted">
          {f.party === 'capture' ? 'the recording' : f.party}
          {f.confidence !== 'certain' && `, ${f.confidence}`}
        </span>
      </p>
      <p>{f.text}</p>
      {!p.here && <p class="muted">{findingPlace(model, f)}</p>}
      {rule !== undefined && (
        <details>
          <summary>{rule.title}</summary>
          <Explain rule={rule} />
        </details>
      )}
    </section>
  );
}

/** The meaning of a rule, like `wirelint explain`. */
export function Explain({ rule: known }: { readonly rule: PageRule | undefined }): JSX.Element | null {
  if (known === undefined) return null;
  return (
    <div class="explain">
      {known.meaning.split('\n').map((paragraph, i) => (
        <p key={i}>{paragraph}</p>
      ))}
      <p class="muted">{known.spec}</p>
      {known.examples !== '' && (
        <details>
          <summary>Examples: a session that breaks it, and one that keeps it</summary>
          <pre tabIndex={0}>{known.examples}</pre>
        </details>
      )}
    </div>
  );
}

interface Group {
  readonly rule: string;
  readonly severity: Severity;
  readonly findings: readonly Finding[];
}

/** Findings by rule, sorted by severity and then by frequency. */
export function byRule(findings: readonly Finding[]): Group[] {
  const groups = new Map<string, Finding[]>();
  for (const f of findings) {
    const key = `${f.severity} ${f.rule}`;
    const own = groups.get(key);
    if (own === undefined) groups.set(key, [f]);
    else own.push(f);
  }
  return [...groups.values()]
    .map((own) => ({ rule: own[0]!.rule, severity: own[0]!.severity, findings: own }))
    .sort(
      (a, b) =>
        GRAVITY[a.severity] - GRAVITY[b.severity] ||
        b.findings.length - a.findings.length ||
        (a.rule < b.rule ? -1 : 1),
    );
}

/** Findings of a rule that are listed before the user asks for more. */
const FEW = 5;

export function RuleGroup({
  model,
  group,
  select,
}: {
  model: Model;
  group: Group;
  select: (row: number) => void;
}): JSX.Element {
  const [all, setAll] = useState(false);
  const rule = model.head.rules.find((r) => r.id === group.rule);
  const shown = all ? group.findings.slice(0, 500) : group.findings.slice(0, FEW);
  return (
    <section class={`rule ${group.severity}`} aria-label={group.rule}>
      <div class="places">
        <h3>
          <Sign severity={group.severity} />
          <span class="sr">{group.severity} </span>
          <code>{group.rule}</code>
          <span class="times">{group.findings.length === 1 ? 'once' : `${group.findings.length} times`}</span>
        </h3>
        <ul>
          {shown.map((f) => (
            <li key={f.number}>
              <p>{f.text}</p>
              <p class="muted">
                {f.row >= 0 ? (
                  <button type="button" class="link" onClick={() => select(f.row)}>
                    {findingPlace(model, f)}
                  </button>
                ) : (
                  findingPlace(model, f)
                )}
                {' · '}
                {f.party === 'capture' ? 'caused by the recording' : f.party}
                {f.confidence !== 'certain' && `, ${f.confidence}`}
              </p>
            </li>
          ))}
        </ul>
        {group.findings.length > shown.length && (
          <button type="button" class="small" onClick={() => setAll(true)}>
            {all ? `and ${group.findings.length - shown.length} more` : `show all ${group.findings.length}`}
          </button>
        )}
      </div>
      <div class="why">
        {rule !== undefined && <p class="title">{rule.title}</p>}
        <Explain rule={rule} />
      </div>
    </section>
  );
}
