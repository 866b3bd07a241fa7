import { describe, expect, it } from 'vitest';
import { unhex } from '../../src/base/hex.js';
import type { Step } from '../../src/base/rule.js';
import type { Protocol } from '../../src/contract/protocol.js';
import { runSteps, type StepOptions, type StepResult } from '../../src/engine/example.js';
import { arca } from '../../src/protocols/arca/index.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { exampleKeys, sealedScript } from '../../src/protocols/msgr2/secure/sealed-script.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { unaccounted } from '../kit/properties.js';

/** Inputs that `npm run fuzz` once found, cut down to what mattered. */
function play(protocol: Protocol, steps: readonly Step[], options: StepOptions = {}): StepResult {
  const result = runSteps(protocol, steps, options);
  expect(result.findings.filter((f) => f.rule.id.startsWith('internal/')).map((f) => f.text)).toEqual([]);
  expect(unaccounted(result).filter((n) => n !== 0)).toEqual([]);
  return result;
}

describe('NBD', () => {
  it('counts no lost bytes as skipped where a gap ends a search', () => {
    const steps: Step[] = [
      ...s.simpleSession(),
      s.client('JUNK'),
      s.request(s.READ, 1, 0, 512),
      { from: 'client', gap: 100 },
      s.request(s.READ, 2, 512, 512),
      s.request(s.READ, 3, 1024, 512),
    ];
    const { streams, messages } = play(nbd, steps);
    expect(streams[0]!.missing[0]).toBe(100);
    expect(messages.filter((m) => m.name === 'NBD_CMD_READ')).toHaveLength(3);
  });

  it('keeps the last simple reply before the first structured one, joined late and one-sided', () => {
    const simple = (cookie: number): Step => s.server(s.u32(0x67446698), s.u32(0), s.u64(cookie));
    const chunk = (cookie: number): Step =>
      s.server(s.u32(0x668e33ef), s.u16(1), s.u16(1), s.u64(cookie), s.u32(520), s.u64(0), new Uint8Array(512));
    const steps = [13, 10, 1, 7, 16].map(simple);
    const { messages } = play(nbd, [...steps, chunk(3), chunk(4), simple(5)], { late: true, oneSided: 'server' });
    expect(messages.map((m) => m.length)).toEqual([16, 16, 16, 16, 16, 540, 540, 16]);
  });

  it('keeps count where 64 bits announce more than a double can hold', () => {
    const huge = unhex('6e8a278c 0001 8001 0000000000000001 0000000000000000 0200000000000006 000000160000');
    const { messages } = play(nbd, [
      ...s.extendedSession(),
      s.request(s.READ, 1, 0, 512),
      { from: 'server', bytes: huge },
    ]);
    const last = messages.at(-1)!;
    expect([last.complete, last.length - last.missing]).toEqual([false, huge.length]);
  });
});

describe('msgr2', () => {
  it('counts what is missing of a frame in secure mode that arrives in pieces', () => {
    const steps = [...sealedScript().openSealed().steps];
    const last = steps.pop()!;
    if (!('bytes' in last)) throw new Error('no bytes');
    const cut = { ...last, bytes: last.bytes.subarray(0, last.bytes.length - 6) };
    const { messages } = play(msgr2, [...steps, cut], { port: 3300, knows: exampleKeys(), chop: 20 });
    expect(messages.at(-1)!.missing).toBe(6);
  });

  it('is no bug where the limits are tight and a banner is long', () => {
    const banner: Step = {
      from: 'server',
      bytes: new Uint8Array(Buffer.from('ceph v2\n\xff\xff\x01\0\0\0\0', 'latin1')),
    };
    play(msgr2, [banner], { limits: { messageBytes: 4096 } });
  });
});

describe('Arca', () => {
  it('does not wait for a peer that has gone', () => {
    const frames = [
      '08000010 00f4 00000000',
      '38000040f40100000000001000000000000001000000000000000030000000000000020000000000000000300000000000000300000000000000',
      '08000010 0000 00000000',
    ].map((hex): Step => ({ from: 'client', bytes: unhex(hex) }));
    for (const late of [false, true])
      for (const forced of [false, true])
        for (const chop of [1, 7, 100])
          play(arca, [{ from: 'server', end: 'reset' }, ...frames], { late, forced, chop, close: 'closed' });
  });
});
