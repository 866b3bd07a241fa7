import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, lstatSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pastaList } from '../../src/protocols/pesto/build.js';
import { parseAddress } from '../../src/record/address.js';
import { watchWrites } from '../../src/record/peer-socket.js';
import { Proxy } from '../../src/record/proxy.js';
import { analyzeBytes } from '../kit/in-memory.js';
import { missingPrograms } from '../kit/programs.js';
import { everything, Proxied, until } from '../kit/proxied.js';

const missing = missingPrograms('python3');
const noPython = missing.length > 0 ? ' (skipped: no python3)' : '';

/** A server in Python, which leaves to its script what Node decides by itself; `l` is bound to the server's path. */
function python(made: Proxied, script: string): ChildProcess {
  const begin = 'import socket, sys, time\nl = socket.socket(socket.AF_UNIX); l.bind(sys.argv[1])\n';
  return spawn('python3', ['-c', begin + script, made.serverPath], { stdio: 'ignore' });
}

describe('the proxy', () => {
  it('passes both directions on and records them with their ends', async () => {
    const made = await Proxied.start((socket) => {
      socket.write('welcome');
      socket.on('data', (chunk) => socket.write(`you said ${chunk.toString()}`));
      socket.on('end', () => socket.end('bye'));
    });
    const client = made.client();
    await once(client, 'data');
    client.write('hello');
    await once(client, 'data');
    client.end();
    expect((await everything(client)).toString()).toBe('bye');
    await made.proxy.drained();
    const [connection] = await made.stop();
    expect(connection!.streams.map(String)).toEqual(['hello', 'welcomeyou said hellobye']);
    expect(connection!.shape).toBe('>S<SA>A<.>.<.>FA<.>A<FA');
  });

  it('keeps half closes apart', async () => {
    const made = await Proxied.start((socket) => {
      // the server is done first, and goes on reading
      socket.end('only this');
      socket.resume();
    });
    const client = made.client();
    expect((await everything(client)).toString()).toBe('only this');
    client.write('still here');
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.end();
    await made.proxy.drained();
    const [connection] = await made.stop();
    expect(connection!.shape).toBe('>S<SA>A<.<FA>.<A>FA');
  });

  it('tells a client that only ends its own side from one that leaves', async () => {
    const list = Buffer.from(pastaList());
    /** A session with pasta whose client ends its side before it has the list, and does `rest` when the first part of it is there. */
    const session = async (rest: (client: Socket) => void): Promise<string[]> => {
      const made = await Proxied.start((socket) => {
        socket.resume();
        socket.write(list.subarray(0, 20));
        socket.on('end', () => socket.end(list.subarray(20)));
      });
      const client = made.client();
      await once(client, 'data');
      rest(client);
      await made.proxy.drained();
      await made.stop();
      return analyzeBytes(made.recording).findings.map((f) => f.rule);
    };
    const stays = await session((client) => client.resume().end());
    const leaves = await session((client) => client.destroy());
    expect([stays, leaves]).toEqual([[], ['pesto/client-left-early']]);
  });

  it('holds a sender back whose receiver does not read, and loses nothing', async () => {
    const size = 64 << 20;
    const data = randomBytes(1 << 20);
    let received = 0;
    let reading = false;
    const made = await Proxied.start((socket) => {
      socket.pause();
      setTimeout(() => {
        reading = true;
        socket.on('data', (chunk) => (received += chunk.length));
        socket.resume();
        socket.on('end', () => socket.end());
      }, 400);
    });
    const client = made.client();
    let sent = 0;
    const send = (): void => {
      while (sent < size) {
        sent += data.length;
        if (!client.write(data)) return;
      }
      client.end();
    };
    client.on('drain', send);
    send();
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(reading).toBe(false);
    // kernel buffers and one piece or two are all that is on the way
    expect(made.recordedBytes).toBeLessThan(4 << 20);
    await everything(client);
    await made.proxy.drained();
    expect(received).toBe(size);
    const [connection] = await made.stop();
    expect(connection!.streams[0].length).toBe(size);
    expect(connection!.streams[0].subarray(0, data.length).equals(data)).toBe(true);
  });

  it('carries many clients at once, each exactly', async () => {
    const made = await Proxied.start((socket) => socket.pipe(socket));
    const messages = Array.from({ length: 40 }, () => randomBytes(100_000 + Math.floor(Math.random() * 200_000)));
    const answers = await Promise.all(
      messages.map(async (message) => {
        const client = made.client();
        const answer = everything(client);
        for (let at = 0; at < message.length; at += 7001) client.write(message.subarray(at, at + 7001));
        client.end();
        return answer;
      }),
    );
    answers.forEach((answer, i) => expect(answer.equals(messages[i]!)).toBe(true));
    await made.proxy.drained();
    const connections = await made.stop();
    expect(connections).toHaveLength(40);
    for (const { streams } of connections) {
      expect(streams[0].equals(streams[1])).toBe(true);
      expect(messages.some((m) => m.equals(streams[0]))).toBe(true);
    }
    expect(new Set(connections.map((c) => c.client)).size).toBe(40);
  });

  it('turns none away of many that come in one moment', async () => {
    const made = await Proxied.start((socket) => socket.pipe(socket));
    const answers = await Promise.all(
      Array.from({ length: 600 }, async (_, i) => {
        const client = made.client();
        const answer = everything(client);
        client.end(`client ${i}`);
        return (await answer).toString();
      }),
    );
    expect(answers).toEqual(answers.map((_, i) => `client ${i}`));
    await made.proxy.drained();
    const recorded = (await made.stop()).map((c) => c.streams.map(String));
    expect(recorded.sort()).toEqual(answers.map((a) => [a, a]).sort());
  });

  it('passes a peer’s last words on though it takes no more', async () => {
    const made = await Proxied.start((socket) => {
      socket.once('data', () => {
        // refuse and close with unread input
        socket.pause();
        setTimeout(() => {
          socket.write('refused: no');
          socket.destroySoon();
        }, 50);
      });
    });
    const client = made.client();
    // a client that reads on when it cannot write any more, as programs in C do
    watchWrites(client, { delivered: () => undefined, refused: () => undefined });
    const answer = everything(client);
    client.write('x');
    const timer = setInterval(() => client.write(randomBytes(10_000)), 1);
    expect((await answer).toString()).toBe('refused: no');
    clearInterval(timer);
    client.destroy();
    await made.proxy.drained();
    const [connection] = await made.stop();
    expect(connection!.streams[1].toString()).toBe('refused: no');
  });

  it('records a client that dies as its end, and the server lives on', async () => {
    let server = 0;
    let heard = 0;
    const made = await Proxied.start((socket) => {
      socket.on('data', (chunk) => (heard += chunk.length));
      socket.on('end', () => {
        server++;
        socket.end();
      });
    });
    const dying = made.client();
    dying.write('half a mess');
    await until(() => heard === 11);
    dying.destroy();
    await until(() => server === 1);
    const next = made.client();
    next.end('next');
    await everything(next);
    await made.proxy.drained();
    const connections = await made.stop();
    expect(connections.map((c) => c.streams[0].toString())).toEqual(['half a mess', 'next']);
    expect(connections[0]!.shape).toMatch(/>FA/);
  });

  it('says that the server is not there, to the client by closing and in the recording by a reset', async () => {
    const made = await Proxied.start(null);
    const client = made.client();
    await everything(client);
    expect(made.complaints[0]).toMatch(/cannot connect to .*server\.sock/);
    const [connection] = await made.stop();
    expect(connection!.shape).toBe('>S<RA');
    expect(connection!.segments[0]!.comment).toMatch(/the server could not be reached: ENOENT/);
  });

  it.skipIf(missing.length > 0)(
    `records a close with unread bytes as a reset, after what was said${noPython}`,
    async () => {
      const made = await Proxied.start(null);
      const server = python(
        made,
        `l.listen(1); c, _a = l.accept(); c.recv(1); time.sleep(0.2); c.sendall(b'refused: no'); c.close(); time.sleep(9)`,
      );
      await until(() => existsSync(made.serverPath));
      const client = made.client();
      const answer = everything(client);
      client.write('x'.repeat(1000));
      expect((await answer).toString()).toBe('refused: no');
      await made.proxy.drained();
      server.kill();
      const [connection] = await made.stop();
      expect(connection!.shape).toBe('>S<SA>A>.<.<RA');
    },
  );

  it.skipIf(missing.length > 0)(`waits for a server whose queue is full${noPython}`, async () => {
    const made = await Proxied.start(null);
    // listen(0): one connection may wait, the next one is told to try again
    const server = python(
      made,
      `l.listen(0)
for _ in range(5):
    c, _a = l.accept(); time.sleep(0.05); c.sendall(b'hello ' + c.recv(100)); c.close()`,
    );
    await until(() => existsSync(made.serverPath));
    const answers = await Promise.all(
      Array.from({ length: 5 }, (_, i) => {
        const client = made.client();
        client.write(String(i));
        return everything(client);
      }),
    );
    expect(answers.map(String)).toEqual(['hello 0', 'hello 1', 'hello 2', 'hello 3', 'hello 4']);
    server.kill();
    const connections = await made.stop();
    expect(made.complaints).toEqual([]);
    expect(connections.map((c) => c.streams[1].toString()).sort()).toEqual(answers.map(String));
    expect(connections.some((c) => /the server took it after \d+ ms/.test(c.segments[0]!.comment))).toBe(true);
  });

  it('leaves open what is open when it is stopped', async () => {
    const made = await Proxied.start((socket) => socket.write('welcome'));
    const client = made.client();
    await once(client, 'data');
    const path = made.path;
    const connections = await made.stop();
    expect(connections[0]!.shape).toBe('>S<SA>A<.');
    expect(existsSync(path)).toBe(false);
  });

  it('names the processes where they can be told', async () => {
    const made = await Proxied.start((socket) => socket.end('x'));
    const client = made.client();
    await everything(client);
    client.end();
    await made.proxy.drained();
    const [connection] = await made.stop();
    // client and server of this test are the proxy's own process: neither is named
    expect(connection!.segments[0]!.comment).not.toMatch(new RegExp(`pid ${process.pid}\\b`));
  });
});

