import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { connect, createServer, type SecureContextOptions, type TLSSocket } from 'node:tls';
import type { Step } from '../../src/base/rule.js';

/** Sessions of node's own TLS, recorded in memory: what OpenSSL sends, with its key log. */

type From = 'client' | 'server';

export interface TlsRecording {
  readonly steps: Step[];
  readonly keyLog: string;
  /** For a session that resumes this one. */
  readonly session: Buffer | null;
}

export interface TlsOptions {
  readonly version: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers?: string;
  /** Groups of the client and of the server, most wanted first. */
  readonly groups?: readonly [client: string, server: string];
  readonly resumes?: Buffer | null;
  /** Before the step of that number the client negotiates anew. */
  readonly renegotiatesAt?: number;
}

const PSK = Buffer.alloc(32, 0x5a);
/** Session tickets are opened with it: the same in all recordings, so that a session of one can be resumed in another. */
const TICKET_KEYS = Buffer.alloc(48, 0x33);

/** One end of a connection in memory; what is written is told, and read by the other end. */
class End extends Duplex {
  peer: End | null = null;
  private readonly wrote: (bytes: Buffer) => void;

  constructor(wrote: (bytes: Buffer) => void) {
    super();
    this.wrote = wrote;
  }

  override _read(): void {
    // the peer pushes
  }

  override _write(bytes: Buffer, _: BufferEncoding, done: () => void): void {
    this.wrote(Buffer.from(bytes));
    this.peer!.push(bytes);
    done();
  }

  override _final(done: () => void): void {
    this.peer!.push(null);
    done();
  }
}

/** Plays the steps' bytes through TLS, one after the other; at the end the client closes with close_notify. */
export async function recordTls(inside: readonly Step[], options: TlsOptions): Promise<TlsRecording> {
  const { version, groups, renegotiatesAt } = options;
  const steps: Step[] = [];
  let keyLog = '';
  let session: Buffer | null = null;
  const ends = (['client', 'server'] as const).map((from) => new End((bytes) => steps.push({ from, bytes })));
  const [clientEnd, serverEnd] = ends as [End, End];
  clientEnd.peer = serverEnd;
  serverEnd.peer = clientEnd;
  const common: SecureContextOptions = {
    minVersion: version,
    maxVersion: version,
    ciphers: options.ciphers ?? (version === 'TLSv1.2' ? 'PSK-AES128-GCM-SHA256' : 'TLS_AES_128_GCM_SHA256'),
  };
  const server = createServer({
    ...common,
    pskCallback: () => PSK,
    ticketKeys: TICKET_KEYS,
    ...(groups !== undefined && { ecdhCurve: groups[1] }),
  });
  const secured = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  server.emit('connection', serverEnd);
  const client = connect({
    ...common,
    socket: clientEnd,
    pskCallback: () => ({ psk: PSK, identity: 'alice' }),
    checkServerIdentity: () => undefined,
    ...(groups !== undefined && { ecdhCurve: groups[0] }),
    ...(options.resumes && { session: options.resumes }),
  });
  client.on('keylog', (line: Buffer) => (keyLog += line.toString()));
  client.on('session', (s: Buffer) => (session = s));
  const [[serverSocket]] = await Promise.all([secured, once(client, 'secureConnect')]);
  const sockets: Record<From, TLSSocket> = { client, server: serverSocket };
  for (const [i, step] of inside.entries()) {
    if (i === renegotiatesAt)
      await new Promise<void>((done, failed) =>
        client.renegotiate({ rejectUnauthorized: false }, (error) => (error === null ? done() : failed(error))),
      );
    if (!('bytes' in step)) continue;
    const to = sockets[step.from === 'client' ? 'server' : 'client'];
    sockets[step.from].write(step.bytes);
    for (let left = step.bytes.length; left > 0;) {
      const got = to.read() as Buffer | null;
      if (got === null) await once(to, 'readable');
      else left -= got.length;
    }
  }
  serverSocket.resume();
  client.resume();
  client.end();
  await once(serverSocket, 'end');
  client.destroy();
  serverSocket.destroy();
  return { steps: [...steps, { from: 'client', end: 'fin' }, { from: 'server', end: 'fin' }], keyLog, session };
}
