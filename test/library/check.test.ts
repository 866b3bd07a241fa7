import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { check, registerProtocol, UsageError } from '../../src/index.js';
import { wirelint, events } from '../kit/cli.js';
import { toy } from '../kit/toy-protocol.js';

const CLEAN = 'captures/nbd/any-sll.pcap';
const BROKEN = 'captures/nbd/nbdkit-out-of-range.pcap';

describe('check', () => {
  it('finds what the command finds', async () => {
    const { passed, status, reasons, captures, findings } = await check(['captures/nbd', 'captures/pesto']);
    const command = wirelint(['check', '-f', 'ndjson', 'captures/nbd', 'captures/pesto']);
    expect(status).toBe(command.status);
    expect(passed).toBe(false);
    const wanted = events(command.stdout).filter((e) => e['type'] === 'finding');
    // what came again is told of in the text of a report, and by the stream's event
    const place = ({ file, stream, rule, message, offset, length }: Record<string, unknown>): object => ({
      ...{ file, stream, rule, message, offset, length },
    });
    expect(captures.flatMap((c) => c.findings.map((f) => place({ ...f })))).toEqual(wanted.map(place));
    expect(reasons[0]).toBe(`${findings.error} errors`);
  });

  it('takes bytes', async () => {
    const { captures } = await check({ name: 'mine', bytes: readFileSync(BROKEN) });
    expect(captures).toMatchObject([{ file: 'mine', state: 'judged' }]);
    expect(captures[0]!.findings.length).toBeGreaterThan(5);
  });

  it('asks for what is expected', async () => {
    expect(await check(CLEAN, { require: { nbd: 1 } })).toMatchObject({ passed: true, status: 0, reasons: [] });
    expect(await check(CLEAN, { require: { pesto: 1 } })).toMatchObject({ reasons: ['no stream spoke pesto'] });
    expect(await check(CLEAN, { expect: [{ absent: 'NBD_CMD_*' }] })).toMatchObject({
      status: 1,
      captures: [{ findings: [{ rule: 'check/expectation' }] }],
    });
    const result = await check(CLEAN, { expect: [() => null, ({ streams }) => `${streams.length} streams`] });
    expect(result).toMatchObject({ status: 1, reasons: ['1 error'], findings: { error: 1 } });
    expect(result.captures[0]!.findings).toMatchObject([{ rule: 'check/expectation', text: '1 streams' }]);
  });

  it('takes a configuration, as a file or as what it holds', async () => {
    const config = { suppressions: [{ rule: 'nbd/*', reason: 'a broken client, on purpose' }] };
    expect(await check(BROKEN, { config })).toMatchObject({ passed: true });
    expect(
      await check(BROKEN, { config: { failOn: 'note' }, failOn: 'error', rules: { 'nbd/*': 'off' } }),
    ).toMatchObject({
      passed: true,
    });
    await expect(check(BROKEN, { config: '/nonexistent' })).rejects.toThrow('cannot read the configuration');
    await expect(check(BROKEN, { config: { failon: 'note' } as object })).rejects.toThrow(
      'config: failon: unknown key',
    );
  });

  it('tells of inputs that cannot be read, and refuses options that there are not', async () => {
    expect(await check('package.json')).toMatchObject({ status: 2, captures: [{ state: 'failed' }] });
    await expect(check(CLEAN, { requires: { nbd: 1 } } as object)).rejects.toThrow(UsageError);
    await expect(check(CLEAN, { require: { smb: 1 } })).rejects.toThrow('unknown protocol "smb"');
  });
});

describe('a protocol from outside', () => {
  it('is known from then on, and cannot take the place of another', async () => {
    expect(() => registerProtocol({ ...toy, name: 'nbd' })).toThrow('there is a protocol nbd already');
    expect(() => registerProtocol({ ...toy, name: 'Toy' })).toThrow('no name of a protocol');
    expect(() => registerProtocol({ ...toy, name: 'game' })).toThrow('ids of rules of game begin with game/');
    registerProtocol(toy);
    expect(await check(CLEAN, { require: { toy: 1 } })).toMatchObject({ reasons: ['no stream spoke toy'] });
  });
});
