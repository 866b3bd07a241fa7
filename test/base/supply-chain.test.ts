import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly optionalDependencies: Record<string, string>;
  readonly devDependencies: Record<string, string>;
  readonly files: string[];
}

interface Lock {
  readonly packages: Record<
    string,
    {
      version: string;
      integrity?: string;
      dev?: boolean;
      devOptional?: boolean;
      license?: string;
      hasInstallScript?: boolean;
      link?: boolean;
    }
  >;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
const shipped = Object.entries(lock.packages).filter(
  ([path, p]) => path !== '' && p.dev !== true && p.devOptional !== true,
);

/** Licences that go together with MIT. */
const LICENCES = new Set(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', '0BSD', '(MIT AND Zlib)']);

describe('what is installed with wirelint', () => {
  it('is what was chosen, and no more', () => {
    expect(Object.keys(manifest.dependencies)).toEqual([
      '@marcbachmann/cel-js',
      'diff',
      'fzstd',
      'hdr-histogram-js',
      'hyparquet',
      'hyparquet-writer',
      'jsonc-parser',
      'marked',
      'pcap-parser',
      'picocolors',
      'picomatch',
      'preact',
      'snappyjs',
      'valibot',
      'yargs',
    ]);
    expect(Object.keys(manifest.optionalDependencies)).toEqual(['@node-rs/crc32']);
    const names = shipped.map(([path]) => path.replace(/^.*node_modules\//, ''));
    const portable = new Set(names.filter((name) => !name.startsWith('@node-rs/crc32-')));
    expect([...portable].sort()).toEqual([
      '@assemblyscript/loader',
      '@marcbachmann/cel-js',
      '@node-rs/crc32',
      'ansi-regex',
      'ansi-styles',
      'base64-js',
      'cliui',
      'diff',
      'emoji-regex',
      'escalade',
      'fzstd',
      'get-caller-file',
      'get-east-asian-width',
      'hdr-histogram-js',
      'hyparquet',
      'hyparquet-writer',
      'jsonc-parser',
      'marked',
      'pako',
      'pcap-parser',
      'picocolors',
      'picomatch',
      'preact',
      'snappyjs',
      'string-width',
      'strip-ansi',
      'valibot',
      'wrap-ansi',
      'y18n',
      'yargs',
      'yargs-parser',
    ]);
  });

  it('is pinned to exact versions, with checksums', () => {
    const all = { ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.devDependencies };
    for (const [name, version] of Object.entries(all)) expect(version, name).toMatch(/^\d+\.\d+\.\d+(?:-r\.\d+)?$/);
    for (const [path, p] of shipped) expect(p.integrity, path).toMatch(/^sha512-/);
  });

  it('may be passed on under MIT', () => {
    for (const [path, p] of shipped) {
      const license = p.license ?? licenseOf(path);
      expect(LICENCES.has(license), `${path}: ${license}`).toBe(true);
    }
  });

  it('runs nothing while it is installed', () => {
    expect(shipped.filter(([, p]) => p.hasInstallScript === true).map(([path]) => path)).toEqual([]);
  });
});

/** The licence by the package's own manifest, or its licence file. */
function licenseOf(path: string): string {
  const own = JSON.parse(readFileSync(`${path}/package.json`, 'utf8')) as {
    license?: string;
    licenses?: { type: string }[];
  };
  return own.license ?? own.licenses?.[0]?.type ?? 'none';
}
