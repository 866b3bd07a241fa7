/** The examples for who embeds wirelint: they compile against the types as they are installed, and do what they say. */
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { beforeAll, describe, expect, it } from 'vitest';
import { scratch } from '../kit/cli.js';

const EXAMPLES = readdirSync('examples')
  .filter((name) => name.endsWith('.ts'))
  .map((name) => join('examples', name));

/** What the compiler says of modules that import the built package: types of packages are checked as well. */
function complaints(files: ReadonlyMap<string, string | null>): string[] {
  const options: ts.CompilerOptions = {
    ...{ strict: true, noEmit: true, skipLibCheck: false, types: ['node'], lib: ['lib.es2023.d.ts'] },
    ...{ target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.NodeNext, useDefineForClassFields: false },
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
  };
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists, getSourceFile } = host;
  const made = (path: string): string | null => files.get(path) ?? null;
  host.fileExists = (path) => made(path) !== null || fileExists(path);
  host.readFile = (path) => made(path) ?? readFile(path);
  host.getSourceFile = (path, language, ...rest) => {
    const text = made(path);
    return text === null ? getSourceFile(path, language, ...rest) : ts.createSourceFile(path, text, language);
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return ts.getPreEmitDiagnostics(program).map((d) => {
    const at =
      d.file === undefined ? '' : `${d.file.fileName}:${ts.getLineAndCharacterOfPosition(d.file, d.start!).line + 1}: `;
    return at + ts.flattenDiagnosticMessageText(d.messageText, ' ');
  });
}

/** Modules that must not compile: each says something of a message that is not so. */
const WRONG: Readonly<Record<string, string>> = {
  'a field that reads have not': "if (e.type === 'message' && e.name === 'NBD_CMD_READ') e.fields.exportName;",
  'a number where 64 bits are text':
    "if (e.type === 'message' && e.name === 'NBD_CMD_READ') { const n: number = e.fields.offset; n; }",
  'a field that may be missing':
    "if (e.type === 'message' && e.name === 'NBD_OPT_GO') { const s: string = e.fields.exportName; s; }",
  'a message of another protocol': "if (e.type === 'message' && e.protocol === 'nbd' && e.name === 'PIF') e.fields;",
  'a name that there is not': "if (e.type === 'message' && e.name === 'NBD_CMD_REED') e.fields;",
};
const path = (i: number): string => resolve(`examples/wrong-${i}.ts`);
const module = (body: string): string =>
  `import { openCapture } from 'wirelint';\nfor await (const e of openCapture('x')) { ${body} }\n`;

describe('types', () => {
  let said: string[] = [];
  beforeAll(() => {
    const good = EXAMPLES.map((file) => [resolve(file), null] as const);
    const wrong = Object.values(WRONG).map((body, i) => [path(i), module(body)] as const);
    said = complaints(new Map<string, string | null>([...good, ...wrong]));
  }, 180_000);

  it('let the examples compile', () => expect(said.filter((s) => !s.includes('/wrong-'))).toEqual([]));

  it.each(Object.keys(WRONG))('refuse %s', (what) => {
    const mine = said.filter((s) => s.startsWith(path(Object.keys(WRONG).indexOf(what))));
    expect(mine).not.toEqual([]);
  });
});

describe('examples', () => {
  const folder = scratch();
  beforeAll(async () => {
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(resolve('.'), join(folder, 'node_modules/wirelint'));
    await build({
      entryPoints: EXAMPLES,
      outdir: folder,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      outExtension: { '.js': '.mjs' },
    });
  });
  const run = (args: readonly string[], env: Record<string, string> = {}): string =>
    spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...process.env, ...env } }).stdout;

  it('find slow reads', () => {
    const out = run([`${folder}/slow-reads.mjs`, 'captures/nbd/nbdkit-out-of-range.pcap']);
    expect(out).toContain('1024 bytes at 1048064: 0 ms, NBD_REPLY_TYPE_ERROR');
  });

  it('judge a capture', () => {
    const out = run([`${folder}/gate.mjs`, 'captures/nbd/nbdkit-out-of-range.pcap']);
    expect(out).toContain('error nbd/request-beyond-export: READ with offset 1048064, length 1024');
    expect(out).toContain('failed: 8 errors\n');
  });

  it('add a protocol to the command line', () => {
    const own = `--import ${resolve(folder, 'own-protocol.mjs')}`;
    const out = run(['dist/bin.js', 'explain', 'ping/other-number'], { NODE_OPTIONS: own });
    expect(out).toMatch(/PONG +2 +re #1[^\n]*\n +x error ping\/other-number \(server\)\n +2 answers 1/);
  });
});
