// npm runs this after `npm ci`, and for `npm install -g .`, which has not brought what building needs in a fresh clone.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

function npm(...args) {
  // what npm was told about a global installation is not meant for this folder
  const env = { ...process.env, npm_config_global: 'false', npm_config_location: 'user' };
  const { status } = spawnSync('npm', args, { stdio: 'inherit', env, shell: process.platform === 'win32' });
  if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync('node_modules/esbuild')) npm('ci', '--include=dev', '--ignore-scripts', '--no-audit', '--no-fund');
npm('run', '--silent', 'build');
