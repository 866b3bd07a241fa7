import { CLIENT, KeyFinder, SERVER, WAIT, type Role } from './key-finder.js';
import type { Limits } from '../base/limits.js';
import { hex } from '../base/hex.js';
import type { Origin } from '../base/origin.js';
import { count } from '../base/text.js';
import type { Connection, End } from '../stream/byte-stream.js';
import {
  CERTIFICATE,
  CERTIFICATE_REQUEST,
  CLIENT_HELLO,
  COMPRESSED_CERTIFICATE,
  ENCRYPTED_EXTENSIONS,
  handshakeName,
  KEY_UPDATE,
  NEW_SESSION_TICKET,
  SERVER_HELLO,
  TLS_1_3,
  versionName,
} from './constants.js';
import { TlsDirection, type DirectionHost } from './direction.js';
import type { Keys } from './keys.js';
import type { TlsOutput } from './event.js';
import { TlsFacts } from './facts.js';
import type { HandshakeMessage } from './handshake-reader.js';
import { hasCertificate, parseEncryptedExtensions, parseHello, parseTicket12, type Hello } from './hello.js';
import { TRAFFIC_LABELS } from './key-log.js';
import type { RawRecord } from './record-reader.js';
import type { SecretSource } from './secret-source.js';
import { suiteName } from './suite-names.js';

/** What was opened of one direction, and what was not. */
export type TlsSideSummary = {
  readonly records: number;
  readonly opened: boolean;
  /** Records of application data, and the bytes in them. */
  readonly dataRecords: number;
  readonly plainBytes: number;
  /** Records that could not be opened, and why. */
  readonly unopened: number;
  readonly lacking: string | null;
  readonly keyUpdates: number;
  readonly alerts: readonly string[];
  readonly closeNotify: boolean;
};

export type TlsSummary = ReturnType<TlsFacts['summary']> & {
  readonly client: TlsSideSummary | null;
  readonly server: TlsSideSummary | null;
};

/**
 * One TLS connection: two directions that share what the hellos negotiate. Sans I/O: bytes, gaps and ends in, plaintext and events out.
 * Each direction needs only the hello of the other one: client random, server random, version and suite.
 */
export class TlsConnection implements DirectionHost {
  readonly facts = new TlsFacts();
  private readonly connection: Connection;
  private readonly secrets: SecretSource;
  private readonly limits: Readonly<Limits>;
  private readonly output: TlsOutput;
  private readonly directions: [TlsDirection | null, TlsDirection | null] = [null, null];
  private readonly roles: [Role, Role] = [CLIENT, SERVER];
  private readonly finder: KeyFinder;

  /** `clientEnd`: the end that is taken for the TLS client, until a hello says otherwise. */
  constructor(
    connection: Connection,
    clientEnd: End,
    secrets: SecretSource,
    limits: Readonly<Limits>,
    output: TlsOutput,
  ) {
    this.connection = connection;
    this.secrets = secrets;
    this.finder = new KeyFinder(this.facts, secrets, limits, output);
    this.limits = limits;
    this.output = output;
    if (clientEnd === 1) this.roles.reverse();
  }

  /** That end's bytes are TLS from stream offset `offset` on. `late`: records may be missing in front of them. */
  begin(end: End, offset: number, late = false): void {
    this.directions[end] ??= new TlsDirection(end, offset, late, this.limits, this, this.output);
  }

  /** Whether that end's bytes go through TLS. */
  has(end: End): boolean {
    return this.directions[end] !== null;
  }

  bytes(end: End, bytes: Uint8Array, start: number, stop: number, origin: Origin): void {
    this.directions[end]!.reader.feed(bytes, start, stop, origin);
    this.wake(end, true);
  }

  gap(end: End, length: number, origin: Origin): void {
    this.directions[end]!.gap(length, origin);
    this.wake(end, true);
  }

  finish(end: End, origin: Origin): void {
    this.directions[end]?.finish(origin);
    this.wake(end, true);
  }

  /** The key log may have grown. */
  poke(): void {
    if (this.isWaiting && this.secrets.refresh()) for (const d of this.directions) d?.wake(true);
  }

  /** Whether records wait for their keys. */
  get isWaiting(): boolean {
    return this.directions[0]?.isWaiting === true || this.directions[1]?.isWaiting === true;
  }

