import type { JSX } from 'preact';
import { useLayoutEffect, useState } from 'preact/hooks';
import { useAddress } from '../address.js';
import { KeysDialog } from '../keys-dialog.js';
import { isTyping, Top } from '../top.js';
import { Aligned } from './aligned.js';
import type { Comparison } from './model.js';
import { ComparisonOverview } from './overview.js';
import { formatComparisonRoute, parseComparisonRoute, type ComparisonView } from './route.js';

const TITLES: Readonly<Record<ComparisonView, string>> = { overview: 'Overview', messages: 'Messages' };

const KEYS: readonly (readonly [string, string])[] = [
  ['1 2', 'overview, messages'],
  ['j k', 'next, previous message'],
  ['n p', 'next, previous difference'],
  ['a', 'all messages, or differences with their context'],
  ['↑ ↓ PgUp PgDn Home End', 'move in the list'],
  ['?', 'show this help'],
];

/** The page of `diff`: a comparison of two captures. */
export function ComparisonApp({ comparison }: { readonly comparison: Comparison }): JSX.Element {
  const [route, go] = useAddress(
    (hash) => parseComparisonRoute(comparison, hash),
    (r) => formatComparisonRoute(comparison, r),
  );
  const [help, setHelp] = useState(false);
  const { rows } = comparison;
  // before the next key: what it does depends on what is shown
  useLayoutEffect(() => {
    const step = (by: number, differs: boolean): void => {
      let row = (route.row ?? (by > 0 ? -1 : rows.length)) + by;
      while (differs && rows[row]?.kind === 'equal') row += by;
      if (rows[row] !== undefined) go({ row, view: 'messages' }, 'replace');
    };
    const acts: Record<string, () => void> = {
      '1': () => go({ view: 'overview' }),
      '2': () => go({ view: 'messages' }),
      j: () => step(1, false),
      k: () => step(-1, false),
      n: () => step(1, true),
      p: () => step(-1, true),
      a: () => go({ whole: !route.whole }, 'replace'),
      '?': () => setHelp(true),
    };
    const key = (e: KeyboardEvent): void => {
      const act = acts[e.key];
      if (act === undefined || e.ctrlKey || e.metaKey || e.altKey || isTyping(e.target)) return;
      e.preventDefault();
      act();
    };
    addEventListener('keydown', key);
    return () => removeEventListener('keydown', key);
  });
  return (
    <>
      <Top titles={TITLES} view={route.view} open={(view) => go({ view })} help={() => setHelp(true)} />
      <main class={route.view}>
        <h1 class="sr">{TITLES[route.view]}</h1>
        {route.view === 'overview' ? (
          <ComparisonOverview comparison={comparison} select={(row) => go({ row, view: 'messages' })} />
        ) : (
          <Aligned comparison={comparison} route={route} go={go} />
        )}
      </main>
      {help && (
        <KeysDialog keys={KEYS} close={() => setHelp(false)}>
          <p class="muted">
            Made by wirelint {comparison.page.version}. The page needs no network and sends nothing. It contains Preact
            (MIT).
          </p>
        </KeysDialog>
      )}
    </>
  );
}
