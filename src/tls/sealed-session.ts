import { createCipheriv, type CipherGCM } from 'node:crypto';
import { hex } from '../base/hex.js';
import { lazy } from '../base/lazy.js';
import type { Step } from '../base/rule.js';
import {
  ALERT,
  APPLICATION_DATA,
  CLIENT_HELLO,
  ENCRYPTED_EXTENSIONS,
  END_OF_EARLY_DATA,
  FINISHED,
  HANDSHAKE,
  KEY_UPDATE,
  SERVER_HELLO,
} from './constants.js';
import { EARLY_DATA } from './hello.js';
import { nextSecret, trafficKeys } from './key-schedule.js';
import { suiteOf } from './suites.js';

type From = 'client' | 'server';
type Stage = 'early' | 'handshake' | 'application';

const SUITE = lazy(() => suiteOf(0x1301)!);
const TAG = 16;

export type Sealed = Extract<Step, { bytes: Uint8Array }>;

function u16(n: number): Buffer {
  return Buffer.from([n >> 8, n & 255]);
}

/** A handshake message. */
export function handshake(type: number, body: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(type, body.length >> 16), u16(body.length & 0xffff), body]);
}

/** A record as it is sent. */
export function record(type: number, content: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(type, 3, 3), u16(content.length), content]);
}

/** One side's keys. */
class Side {
  private stage: Stage = 'handshake';
  private seq = 0;
  private secret: Uint8Array;
  private keys: ReturnType<typeof trafficKeys> | null = null;
  private readonly secrets: Readonly<Record<Stage, Uint8Array>>;

  constructor(secrets: Readonly<Record<Stage, Uint8Array>>) {
    this.secrets = secrets;
    this.secret = secrets.handshake;
  }

  seal(stage: Stage, type: number, content: Uint8Array): Buffer {
    if (stage !== this.stage) {
      this.stage = stage;
      this.seq = 0;
      this.secret = this.secrets[stage];
      this.keys = null;
    }
    const { key, iv } = (this.keys ??= trafficKeys(SUITE(), this.secret));
    const nonce = Buffer.from(iv);
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ this.seq++) >>> 0, 8);
    const inner = Buffer.concat([content, Uint8Array.of(type)]);
    const header = Buffer.concat([Uint8Array.of(APPLICATION_DATA, 3, 3), u16(inner.length + TAG)]);
    const cipher: CipherGCM = createCipheriv('aes-128-gcm', key, nonce);
    cipher.setAAD(header);
    return Buffer.concat([header, cipher.update(inner), cipher.final(), cipher.getAuthTag()]);
  }

  update(): void {
    this.secret = nextSecret(SUITE(), this.secret);
    this.keys = null;
    this.seq = 0;
  }
}

/**
 * Writes sessions of TLS 1.3 (TLS_AES_128_GCM_SHA256) for examples and tests, without a key exchange: the secrets are fixed by `seed`;
 * `keyLog` lists them.
 */
export class SealedSession {
  readonly clientRandom: Buffer;
  readonly keyLog: string;
  private readonly sides: Record<From, Side>;

  /** `seed`: sessions of different seeds have different secrets. */
  constructor(seed = 1) {
    const filled = (n: number): Buffer => Buffer.alloc(32, (seed * 16 + n) & 255);
    this.clientRandom = filled(0);
    const secrets = { client: [filled(1), filled(2)], server: [filled(3), filled(4)] } as const;
    const early = filled(5);
    this.sides = {
      client: new Side({ early, handshake: secrets.client[0], application: secrets.client[1] }),
      server: new Side({ early, handshake: secrets.server[0], application: secrets.server[1] }),
    };
    const random = hex(this.clientRandom);
    this.keyLog = (['client', 'server'] as const)
      .flatMap((from) => [
        `${from.toUpperCase()}_HANDSHAKE_TRAFFIC_SECRET ${random} ${hex(secrets[from][0])}\n`,
        `${from.toUpperCase()}_TRAFFIC_SECRET_0 ${random} ${hex(secrets[from][1])}\n`,
      ])
      .concat(`CLIENT_EARLY_TRAFFIC_SECRET ${random} ${hex(early)}\n`)
      .join('');
  }

  clientHello(...extensions: Uint8Array[]): Sealed {
    const versions = Buffer.concat([Buffer.from([0, 43, 0, 3, 2, 3, 4]), ...extensions]);
    return this.hello('client', CLIENT_HELLO, this.clientRandom, Buffer.from([0, 2, 0x13, 1, 1, 0]), versions);
  }

  serverHello(): Sealed {
    const version = Buffer.from([0, 43, 0, 2, 3, 4]);
    return this.hello('server', SERVER_HELLO, Buffer.alloc(32, 0xee), Buffer.from([0x13, 1, 0]), version);
  }

  private hello(from: From, type: number, random: Buffer, suites: Buffer, extensions: Buffer): Sealed {
    const parts = [u16(0x0303), random, Uint8Array.of(0), suites, u16(extensions.length), extensions];
    return { from, bytes: record(HANDSHAKE, handshake(type, Buffer.concat(parts))) };
  }

  /** A record under the side's keys of that stage. */
  seal(from: From, content: Uint8Array, type = APPLICATION_DATA, stage: Stage = 'application'): Sealed {
    return { from, bytes: this.sides[from].seal(stage, type, content) };
  }

  private message(from: From, type: number, body: Uint8Array, stage: Stage = 'handshake'): Sealed {
    return this.seal(from, handshake(type, body), HANDSHAKE, stage);
  }

  /** A whole handshake. */
  open(): Sealed[] {
    return [
      this.clientHello(),
      this.serverHello(),
      this.message('server', ENCRYPTED_EXTENSIONS, u16(0)),
      this.message('server', FINISHED, Buffer.alloc(32, 1)),
      this.message('client', FINISHED, Buffer.alloc(32, 2)),
    ];
  }

  /** The same with early data of the client, which the server accepts or not. */
  openWithEarlyData(data: Uint8Array, taken: boolean): Sealed[] {
    const extension = Buffer.concat([u16(EARLY_DATA), u16(0)]);
    const said = taken ? Buffer.concat([u16(extension.length), extension]) : u16(0);
    return [
      this.clientHello(extension),
      this.seal('client', data, APPLICATION_DATA, 'early'),
      this.serverHello(),
      this.message('server', ENCRYPTED_EXTENSIONS, said),
      this.message('server', FINISHED, Buffer.alloc(32, 1)),
      ...(taken ? [this.message('client', END_OF_EARLY_DATA, new Uint8Array(0), 'early')] : []),
      this.message('client', FINISHED, Buffer.alloc(32, 2)),
    ];
  }

  keyUpdate(from: From): Sealed {
    const sealed = this.seal(from, handshake(KEY_UPDATE, Uint8Array.of(0)), HANDSHAKE);
    this.sides[from].update();
    return sealed;
  }

  /** Steps of a session in clear, each sealed as one record; ends and gaps stay as they are. */
  sealAll(steps: readonly Step[]): Step[] {
    return steps.map((step) => ('bytes' in step ? this.seal(step.from, step.bytes) : step));
  }

  closeNotify(from: From): Sealed {
    return this.seal(from, Uint8Array.of(1, 0), ALERT);
  }
}
