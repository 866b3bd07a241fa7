import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';

interface TopProps<View extends string> {
  /** The titles of the views, by name. */
  readonly titles: Readonly<Record<View, string>>;
  readonly view: View;
  readonly open: (view: View) => void;
  readonly help: () => void;
}

/** The line at the top of every view: the views, the colours, and help. */
export function Top<View extends string>({ titles, view, open, help }: TopProps<View>): JSX.Element {
  return (
    <header class="top">
      <p class="brand">wirelint</p>
      <nav aria-label="views">
        {(Object.keys(titles) as View[]).map((v) => (
          <button key={v} type="button" aria-current={view === v ? 'page' : undefined} onClick={() => open(v)}>
            {titles[v]}
          </button>
        ))}
      </nav>
      <Theme />
      <button type="button" class="small" aria-label="keys and help" onClick={help}>
        ?
      </button>
    </header>
  );
}

const THEMES = ['auto', 'light', 'dark'] as const;

function Theme(): JSX.Element {
  const [theme, setTheme] = useState<(typeof THEMES)[number]>('auto');
  useEffect(() => {
    document.documentElement.dataset['theme'] = theme;
    dispatchEvent(new Event('themechange'));
  }, [theme]);
  return (
    <button
      type="button"
      class="small theme"
      aria-label={`colours: ${theme}`}
      onClick={() => setTheme(THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!)}
    >
      {theme}
    </button>
  );
}

/** Whether a key is meant for an input element. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName);
}
