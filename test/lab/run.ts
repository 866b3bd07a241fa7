import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { judgePart } from './verdict.js';

/**
 * `npm run lab [-- PART...]`: records real servers and clients, and judges what they said. Parts: nbd, nbd-SUITE, ceph, pesto. Needs root
 * (network namespaces, chroot, tcpdump), and leaves out, by name, what is not installed. Exit status 1: a clean session has an error, or
 * a session that was recorded has nothing in it.
 *
 * WIRELINT_LAB_SUITE=trixie takes the programs of that Debian release, too, from a chroot below WIRELINT_LAB_CACHE (the user's cache
 * folder, where not set), which is made when it is not there yet. PASST_SOURCE: see pesto_sessions.py.
 */

const SUITE = process.env['WIRELINT_LAB_SUITE'] ?? '';
const CACHE =
  process.env['WIRELINT_LAB_CACHE'] ?? join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'wirelint-lab');
const ROOT = SUITE === '' ? '' : join(CACHE, SUITE);

const NBD_PACKAGES = 'nbdkit libnbd-bin python3-libnbd qemu-utils nbd-server nbd-client xz-utils';
const CEPH_PACKAGES = 'ceph-mon ceph-mgr ceph-osd ceph-common';

interface Part {
  readonly name: string;
  readonly recorder: string;
  /** Where its programs are installed; empty: here. */
  readonly root: string;
  readonly packages: string;
}

const PARTS: readonly Part[] = [
  { name: 'nbd', recorder: 'nbd_sessions.py', root: '', packages: '' },
  ...(ROOT === '' ? [] : [{ name: `nbd-${SUITE}`, recorder: 'nbd_sessions.py', root: ROOT, packages: NBD_PACKAGES }]),
  { name: 'ceph', recorder: 'ceph_sessions.py', root: ROOT, packages: CEPH_PACKAGES },
  { name: 'pesto', recorder: 'pesto_sessions.py', root: '', packages: '' },
];

/** Installs the packages into the chroot, which is made when it is not there yet. */
function prepare({ root, packages }: Part): void {
  const done = join(root, `.wirelint-lab ${packages}`);
  if (root === '' || existsSync(done)) return;
  const options = { stdio: ['ignore', 'ignore', 'inherit'] as const };
  if (!existsSync(join(root, 'etc/apt'))) {
    say(`making ${root}`);
    mkdirSync(root, { recursive: true });
    execFileSync('debootstrap', ['--variant=minbase', SUITE, root], { stdio: [...options.stdio] });
  }
  copyFileSync('/etc/resolv.conf', join(root, 'etc/resolv.conf'));
  say(`installing ${packages}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['apt-get', 'install', '-y', '--no-install-recommends', ...packages.split(' ')];
  for (const command of [['apt-get', 'update'], install])
    execFileSync('chroot', [root, ...command], { stdio: [...options.stdio], env });
  writeFileSync(done, '');
}

/** Runs the recorder in namespaces of its own: every port is free, nobody else speaks, and no server is left when it ends. */
function record(part: Part, out: string): void {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const mounts = 'mount --bind /tmp "$1/tmp"; mount --bind /dev "$1/dev"; mount -t proc proc "$1/proc"; ';
  const script = `set -e; ip link set lo up; ${part.root === '' ? '' : mounts}shift; exec python3 "$@"`;
  const space = ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc'];
  const command = [...space, 'sh', '-c', script, 'sh', part.root, join('test/lab', part.recorder), out];
  const env = { ...process.env, LAB_ROOT: part.root, PYTHONDONTWRITEBYTECODE: '1' };
  const { status } = spawnSync('unshare', command, { stdio: ['ignore', 'inherit', 'inherit'], env });
  if (status !== 0) throw new Error(`${part.recorder} failed`);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((w) => !PARTS.some((p) => p.name === w));
if (unknown.length > 0) {
  say(`no part ${unknown.join(', ')}; there are ${PARTS.map((p) => p.name).join(', ')}`);
  process.exit(2);
}
let failed = false;
for (const part of PARTS.filter((p) => wanted.length === 0 || wanted.includes(p.name))) {
  const out = join(CACHE, 'recordings', part.name);
  say(`${part.name}: ${out}`);
  try {
    prepare(part);
    record(part, out);
    const { lines, good } = await judgePart(out);
    say(lines.join('\n'));
    failed ||= !good;
    if (part.name === 'ceph' && existsSync(join(out, 'lab.keyring'))) {
      const { stdout } = spawnSync('python3', ['test/lab/ceph_bodies.py', '-v', out], { encoding: 'utf8' });
      say(`  bodies of messages:\n${stdout.replace(/^/gm, '    ').trimEnd()}`);
    }
  } catch (error) {
    failed = true;
    say(`  FAILED: ${(error as Error).message}`);
  }
}
if (ROOT === '') say('skipped: a second Debian release; WIRELINT_LAB_SUITE=trixie npm run lab');
process.exit(failed ? 1 : 0);