describe('the socket of the proxy', () => {
  it('lets nobody but its owner connect', async () => {
    const made = await Proxied.start(() => undefined);
    expect(statSync(made.path).mode & 0o777).toBe(0o600);
    await made.stop();
  });

  it('takes the place of a socket that nobody listens at', async () => {
    const path = join(tmpdir(), `wirelint-stale-${process.pid}.sock`);
    const left = createServer().listen(path);
    await once(left, 'listening');
    const listen = parseAddress(path);
    const options = { listen, connect: listen, complain: () => undefined } as const;
    const record = (): never => {
      throw new Error('listening');
    };
    await expect(Proxy.start({ ...options, record })).rejects.toThrow(/somebody listens there already/);
    expect(lstatSync(path).isSocket()).toBe(true);
    left.close();
    await once(left, 'close');
    writeFileSync(path, 'a file');
    await expect(Proxy.start({ ...options, record })).rejects.toThrow(/exists and is no socket/);
    const { rmSync } = await import('node:fs');
    rmSync(path);
    // what could not be recorded is not listened at either
    await expect(Proxy.start({ ...options, record })).rejects.toThrow('listening');
    await until(() => !existsSync(path));
  });
});

describe('addresses', () => {
  it('reads paths and ports', () => {
    expect(parseAddress('/run/a.sock')).toEqual({ kind: 'unix', path: '/run/a.sock' });
    expect(parseAddress('unix:rel.sock')).toEqual({ kind: 'unix', path: 'rel.sock' });
    expect(parseAddress('@name')).toEqual({ kind: 'unix', path: '\0name' });
    expect(parseAddress('tcp:10809')).toEqual({ kind: 'tcp', host: '127.0.0.1', port: 10_809 });
    expect(parseAddress('tcp:server.example:0')).toEqual({ kind: 'tcp', host: 'server.example', port: 0 });
    expect(parseAddress('tcp:[::1]:80')).toEqual({ kind: 'tcp', host: '::1', port: 80 });
  });

  it('refuses what can be none', () => {
    for (const text of ['', 'unix:', 'tcp:', 'tcp:x', 'tcp:1:2:3', 'tcp:70000', `/${'x'.repeat(200)}`])
      expect(() => parseAddress(text)).toThrow();
  });
});
