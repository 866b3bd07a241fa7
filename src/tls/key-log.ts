import { hex } from '../base/hex.js';

/** Secrets of one session by label, as the key log names them: `CLIENT_RANDOM`, `SERVER_TRAFFIC_SECRET_0`, ... */
export type SessionSecrets = ReadonlyMap<string, Uint8Array>;

/** Labels whose secrets open records (draft-ietf-tls-keylogfile; NSS key log format). Lines with other labels are ignored. */
export const CLIENT_RANDOM = 'CLIENT_RANDOM';
export const TRAFFIC_LABELS = [
  {
    early: 'CLIENT_EARLY_TRAFFIC_SECRET',
    handshake: 'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
    application: 'CLIENT_TRAFFIC_SECRET_0',
  },
  { early: null, handshake: 'SERVER_HANDSHAKE_TRAFFIC_SECRET', application: 'SERVER_TRAFFIC_SECRET_0' },
] as const;

const USED = new Set<string>([
  CLIENT_RANDOM,
  ...TRAFFIC_LABELS.flatMap((l) => [l.early, l.handshake, l.application]).filter((l) => l !== null),
]);

const RANDOM_DIGITS = 64;
/** Hex digits of a master secret. */
const MASTER_DIGITS = 96;
/** Secrets are as long as a hash: 32 to 64 bytes. */
const MIN_DIGITS = 64;
const MAX_DIGITS = 128;
/** Longest line, in characters: no line of a key log is half as long. A longer one counts as bad. */
const MAX_LINE = 1024;
const HEX = /^[0-9a-f]+$/i;

/**
 * The secrets of a run, from key logs and from capture files. Takes its text in pieces, as files may grow while they are read.
 */
export class KeyLog {
  private readonly sessions = new Map<string, Map<string, Uint8Array>>();
  /** Master secrets of TLS 1.2 by session id or ticket, for the sessions that resume them; the oldest first. */
  private readonly resumable = new Map<string, Uint8Array>();
  private readonly limit: number;
  /** Lines that could not be understood, by source, in the order in which the sources came. */
  readonly badLines = new Map<string, number>();
  /** How many sessions were not kept, or forgotten, because of the limit. */
  dropped = 0;

  /** `limit`: of how many sessions the secrets are kept (limits.tlsSessions). */
  constructor(limit: number) {
    this.limit = limit;
  }

  get size(): number {
    return this.sessions.size;
  }

  /** The secrets of the session whose ClientHello has that random (32 bytes). */
  find(clientRandom: Uint8Array): SessionSecrets | null {
    return this.sessions.get(hex(clientRandom)) ?? null;
  }

  /** All sessions, newest first: client random in hex, and secrets. */
  *entries(): Generator<readonly [string, SessionSecrets]> {
    yield* [...this.sessions].reverse();
  }

  /** Takes lines of a key log; a last line without its end counts as complete. */
  add(text: string, source: string): void {
    for (const raw of text.split(/\r\n?|\n/)) {
      const line = raw.replace(/^\uFEFF/, '').trim();
      if (line === '' || line.startsWith('#')) continue;
      if (!this.line(line)) this.badLines.set(source, (this.badLines.get(source) ?? 0) + 1);
    }
  }

  /** Remembers a session's master secret under its session id or ticket, for those that resume it. */
  remember(id: Uint8Array, master: Uint8Array): void {
    const key = hex(id);
    this.resumable.delete(key);
    this.resumable.set(key, master);
    if (this.resumable.size <= this.limit) return;
    this.resumable.delete(this.resumable.keys().next().value!);
    this.dropped++;
  }

  recall(id: Uint8Array): Uint8Array | null {
    return this.resumable.get(hex(id)) ?? null;
  }

  private line(line: string): boolean {
    if (line.length > MAX_LINE) return false;
    const session = /^RSA\s+Session-ID:([0-9a-f]{2,64})\s+Master-Key:([0-9a-f]{96})$/i.exec(line);
    if (session !== null) {
      this.remember(Buffer.from(session[1]!, 'hex'), Buffer.from(session[2]!, 'hex'));
      return true;
    }
    const words = line.split(/\s+/);
    if (words.length !== 3) return false;
    const [label, id, secret] = words as [string, string, string];
    if (!/^[A-Z][A-Z0-9_]*$/i.test(label) || !isHex(id) || !isHex(secret)) return false;
    const upper = label.toUpperCase();
    if (!USED.has(upper)) return true;
    if (id.length !== RANDOM_DIGITS) return false;
    if (upper === CLIENT_RANDOM ? secret.length !== MASTER_DIGITS : !isSecretLength(secret.length)) return false;
    this.put(id.toLowerCase(), upper, Buffer.from(secret, 'hex'));
    return true;
  }

  private put(random: string, label: string, secret: Uint8Array): void {
    let secrets = this.sessions.get(random);
    if (secrets === undefined) {
      if (this.sessions.size >= this.limit) {
        this.dropped++;
        return;
      }
      this.sessions.set(random, (secrets = new Map<string, Uint8Array>()));
    }
    secrets.set(label, secret);
  }
}

function isHex(text: string): boolean {
  return text.length % 2 === 0 && HEX.test(text);
}

function isSecretLength(digits: number): boolean {
  return digits >= MIN_DIGITS && digits <= MAX_DIGITS;
}
