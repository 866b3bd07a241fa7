import { readFileSync, writeFileSync } from 'node:fs';
import ts from 'typescript';
import { expect, it } from 'vitest';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import { markdown } from '../../src/report/rule-page.js';

const SOURCE = 'src/base/limits.ts';
const PAGE = 'docs/limits.md';

const HEAD = `# Limits

Input may be truncated, garbled or hostile, so every bound on memory and work has a name. If a limit is reached, \`capture/limit\` or the output of the command says
so, with the name of the limit and what was given up; nothing is dropped silently. Limits cannot be configured: the defaults suit captures of any size.

| limit | default | what it bounds, and against which input |
|---|---|---|
`;

/** The limits with what \`src/base/limits.ts\` says of them; one that has no words shares those of the limit in front. */
function limits(): { names: string[]; words: string }[] {
  const source = ts.createSourceFile(SOURCE, readFileSync(SOURCE, 'utf8'), ts.ScriptTarget.Latest, true);
  const found: { names: string[]; words: string }[] = [];
  for (const statement of source.statements) {
    if (!ts.isInterfaceDeclaration(statement) || statement.name.text !== 'Limits') continue;
    for (const member of statement.members) {
      const name = member.name!.getText();
      const [comment] = ts.getJSDocCommentsAndTags(member);
      const words = ts.getTextOfJSDocComment(comment?.comment as string | undefined) ?? '';
      if (words === '') found.at(-1)!.names.push(name);
      else found.push({ names: [name], words: words.replace(/\s+/g, ' ') });
    }
  }
  return found;
}

function size(name: string): string {
  const value = DEFAULT_LIMITS[name as keyof Limits];
  if (/Bytes$/.test(name) && value % 1024 === 0)
    return value % (1 << 20) === 0 ? `${value / (1 << 20)} MiB` : `${value / 1024} KiB`;
  return value.toLocaleString('en');
}

it(`${PAGE} has every limit ('npm run golden' writes it)`, () => {
  const all = limits();
  expect(all.flatMap((l) => l.names).sort()).toEqual(Object.keys(DEFAULT_LIMITS).sort());
  const rows = all.map(
    ({ names, words }) =>
      `| ${names.map((n) => `\`${n}\``).join(', ')} | ${names.map(size).join(', ')} | ${markdown(words)} |\n`,
  );
  const page = HEAD + rows.join('');
  if (process.env['UPDATE_GOLDEN']) writeFileSync(PAGE, page);
  expect(readFileSync(PAGE, 'utf8') === page, 'npm run golden').toBe(true);
});
