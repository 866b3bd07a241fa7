/** Code points that terminals draw over two columns: East Asian wide and fullwidth, and most emoji. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{1fa70}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const COMBINING = /\p{Mn}|\p{Me}/u;
const ASCII = /^[\x00-\x7f]*$/;

/** Columns that text without control characters takes on a terminal. */
export function textWidth(text: string): number {
  if (ASCII.test(text)) return text.length;
  let width = 0;
  for (const c of text) width += COMBINING.test(c) ? 0 : WIDE.test(c) ? 2 : 1;
  return width;
}

/**
 * Breaks text at blanks into lines: the first has room for `first` columns, the others for `rest`. A word that is longer stands on a line
 * of its own, whole.
 */
export function wrapText(text: string, first: number, rest: number): string[] {
  if (textWidth(text) <= first) return [text];
  const lines: string[] = [];
  let line = '';
  let width = 0;
  let room = first;
  for (const [, blanks, word] of text.matchAll(/( *)([^ ]+)/g)) {
    const wide = textWidth(word!);
    if (width > 0 && width + blanks!.length + wide > room) {
      lines.push(line);
      line = word!;
      width = wide;
      room = rest;
    } else if (width === 0 && wide > room && lines.length === 0) {
      // nothing fits beside what stands before it
      lines.push('');
      line = word!;
      width = wide;
      room = rest;
    } else {
      const gap = width === 0 && lines.length > 0 ? '' : blanks!;
      line += gap + word!;
      width += gap.length + wide;
    }
  }
  lines.push(line);
  return lines;
}
