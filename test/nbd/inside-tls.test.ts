import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps, type StepOptions } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { SealedSession } from '../../src/tls/sealed-session.js';

const ERR_INVALID = 0x80000003;

interface Script {
  readonly clear?: readonly Step[];
  readonly inside: readonly Step[];
  /** What closes the connection. */
  readonly ends?: (tls: SealedSession) => Step[];
}

/** Errors and warnings, and the note about how TLS ends: rule, side, text. */
function found({ clear = [], inside, ends = () => [] }: Script, options: StepOptions = {}): string[] {
  const tls = new SealedSession();
  const steps = [...s.hello(), ...clear, ...s.starttls(), ...tls.open(), ...tls.sealAll(inside), ...ends(tls)];
  const { findings } = runSteps(nbd, steps, { keyLog: tls.keyLog, ...options });
  return findings
    .filter((f) => f.severity !== 'note' || f.rule.id === 'nbd/tls-without-close-notify')
    .map((f) => `${f.rule.id} ${f.side}: ${f.text}`);
}

const abort = [s.option(2), s.ack(2)];

describe('STARTTLS inside TLS', () => {
  it('is not taken for a downgrade where it is refused', () => {
    const inside = [s.option(5), s.reply(5, ERR_INVALID), ...s.readAndLeave(s.go()).filter((step) => 'bytes' in step)];
    expect(found({ inside })).toEqual([
      'nbd/starttls-repeated 0: the session is inside TLS, which NBD_OPT_STARTTLS began',
    ]);
  });

  it('blames both sides where it is acknowledged, and the session is read on', () => {
    const inside = [s.option(5), s.ack(5), ...s.readAndLeave(s.go()).filter((step) => 'bytes' in step)];
    expect(found({ inside })).toEqual([
      'nbd/starttls-repeated 0: the session is inside TLS, which NBD_OPT_STARTTLS began',
      'nbd/starttls-repeated-not-invalid 1: NBD_REP_ACK in answer to NBD_OPT_STARTTLS inside TLS',
    ]);
  });

  it('is seen with the client alone', () => {
    const inside = [s.option(5), s.reply(5, ERR_INVALID), ...abort];
    expect(found({ inside }, { oneSided: 'client' }).map((line) => line.split(' ')[0])).toEqual([
      'nbd/starttls-repeated',
    ]);
  });
});

describe('state of the part in clear', () => {
  const read = [s.request(s.READ, 1, 0, 512), s.data(1, 0, 512), s.request(s.DISC, 9)];
  const kept = (lines: readonly string[]) => lines.filter((line) => line.startsWith('nbd/state-kept-across-starttls'));

  it('is kept by a server that replies in chunks', () => {
    expect(kept(found({ clear: s.structured(), inside: [...s.go(), ...read] }))).toEqual([
      'nbd/state-kept-across-starttls 1: a structured chunk, which was agreed on only in clear',
    ]);
  });

  it('is kept by a server that selects contexts as if structured replies held', () => {
    const lines = found({ clear: s.structured(), inside: [...s.setMeta(), ...s.go(), s.request(s.DISC, 9)] });
    expect(kept(lines)).toEqual([
      'nbd/state-kept-across-starttls 1: metadata contexts are selected, although structured replies were agreed on only in clear',
    ]);
  });

  it('is kept by a server that reports a context of the part in clear', () => {
    const status = [s.request(s.BLOCK_STATUS, 1, 0, 512), s.status(1, 1, [[512, 0]]), s.request(s.DISC, 9)];
    const clear = [...s.structured(), ...s.setMeta()];
    expect(kept(found({ clear, inside: [...s.structured(), ...s.go(), ...status] }))).toEqual([
      'nbd/state-kept-across-starttls 1: context id 1, which was selected only in clear',
    ]);
  });

  it('is not the matter where chunks were never agreed on', () => {
    expect(found({ inside: [...s.go(), ...read] }).map((line) => line.split(' ')[0])).toEqual([
      'nbd/structured-not-negotiated',
    ]);
  });
});

describe('the end of TLS', () => {
  const inside = [...s.go(), s.request(s.READ, 1, 0, 512), s.simple(1, 0, 512), s.request(s.DISC, 2)];
  const note = (side: number) => [
    `nbd/tls-without-close-notify ${side}: the connection is closed without the alert close_notify`,
  ];

  it('is missed of the side that closes first, and of nobody else', () => {
    const ends = () => [s.clientCloses, s.serverCloses];
    expect(found({ inside, ends })).toEqual(note(0));
    expect(found({ inside, ends: () => [s.serverCloses, s.clientCloses] })).toEqual(note(1));
    expect(found({ inside, ends: (tls) => [tls.closeNotify('client'), ...ends()] })).toEqual([]);
    expect(found({ inside, ends: (tls) => [tls.closeNotify('server'), ...ends()] })).toEqual([]);
  });

  it('is not missed where it may have been in what is missing, or cannot be read', () => {
    const lost: Step = { from: 'client', gap: 24 };
    expect(found({ inside, ends: () => [lost, s.clientCloses, s.serverCloses] })).toEqual([]);
    expect(found({ inside, ends: () => [s.clientCloses, s.serverCloses] }, { keyLog: '' })).toEqual([]);
    expect(found({ inside, ends: () => [{ from: 'client', end: 'reset' }] })).toEqual([]);
  });
});
