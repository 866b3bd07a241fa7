import type { ComponentChildren, JSX } from 'preact';
import type { Severity } from '../base/rule.js';
import { useState } from 'preact/hooks';

/** The sign of a severity. Its shape tells the severity without colours. */
export function Sign({ severity }: { readonly severity: Severity | 'ok' }): JSX.Element {
  const shape: Record<typeof severity, JSX.Element> = {
    error: <path d="M5 1h6l4 4v6l-4 4H5l-4-4V5zM5.6 5.6l4.8 4.8m0-4.8-4.8 4.8" />,
    warning: <path d="M8 1.8 15 14.2H1zM8 6v4m0 1.6v.8" />,
    note: <path d="M8 1.2a6.8 6.8 0 1 1 0 13.6A6.8 6.8 0 0 1 8 1.2zM8 7v4.4M8 4.4v.8" />,
    ok: <path d="M8 1.2a6.8 6.8 0 1 1 0 13.6A6.8 6.8 0 0 1 8 1.2zM4.8 8.2l2.3 2.3 4.2-4.6" />,
  };
  return (
    <svg class={`sign ${severity}`} viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      {shape[severity]}
    </svg>
  );
}

/** A severity with its name. */
export function Level({ severity, children }: { severity: Severity; children?: ComponentChildren }): JSX.Element {
  return (
    <span class={`level ${severity}`}>
      <Sign severity={severity} />
      {children ?? severity}
    </span>
  );
}

/** A button that copies the result of `text`, and confirms that. */
export function Copy({ label, text }: { readonly label: string; readonly text: () => string }): JSX.Element {
  const [done, setDone] = useState(false);
  const copy = (): void => {
    void navigator.clipboard.writeText(text()).then(() => {
      setDone(true);
      setTimeout(() => setDone(false), 1500);
    });
  };
  return (
    <button type="button" class="small" onClick={copy}>
      <span aria-live="polite">{done ? 'copied' : label}</span>
    </button>
  );
}
