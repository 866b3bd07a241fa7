import { execFileSync, spawnSync } from 'node:child_process';
import { copyFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { BIN, scratch } from '../kit/cli.js';

const folder = scratch();
const CLEAN = resolve('captures/nbd/nbdkit-simple-replies.pcap');
const BROKEN = resolve('captures/nbd/nbdkit-out-of-range.pcap');

interface Step {
  readonly id?: string;
  readonly uses?: string;
  readonly run?: string;
  readonly shell?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface Action {
  readonly inputs: Readonly<Record<string, { readonly description: string; readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly using: string; readonly steps: readonly Step[] };
}

function yaml(path: string): unknown {
  return parse(readFileSync(path, 'utf8'), { strict: true });
}

describe('the action for GitHub', () => {
  const action = yaml('action.yml') as Action;
  let serial = 0;

  /** Does what a runner does for the step that judges, in a folder of its own. */
  function judge(given: Readonly<Record<string, string>>) {
    const cwd = join(folder, `job${++serial}`);
    mkdirSync(cwd);
    const output = join(cwd, 'output');
    writeFileSync(output, '');
    const values: Record<string, string> = { 'github.action_path': resolve('.') };
    for (const [name, input] of Object.entries(action.inputs))
      values[`inputs.${name}`] = given[name] ?? input.default ?? '';
    const step = action.runs.steps.find((s) => s.id === 'check')!;
    const env = Object.entries(step.env!).map(([name, text]) => {
      const value = text.replaceAll(/\$\{\{ *(.*?) *\}\}/g, (_, expression: string) => {
        expect(Object.keys(values)).toContain(expression);
        return values[expression]!;
      });
      return [name, value];
    });
    const ran = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', '-c', step.run!], {
      cwd,
      env: {
        PATH: process.env['PATH'],
        GITHUB_ACTIONS: 'true',
        GITHUB_OUTPUT: output,
        ...(Object.fromEntries(env) as object),
      },
      encoding: 'utf8',
    });
    expect(ran.status, ran.stderr).toBe(0);
    return { cwd, stdout: ran.stdout, output: readFileSync(output, 'utf8') };
  }

  it('is a composite action, whose steps say what runs them', () => {
    expect(action.runs.using).toBe('composite');
    for (const step of action.runs.steps)
      expect({ uses: step.uses !== undefined, run: step.run !== undefined && step.shell === 'bash' }).toEqual(
        step.uses === undefined ? { uses: false, run: true } : { uses: true, run: false },
      );
    expect(action.outputs['status']!.value).toBe('${{ steps.check.outputs.status }}');
  });

  it('hands on the verdict, and writes its reports', () => {
    const { cwd, output, stdout } = judge({ captures: CLEAN, arguments: '--require nbd=5' });
    expect(output).toBe('status=0\n');
    expect(stdout).toContain('passed');
    for (const name of ['wirelint.sarif', 'wirelint-report/junit.xml', 'wirelint-report/events.ndjson'])
      expect(existsSync(join(cwd, name)), name).toBe(true);
    expect(readFileSync(join(cwd, 'wirelint-report/report.html'), 'utf8')).toContain('<html');
  });

  it('annotates what is broken, and writes no report that is not wanted', () => {
    const { cwd, output, stdout } = judge({ captures: `${CLEAN} ${BROKEN}`, sarif: 'false', report: '' });
    expect(output).toBe('status=1\n');
    expect(stdout).toMatch(/^::error .*nbd\/request-beyond-export/m);
    expect(stdout).toContain('failed: 8 errors');
    expect(existsSync(join(cwd, 'wirelint.sarif'))).toBe(false);
    expect(existsSync(join(cwd, 'wirelint-report'))).toBe(false);
  });

  it('hands on bad usage as such', () => {
    expect(judge({ captures: CLEAN, arguments: '--no-such-option' }).output).toBe('status=2\n');
  });
});

it('the template for GitLab writes the reports that it hands over', () => {
  interface Job {
    readonly variables: Readonly<Record<string, string>>;
    readonly script: readonly string[];
    readonly artifacts: { readonly paths: readonly string[]; readonly reports: Readonly<Record<string, string>> };
  }
  const { wirelint: job } = yaml('ci/wirelint.gitlab-ci.yml') as { wirelint: Job };
  const cwd = join(folder, 'gitlab');
  const bin = join(cwd, 'bin');
  mkdirSync(bin, { recursive: true });
  // stands for what npx would fetch
  writeFileSync(
    join(bin, 'npx'),
    `#!/bin/sh\n[ "$1 $2" = "--yes wirelint" ] || exit 9\nshift 2\nexec node ${BIN} "$@"\n`,
  );
  chmodSync(join(bin, 'npx'), 0o755);
  copyFileSync(BROKEN, join(cwd, 'broken.pcap'));
  const { status, stderr } = spawnSync('sh', ['-ec', job.script.join('\n')], {
    cwd,
    env: { ...job.variables, WIRELINT_CAPTURES: 'broken.pcap', PATH: `${bin}:${process.env['PATH']}` },
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(1);
  for (const path of [...job.artifacts.paths, ...Object.values(job.artifacts.reports)])
    expect(existsSync(join(cwd, path)), path).toBe(true);
  expect(JSON.parse(readFileSync(join(cwd, job.artifacts.reports['codequality']!), 'utf8'))).toHaveLength(10);
});

it('the hook for pre-commit judges the captures that its pattern takes', () => {
  const [hook] = yaml('.pre-commit-hooks.yaml') as [{ entry: string; files: string; language: string }];
  expect(hook.language).toBe('node');
  const committed = execFileSync('git', ['ls-files', 'captures'], { encoding: 'utf8' }).trim().split('\n');
  const taken = committed.filter((path) => new RegExp(hook.files).test(path));
  expect(taken).toContain('captures/nbd/nbdkit-simple-replies.pcap');
  expect(taken.every((path) => /\.pcap/.test(path))).toBe(true);
  const [program, ...words] = hook.entry.split(' ');
  expect(program).toBe('wirelint');
  expect(spawnSync(process.execPath, [BIN, ...words, CLEAN]).status).toBe(0);
  expect(spawnSync(process.execPath, [BIN, ...words, CLEAN, BROKEN]).status).toBe(1);
});
