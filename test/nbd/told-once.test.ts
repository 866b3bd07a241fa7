import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';

const TLS_REQD = 0x80000005;
const EPERM = 1;
const EINVAL = 22;
const EIO = 5;
/** HAS_FLAGS READ_ONLY SEND_FLUSH, as qemu-nbd has them for an export that is read-only: no SEND_TRIM. */
const READ_ONLY = 0x0007;

const told = (steps: readonly Step[]): string[] =>
  runSteps(nbd, steps, { close: 'closed' }).findings.flatMap((f) =>
    f.severity === 'note' ? [] : [`${f.rule.id} ${f.party}`],
  );

describe('what is left to a side that has no other way', () => {
  const closes = [s.clientCloses, s.serverCloses];

  it('a client that wants no export closes, where NBD_OPT_ABORT does not exist', () => {
    expect(told([...s.hello(2), ...closes])).toEqual([]);
    expect(told([...s.hello(3, 2), ...closes])).toEqual([]);
    expect(told([...s.hello(3), ...closes])).toEqual(['nbd/client-hard-disconnect-haggling client']);
  });

  it('a refusal of a command that a read-only server did not offer is EPERM or EINVAL', () => {
    const refused = (command: number, error: number) =>
      told([
        ...s.simpleSession({ flags: READ_ONLY }),
        s.request(command, 1, 0, 512),
        s.simple(1, error),
        ...s.disconnect(),
      ]).filter((t) => t.endsWith('server'));
    expect(refused(s.TRIM, EPERM)).toEqual([]);
    expect(refused(s.TRIM, EINVAL)).toEqual([]);
    expect(refused(s.TRIM, EIO)).toEqual(['nbd/wrong-error-code server']);
    expect(refused(s.WRITE, EINVAL)).toEqual(['nbd/wrong-error-code server']);
  });
});

describe('what a session is full of', () => {
  const shuttingDown = (cookie: number) => [s.request(s.READ, cookie, 0, 512), s.simple(cookie, 108)];

  it('requests after ESHUTDOWN are told once', () => {
    const steps = [
      ...s.simpleSession(),
      ...[1, 2, 3, 4].flatMap(shuttingDown),
      s.request(s.FLUSH, 5),
      s.simple(5, 108),
    ];
    expect(told([...steps, ...s.disconnect()])).toEqual(['nbd/request-after-eshutdown client']);
  });
});

describe('reserved magics', () => {
  const session = (magic: number) =>
    told([...s.simpleSession(), s.client(s.u32(magic), s.fill(24, 0)), s.clientCloses, s.serverCloses]);

  it('are told once each', () => {
    expect(session(0x12560953)).toEqual(['nbd/reserved-magic-used client']);
    expect(session(0x25609514)).toEqual(['nbd/bad-request-magic client']);
    expect(session(0x25609512)).toEqual(['nbd/bad-request-magic client']);
  });
});

describe('NBD_OPT_ABORT that is answered by ERR_TLS_REQD', () => {
  it('is told once', () => {
    expect(told([...s.hello(), s.option(2), s.reply(2, TLS_REQD), ...[s.serverCloses, s.clientCloses]])).toEqual([
      'nbd/tls-reqd-for-abort-or-starttls server',
    ]);
  });
});
