import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps, type StepOptions, type StepResult } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { SealedSession } from '../../src/tls/sealed-session.js';
import { unaccounted } from '../kit/properties.js';
import { recordTls, type TlsOptions } from '../kit/recorded-tls.js';

const INSIDE = [
  ...s.go(),
  s.request(s.READ, 1, 0, 512),
  s.simple(1, 0, 512),
  s.request(s.READ, 2, 512, 512),
  s.simple(2, 0, 512),
  s.request(s.DISC, 3),
];
const NAMES = [
  'NBDMAGIC',
  'CLIENT_FLAGS',
  'NBD_OPT_STARTTLS',
  'NBD_REP_ACK',
  'NBD_OPT_GO',
  'NBD_REP_INFO',
  'NBD_REP_INFO',
  'NBD_REP_ACK',
  'NBD_CMD_READ',
  'NBD_SIMPLE_REPLY',
  'NBD_CMD_READ',
  'NBD_SIMPLE_REPLY',
  'NBD_CMD_DISC',
];

const FRONT = [...s.hello(), ...s.starttls()];
const factsOf = (result: StepResult, stream = 0) => result.streams[stream]!.tls!.summary();
const names = (result: StepResult): string[] => result.messages.map((m) => m.name);

function run(steps: readonly Step[], options: StepOptions): StepResult {
  const result = runSteps(nbd, steps, options);
  expect(unaccounted(result)).toEqual([0, 0]);
  return result;
}

/** Plays a session of node's TLS: all is opened, and nothing is wrong. */
async function opened(options: TlsOptions): Promise<StepResult> {
  const { steps, keyLog } = await recordTls(INSIDE, options);
  const result = run([...FRONT, ...steps], { keyLog });
  expect(names(result)).toEqual(NAMES);
  expect(result.findings.filter((f) => f.severity !== 'note')).toEqual([]);
  return result;
}

describe('handshakes of a real implementation', () => {
  it('TLS 1.3 with a HelloRetryRequest', async () => {
    const result = await opened({ version: 'TLSv1.3', groups: ['X25519:P-384', 'P-384'] });
    expect(factsOf(result)).toMatchObject({ version: 'TLS 1.3', helloRetryRequest: true, presharedKey: true });
  });

  it.each(['TLS_AES_128_GCM_SHA256', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_CCM_SHA256'])(
    'TLS 1.3 with %s',
    async (ciphers) => {
      const result = await opened({ version: 'TLSv1.3', ciphers });
      expect(factsOf(result)).toMatchObject({ cipherSuite: ciphers, helloRetryRequest: false });
    },
  );

  it.each([
    'PSK-AES128-GCM-SHA256',
    'PSK-AES256-CCM8',
    'PSK-CHACHA20-POLY1305',
    'PSK-AES128-CBC-SHA256',
    'ECDHE-PSK-AES256-CBC-SHA384',
    'PSK-NULL-SHA256',
  ])('TLS 1.2 with %s', async (ciphers) => {
    const result = await opened({ version: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` });
    expect(factsOf(result)).toMatchObject({ version: 'TLS 1.2', extendedMasterSecret: true });
  });

  it('TLS 1.2 negotiated anew in between', async () => {
    const result = await opened({ version: 'TLSv1.2', renegotiatesAt: 6 });
    expect(factsOf(result)).toMatchObject({ renegotiations: 1 });
  });

  it('TLS 1.2 resumed, also with the secret of the first session only', async () => {
    const first = await recordTls(INSIDE, { version: 'TLSv1.2' });
    const second = await recordTls(INSIDE, { version: 'TLSv1.2', resumes: first.session });
    const steps = [...FRONT, ...first.steps, { then: 'new connection' } as const, ...FRONT, ...second.steps];
    for (const keyLog of [first.keyLog + second.keyLog, first.keyLog]) {
      const result = runSteps(nbd, steps, { keyLog });
      expect(names(result)).toEqual([...NAMES, ...NAMES]);
      expect([0, 1].map((n) => factsOf(result, n).resumed)).toEqual([false, true]);
    }
  });

  it('TLS 1.3 resumed by a ticket', async () => {
    const first = await recordTls(INSIDE, { version: 'TLSv1.3' });
    const result = await opened({ version: 'TLSv1.3', resumes: first.session });
    expect(factsOf(result)).toMatchObject({ presharedKey: true });
  });
});

describe('a handshake with holes', () => {
  const isServerHello = ({ from, bytes }: { from: string; bytes: Uint8Array }): boolean =>
    from === 'server' && bytes[0] === 22 && bytes[5] === 2;

  it.each(['TLSv1.3', 'TLSv1.2'] as const)('of %s blames nobody, and opens what its secrets allow', async (version) => {
    const { steps, keyLog } = await recordTls(INSIDE, { version });
    for (const [i, step] of steps.entries()) {
      if (!('bytes' in step)) continue;
      const holed = steps.map((other, j): Step => (i === j ? { from: step.from, gap: step.bytes.length } : other));
      const result = run([...FRONT, ...holed], { keyLog });
      const wrong = result.findings.filter((f) => f.severity === 'error' && f.party !== 'capture');
      expect(wrong.map((f) => `step ${i} lost: ${f.rule.id}`)).toEqual([]);
      // the keys of TLS 1.2 need the random of the ServerHello
      const lost = version === 'TLSv1.2' && isServerHello(step) ? INSIDE.length : 1;
      expect(names(result).slice(4).length, `step ${i} lost`).toBeGreaterThanOrEqual(INSIDE.length - lost);
    }
  });

  it('opens a server alone whose acknowledgement of STARTTLS was lost', () => {
    const tls = new SealedSession();
    const reads = [1, 2, 3].map((cookie) => s.simple(cookie, 0, 512));
    const ack = s.ack(5);
    const steps: Step[] = [
      s.greeting(),
      { from: 'server', gap: ack.bytes.length } as const,
      ...tls.open(),
      ...tls.sealAll([...s.go(), ...reads]),
    ].filter((step) => 'from' in step && step.from === 'server');
    const result = run(steps, { keyLog: tls.keyLog, oneSided: 'server' });
    expect(names(result).filter((n) => n === 'NBD_SIMPLE_REPLY')).toHaveLength(3);
    expect(result.findings.filter((f) => f.severity === 'error')).toEqual([]);
  });
});

describe('early data', () => {
  it.each([true, false])('is part of the session where the server took it, and named: %s', (taken) => {
    const tls = new SealedSession();
    const [go, ...rest] = INSIDE as [{ bytes: Uint8Array }, ...Step[]];
    const opening = tls.openWithEarlyData(go.bytes, taken);
    // what was refused is sent again
    const steps = [...FRONT, ...opening, ...tls.sealAll(taken ? rest : INSIDE)];
    const result = run(steps, { keyLog: tls.keyLog });
    expect(factsOf(result)).toMatchObject({ earlyData: taken ? 'accepted' : 'refused' });
    expect(names(result)).toEqual(NAMES);
    expect(result.findings.filter((f) => f.severity !== 'note')).toEqual([]);
  });
});
