import { spawnSync } from 'node:child_process';

/** Which of the programs are not installed; a live test says so when it is skipped. */
export function missingPrograms(...programs: string[]): string[] {
  return programs.filter((p) => spawnSync('sh', ['-c', `command -v ${p}`]).status !== 0);
}

/** Whether this user may record packets on the loopback interface. */
export function canRecord(): boolean {
  if (missingPrograms('tcpdump').length > 0) return false;
  const probe = spawnSync(
    'timeout',
    ['2', 'tcpdump', '-i', 'lo', '--immediate-mode', '-c', '1', '-w', '/dev/null', 'port', '1'],
    {
      encoding: 'utf8',
    },
  );
  return /listening on/.test(probe.stderr);
}
