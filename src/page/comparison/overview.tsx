import type { JSX } from 'preact';
import { safeText } from '../../base/safe-text.js';
import type { Severity } from '../../base/rule.js';
import type { ComparedFinding } from '../../compare/gathering.js';
import type { FindingChange } from '../../compare/comparison.js';
import type { RowKind } from '../../report/page/comparison.js';
import { Canvas } from '../canvas.js';
import { Explain } from '../findings.js';
import { Level, Sign } from '../parts.js';
import { counted } from '../words.js';
import { KIND_WORDS, KINDS, pairName, SIGNS, type Comparison, type StreamPair } from './model.js';

interface Props {
  readonly comparison: Comparison;
  readonly select: (row: number) => void;
}

/** Whether the two differ, in what, and where to look. */
export function ComparisonOverview({ comparison, select }: Props): JSX.Element {
  const { page, streams } = comparison;
  const findings = [...page.findings, ...streams.flatMap((s) => s.findings)];
  return (
    <>
      <Verdict comparison={comparison} findings={findings.length} />
      <section aria-labelledby="streams">
        <h2 id="streams">Streams</h2>
        {streams.length === 0 && <p class="muted">None that a protocol claims.</p>}
        <ol class="streams">
          {streams.map((s) => (
            <PairCard key={s.number} stream={s} select={select} />
          ))}
        </ol>
      </section>
      {findings.length > 0 && (
        <section aria-labelledby="found">
          <h2 id="found">Findings that differ</h2>
          <Changes comparison={comparison} of={null} changes={page.findings} />
          {streams.map((s) => (
            <Changes key={s.number} comparison={comparison} of={s} changes={s.findings} />
          ))}
        </section>
      )}
    </>
  );
}

function Verdict({ comparison, findings }: { comparison: Comparison; findings: number }): JSX.Element {
  const { page, names, counts, streams } = comparison;
  const matched = streams.filter((s) => s.a !== null && s.b !== null).length;
  const [a, b] = page.unknown;
  const state = page.equal ? 'ok' : 'warning';
  return (
    <section class={`verdict ${state}`} aria-label="verdict">
      <p class="big">
        <Sign severity={state} /> {page.equal ? 'The captures are equal' : 'The captures differ'}
      </p>
      <dl class="names">
        {names.map((name, i) => (
          <div key={i}>
            <dt>{i === 0 ? 'A' : 'B'}</dt>
            <dd>{name}</dd>
          </div>
        ))}
      </dl>
      <dl class="totals">
        {KINDS.map((kind) => (
          <div key={kind} class={counts[kind] === 0 ? 'none' : ''}>
            <dt>
              {SIGNS[kind]} {kind === 'equal' || kind === 'changed' ? `${kind} messages` : KIND_WORDS[kind]}
            </dt>
            <dd>{counted(counts[kind])}</dd>
          </div>
        ))}
        <div class={findings === 0 ? 'none' : ''}>
          <dt>findings that differ</dt>
          <dd>{counted(findings)}</dd>
        </div>
      </dl>
      <p class="muted">
        {counted(matched, 'stream')} matched by protocol and order.
        {streams.length > matched && ` ${counted(streams.length - matched, 'stream')} without a match.`}
        {a !== b && ` Streams that no protocol claims: ${counted(a)} in A, ${counted(b)} in B.`} Times, ports, checksums
        and ids that map one to one do not count.
      </p>
    </section>
  );
}

