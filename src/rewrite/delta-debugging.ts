/** Whether a selection still shows what is to be kept. */
export type Trial<T> = (items: readonly T[]) => boolean | Promise<boolean>;

/**
 * Searches for the smallest selection of items that still shows something: first items at the end are cut off, then runs of items are left
 * out, of half the length each time, until no single item can be left out any more (Zeller and Hildebrandt, "Simplifying and Isolating
 * Failure-Inducing Input"). `trial` is never called with all items. The result depends only on the items.
 */
export async function smallest<T>(items: readonly T[], trial: Trial<T>, more: () => boolean): Promise<readonly T[]> {
  let kept = await shortestBeginning(items, trial, more);
  for (let run = Math.ceil(kept.length / 2); run >= 1 && more();) {
    let removed = false;
    for (let at = kept.length - run; at > -run && more(); at -= run) {
      const from = Math.max(0, at);
      const rest = [...kept.slice(0, from), ...kept.slice(at + run)];
      if (rest.length === kept.length || rest.length === 0 || !(await trial(rest))) continue;
      kept = rest;
      removed = true;
    }
    if (run === 1) {
      if (!removed) break;
    } else run = Math.ceil(run / 2);
  }
  return kept;
}

async function shortestBeginning<T>(items: readonly T[], trial: Trial<T>, more: () => boolean): Promise<readonly T[]> {
  let low = 0;
  let high = items.length;
  // the first `low` items do not show it, the first `high` do
  while (high - low > 1 && more()) {
    const middle = (low + high) >> 1;
    if (await trial(items.slice(0, middle))) high = middle;
    else low = middle;
  }
  return items.slice(0, high);
}
