import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * Packs the package, checks what is in it, installs it into an empty folder and runs it there; then does what a newcomer does: clones the
 * repository (what is committed) and installs that with one command. Needs the registry.
 */

const CAPTURE = resolve('captures/nbd/client-killed-in-flight.pcap');
const WANTED =
  /^(package\.json|README\.md|LICENSE|docs\/[\w.-]+\.(?:md|png)|examples\/[\w-]+\.ts|schema\/[\w.-]+\.json|dist\/third-party-notices\.txt|dist\/wirelint\.1|dist\/(?:lib\/)?package\.json|dist\/[\w/.-]+\.(js|css|d\.ts))$/;

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly size: number; readonly mode: number }[];
}

function run(command: string, args: readonly string[], cwd = process.cwd()): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

const folder = mkdtempSync(join(tmpdir(), 'wirelint-pack-'));
try {
  const [packed] = JSON.parse(
    run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]),
  ) as Packed[];
  const { filename, files, size } = packed!;
  const odd = files.filter((f) => !WANTED.test(f.path)).map((f) => f.path);
  if (odd.length > 0) throw new Error(`in the package, but not part of it: ${odd.join(', ')}`);
  if (((files.find((f) => f.path === 'dist/bin.js')?.mode ?? 0) & 0o111) === 0)
    throw new Error('dist/bin.js cannot be run');
  run('npx', ['publint', '--strict', join(folder, filename)]);
  const home = mkdtempSync(join(folder, 'home-'));
  writeFileSync(join(home, 'package.json'), '{"private":true}');
  run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', join(folder, filename)], home);
  const bin = join(home, 'node_modules/.bin/wirelint');
  const version = run(bin, ['--version'], home).trim();
  const text = run(bin, ['analyze', CAPTURE], home);
  if (!text.includes('NBD_CMD_READ')) throw new Error('the installed program does not decode');
  const code = `import { listRules } from 'wirelint'; process.stdout.write(String(listRules().length));`;
  const rules = Number(run(process.execPath, ['--input-type=module', '-e', code], home));
  if (!(rules > 100)) throw new Error('the installed library has no rules');
  process.stdout.write(`${filename}: ${files.length} files, ${size} bytes packed; ${version} installed and ran\n`);
  const clone = join(folder, 'clone');
  const prefix = join(folder, 'prefix');
  run('git', ['clone', '--quiet', process.cwd(), clone]);
  const began = performance.now();
  run('npm', ['install', '--global', '.', '--prefix', prefix], clone);
  const seconds = Math.round((performance.now() - began) / 1000);
  if (!run(join(prefix, 'bin/wirelint'), ['analyze', CAPTURE], folder).includes('NBD_CMD_READ'))
    throw new Error('what is installed from a clone does not decode');
  if (!existsSync(join(prefix, 'share/man/man1/wirelint.1'))) throw new Error('the manual page is not installed');
  process.stdout.write(`a fresh clone: installed in ${seconds} s by \`npm install -g .\`, and ran\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
