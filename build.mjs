import { build } from 'esbuild';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  // pcap-parser makes Buffers in a way that Node warns of unless it lies in node_modules
  external: ['@node-rs/crc32', 'pcap-parser'],
  // its other form, UMD, asks for its own files in a way that no bundler sees
  alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  metafile: true,
  logLevel: 'warning',
};

/**
 * yargs loads packages that measure and break text, with tables of all of Unicode, and needs them only for its help: 20 ms of every run. In
 * their place it gets functions that load them when they are called.
 */
const whenHelpIsPrinted = {
  name: 'when-help-is-printed',
  setup({ onResolve, onLoad, resolve }) {
    // nor need it look at the terminal, which brings Node's streams
    onLoad({ filter: /yargs\/lib\/platform-shims\/esm\.mjs$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const late = text
        .replace(/(\w+)Equal,?$/gm, (_, how) => {
          const fails = how === 'strict' ? '!Object.is(a, b)' : 'Object.is(a, b)';
          return `${how}Equal: (a, b, ...words) => { if (${fails}) ${how}Equal(a, b, ...words); },`;
        })
        .replace(/stdColumns: (.*)/, 'get stdColumns() { return $1; }');
      if (late.split('Object.is').length !== 3 || !late.includes(' get stdColumns'))
        throw new Error(`${path}: not what build.mjs knows`);
      return { contents: late };
    });
    onResolve(
      { filter: /^(?:string-width|strip-ansi|wrap-ansi)$/ },
      async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (pluginData === whenHelpIsPrinted || !/node_modules\/(?:yargs|cliui)\//.test(importer)) return undefined;
        const found = await resolve(path, { resolveDir, importer, kind, pluginData: whenHelpIsPrinted });
        return { path: found.path, namespace: whenHelpIsPrinted.name };
      },
    );
    onLoad({ filter: /.*/, namespace: whenHelpIsPrinted.name }, ({ path }) => ({
      contents: `let real; export default (...given) => (real ??= require(${JSON.stringify(path)}).default)(...given);`,
      resolveDir: '.',
    }));
  },
};

/** Modules that a run over a small capture needs nothing of: each is loaded when something of it is used. */
const whenUsed = {
  name: 'when-used',
  setup({ onResolve, onLoad }) {
    const SELDOM =
      /^(?:node:)?(assert|child_process|crypto|fs\/promises|net|os|readline|string_decoder|stream|timers\/promises|tty|v8|worker_threads|zlib)$/;
    onResolve({ filter: /^picocolors$/ }, ({ path, namespace }) =>
      namespace === whenUsed.name ? undefined : { path, namespace: whenUsed.name },
    );
    onResolve({ filter: SELDOM }, ({ path, namespace }) =>
      namespace === whenUsed.name ? { external: true } : { path: SELDOM.exec(path)[1], namespace: whenUsed.name },
    );
    onLoad({ filter: /.*/, namespace: whenUsed.name }, async ({ path }) => {
      const from = SELDOM.test(path) ? `node:${path}` : path;
      const names = Object.keys((await import(from)).default);
      const contents = `for (const name of ${JSON.stringify(names)})
        Object.defineProperty(exports, name, { enumerable: true, get: () => require("${from}")[name] });`;
      return { contents, resolveDir: '.' };
    });
  },
};

/**
 * Parts of wirelint that most runs need nothing of, and that take long to set up: what the bodies of Ceph's messages look like, in hundreds of
 * structures; zstd, with Node's streams. Each is set up when something of it is used.
 */
const whenReached = {
  name: 'when-reached',
  setup({ onResolve, onLoad }) {
    const PARTS = ['ceph/bodies/', 'capture/zstd.'];
    const partOf = (path) => PARTS.find((part) => path.replaceAll('\\', '/').includes(part));
    onResolve({ filter: /^\..*\.js$/ }, ({ path, importer, resolveDir, namespace }) => {
      const file = join(resolveDir, path.replace(/\.js$/, '.ts'));
      const part = partOf(file);
      if (namespace === whenReached.name || part === undefined || part === partOf(importer)) return undefined;
      return { path: file, namespace: whenReached.name };
    });
    onLoad({ filter: /.*/, namespace: whenReached.name }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const names = [...source.matchAll(/^export (?:const|function|class) (\w+)/gm)].map(([, name]) => name);
      const types = [...source.matchAll(/^export (?:type|interface) /gm)];
      // a name that is exported in another way would be missing, and only where somebody asks for it
      if ([...source.matchAll(/^export\b/gm)].length !== names.length + types.length)
        throw new Error(`${path}: exports that build.mjs does not know`);
      const contents = `let real;
        for (const name of ${JSON.stringify(names)})
          Object.defineProperty(exports, name, { enumerable: true, get: () => (real ??= require(${JSON.stringify(path)}))[name] });`;
      return { contents, resolveDir: '.' };
    });
  },
};

