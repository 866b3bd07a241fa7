import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { safeJson, safeText } from '../../base/safe-text.js';
import type { PageMessage } from '../../report/page/comparison.js';
import { Copy } from '../parts.js';
import { shellWord } from '../words.js';
import { arrowOf, fieldPairs, KIND_WORDS, pairName, SIGNS, type Comparison, type FieldPair } from './model.js';

/** Characters of one value that are shown. */
const MOST_VALUE = 400;

/** Two corresponding messages, or one that has no counterpart, field by field. */
export function PairDetail({
  comparison,
  row,
}: {
  readonly comparison: Comparison;
  readonly row: number;
}): JSX.Element {
  const pair = comparison.rows[row]!;
  const stream = comparison.streamOf(row);
  const fields = useMemo(() => fieldPairs(pair), [pair]);
  const { a, b, kind } = pair;
  const one = a ?? b!;
  const numbers = [...new Set([a, b].flatMap((m) => (m === null ? [] : [`#${m.index}`])))];
  const command = (side: 0 | 1): string => {
    const [s, m] = side === 0 ? [stream.a!, a!] : [stream.b!, b!];
    return `wirelint analyze ${shellWord(comparison.names[side])} -s ${s.id} --where index==${m.index} -x -C 3`;
  };
  return (
    <article class="detail" aria-label={`message ${numbers.join(' and ')}`}>
      <header>
        <h2>
          <span class="number">{numbers.join(' / ')}</span> {arrowOf(one)} {safeText(one.name)}
        </h2>
        <p>
          <span class={`kind ${kind}`}>
            {SIGNS[kind]} {KIND_WORDS[kind]}
          </span>{' '}
          <span class="muted">in {pairName(stream)}</span>
        </p>
      </header>
      <div class="wide" tabIndex={0} role="region" aria-label="fields of both">
        <table class="pair">
          <thead>
            <tr>
              <th scope="col">
                <span class="sr">differs</span>
              </th>
              <th scope="col">field</th>
              {a !== null && <th scope="col">A{place(a)}</th>}
              {b !== null && <th scope="col">B{place(b)}</th>}
            </tr>
          </thead>
          <tbody>
            {fields.map((f) => (
              <FieldRow key={f.path} field={f} left={a !== null} right={b !== null} />
            ))}
          </tbody>
        </table>
      </div>
      {fields.length === 0 && <p class="muted">No fields.</p>}
      {fields.some((f) => f.differs && !f.counts) && (
        <p class="muted">
          ≈ differs, and does not count: it is different in every recording, or was left out by --ignore.
        </p>
      )}
      <p class="copies" role="group" aria-label="copy">
        {a !== null && <Copy label="copy command for A" text={() => command(0)} />}
        {b !== null && <Copy label="copy command for B" text={() => command(1)} />}
        <Copy label="copy JSON" text={() => safeJson(JSON.stringify(pair, null, 2))} />
      </p>
    </article>
  );
}

function place(m: PageMessage): string {
  return m.packet > 0 ? `, packet ${m.packet}` : '';
}

function FieldRow({ field: f, left, right }: { field: FieldPair; left: boolean; right: boolean }): JSX.Element {
  const state = f.counts ? 'counts' : f.differs ? 'differs' : '';
  return (
    <tr class={state}>
      <td>
        {state !== '' && (
          <>
            <span aria-hidden="true">{f.counts ? '≠' : '≈'}</span>
            <span class="sr">{f.counts ? 'differs' : 'differs, does not count'}</span>
          </>
        )}
      </td>
      <th scope="row">{safeText(f.path)}</th>
      {left && <td>{shown(f.a)}</td>}
      {right && <td>{shown(f.b)}</td>}
    </tr>
  );
}

function shown(value: string | undefined): JSX.Element | string {
  if (value === undefined) return <span class="muted">absent</span>;
  if (value === '') return <span class="muted">(empty)</span>;
  return safeText(value.length > MOST_VALUE ? `${value.slice(0, MOST_VALUE)}…` : value);
}