  direction(end: End): TlsDirection | null {
    return this.directions[end];
  }

  /** The plaintext offset of an end's stream offset (see PlainMap). */
  plainOffset(end: End, raw: number): number {
    const direction = this.directions[end];
    return direction === null ? raw : direction.map.plain(raw, direction.reader.offset, direction.reader.taken);
  }

  /** The end that is the TLS client. */
  get clientEnd(): End {
    return this.roles[0] === CLIENT ? 0 : 1;
  }

  /** What was negotiated, and what was opened, for the stream event's session. `client` and `server` are the roles in TLS. */
  summary(): TlsSummary {
    const side = (end: End): TlsSideSummary | null => {
      const d = this.directions[end];
      if (d === null) return null;
      const { records, dataRecords, plainBytes, keyUpdates, alerts, closeNotify, opened, unopened, lacking } = d;
      return { records, opened, dataRecords, plainBytes, unopened, keyUpdates, alerts, closeNotify, lacking };
    };
    const client = this.clientEnd;
    return { ...this.facts.summary(), client: side(client), server: side(other(client)) };
  }

  /** The same in one line. */
  describe(): string {
    const words = this.facts.words();
    const client = this.directions[this.clientEnd];
    const server = this.directions[other(this.clientEnd)];
    const updates = (client?.keyUpdates ?? 0) + (server?.keyUpdates ?? 0);
    if (updates > 0) words.push(count(updates, 'key update'));
    const both = [client, server] as const;
    const by = (has: (d: TlsDirection) => boolean): string => {
      const who = both
        .map((d, i) => (d !== null && has(d) ? (i === 0 ? 'client' : 'server') : ''))
        .filter((w) => w !== '');
      return who.length === 2 ? 'both' : who.length === 1 ? `the ${who[0]!}` : 'neither';
    };
    if (both.some((d) => d?.opened)) {
      const who = by((d) => d.opened);
      words.push(who === 'both' ? 'opened' : `opened for ${who} only`, `close_notify by ${by((d) => d.closeNotify)}`);
    } else if (both.some((d) => d !== null && d.unopened > 0)) words.push('not opened');
    const alerts = both.flatMap((d, i) =>
      (d?.alerts ?? [])
        .filter((a) => a !== 'close_notify')
        .map((a) => `alert ${a} by the ${i === 0 ? 'client' : 'server'}`),
    );
    return [...words, ...alerts].join(', ');
  }

  private wake(from: End, patient: boolean): void {
    const peer = this.directions[other(from)];
    if (peer?.isWaiting) {
      peer.wake(patient);
      if (this.directions[from]?.isWaiting) this.directions[from].wake(patient);
    }
  }

  // ---- DirectionHost

  isClient(end: End): boolean {
    return this.roles[end] === CLIENT;
  }

  version(end: End, patient: boolean): number {
    if (this.finder.serverHello !== null) return this.finder.serverHello.version;
    if (this.facts.helloRetry) return TLS_1_3;
    if (patient && this.mayTell(other(end))) return 0;
    const secrets = this.finder.sessionSecrets;
    return secrets !== null && TRAFFIC_LABELS.some((l) => secrets.has(l.application)) ? TLS_1_3 : -1;
  }

  keys(end: End, record: RawRecord, patient: boolean): Keys {
    const role = this.roles[end];
    const peer = other(end);
    // the server's first encrypted message says whether it accepts early data
    const missing =
      role === CLIENT
        ? this.finder.serverHello === null || this.facts.earlyData === 'offered'
        : this.finder.clientRandom === null;
    if (missing && patient && this.mayTell(peer)) return WAIT;
    return this.finder.keys(end, role, record, patient);
  }

