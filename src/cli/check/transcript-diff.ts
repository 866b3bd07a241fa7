import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff';

/** Lines of context around a difference. */
const CONTEXT = 3;
/** The most edits that are searched for. If two texts differ by more, only this is said. */
const MAX_EDITS = 1000;
/** The most lines of a diff that are shown. */
const MAX_LINES = 400;

/** The unified diff from one transcript to another, limited to what people read; empty if they are equal. */
export function transcriptDiff(before: string, after: string, beforeName: string, afterName: string): string {
  if (before === after) return '';
  const options = { context: CONTEXT, maxEditLength: MAX_EDITS, headerOptions: FILE_HEADERS_ONLY };
  const patch = createTwoFilesPatch(beforeName, afterName, before, after, undefined, undefined, options);
  if (patch === undefined)
    return `--- ${beforeName}\n+++ ${afterName}\n... more than ${MAX_EDITS} lines differ of ${lines(before)} and ${lines(after)}\n`;
  const shown = patch.trimEnd().split('\n');
  const more = shown.length - MAX_LINES;
  const kept = more > 0 ? [...shown.slice(0, MAX_LINES), `... ${more} more lines of difference`] : shown;
  return `${kept.join('\n')}\n`;
}

function lines(text: string): number {
  return text.split('\n').length - 1;
}
