import type { JSX } from 'preact';
import { useMemo, useState } from 'preact/hooks';
import { safeText } from '../../base/safe-text.js';
import type { PageMessage } from '../../report/page/comparison.js';
import type { GoTo } from '../address.js';
import { VirtualList } from '../virtual-list.js';
import { counted } from '../words.js';
import { arrowOf, fieldPairs, KIND_WORDS, pairName, SIGNS, type Comparison, type FieldPair } from './model.js';
import { PairDetail } from './pair-detail.js';
import type { ComparisonRoute } from './route.js';

const ROW = 26;
/** How many equal messages are shown before and after a difference. */
const AROUND = 3;

/** An item of the list: a row of the comparison, folded equal rows, or the beginning of a stream. */
type Item =
  | { readonly kind: 'row'; readonly row: number }
  | { readonly kind: 'fold'; readonly from: number; readonly to: number }
  | { readonly kind: 'stream'; readonly number: number };

interface Props {
  readonly comparison: Comparison;
  readonly route: ComparisonRoute;
  readonly go: GoTo<ComparisonRoute>;
}

/** The messages of both captures side by side, with corresponding messages on one line. */
export function Aligned({ comparison, route, go }: Props): JSX.Element {
  const [unfolded, setUnfolded] = useState<ReadonlySet<number>>(new Set());
  const { row, whole } = route;
  const items = useMemo(() => itemsOf(comparison, whole, unfolded), [comparison, whole, unfolded]);
  const selected = row === null ? -1 : items.findIndex((item) => holds(item, row));
  const differ = comparison.rows.some((r) => r.kind !== 'equal');
  return (
    <>
      <div class="bar">
        <button type="button" aria-pressed={whole} onClick={() => go({ whole: !whole }, 'replace')}>
          all messages
        </button>
        <p class="said" role="status">
          {KIND_LIST.map((kind) => `${SIGNS[kind]} ${counted(comparison.counts[kind])} ${KIND_WORDS[kind]}`).join(', ')}
        </p>
      </div>
      <div class={`split ${row === null ? '' : 'open'}`}>
        <div class="list aligned">
          <div class="row head" aria-hidden="true">
            <span class="side">A {comparison.short[0]}</span>
            <span />
            <span class="side">B {comparison.short[1]}</span>
          </div>
          {items.length === 0 ? (
            <p class="empty">No messages were decoded.</p>
          ) : (
            <VirtualList
              count={items.length}
              rowHeight={ROW}
              selected={selected}
              label={differ ? 'messages of both' : 'messages of both, all equal'}
              id={(i) => `item-${i}`}
              row={(i) => <Line comparison={comparison} item={items[i]!} />}
              onSelect={(i) => {
                const item = items[i]!;
                if (item.kind === 'row') go({ row: item.row }, row === null ? 'push' : 'replace');
                else if (item.kind === 'fold') {
                  setUnfolded(new Set([...unfolded, item.from]));
                  go({ row: item.from }, 'replace');
                } else {
                  // skips the heading of a stream, in either direction
                  const next = items[selected > i ? i - 1 : i + 1];
                  if (next?.kind === 'row') go({ row: next.row }, 'replace');
                }
              }}
            />
          )}
        </div>
        {row !== null && (
          <aside aria-label="message">
            <PairDetail comparison={comparison} row={row} />
          </aside>
        )}
      </div>
    </>
  );
}

const KIND_LIST = ['equal', 'changed', 'removed', 'added'] as const;

function Line({ comparison, item }: { readonly comparison: Comparison; readonly item: Item }): JSX.Element {
  if (item.kind === 'stream') {
    const stream = comparison.streams[item.number]!;
    return (
      <span class="begins">
        {pairName(stream)} <span class="muted">{safeText(stream.protocol)}</span>
      </span>
    );
  }
  if (item.kind === 'fold')
    return <span class="fold muted">{counted(item.to - item.from, 'equal message')}; a click shows them</span>;
  const row = comparison.rows[item.row]!;
  const differing = row.kind === 'changed' ? fieldPairs(row).filter((f) => f.counts) : [];
  return (
    <>
      <Side message={row.a} differing={differing} side="a" />
      <span class={`kind ${row.kind}`}>
        <span aria-hidden="true">{SIGNS[row.kind]}</span>
        <span class="sr">{KIND_WORDS[row.kind]}</span>
      </span>
      <Side message={row.b} differing={differing} side="b" />
    </>
  );
}

interface SideProps {
  readonly message: PageMessage | null;
  readonly differing: readonly FieldPair[];
  readonly side: 'a' | 'b';
}

function Side({ message: m, differing, side }: SideProps): JSX.Element {
  if (m === null) return <span class="side none" />;
  return (
    <span class="side">
      <span class="n">{m.index}</span>{' '}
      <span class={`name side${m.direction === 'server-to-client' ? 1 : 0}`}>
        {arrowOf(m)} {safeText(m.name)}
      </span>{' '}
      {differing.slice(0, 3).map((f) => (
        <mark key={f.path}>
          {safeText(f.path)} {f[side] === undefined ? 'absent' : safeText(f[side].slice(0, 60))}
        </mark>
      ))}
      <span class={differing.length > 0 ? 'muted' : ''}>{safeText(m.words)}</span>
    </span>
  );
}

function holds(item: Item, row: number): boolean {
  return item.kind === 'row' ? item.row === row : item.kind === 'fold' && row >= item.from && row < item.to;
}

function itemsOf(comparison: Comparison, whole: boolean, unfolded: ReadonlySet<number>): Item[] {
  const items: Item[] = [];
  for (const { rows, first, number } of comparison.streams) {
    if (rows.length === 0) continue;
    items.push({ kind: 'stream', number });
    for (let i = 0; i < rows.length;) {
      let end = i;
      while (end < rows.length && rows[end]!.kind === 'equal') end++;
      const from = i === 0 ? 0 : i + AROUND;
      const to = end === rows.length ? end : end - AROUND;
      // a fold that hides one line would be no shorter than the line
      if (!whole && to - from > 1 && !unfolded.has(first + from)) {
        for (; i < from; i++) items.push({ kind: 'row', row: first + i });
        items.push({ kind: 'fold', from: first + from, to: first + to });
        i = to;
      }
      const last = Math.max(end, i + 1);
      for (; i < last && i < rows.length; i++) items.push({ kind: 'row', row: first + i });
    }
  }
  return items;
}
