import type { JSX } from 'preact';
import { KeysDialog } from './keys-dialog.js';

const KEYS: readonly (readonly [string, string])[] = [
  ['1 2 3 4', 'overview, messages, sequence, waterfall'],
  ['j k', 'next, previous message'],
  ['n p', 'next, previous message with a finding'],
  ['/', 'find'],
  ['↑ ↓ PgUp PgDn Home End', 'move in a list'],
  ['← → ↑ ↓', 'move between fields or bytes'],
  ['+ - 0', 'zoom in, zoom out, show all (waterfall)'],
  ['?', 'show this help'],
];

/** The keys, and examples of expressions. */
export function Help({ version, close }: { readonly version: string; readonly close: () => void }): JSX.Element {
  return (
    <KeysDialog keys={KEYS} close={close}>
      <h2>Find</h2>
      <p>
        The find field takes the expressions of <code>wirelint analyze --where</code> (CEL), for example{' '}
        <code>findings.size() &gt; 0</code>, <code>latency &gt; 0.01</code>, <code>name.contains("READ")</code>,{' '}
        <code>fields.offset &gt; 4096</code>, <code>reply == null</code>. <code>wirelint fields</code> lists the fields.
      </p>
      <p class="muted">
        Made by wirelint {version}. The page needs no network and sends nothing. It contains Preact and cel-js (MIT).
      </p>
    </KeysDialog>
  );
}
