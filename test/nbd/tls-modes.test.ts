import { describe, expect, it } from 'vitest';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import {
  ack,
  exportInfo,
  hello,
  infoData,
  option,
  readAndLeave,
  reply,
} from '../../src/protocols/nbd/rules/session-steps.js';
import type { Step } from '../../src/base/rule.js';

const TLS_REQD = 0x80000005;

function errors(steps: readonly Step[], oneSided?: 'server'): string[] {
  const { findings } = runSteps(nbd, steps, oneSided === undefined ? {} : { oneSided });
  return findings.filter((f) => f.severity === 'error').map((f) => f.rule.id);
}

describe('a server that requires TLS', () => {
  const forced = [...hello(), option(3), reply(3, TLS_REQD)];

  it('for every option, and serves NBD_OPT_EXPORT_NAME in clear, is in no mode that there is', () => {
    const steps = readAndLeave([...forced, option(1, 'disk'), exportInfo(65536, 1)]);
    expect(errors(steps)).toEqual(['nbd/tls-mode-inconsistent']);
    expect(errors(steps, 'server')).toEqual(['nbd/tls-mode-inconsistent']);
  });

  it('for the options and the export alike is blamed once', () => {
    const asked = [option(7, infoData('disk')), reply(7, TLS_REQD)];
    const steps = readAndLeave([...forced, ...asked, option(1, 'disk'), exportInfo(65536, 1)]);
    expect(errors(steps)).toEqual(['nbd/tls-mode-inconsistent']);
  });

  it('for an export in NBD_OPT_INFO must not give it to NBD_OPT_GO in clear', () => {
    const info = [option(6, infoData('disk')), reply(6, TLS_REQD)];
    const served = [
      option(7, infoData('disk')),
      reply(7, 3, Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1)),
      ack(7),
    ];
    expect(errors(readAndLeave([...hello(), ...info, ...served]))).toEqual(['nbd/tls-only-export-in-clear']);
  });
});
