import { Component, type ComponentChildren, type JSX } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { positionOf } from './view.js';

/** Rows that are drawn beyond the visible ones. */
const MORE = 12;

interface Props {
  readonly count: number;
  /** Pixels of one row. */
  readonly rowHeight: number;
  /** Index of the selected row, or -1. */
  readonly selected: number;
  readonly label: string;
  readonly id: (position: number) => string;
  readonly row: (position: number) => ComponentChildren;
  readonly onSelect: (position: number) => void;
  readonly class?: string;
  /** Where each row ends, in pixels, if there is space between rows. A row is at the end of its space. */
  readonly ends?: Float64Array | undefined;
  /** A drawing at the place of the rows from `first` up to `last`, which are the ones that are drawn. */
  readonly under?: (first: number, last: number) => ComponentChildren;
}

interface RowProps {
  readonly position: number;
  readonly count: number;
  /** Pixels from the top of the list, and height of the row. */
  readonly top: number;
  readonly height: number;
  readonly selected: boolean;
  readonly id: Props['id'];
  readonly draw: Props['row'];
  readonly onSelect: Props['onSelect'];
}

/**
 * One row. It is not rendered again if its properties stay the same, as for the visible rows during scrolling: that saves most of the work
 * of a frame.
 */
class Row extends Component<RowProps> {
  override shouldComponentUpdate(next: RowProps): boolean {
    const now = this.props;
    return (Object.keys(next) as (keyof RowProps)[]).some((name) => next[name] !== now[name]);
  }

  override render(p: RowProps): JSX.Element {
    return (
      <div
        id={p.id(p.position)}
        role="option"
        aria-selected={p.selected}
        aria-setsize={p.count}
        aria-posinset={p.position + 1}
        class="row"
        style={{ top: `${p.top}px`, height: `${p.height}px` }}
        onClick={() => p.onSelect(p.position)}
      >
        {p.draw(p.position)}
      </div>
    );
  }
}

/** A list of any length, of which only the visible rows exist. */
export function VirtualList(p: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [seen, setSeen] = useState({ top: 0, height: 600 });
  const endOf = (i: number): number => p.ends?.[i] ?? (i + 1) * p.rowHeight;
  const look = (): void => {
    const { scrollTop, clientHeight } = box.current!;
    setSeen((now) =>
      now.top === scrollTop && now.height === clientHeight ? now : { top: scrollTop, height: clientHeight },
    );
  };
  useLayoutEffect(() => {
    look();
    const watch = new ResizeObserver(look);
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  useEffect(() => {
    const el = box.current!;
    if (p.selected < 0) return;
    const top = endOf(p.selected) - p.rowHeight;
    if (top < el.scrollTop || top + p.rowHeight > el.scrollTop + el.clientHeight)
      el.scrollTop = top - el.clientHeight / 2 + p.rowHeight / 2;
    look();
  }, [p.selected, p.count, p.ends]);
  const at = (y: number): number => (p.ends === undefined ? Math.floor(y / p.rowHeight) : positionOf(p.ends, y));
  const first = Math.max(0, at(seen.top) - MORE);
  const last = Math.min(p.count, at(seen.top + seen.height) + 1 + MORE);
  const key = (event: KeyboardEvent): void => {
    const page = Math.max(1, Math.floor(seen.height / p.rowHeight) - 1);
    const steps: Record<string, number> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    const step = steps[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const from = p.selected >= 0 ? p.selected : step > 0 ? -1 : 1;
    p.onSelect(Math.max(0, Math.min(p.count - 1, from + step)));
  };
  const rows: ComponentChildren[] = [];
  for (let i = first; i < last; i++) {
    rows.push(
      <Row
        key={i}
        position={i}
        count={p.count}
        top={endOf(i) - p.rowHeight}
        height={p.rowHeight}
        selected={i === p.selected}
        id={p.id}
        draw={p.row}
        onSelect={p.onSelect}
      />,
    );
  }
  const active = p.selected >= first && p.selected < last ? { 'aria-activedescendant': p.id(p.selected) } : {};
  return (
    <div ref={box} class={`scroll ${p.class ?? ''}`} onScroll={look}>
      <div
        class="rows"
        role="listbox"
        aria-label={p.label}
        tabIndex={0}
        {...active}
        style={{ height: `${p.count === 0 ? 0 : endOf(p.count - 1)}px` }}
        onKeyDown={key}
      >
        {rows}
      </div>
      {p.under?.(first, last)}
    </div>
  );
}
