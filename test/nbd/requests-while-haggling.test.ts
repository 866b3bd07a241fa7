import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps, type StepOptions } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import {
  ack,
  ALL_FLAGS,
  clientCloses,
  disconnect,
  exportInfo,
  go,
  hello,
  infoData,
  infoExport,
  none,
  oldstyle,
  option,
  READ,
  reply,
  request,
  serverCloses,
  simple,
  unseen,
} from '../../src/protocols/nbd/rules/session-steps.js';

const READ_1 = request(READ, 1, 0, 512);
const INFO = [option(6, infoData('')), infoExport(6, 1048576, ALL_FLAGS), ack(6)];
const REFUSED = [option(7, infoData('other')), reply(7, 0x80000006)];
const CLOSED = [serverCloses, clientCloses];

function said(steps: readonly Step[], options: StepOptions = {}): string[] {
  const { findings } = runSteps(nbd, steps, { close: 'closed', ...options });
  return findings.filter((f) => f.severity !== 'note').map((f) => `${f.severity} ${f.party} ${f.rule.id}: ${f.text}`);
}

const error = (text: string) => [`error client nbd/request-while-haggling: READ ${text}`];

describe('a request while haggling goes on', () => {
  it('is the only fault, of the client, whatever the server does about it', () => {
    const after = error('after NBD_OPT_INFO, which does not end haggling; NBD_OPT_GO does');
    for (const end of [CLOSED, [simple(1, 0, 512), ...disconnect()], [...disconnect()]])
      expect(said([...hello(), ...INFO, READ_1, ...end])).toEqual(after);
  });

  it('comes after a refusal, before the answer, or without asking', () => {
    const refused = error('after NBD_OPT_GO was refused with NBD_REP_ERR_UNKNOWN');
    expect(said([...hello(), ...REFUSED, READ_1, ...CLOSED])).toEqual(refused);
    expect(said([...hello(), ...REFUSED, ...INFO, READ_1, ...CLOSED])).toEqual(refused);
    const without = error('without NBD_OPT_GO or NBD_OPT_EXPORT_NAME before');
    expect(said([...hello(), READ_1, ...CLOSED])).toEqual(without);
    const [ask, ...answer] = go();
    const early = error('before NBD_OPT_GO was answered');
    expect(said([...hello(), ask!, unseen(READ_1, 18), ...answer, simple(1, 0, 512), ...disconnect()])).toEqual(early);
    expect(said([...hello(), ask!, unseen(READ_1, 18), ...CLOSED])).toEqual(early);
  });

  it('is one from which decoding goes on all the same', () => {
    const { messages } = runSteps(nbd, [...hello(), ...INFO, READ_1, simple(1, 0, 512), ...disconnect()]);
    expect(messages.map((m) => m.name).slice(-3)).toEqual(['NBD_CMD_READ', 'NBD_SIMPLE_REPLY', 'NBD_CMD_DISC']);
  });

  it('is none where the export was opened otherwise', () => {
    expect(said([...hello(), ...INFO, ...REFUSED, ...go(), READ_1, simple(1, 0, 512), ...disconnect()])).toEqual([]);
    const byName = [...hello(1), option(1), exportInfo(1048576, ALL_FLAGS, 124)];
    const rules = said([...byName, READ_1, simple(1, 0, 512), ...disconnect()]);
    expect(rules.filter((r) => r.includes('haggling'))).toEqual([]);
    expect(said([oldstyle(), READ_1, simple(1, 0, 512), ...disconnect()], { port: 10810 })).toEqual([]);
  });

  it('is none where the acknowledgement may be among what the capture lacks', () => {
    const steps = [...hello(), option(7, infoData('')), { from: 'server', gap: 200 } as Step, READ_1];
    expect(said([...steps, none(1)]).filter((r) => r.includes('haggling'))).toEqual([]);
    const whole = [...hello(), ...go(), READ_1, simple(1, 0, 512), ...disconnect()];
    expect(said(whole, { oneSided: 'client', forced: true })).toEqual([]);
    expect(said(whole, { late: true, forced: true })).toEqual([]);
  });

  it('is none where only the order of the recording puts it first', () => {
    const [ask, ...answer] = go();
    const seen = 18 + answer.reduce((n, s) => n + ('bytes' in s ? s.bytes.length : 0), 0);
    expect(said([...hello(), ask!, unseen(READ_1, seen), ...answer, simple(1, 0, 512), ...disconnect()])).toEqual([]);
  });
});