function PairCard({ stream: s, select }: { stream: StreamPair; select: (row: number) => void }): JSX.Element {
  const first = s.rows.findIndex((row) => row.kind !== 'equal');
  const leftOut = (s.a?.leftOut ?? 0) + (s.b?.leftOut ?? 0);
  const differing = KINDS.filter((kind) => kind !== 'equal' && s.counts[kind] > 0);
  return (
    <li class="stream">
      <div class="who">
        <p>
          {s.rows.length > 0 ? (
            <button type="button" class="link" onClick={() => select(s.first + Math.max(0, first))}>
              {pairName(s)}
            </button>
          ) : (
            pairName(s)
          )}{' '}
          <span class="proto">{safeText(s.protocol)}</span>
        </p>
        <p class="muted">
          {s.a === null
            ? `nothing in A; ${counted(s.b!.messages, 'message')} in B`
            : s.b === null
              ? `${counted(s.a.messages, 'message')} in A; nothing in B`
              : `${counted(s.counts.equal)} of ${counted(s.a.messages)} and ${counted(s.b.messages)} messages equal`}
        </p>
      </div>
      <div class="life">
        <Strip stream={s} />
        {leftOut > 0 && <p class="muted">{counted(leftOut, 'message')} not compared (limit diffMessages).</p>}
        {s.tooFar && <p class="muted">Too many differ in one direction to list them (limit diffEdits).</p>}
        {s.left > 0 && (
          <p class="muted">
            {counted(s.left, 'message')} not in this page (limit pageMessages): it holds what differs.
          </p>
        )}
      </div>
      <p class="found">
        {differing.map((kind) => (
          <span key={kind} class={`kind ${kind}`}>
            {SIGNS[kind]} {counted(s.counts[kind])} {KIND_WORDS[kind]}
          </span>
        ))}
        {differing.length + s.findings.length === 0 && !s.tooFar && (
          <span class="level ok">
            <Sign severity="ok" /> equal
          </span>
        )}
        {s.findings.length > 0 && <span>{counted(s.findings.length, 'finding')} differ</span>}
      </p>
    </li>
  );
}

/** Height of a strip. */
const STRIP = 34;
const PAINTS = { equal: 'line', changed: 'warning', removed: 'error', added: 'ok' } as const;

/**
 * All messages from first to last: messages only in A hang below the line, messages only in B are above it, and changed ones extend to both
 * sides.
 */
function Strip({ stream: { rows, counts } }: { readonly stream: StreamPair }): JSX.Element | null {
  if (rows.length === 0) return null;
  const words = KINDS.filter((kind) => counts[kind] > 0).map((kind) => `${counts[kind]} ${KIND_WORDS[kind]}`);
  return (
    <Canvas
      class="strip"
      height={STRIP}
      label={`the messages of both: ${words.join(', ')}`}
      draw={(g, width, c) => {
        const mark = (kind: RowKind, from: number, height: number): void => {
          g.fillStyle = c[PAINTS[kind]];
          rows.forEach((row, i) => {
            if (row.kind !== kind) return;
            g.fillRect((i / rows.length) * width, from, Math.max(1.5, width / rows.length - 1), height);
          });
        };
        mark('equal', STRIP / 2 - 2, 4);
        mark('removed', STRIP / 2 - 2, STRIP / 2);
        mark('added', 4, STRIP / 2 - 2);
        mark('changed', 4, STRIP - 8);
      }}
    />
  );
}

interface ChangesProps {
  readonly comparison: Comparison;
  /** null: about the recordings. */
  readonly of: StreamPair | null;
  readonly changes: readonly FindingChange[];
}

function Changes({ comparison, of, changes }: ChangesProps): JSX.Element {
  return (
    <>
      {changes.map(({ a, b }, i) => {
        const one = a ?? b!;
        return (
          <section key={i} class={`rule ${one.severity}`} aria-label={one.rule}>
            <div class="places">
              <h3>
                <Level severity={one.severity as Severity}>
                  <span class="sr">{one.severity}</span>
                </Level>
                <code>{one.rule}</code>
                <span class="times">{of === null ? 'of the recordings' : pairName(of)}</span>
              </h3>
              <ul>
                <Side name="A" kind="removed" finding={a} />
                <Side name="B" kind="added" finding={b} />
              </ul>
            </div>
            <div class="why">
              <Explain rule={comparison.page.rules.find((r) => r.id === one.rule)} />
            </div>
          </section>
        );
      })}
    </>
  );
}

function Side({
  name,
  kind,
  finding: f,
}: {
  name: string;
  kind: RowKind;
  finding: ComparedFinding | null;
}): JSX.Element {
  return (
    <li>
      <p>
        <span class={f === null ? 'muted' : `kind ${kind}`}>
          {f === null ? '' : `${SIGNS[kind]} `}
          {name}
        </span>{' '}
        {f === null ? (
          <span class="muted">does not have it</span>
        ) : (
          <>
            {f.count > 1 && `${counted(f.count)} times, the first: `}
            {safeText(f.text)} <span class="muted">({f.party})</span>
          </>
        )}
      </p>
    </li>
  );
}
