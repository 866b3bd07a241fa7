import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  listProtocols,
  listRules,
  NotACapture,
  openCapture,
  UsageError,
  type Event,
  type TypedEvent,
} from '../../src/index.js';
import { events, scratch, wirelint } from '../kit/cli.js';
import { writePiece } from '../kit/pcap-pieces.js';

const CLEAN = 'captures/nbd/any-sll.pcap';

async function all(iterable: AsyncIterable<Event | TypedEvent>): Promise<(Event | TypedEvent)[]> {
  const list: (Event | TypedEvent)[] = [];
  for await (const event of iterable) list.push(event);
  return list;
}

describe('the public API', () => {
  it('gives the events that ndjson has', async () => {
    expect(await all(openCapture(CLEAN))).toEqual(events(wirelint(['analyze', '-f', 'ndjson', CLEAN]).stdout));
  });

  it('takes several captures, and options', async () => {
    const list = await all(
      openCapture([CLEAN, 'captures/nbd/late-join-structured.pcap'], { rules: { 'capture/joined-late': 'error' } }),
    );
    expect(list.filter((e) => e.type === 'capture')).toHaveLength(2);
    expect(list.filter((e) => e.type === 'finding' && e.rule === 'capture/joined-late')).toMatchObject([
      { severity: 'error' },
    ]);
    expect(await all(openCapture(CLEAN, { protocols: ['pesto'] }))).toMatchObject([
      { type: 'capture' },
      { type: 'stream', protocol: null },
      { type: 'summary', protocols: {} },
    ]);
    await expect(all(openCapture(CLEAN, { protocols: ['smb'] }))).rejects.toThrow('unknown protocol "smb"');
  });

  it('takes bytes, whole or as they come', async () => {
    const wanted = await all(openCapture(CLEAN));
    const named = (list: (Event | TypedEvent)[]) => list.map((e) => ('file' in e ? { ...e, file: CLEAN } : e));
    expect(named(await all(openCapture(readFileSync(CLEAN))))).toEqual(wanted);
    expect(await all(openCapture({ name: CLEAN, bytes: readFileSync(CLEAN) }))).toEqual(wanted);
    expect(await all(openCapture({ name: CLEAN, bytes: createReadStream(CLEAN, { highWaterMark: 100 }) }))).toEqual(
      wanted,
    );
    expect(named(await all(openCapture(new Blob([readFileSync(CLEAN)]).stream())))).toEqual(wanted);
  });

  it('rejects where the stream of bytes fails, and has reported what came before', async () => {
    const seen: string[] = [];
    const failing = async function* (): AsyncGenerator<Uint8Array> {
      yield readFileSync(CLEAN).subarray(0, 3000);
      throw new Error('the line is dead');
    };
    const reading = (async () => {
      for await (const e of openCapture({ name: 'line', bytes: failing() })) seen.push(e.type);
    })();
    await expect(reading).rejects.toThrow('cannot read line: the line is dead');
    expect(seen).toContain('message');
    expect(seen).not.toContain('finding');
  });

  it.each([
    [{ protocol: ['nbd'] }, 'unknown option "protocol"; did you mean protocols?'],
    [{ decodeAs: ['x'] }, 'x'],
    [{ streams: [0] }, '--stream 0: expected a stream number'],
    [JSON.parse('{"__proto__": {"protocols": ["nbd"]}}'), 'unknown option "__proto__"'],
    [{ constructor: 1 }, 'unknown option "constructor"'],
    [JSON.parse('{"limits": {"__proto__": 5}}'), 'unknown limit "__proto__"'],
    [JSON.parse('{"rules": {"__proto__": "off"}}'), 'unknown rule "__proto__"'],
    [{ rules: { constructor: 'off' } }, 'unknown rule "constructor"'],
    [{ rules: { 'nbd/read-incomplet': 'off' } }, 'did you mean nbd/read-incomplete?'],
    [{ rules: { 'nbd/read-incomplete': 'loud' } }, 'expected ID=off'],
    [{ keyrings: ['/nonexistent'] }, 'cannot read the keyring /nonexistent'],
    [{ tlsKeylogs: ['/nonexistent'] }, 'cannot read the TLS key log /nonexistent'],
    [{ limits: { messageByte: 5 } }, 'unknown limit "messageByte"'],
    [{ limits: { messageBytes: -5 } }, 'limit messageBytes: expected a number'],
    [{ join: 'yes' }, 'join "yes": expected auto or never'],
  ])('refuses the options %j', async (options, text) => {
    const reading = all(openCapture(CLEAN, options as object));
    await expect(reading).rejects.toThrow(text);
    await expect(reading).rejects.toThrow(UsageError);
  });

  it('reads a ring buffer as one recording, unless told otherwise', async () => {
    const folder = scratch();
    const whole = 'captures/nbd/nbdkit-out-of-range.pcap';
    const files = [0, 1, 2].map((i) => join(folder, `ring_0000${i}_20261120150519.pcap`));
    [0, 9, 15].forEach((from, i, cuts) => writePiece(whole, files[i]!, from, cuts[i + 1]));
    const told = async (join?: 'auto' | 'never') =>
      (await all(openCapture([...files].reverse(), { ...(join && { join }) }))).filter((e) => e.type === 'finding');
    const rules = (list: readonly { readonly type: string }[]) => list.map((e) => (e as { rule?: string }).rule);
    const wanted = rules((await all(openCapture(whole))).filter((e) => e.type === 'finding'));
    expect(wanted.length).toBeGreaterThan(0);
    expect(rules(await told())).toEqual(wanted);
    expect(await told('auto')).toEqual(await told());
    expect(rules(await told('never'))).toContain('capture/joined-late');
  });

  it('rejects with what is wrong with the input', async () => {
    await expect(all(openCapture('package.json'))).rejects.toThrow(NotACapture);
    await expect(all(openCapture('/nonexistent'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('ends early where the consumer does', async () => {
    let first: TypedEvent | null = null;
    for await (const event of openCapture([CLEAN, '/nonexistent'])) {
      first = event;
      break;
    }
    expect(first).toMatchObject({ type: 'capture', file: CLEAN });
  });

  it('lists protocols and rules', () => {
    expect(listProtocols().map((p) => p.name)).toEqual(['nbd', 'msgr2', 'msgr1', 'pesto', 'arca']);
    const rules = listRules();
    expect(new Set(rules.map((r) => r.id)).size).toBe(rules.length);
    expect(rules.find((r) => r.id === 'capture/gap')).toMatchObject({ severity: 'note', party: 'capture', off: false });
  });
});
