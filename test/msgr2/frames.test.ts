import { describe, expect, it } from 'vitest';
import { hex, unhex } from '../../src/base/hex.js';
import type { Step } from '../../src/base/rule.js';
import { fieldsOf } from '../../src/base/annotation.js';
import { runSteps } from '../../src/engine/example.js';
import { TAG } from '../../src/protocols/msgr2/constants.js';
import * as E from '../../src/protocols/msgr2/encode.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { DataFrame, type Frame } from '../../src/protocols/msgr2/message.js';
import { helloPayload, script } from '../../src/protocols/msgr2/script.js';

/** Frames computed by hand from the protocol document. */
const HELLO_PREAMBLE = '010124000000080000000000000000000000000000000000000000003fbd6b06';
const HELLO_PAYLOAD = '080101011c00000002000000000000001000000002000ce40a0000010000000000000000';

describe('frames on the wire', () => {
  it('HELLO', () => {
    const rev1 = E.frame(TAG.HELLO, [helloPayload()], { revision: 1 });
    expect(hex(rev1)).toBe(`${HELLO_PREAMBLE}${HELLO_PAYLOAD}f40455bc`);
    const rev0 = E.frame(TAG.HELLO, [helloPayload()], { revision: 0 });
    expect(hex(rev0)).toBe(`${HELLO_PREAMBLE}${HELLO_PAYLOAD}00f40455bc000000000000000000000000`);
  });

  it('KEEPALIVE2, ACK and WAIT', () => {
    const time = E.concat(E.u32(1705032704), E.u32(500000000));
    expect(hex(E.frame(TAG.KEEPALIVE2, [time]))).toBe(
      '12010800000008000000000000000000000000000000000000000000d8d5f59900bca0650065cd1d5d6d05d7',
    );
    expect(hex(E.frame(TAG.ACK, [E.u64(7)]))).toBe(
      '140108000000080000000000000000000000000000000000000000007374bc5b070000000000000071488e89',
    );
    expect(hex(E.frame(TAG.WAIT, [new Uint8Array(0)]))).toBe(
      '10010000000008000000000000000000000000000000000000000000c8e3aab0',
    );
  });

  it('MESSAGE with front and data and an empty middle', () => {
    const bytes = unhex(
      `110429000000080005000000080000000000080008000000001000004eacc6c4
       020000000000000009000000000000002b007f00080000000000000003000000000000000302000000 82e2221d
       46524f4e54 4441544144415441 0e e08ca9f6 ffffffff 6dc22ba6`,
    );
    const { messages, findings } = runSteps(msgr2, [
      ...script().login().idents().message('client').steps,
      { from: 'client', bytes },
    ]);
    const m = messages.at(-1) as DataFrame;
    expect(m).toBeInstanceOf(DataFrame);
    expect([m.seq, m.tid, m.type, m.version, m.ackSeq, m.length1, m.length2, m.length3]).toEqual([
      2,
      9n,
      43,
      8,
      3,
      5,
      0,
      8,
    ]);
    expect(m.length).toBe(bytes.length);
    expect(findings.map((f) => f.rule.id)).not.toContain('msgr2/segment-crc');
  });

  it('an aborted MESSAGE is not delivered and uses its number up', () => {
    const aborted = unhex(
      `110429000000080005000000080000000000080008000000001000004eacc6c4
       020000000000000009000000000000002b007f00080000000000000003000000000000000302000000 82e2221d
       0000000000 0000000000000000 01 ca898dba ffffffff 754dd773`,
    );
    const steps: Step[] = script().login().idents().message('client').steps;
    steps.push({ from: 'client', bytes: aborted }, { from: 'client', bytes: E.message({ seq: 3 }) });
    const { messages, findings } = runSteps(msgr2, steps);
    expect((messages.at(-2) as Frame).aborted).toBe(true);
    const loud = findings.filter((f) => f.severity !== 'note').map((f) => f.rule.id);
    expect(loud).toEqual([]);
    expect(findings.map((f) => f.rule.id)).toContain('msgr2/aborted-frame');
  });

  it('shows fields by name, with 64-bit values as text', () => {
    const { messages } = runSteps(msgr2, script().open().message('client', { seq: 1, tid: 5, type: 42 }).steps);
    const fields = fieldsOf(msgr2.annotate(messages.at(-1)!));
    expect(fields).toMatchObject({ seq: '1', tid: '5', ackSeq: '0', messageType: 'MSG_OSD_OP', typeCode: 42 });
    expect(fields['src']).toBe('client.4100');
  });
});

describe('annotations', () => {
  it('cover every byte of every frame exactly once', () => {
    for (const revision of [0, 1] as const) {
      const all = script(revision)
        .openLossless()
        .message('client', { front: new Uint8Array(30), middle: new Uint8Array(7), data: new Uint8Array(50) })
        .message('server', { type: 9999, front: new Uint8Array(3) })
        .value('client', TAG.ACK, 1)
        .keepalive('client', TAG.KEEPALIVE2, 5).steps;
      for (const m of runSteps(msgr2, all).messages) {
        const seen = new Uint8Array(m.length);
        const aliases = new Set(['typeCode', 'src', 'frontLength', 'middleLength', 'dataLength']);
        for (const a of msgr2.annotate(m)) {
          if (aliases.has(a.name)) continue;
          for (let i = a.at; i < a.at + a.length; i++) seen[i]!++;
        }
        expect(
          [...seen].every((n) => n === 1),
          `${m.name} revision ${revision}`,
        ).toBe(true);
      }
    }
  });
});

describe('a flipped bit', () => {
  it.each([0, 1] as const)('is found wherever it lies in a frame of revision %i', (revision) => {
    const steps = script(revision).open().steps;
    const frames = E.concat(
      E.message({ revision, front: E.ascii('front'), data: E.ascii('some data') }),
      E.frame(TAG.ACK, [E.u64(0)], { revision }),
      E.message({ revision, seq: 2, front: E.ascii('x'), middle: E.ascii('middle') }),
    );
    const quiet = new Set(
      runSteps(msgr2, [...steps, { from: 'client', bytes: frames }]).findings.map((f) => f.rule.id),
    );
    for (let i = 0; i < frames.length; i++) {
      const damaged = frames.slice();
      damaged[i]! ^= 0x40;
      const { findings } = runSteps(msgr2, [...steps, { from: 'client', bytes: damaged }]);
      const found = findings.filter((f) => !quiet.has(f.rule.id));
      expect(found.length, `byte ${i}`).toBeGreaterThan(0);
    }
  });
});
