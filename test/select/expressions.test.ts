import { unhex } from '../../src/base/hex.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { layout } from '../../src/base/layout.js';
import { u32, u64 } from '../../src/base/field.js';
import { explain } from '../../src/base/structure/decode.js';
import { list } from '../../src/base/structure/parts.js';
import { struct } from '../../src/base/structure/struct.js';
import { string, u64 as wideNumber } from '../../src/base/structure/type.js';
import { expressionFields } from '../../src/select/values.js';
import { describe, expect, it } from 'vitest';
import { Expression, ExpressionError } from '../../src/select/expression.js';
import { MessageView } from '../../src/select/message-view.js';
import { FieldCatalogue } from '../../src/select/field-catalogue.js';
import { playSteps } from '../../src/engine/example.js';
import type { Message } from '../../src/contract/message.js';
import type { Finding, Reporter, StreamRecord } from '../../src/engine/event.js';
import { client, server, toy } from '../kit/toy-protocol.js';

const session = [server('TOY!'), client('Q', 1, 2, 'Q', 2, 0), server('A', 1, 'xy'), server('A', 2, 'N', 3, 'abc')];

/** Names and indexes of the toy session's messages that fulfil an expression, each looked at alone. */
function matching(text: string): string[] {
  const expression = new Expression(text);
  const view = new MessageView();
  const out: string[] = [];
  const reporter: Reporter = {
    capture() {},
    message(stream: StreamRecord, message: Message) {
      if (expression.holds(view.of(stream, message, [], null, null))) out.push(`${message.name} ${message.index}`);
    },
    finding(_: Finding) {},
    stream() {},
    summary() {},
  };
  playSteps(toy, session, {}, reporter);
  return out;
}

function refusal(text: string, catalogue: FieldCatalogue | null = null): string {
  try {
    new Expression(text, catalogue);
  } catch (error) {
    if (error instanceof ExpressionError) return `${error.message}\n${error.excerpt}`;
    throw error;
  }
  return 'accepted';
}

describe('the fields of a message', () => {
  const inner = layout('big', { offset: u64(), size: u32() });
  const pool = struct({ id: wideNumber, snaps: list(wideNumber), name: string });

  it('are whole numbers where their layout has numbers, however wide and however deep', () => {
    const text = { name: 'exportName', at: 0, length: 8, value: '12345678' };
    const hex = { name: 'data', at: 8, length: 8, value: '0000000000100000' };
    const header = inner.annotations({ offset: 2n ** 63n + 1n, size: 7 }, 16);
    const bytes = unhex('0500000000000000 02000000 0000000000000010 0000000000000000 01000000 37');
    const { rows } = explain(struct({ pool }), bytes, 0, bytes.length, 0, { limits: DEFAULT_LIMITS });
    expect(expressionFields([text, hex, ...header, ...rows])).toEqual({
      exportName: '12345678',
      data: '0000000000100000',
      offset: 2n ** 63n + 1n,
      size: 7n,
      pool: { id: 5n, snaps: [2n ** 60n, 0n], name: '7' },
    });
  });
});

describe('an expression', () => {
  it.each([
    ['name == "ANSWER"', ['ANSWER 4', 'ANSWER 5']],
    ['name == "QUESTION" && fields.size > 0', ['QUESTION 2']],
    ['fields.size == 2', ['QUESTION 2', 'ANSWER 4']],
    ['direction == "server-to-client" && context == "own"', ['TOY 1', 'NOTE 6']],
    ['inReplyTo == 2', ['ANSWER 4']],
    ['inReplyTo == null && index > 3', ['NOTE 6']],
    ['length in [3, 5]', ['QUESTION 2', 'QUESTION 3', 'NOTE 6']],
    ['protocol == "toy" && server.endsWith(":10809") && stream == 1 && index == 1', ['TOY 1']],
    ['time >= timestamp("2023-11-14T22:13:20Z") && index < 2', ['TOY 1']],
    ['complete && offset == 0', ['TOY 1', 'QUESTION 2']],
  ])('%s', (text, expected) => expect(matching(text)).toEqual(expected));

  it('is not fulfilled by messages that lack a field', () => {
    expect(matching('fields.nothing == 1')).toEqual([]);
    expect(matching('!(fields.nothing == 1)')).toEqual([]);
    expect(matching('has(fields.nothing) || index == 1')).toEqual(['TOY 1']);
  });

  it.each([
    ['nam == "x"', 'unknown name "nam"; did you mean name? (character 1)\nnam == "x"\n^^^'],
    ['name == "x" &&', 'unexpected token: EOF (character 15)\nname == "x" &&\n              ^'],
    ['name == 3', 'no such overload: string == int (character 1)\nname == 3\n^^^^^^^^^'],
    ['name', 'gives a string, not true or false (character 1)\nname\n^^^^'],
    [
      'true\n|| request.lenght == 3',
      'a message has no "lenght"; did you mean length? (character 9)\n|| request.lenght == 3\n   ^^^^^^^^^^^^^^',
    ],
  ])('is refused with its place: %s', (text, said) => expect(refusal(text)).toBe(said));

  it('names the field that was meant', () => {
    const catalogue = new FieldCatalogue([{ protocol: 'toy', message: 'NOTE', name: 'size', type: 'u8', example: 1 }]);
    expect(refusal('fields.szie > 1', catalogue)).toBe(
      'no message has a field "szie"; did you mean size? (character 1)\nfields.szie > 1\n^^^^^^^^^^^',
    );
    expect(refusal('has(request.fields.other)', catalogue)).toContain('no message has a field "other" (character 5)');
    expect(refusal('fields["size"] > 1 && reply.fields.size < 3', catalogue)).toBe('accepted');
  });

  it('says what it needs, so that nothing else is made', () => {
    expect(new Expression('name == "x" && length > 3').needs).toEqual({
      ...{ fields: false, findings: false, request: false, reply: false },
    });
    expect(new Expression('request.fields.x == 1').needs).toMatchObject({ fields: true, request: true, reply: false });
    expect(new Expression('findings.exists(f, f.severity == "error")').needs).toMatchObject({ findings: true });
    expect(new Expression('reply.latency > 0.5').needs).toMatchObject({ fields: false, reply: true });
  });
});
