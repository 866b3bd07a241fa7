import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/base/limits.js';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { unaccounted } from '../kit/properties.js';
import { APPLICATION_DATA, CERTIFICATE, HANDSHAKE } from '../../src/tls/constants.js';
import { handshake, record, SealedSession } from '../../src/tls/sealed-session.js';

/** What the limits of a stream say, and what else is found wrong. */
function limitsHit(tls: SealedSession, inside: readonly Step[], limits: Partial<Limits>): string[] {
  const result = runSteps(nbd, [...s.hello(), ...s.starttls(), ...inside], { keyLog: tls.keyLog, limits });
  expect(unaccounted(result)).toEqual([0, 0]);
  return result.findings.filter((f) => f.rule.id === 'capture/limit').map((f) => f.text);
}

describe('limits of TLS', () => {
  it('are not hit by a session', () => {
    const tls = new SealedSession();
    const inside = [...s.go(), s.request(s.READ, 1, 0, 512), s.simple(1, 0, 512), s.request(s.DISC, 2)];
    const result = runSteps(nbd, [...s.hello(), ...s.starttls(), ...tls.open(), ...tls.sealAll(inside)], {
      keyLog: tls.keyLog,
    });
    expect(result.messages.map((m) => m.name)).toContain('NBD_CMD_READ');
    expect(result.findings.filter((f) => f.severity !== 'note' || f.rule.id === 'capture/limit')).toEqual([]);
  });

  it('tlsHandshakeBytes: a message of the handshake is kept up to there', () => {
    const session = (limits: Partial<Limits>): string[] => {
      const tls = new SealedSession();
      const message = handshake(CERTIFICATE, Buffer.alloc(30_000, 7));
      const pieces = [message.subarray(0, 16_000), message.subarray(16_000)];
      const sealed = pieces.map((piece) => tls.seal('server', piece, HANDSHAKE, 'handshake'));
      return limitsHit(tls, [tls.clientHello(), tls.serverHello(), ...sealed], limits);
    };
    expect(session({})).toEqual([]);
    expect(session({ tlsHandshakeBytes: 1000 })).toEqual([
      'tlsHandshakeBytes: a handshake message of more than 1000 bytes; only its beginning is read',
    ]);
  });

  it('tlsWaitBytes: records wait for the hello of the peer up to there', () => {
    const session = (limits: Partial<Limits>): string[] => {
      const tls = new SealedSession();
      const early = Array.from({ length: 10 }, () => tls.seal('client', Buffer.alloc(1000), APPLICATION_DATA));
      return limitsHit(tls, [tls.clientHello(), ...early, tls.serverHello()], limits);
    };
    expect(session({})).toEqual([]);
    expect(session({ tlsWaitBytes: 5000 })).toEqual([
      'tlsWaitBytes: more than 5000 bytes of records waited for their keys; they are passed over',
    ]);
  });

  const holed = (tls: SealedSession, behind: readonly Step[]): Step[] => {
    const front = [...tls.open(), tls.seal('server', Buffer.alloc(100))];
    const lost = Array.from({ length: 20 }, () => tls.seal('server', Buffer.alloc(100)));
    const gap = lost.reduce((sum, step) => sum + step.bytes.length, 0);
    return [...front, { from: 'server', gap }, ...behind];
  };

  it('tlsLostRecords: the number of the next record is looked for up to there', () => {
    const session = (limits: Partial<Limits>): string[] => {
      const tls = new SealedSession();
      const steps = holed(tls, []);
      return limitsHit(
        tls,
        [...steps, ...Array.from({ length: 5 }, () => tls.seal('server', Buffer.alloc(100)))],
        limits,
      );
    };
    expect(session({})).toEqual([]);
    expect(session({ tlsLostRecords: 10 })).toEqual([
      expect.stringMatching(/^tlsLostRecords: behind a loss, no record of the server opens as one of the next 10/),
    ]);
  });

  it('tlsTrials: records that do not open are tried up to there', () => {
    const noise = Array.from({ length: 10 }, (): Step => {
      return { from: 'server', bytes: record(APPLICATION_DATA, Buffer.alloc(100, 9)) };
    });
    const session = (limits: Partial<Limits>): string[] => {
      const tls = new SealedSession();
      return limitsHit(tls, holed(tls, noise), limits);
    };
    expect(session({})).toEqual([]);
    expect(session({ tlsTrials: 50 })).toEqual([
      'tlsTrials: more than 50 records did not open; the rest is passed over',
    ]);
  });

  it('tlsTrials: the sessions of the key log are tried on one without its ClientHello up to there', () => {
    const session = (limits: Partial<Limits>): string[] => {
      const tls = new SealedSession(1);
      const inside = [
        ...tls.open().slice(1),
        ...tls.sealAll([...s.go(), s.request(s.READ, 1, 0, 512), s.simple(1, 0, 512)]),
      ];
      const steps = [...s.hello(), ...s.starttls(), ...inside].filter(
        (step) => 'from' in step && step.from === 'server',
      );
      // the newest are tried first
      const keyLog = [1, 2, 3, 4].map((seed) => new SealedSession(seed).keyLog).join('');
      const result = runSteps(nbd, steps, { keyLog, limits, oneSided: 'server' });
      expect(unaccounted(result)).toEqual([0, 0]);
      const told = result.findings.filter((f) => f.rule.id === 'capture/limit').map((f) => f.text);
      return [...told, `${result.messages.filter((m) => m.name === 'NBD_SIMPLE_REPLY').length} replies`];
    };
    expect(session({})).toEqual(['1 replies']);
    expect(session({ tlsTrials: 2 })).toEqual([
      'tlsTrials: more sessions in the key log than 2; the secrets of the others were not tried on a session without its ClientHello',
      '0 replies',
    ]);
  });

  it('are each told, also where another one was told before', () => {
    const tls = new SealedSession();
    const certificate = tls.seal('server', handshake(CERTIFICATE, Buffer.alloc(3000)), HANDSHAKE, 'handshake');
    const noise = Array.from({ length: 60 }, (): Step => {
      return { from: 'server', bytes: record(APPLICATION_DATA, Buffer.alloc(100, 9)) };
    });
    const steps = [tls.clientHello(), tls.serverHello(), certificate, ...noise];
    const told = limitsHit(tls, steps, { tlsHandshakeBytes: 1000, tlsTrials: 50 });
    expect(told.map((text) => text.split(':')[0])).toEqual(['tlsHandshakeBytes', 'tlsTrials']);
  });
});