  handshake(end: End, m: HandshakeMessage, encrypted: boolean, place: RawRecord): void {
    const { facts } = this;
    const hello = parseHello(m.type, m.body);
    const tls13 = this.finder.serverHello?.version === TLS_1_3;
    let name = handshakeName(m.type);
    let words = '';
    let minor = true;
    if (hello !== null) {
      minor = false;
      if (hello.retry) name = 'HelloRetryRequest';
      words = this.hello(end, hello, encrypted);
    } else if (m.type === CLIENT_HELLO || m.type === SERVER_HELLO) {
      minor = false;
      words = 'too short';
    } else if (m.type === ENCRYPTED_EXTENSIONS && encrypted) {
      const said = parseEncryptedExtensions(m.body);
      if (said.alpn.length > 0) {
        facts.alpn = said.alpn[0]!;
        words = `ALPN ${said.alpn[0]!}`;
        minor = false;
      }
      if (facts.earlyData !== null) facts.earlyData = said.earlyData ? 'accepted' : 'refused';
      if (said.earlyData) {
        words += `${words === '' ? '' : '  '}early data accepted`;
        minor = false;
      }
    } else if (m.type === CERTIFICATE_REQUEST) {
      facts.clientCertificate = 'asked for';
      words = 'asks for a client certificate';
      minor = false;
    } else if ((m.type === CERTIFICATE || m.type === COMPRESSED_CERTIFICATE) && this.roles[end] === CLIENT) {
      const given = m.type === COMPRESSED_CERTIFICATE || hasCertificate(m.body, tls13);
      facts.clientCertificate = given ? 'given' : 'not given';
      words = given ? 'a client certificate' : 'no client certificate';
      minor = false;
    } else if (m.type === KEY_UPDATE) {
      words = m.body[0] === 1 ? 'update requested of the peer' : '';
      minor = false;
    } else if (m.type === NEW_SESSION_TICKET) {
      facts.tickets++;
      if (!tls13) this.finder.rememberTicket(parseTicket12(m.body));
    }
    this.output.tell({
      kind: 'handshake',
      name,
      words,
      minor,
      hello,
      end,
      offset: place.offset,
      length: place.end - place.start,
      origin: place.origin,
    });
  }

  // ---- inside

  /** Takes over what a hello says. Returns it in words. */
  private hello(end: End, hello: Hello, encrypted: boolean): string {
    const { facts } = this;
    if (encrypted) facts.renegotiations += hello.from === 'client' ? 1 : 0;
    const words: string[] = [];
    if (hello.from === 'client') {
      this.roles[end] = CLIENT;
      this.roles[other(end)] = SERVER;
      this.finder.clientHello = hello;
      this.finder.clientRandom = hello.random;
      if (hello.serverName !== null) facts.serverName = hello.serverName;
      facts.alpnOffered = hello.alpn;
      if (hello.earlyData) facts.earlyData ??= 'offered';
      if (encrypted) {
        words.push('renegotiation');
        this.finder.serverHello = null;
      }
      words.push(`up to ${versionName(hello.version)}`);
      if (hello.serverName !== null) words.push(`to ${hello.serverName}`);
      if (hello.alpn.length > 0) words.push(`ALPN ${hello.alpn.join(' ')}`);
      if (hello.presharedKey) words.push('with a pre-shared key');
      if (hello.earlyData) words.push('with early data');
    } else {
      this.roles[end] = SERVER;
      this.roles[other(end)] = CLIENT;
      words.push(versionName(hello.version), suiteName(hello.suites[0]!));
      facts.version = hello.version;
      facts.suite = hello.suites[0]!;
      if (hello.retry) {
        facts.helloRetry = true;
        return words.join('  ');
      }
      this.finder.serverHello = hello;
      if (hello.alpn.length > 0) {
        facts.alpn = hello.alpn[0]!;
        words.push(`ALPN ${hello.alpn[0]!}`);
      }
      if (hello.version === TLS_1_3) facts.presharedKey = hello.presharedKey;
      else {
        const { sessionId } = hello;
        const echoed = sessionId.length > 0 && this.finder.clientHello !== null;
        facts.resumed = echoed && hex(sessionId) === hex(this.finder.clientHello!.sessionId);
        facts.extendedMasterSecret = hello.extendedMasterSecret;
        facts.encryptThenMac = hello.encryptThenMac;
      }
      if (facts.presharedKey) words.push('by a pre-shared key');
      if (facts.resumed) words.push('resumes a session');
    }
    return words.join('  ');
  }

  /** Whether a hello, or an encrypted handshake message, of that end may still come in the capture. */
  private mayTell(end: End): boolean {
    const direction = this.directions[end];
    if (direction === null) return this.connection.heard[end];
    return !direction.over && !direction.opened && direction.lacking === null && !direction.reader.isLost;
  }
}

function other(end: End): End {
  return end === 0 ? 1 : 0;
}
