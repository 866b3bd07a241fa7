import { unhex } from '../base/hex.js';
import type { Limits } from '../base/limits.js';
import type { End } from '../stream/byte-stream.js';
import { TLS_1_2, TLS_1_3, versionName } from './constants.js';
import type { Keys } from './keys.js';
import { Epoch, TrafficEpoch } from './epoch.js';
import type { TlsOutput } from './event.js';
import type { TlsFacts } from './facts.js';
import type { Hello } from './hello.js';
import { CLIENT_RANDOM, TRAFFIC_LABELS, type SessionSecrets } from './key-log.js';
import { sessionKeys } from './key-schedule.js';
import { tls12Cipher } from './record-cipher.js';
import type { RawRecord } from './record-reader.js';
import type { SecretSource } from './secret-source.js';
import { suiteName } from './suite-names.js';
import { HASH_LENGTH, suiteOf, tls13Suites, type Suite } from './suites.js';

export const CLIENT = 0;
export const SERVER = 1;
/** The role of an end in the TLS handshake. */
export type Role = typeof CLIENT | typeof SERVER;

export const WAIT: Keys = { state: 'wait' };

/** Whether the client has sent early data, and whether the server accepts them (taken, unless it is known to have refused them). */
type EarlyData = 'none' | 'taken' | 'refused';

/** Bytes of a master secret. */
const MASTER_LENGTH = 48;

const NO_KEY_LOG = 'no key log was given (--tls-keylog would open it)';

function none(lacking: string): Keys {
  return { state: 'none', lacking };
}

/** Finds the keys of one connection's records: by its hellos in the key log, or by trying the log's secrets where a hello was not captured. */
export class KeyFinder {
  clientHello: Hello | null = null;
  serverHello: Hello | null = null;
  /** The random of the ClientHello: as captured, or found by trying those of the key log. */
  clientRandom: Uint8Array | null = null;
  private readonly facts: TlsFacts;
  private readonly secrets: SecretSource;
  private readonly limits: Readonly<Limits>;
  private readonly output: TlsOutput;

  constructor(facts: TlsFacts, secrets: SecretSource, limits: Readonly<Limits>, output: TlsOutput) {
    this.facts = facts;
    this.secrets = secrets;
    this.limits = limits;
    this.output = output;
  }

  /** The key log's secrets for this session; null where there are none, or the client random is not known. */
  get sessionSecrets(): SessionSecrets | null {
    return this.clientRandom === null ? null : this.secrets.find(this.clientRandom);
  }

  /** Keys for the record of that end (see DirectionHost); `patient`: the key log may still grow. */
  keys(end: End, role: Role, record: RawRecord, patient: boolean): Keys {
    if (this.clientRandom === null) return this.byTrial(end, role, record);
    const secrets = this.sessionSecrets;
    const master = secrets === null ? this.resumedMaster() : null;
    if (secrets === null && master === null) {
      if (this.secrets.growing && patient) return WAIT;
      return none(this.secrets.log.size === 0 ? NO_KEY_LOG : 'the key log has no secret for its client random');
    }
    if (this.serverHello !== null) return this.agreedKeys(role, this.serverHello, secrets, master);
    return this.guessedKeys(role, record, secrets!);
  }

  /** Whether the client's first encrypted records may be early data, and whether the server reads them. */
  private get early(): EarlyData {
    if (this.clientHello?.earlyData !== true) return 'none';
    return this.facts.earlyData === 'refused' ? 'refused' : 'taken';
  }

  private agreedKeys(role: Role, hello: Hello, secrets: SessionSecrets | null, resumed: Uint8Array | null): Keys {
    const id = hello.suites[0]!;
    const suite = suiteOf(id);
    if (hello.version === TLS_1_3) {
      if (suite === null || !suite.tls13) return none(`key found, suite not supported: ${suiteName(id)}`);
      return secrets === null
        ? none('the key log has no secret for its client random')
        : tls13Keys(role, suite, secrets, this.early);
    }
    if (hello.version !== TLS_1_2) return none(`key found, ${versionName(hello.version)} not supported`);
    if (suite === null || suite.tls13) return none(`key found, suite not supported: ${suiteName(id)}`);
    if (hello.compressed) return none('key found, compressed records not supported');
    const master = resumed ?? secrets?.get(CLIENT_RANDOM) ?? null;
    if (master?.length !== MASTER_LENGTH) return none('the key log has no master secret for its client random');
    if (hello.sessionId.length > 0) this.secrets.log.remember(hello.sessionId, master);
    return tls12Keys(role, suite, master, this.clientRandom!, hello);
  }

