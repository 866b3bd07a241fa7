import type { JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import type { Model } from './model.js';

const KEYS: readonly (readonly [string, string])[] = [
  ['1 2 3 4', 'overview, messages, sequence, waterfall'],
  ['j k', 'next message, the one before'],
  ['n p', 'next message with a finding, the one before'],
  ['/', 'find'],
  ['↑ ↓ PgUp PgDn Home End', 'in a list'],
  ['← → ↑ ↓', 'in the fields and the bytes: from one to the next'],
  ['+ - 0', 'in the waterfall: closer, farther, all'],
  ['?', 'this'],
];

/** The keys, and what expressions can ask. */
export function Help({ model, close }: { readonly model: Model; readonly close: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {KEYS.map(([keys, what]) => (
          <div key={keys}>
            <dt>
              {keys.split(' ').map((k) => (
                <kbd key={k}>{k}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      <h2>Find</h2>
      <p>
        The expressions of <code>wirelint analyze --where</code> (CEL): <code>findings.size() &gt; 0</code>,{' '}
        <code>latency &gt; 0.01</code>, <code>name.contains("READ")</code>, <code>fields.offset &gt; 4096</code>,{' '}
        <code>reply == null</code>. <code>wirelint fields</code> lists the fields.
      </p>
      <p class="muted">
        Made by wirelint {model.head.version}. The page needs no network and sends nothing. It contains Preact and
        cel-js (MIT).
      </p>
      <form method="dialog">
        <button>Close</button>
      </form>
    </dialog>
  );
}