rmSync('dist', { recursive: true, force: true });

// The program is one file, packages included, that bin.js runs from V8's code cache: a module is set up when it is first asked for. CommonJS
// starts sooner than modules do. Measured with an empty Node program as 1: 4.8 as modules, 2.6 so without the cache, 1.9 with it.
const commonJs = {
  ...common,
  format: 'cjs',
  define: { 'import.meta.url': '__fileUrl' },
  banner: { js: 'const __fileUrl = require("node:url").pathToFileURL(__filename).href;' },
};
const program = await build({
  ...commonJs,
  entryPoints: { main: 'src/program.ts' },
  // a quarter less to read at every start; functions keep their names for what is reported, and lines are such that Node can show one
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  outdir: 'dist',
  // code-cache.ts takes the text as it is: putting a function around three megabytes would copy them
  banner: { js: `(function (exports, require, module, __filename, __dirname) {${commonJs.banner.js}` },
  footer: { js: '})' },
  plugins: [whenHelpIsPrinted, whenUsed, whenReached],
});
const starters = await build({
  ...commonJs,
  entryPoints: ['src/bin.ts', 'src/worker.ts', 'src/table-worker.ts'],
  outdir: 'dist',
});
writeFileSync('dist/package.json', '{"type":"commonjs"}\n');

const library = await build({
  ...common,
  entryPoints: ['src/index.ts', 'src/protocol.ts'],
  outdir: 'dist/lib',
  chunkNames: 'chunks/[hash]',
  splitting: true,
  format: 'esm',
  // some of the packages are CommonJS and ask for Node's own modules
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
});
writeFileSync('dist/lib/package.json', '{"type":"module"}\n');

/** Names inside cel-js, of properties that nothing names in a text: written short in a page. Of a page's program, more than half is cel-js. */
const CEL_NAMES =
  `accuType argTypes astNodesRemaining bothTypes callAst candidates checkAccessOnType checkedType createError debugRuntimeType
  debugType debugTypeDeep declarations fieldLazy findBinaryOverload findFunction findUnaryOverload forkWithVariable formatType
  functionCandidates functionDesc getCheckedValue getDefinitions getListType getMapType getOptionalType hasDynType hasPlaceholderType iterCtx
  keyType leftType matchesValueType maxDepthRemaining maybeAsync objectTypes objectTypesByConstructor onHasValue operatorCandidates
  parseArgumentList parseExpression parseMultiplicative readSingleQuotedString readTripleQuotedString receiverType receiverWithArgs
  registerConstant registerFunctionOverload registerOperatorOverload returnType rightType setIterValue setMeta templated typeCheck
  unwrappedType valueType wrappedType _closeQuotedString _isIdentifierCharCode`.split(/\s+/);

/** cel-js without what is switched off in every environment of ours: its optional values; and with its long names written short. */
const smallCel = {
  name: 'small-cel',
  setup({ onLoad }) {
    onLoad({ filter: /cel-js\/lib\/.*\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8');
      const named = CEL_NAMES.find((name) => new RegExp(`['"\`]${name}['"\`]`).test(text));
      if (named !== undefined) throw new Error(`${path} names ${named} in a text: it cannot be written short`);
      const contents = path.endsWith('/optional.js')
        ? `export class Optional {} export const OPTIONAL_NONE = null; export const register = () => {}, toggleOptionalTypes = register;`
        : text;
      return { contents };
    });
  },
};

// the programs inside the pages of `-f html`: they run in browsers, and are read as text by the command line
const page = await build({
  entryPoints: { page: 'src/page/main.tsx', comparison: 'src/page/comparison/main.tsx' },
  outdir: 'dist/page',
  bundle: true,
  minify: true,
  format: 'iife',
  platform: 'browser',
  target: 'es2022',
  charset: 'utf8',
  jsx: 'automatic',
  jsxImportSource: 'preact',
  legalComments: 'none',
  mangleProps: new RegExp(`^(?:${CEL_NAMES.join('|')})$`),
  plugins: [smallCel],
  metafile: true,
  logLevel: 'warning',
});

const inputs = [program, starters, library, page].flatMap(({ metafile }) => Object.keys(metafile.inputs));
const packages = new Set(inputs.flatMap((i) => /node_modules\/(?:@[^/]+\/)?[^/]+/.exec(i) ?? []));
const notices = [...packages].sort().map((folder) => {
  const license = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const { name, version, license: kind } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const text = license === undefined ? '' : readFileSync(join(folder, license), 'utf8').trim();
  return `${name} ${version} (${kind})\n\n${text}\n`;
});
writeFileSync('dist/third-party-notices.txt', notices.join(`\n${'-'.repeat(80)}\n\n`));