  /** Without the ServerHello: tries the suites that fit the length of the secrets, until one opens the record. */
  private guessedKeys(role: Role, record: RawRecord, secrets: SessionSecrets): Keys {
    if (secrets.has(CLIENT_RANDOM)) return none('the random of the ServerHello, which TLS 1.2 needs, was not captured');
    const labels = TRAFFIC_LABELS[role];
    const some = [labels.application, labels.handshake, labels.early].map((l) =>
      l === null ? undefined : secrets.get(l),
    );
    const length = some.find((s) => s !== undefined)?.length ?? 0;
    for (const suite of tls13Suites(length)) {
      const keys = tls13Keys(role, suite, secrets, this.early);
      if (!opens(keys, record)) continue;
      return tls13Keys(role, suite, secrets, this.early);
    }
    return none('the ServerHello, which names the suite, was not captured');
  }

  /** Without the ClientHello: tries the secrets of all sessions in the key log on the record. */
  private byTrial(end: End, role: Role, record: RawRecord): Keys {
    const hello = this.serverHello;
    if (hello === null) return none('its handshake was not captured, so no secret can be matched with it');
    const suite = suiteOf(hello.suites[0]!);
    if (suite === null) return none(`suite not supported: ${suiteName(hello.suites[0]!)}`);
    let tries = this.limits.tlsTrials;
    for (const [random, secrets] of this.secrets.log.entries()) {
      if (tries-- <= 0) {
        const text = `more sessions in the key log than ${this.limits.tlsTrials}; the secrets of the others were not tried on a session without its ClientHello`;
        const { offset, origin } = record;
        const length = record.end - record.start;
        this.output.tell({ kind: 'limit', limit: 'tlsTrials', text, end, offset, length, origin });
        break;
      }
      const keys = this.trialKeys(role, suite, hello, unhex(random), secrets);
      if (keys === null || !opens(keys, record)) continue;
      this.clientRandom = unhex(random);
      return this.trialKeys(role, suite, hello, this.clientRandom, secrets)!;
    }
    return none(
      this.secrets.log.size === 0
        ? NO_KEY_LOG
        : 'its ClientHello was not captured, and no secret of the key log opens its first record',
    );
  }

  private trialKeys(
    role: Role,
    suite: Suite,
    hello: Hello,
    clientRandom: Uint8Array,
    secrets: SessionSecrets,
  ): Keys | null {
    if (hello.version === TLS_1_3) return suite.tls13 ? tls13Keys(role, suite, secrets, this.early) : null;
    const master = secrets.get(CLIENT_RANDOM);
    if (hello.version !== TLS_1_2 || suite.tls13 || master?.length !== MASTER_LENGTH) return null;
    return tls12Keys(role, suite, master, clientRandom, hello);
  }

  /** The master secret of the session that this one resumes, by session id or ticket. */
  private resumedMaster(): Uint8Array | null {
    const { serverHello, clientHello } = this;
    if (serverHello === null || serverHello.version !== TLS_1_2) return null;
    const byId = serverHello.sessionId.length > 0 ? this.secrets.log.recall(serverHello.sessionId) : null;
    if (byId !== null) return byId;
    const ticket = clientHello?.ticket;
    return ticket !== undefined && ticket.length > 0 ? this.secrets.log.recall(ticket) : null;
  }

  /** The server has issued a session ticket of TLS 1.2: a later session may resume this one with it. */
  rememberTicket(ticket: Uint8Array): void {
    if (ticket.length === 0 || this.clientRandom === null) return;
    const master = this.sessionSecrets?.get(CLIENT_RANDOM) ?? this.resumedMaster();
    if (master !== null) this.secrets.log.remember(ticket, master);
  }
}

function tls13Keys(role: Role, suite: Suite, secrets: SessionSecrets, early: EarlyData): Keys {
  const labels = TRAFFIC_LABELS[role];
  const epoch = (label: string | null): TrafficEpoch | null => {
    const secret = label === null ? undefined : secrets.get(label);
    return secret?.length === HASH_LENGTH[suite.hash] ? new TrafficEpoch(suite, secret) : null;
  };
  const handshake = epoch(labels.handshake);
  const application = epoch(labels.application);
  if (handshake === null && application === null)
    return none(`the key log has no ${labels.application} of this session`);
  const earlyFirst = early !== 'none' && role === CLIENT;
  // refused early data are sent again after the handshake: the server does not read these records
  const earlyEpoch = earlyFirst && early === 'taken' ? epoch(labels.early) : null;
  return { state: 'tls13', earlyFirst, early: earlyEpoch, handshake, application };
}

function tls12Keys(role: Role, suite: Suite, master: Uint8Array, clientRandom: Uint8Array, hello: Hello): Keys {
  const keys = sessionKeys(suite, master, clientRandom, hello.random)[role];
  return {
    state: 'tls12',
    epoch: new Epoch(tls12Cipher(suite, keys, hello.encryptThenMac, hello.truncatedHmac ? 10 : undefined)),
  };
}

/** Whether one of the keys opens the record as the first one under it. */
function opens(keys: Keys, record: RawRecord): boolean {
  if (keys.state === 'tls12') return keys.epoch.open(record) !== null;
  if (keys.state !== 'tls13') return false;
  return [keys.early, keys.handshake, keys.application].some((e) => e !== null && e.open(record) !== null);
}
