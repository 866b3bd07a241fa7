import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach } from 'vitest';

/** Processes of live tests; what a test leaves running ends with it. */

const running: ChildProcess[] = [];
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL');
});

export function start(
  command: string,
  args: readonly string[],
  stdio: ('ignore' | 'pipe')[] = ['ignore', 'pipe', 'pipe'],
  env?: Readonly<Record<string, string>>,
): ChildProcess {
  const child = spawn(command, args, { stdio, env: { ...process.env, ...env } });
  running.push(child);
  return child;
}

/** The exit status. */
export async function ended(child: ChildProcess): Promise<number | null> {
  return ((await once(child, 'exit')) as [number | null])[0];
}

export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

/** Resolves when what the child writes matches; fails after some seconds with what it wrote. */
export function seen(stream: NodeJS.ReadableStream, pattern: RegExp, collected: { text: string }): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${pattern} in: ${collected.text}`)), 60_000);
    const look = (): void => {
      if (!pattern.test(collected.text)) return;
      clearTimeout(timer);
      resolve();
    };
    stream.on('data', look);
    look();
  });
}

export function collect(stream: NodeJS.ReadableStream): { text: string } {
  const out = { text: '' };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => (out.text += chunk));
  return out;
}

/** tcpdump on the loopback interface for one port, once it records; packets go to its standard output. */
export async function recorder(port: number): Promise<ChildProcess> {
  const options = ['-i', 'lo', '--immediate-mode', '-B', '65536', '-U', '-w', '-'];
  const child = start('tcpdump', [...options, 'tcp', 'port', String(port)]);
  await seen(child.stderr!, /listening on/, collect(child.stderr!));
  return child;
}

/** Runs a command until it succeeds: a server takes a moment to start. */
export async function untilItWorks(
  command: string,
  args: readonly string[],
  env?: Record<string, string>,
): Promise<void> {
  for (let i = 0; (await ended(start(command, args, ['ignore', 'ignore', 'ignore'], env))) !== 0; i++) {
    if (i > 50) throw new Error(`${command} ${args.join(' ')} does not work`);
    await new Promise((r) => setTimeout(r, 100));
  }
}
