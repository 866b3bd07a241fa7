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
 * Breaks text into lines: the first has room for `first` columns, the others for `rest`. Words with single blanks between them (a field and
 * its value, as in `offset 0  length 512`) stay together if they fit on a line. A word that is longer than a line is not broken.
 */
export function wrapText(text: string, first: number, rest: number): string[] {
  if (textWidth(text) <= first) return [text];
  const lines: string[] = [];
  let line = '';
  let width = 0;
  let room = first;
  const put = (blanks: string, part: string): void => {
    const wide = textWidth(part);
    if (width + blanks.length + wide > room && (width > 0 || lines.length === 0)) {
      lines.push(line);
      line = part;
      width = wide;
      room = rest;
    } else {
      const gap = width === 0 && lines.length > 0 ? '' : blanks;
      line += gap + part;
      width += gap.length + wide;
    }
  };
  for (const [, blanks, unit] of text.matchAll(/( *)([^ ]+(?: [^ ]+)*)/g)) {
    if (textWidth(unit!) <= rest) put(blanks!, unit!);
    else for (const [, before, word] of `${blanks!}${unit!}`.matchAll(/( *)([^ ]+)/g)) put(before!, word!);
  }
  lines.push(line);
  return lines;
}
