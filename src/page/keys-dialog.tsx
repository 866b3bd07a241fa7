import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

interface Props {
  /** Names of keys, separated by blanks, and what they do. */
  readonly keys: readonly (readonly [string, string])[];
  readonly close: () => void;
  readonly children: ComponentChildren;
}

/** A dialog with the keys of a page, and further help. */
export function KeysDialog({ keys, close, children }: Props): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog ref={dialog} onClose={close} aria-labelledby="help-title">
      <h2 id="help-title">Keys</h2>
      <dl class="keys">
        {keys.map(([names, what]) => (
          <div key={names}>
            <dt>
              {names.split(' ').map((k) => (
                <kbd key={k}>{k}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
      {children}
      <form method="dialog">
        <button>Close</button>
      </form>
    </dialog>
  );
}
