/** Unified diffs of texts by lines, for people. */

/** Lines of context around a change. */
const CONTEXT = 3;
/** Edits that are searched for; texts that differ more are shown as replaced from the first difference to the last. */
const MAX_EDITS = 1000;
/** Lines of a diff that are shown. */
const MAX_LINES = 400;

interface Edit {
  readonly kind: ' ' | '-' | '+';
  readonly line: string;
}

/** The unified diff from `before` to `after`, or an empty text where they are equal. */
export function unifiedDiff(before: string, after: string, beforeName: string, afterName: string): string {
  if (before === after) return '';
  const edits = compare(lines(before), lines(after));
  const out: string[] = [`--- ${beforeName}`, `+++ ${afterName}`];
  let a = 1;
  let b = 1;
  for (let i = 0; i < edits.length;) {
    if (edits[i]!.kind === ' ') {
      a++;
      b++;
      i++;
      continue;
    }
    const from = Math.max(0, i - CONTEXT);
    let last = i;
    for (let k = i; k < edits.length && k - last <= 2 * CONTEXT; k++) if (edits[k]!.kind !== ' ') last = k;
    const to = Math.min(edits.length, last + CONTEXT + 1);
    const hunk = edits.slice(from, to);
    const lead = i - from;
    const beforeCount = hunk.filter((e) => e.kind !== '+').length;
    const afterCount = hunk.filter((e) => e.kind !== '-').length;
    out.push(`@@ -${range(a - lead, beforeCount)} +${range(b - lead, afterCount)} @@`);
    for (const e of hunk) out.push(`${e.kind}${e.line}`);
    for (const e of edits.slice(i, to)) {
      if (e.kind !== '+') a++;
      if (e.kind !== '-') b++;
    }
    i = to;
  }
  const more = out.length - MAX_LINES;
  const shown = more > 0 ? [...out.slice(0, MAX_LINES), `... ${more} more lines of difference`] : out;
  return `${shown.join('\n')}\n`;
}

function range(start: number, count: number): string {
  return count === 0 ? `${start - 1},0` : `${start},${count}`;
}

function lines(text: string): string[] {
  if (text === '') return [];
  const parts = text.split('\n');
  if (parts.at(-1) === '') parts.pop();
  else parts.push('\\ No newline at end of file');
  return parts;
}

function compare(a: readonly string[], b: readonly string[]): Edit[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const keep = (line: string): Edit => ({ kind: ' ', line });
  return [
    ...a.slice(0, head).map(keep),
    ...shortest(a.slice(head, a.length - tail), b.slice(head, b.length - tail)),
    ...a.slice(a.length - tail).map(keep),
  ];
}

/** The shortest edit script (Myers 1986), as far as the bound on its length allows. */
function shortest(a: readonly string[], b: readonly string[]): Edit[] {
  const max = Math.min(a.length + b.length, MAX_EDITS);
  const trace: Map<number, number>[] = [];
  const far = new Map<number, number>([[1, 0]]);
  for (let d = 0; d <= max; d++) {
    trace.push(new Map(far));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (far.get(k - 1) ?? -1) < (far.get(k + 1) ?? -1));
      let x = down ? far.get(k + 1)! : far.get(k - 1)! + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      far.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a, b);
    }
  }
  return [...a.map((line): Edit => ({ kind: '-', line })), ...b.map((line): Edit => ({ kind: '+', line }))];
}

function walkBack(trace: readonly Map<number, number>[], a: readonly string[], b: readonly string[]): Edit[] {
  const edits: Edit[] = [];
  let x = a.length;
  let y = b.length;
  for (let d = trace.length - 1; d >= 0; d--) {
    const far = trace[d]!;
    const k = x - y;
    const down = k === -d || (k !== d && (far.get(k - 1) ?? -1) < (far.get(k + 1) ?? -1));
    const previous = down ? k + 1 : k - 1;
    const px = d === 0 ? 0 : far.get(previous)!;
    const py = d === 0 ? 0 : px - previous;
    while (x > px && y > py) {
      edits.push({ kind: ' ', line: a[--x]! });
      y--;
    }
    if (d === 0) break;
    if (down) edits.push({ kind: '+', line: b[--y]! });
    else edits.push({ kind: '-', line: a[--x]! });
  }
  return edits.reverse();
}
