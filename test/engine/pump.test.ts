import { describe, expect, it } from 'vitest';
import { runSteps } from '../../src/engine/example.js';
import { testProperties } from '../kit/properties.js';
import { testRuleExamples } from '../kit/rule-examples.js';
import { client, server, toy } from '../kit/toy-protocol.js';

const session = () => [
  server('TOY!'),
  client('Q', 1, 5, 'N', 3, 'abc'),
  server('A', 1, 'Q1234'),
  client('Q', 2, 0),
  server('A', 2, 'N', 0),
];

testRuleExamples(toy);
testProperties(toy, { questions: session });

describe('the pump', () => {
  it('hands whole messages on in order', () => {
    const { messages } = runSteps(toy, session());
    expect(messages.map((m) => `${m.index} ${m.name} ${m.offset}+${m.length} re ${m.inReplyTo}`)).toEqual([
      '1 TOY 0+4 re 0',
      '2 QUESTION 0+3 re 0',
      '3 NOTE 3+5 re 0',
      '4 ANSWER 4+7 re 2',
      '5 QUESTION 8+3 re 0',
      '6 ANSWER 11+2 re 5',
      '7 NOTE 13+2 re 0',
    ]);
  });

  it('keeps where the first and the last byte of a message came from', () => {
    const { messages } = runSteps(toy, [
      server('TO'),
      server('Y!'),
      client('Q'),
      client(1),
      client(4),
      server('A', 1, 'ab'),
      server('cd'),
    ]);
    // packet 1 is the connection's own
    expect(messages.map((m) => `${m.name} ${m.firstPacket}-${m.packet}`)).toEqual([
      'TOY 2-3',
      'QUESTION 4-6',
      'ANSWER 7-8',
    ]);
  });

  it('waits for the request where the answer was captured first', () => {
    const { messages, streams } = runSteps(toy, [
      server('TOY!', 'A', 1, 'xyz', 'A', 2, 'x'),
      client('Q', 1, 3, 'Q', 2, 1),
    ]);
    expect(messages.map((m) => `${m.name} ${m.length}`)).toEqual([
      'TOY 4',
      'QUESTION 3',
      'QUESTION 3',
      'ANSWER 5',
      'ANSWER 3',
    ]);
    expect(streams[0]!.contextFree).toEqual([true, false]);
  });

  it('stops waiting when the peer ended', () => {
    const { messages } = runSteps(toy, [server('TOY!', 'A', 1, 'N', 1, 'x'), { from: 'client', end: 'fin' }]);
    expect(messages.map((m) => `${m.name} ${m.length}`)).toEqual(['TOY 4', 'ANSWER 2', 'NOTE 3']);
  });

  it('takes a gap out of a body and goes on behind it', () => {
    const { messages, findings, streams } = runSteps(toy, [
      server('TOY!'),
      client('Q', 1, 10),
      server('A', 1, 'ab'),
      { from: 'server', gap: 6 },
      server('yz', 'N', 1, '!'),
    ]);
    expect(messages.map((m) => `${m.name} ${m.offset}+${m.length} ${m.complete} ${m.missing}`)).toEqual([
      'TOY 0+4 true 0',
      'QUESTION 0+3 true 0',
      'ANSWER 4+12 false 6',
      'NOTE 16+3 true 0',
    ]);
    expect(findings.map((f) => `${f.rule.id} ${f.offset}+${f.length} ${f.party}`)).toEqual(['capture/gap 8+6 capture']);
    expect(streams[0]!.missing).toEqual([0, 6]);
  });

  it('counts the header that a gap cut off', () => {
    const { messages, streams, findings } = runSteps(toy, [
      server('TOY!'),
      client('N', 9, 'abc'),
      { from: 'client', gap: 6 },
      client('N', 0),
    ]);
    expect(messages.map((m) => `${m.name} ${m.offset}+${m.length}`)).toEqual(['TOY 0+4', 'NOTE 11+2']);
    expect(streams[0]!.skipped[0].undecoded).toBe(5);
    expect(findings.map((f) => `${f.rule.id} ${f.offset}+${f.length}`)).toEqual([
      'capture/gap 5+6',
      'capture/undecoded 0+5',
    ]);
  });
});

describe('a bug in a decoder', () => {
  it('ends that stream only, with an internal finding and all bytes counted', () => {
    const { findings, streams, messages } = runSteps(toy, [
      server('TOY!'),
      client('N', 1, 'x', 'N', 0xff),
      client('more'),
      { then: 'new connection' },
      server('TOY!'),
    ]);
    expect(findings.map((f) => f.rule.id)).toEqual(['internal/error']);
    expect(findings[0]!.text).toContain('note too long for a toy');
    expect(streams).toHaveLength(2);
    expect(messages.map((m) => m.name)).toEqual(['TOY', 'NOTE', 'TOY']);
  });
});

describe('findings', () => {
  it('come after the message that they are about, once its index is known', () => {
    const { findings, messages } = runSteps(toy, [server('TOY!'), client('Q', 7, 0)]);
    expect(findings[0]!.message).toBe(messages[1]);
    expect(findings[0]!.message!.index).toBe(2);
    expect(findings[0]!.offset).toBe(2);
  });

  it('obey the configured levels', () => {
    const steps = [server('TOY!'), client('Q', 7, 0)];
    const severity = (level: 'off' | 'note' | 'error'): (string | undefined)[] =>
      runSteps(toy, steps, { levels: new Map([['toy/zero-size', level]]) }).findings.map((f) => f.severity);
    expect(severity('off')).toEqual([]);
    expect(severity('note')).toEqual(['note']);
  });

  it('are summarised beyond the limit of a rule', () => {
    const many = Array.from({ length: 12 }, (_, i) => client('Q', i, 0));
    const { findings, streams } = runSteps(toy, [server('TOY!'), ...many], { limits: { findingsPerRule: 5 } });
    expect(findings.filter((f) => f.rule.id === 'toy/zero-size')).toHaveLength(5);
    expect(findings.at(-1)!.rule.id).toBe('capture/limit');
    expect(findings.at(-1)!.text).toContain('7 more of toy/zero-size');
    expect(streams[0]!.findings.error).toBe(12);
  });
});

describe('classification', () => {
  it('replays what arrived before the magic', () => {
    const { messages, streams } = runSteps(toy, [client('Q', 1, 1), server('TOY!'), server('A', 1, 'x')]);
    expect(messages.map((m) => m.name)).toEqual(['QUESTION', 'TOY', 'ANSWER']);
    expect(streams[0]!.classifiedBy).toBe('magic');
  });

  it('finds the client on the side that accepted', () => {
    // bytes of the connecting end carry the server's magic
    const { streams, messages } = runSteps(toy, [
      { from: 'client', bytes: server('TOY!').bytes },
      { from: 'server', bytes: client('Q', 1, 1).bytes },
    ]);
    expect(streams[0]!.clientEnd).toBe(1);
    expect(messages.map((m) => `${m.name} ${m.side}`)).toEqual(['TOY 1', 'QUESTION 0']);
    expect(streams[0]!.bytes).toEqual([3, 4]);
  });

  it('lists what nobody claims with its first bytes', () => {
    const { streams, messages } = runSteps(toy, [client('GET / HTTP/1.1'), server('HTTP/1.1 200 OK')]);
    expect(messages).toEqual([]);
    expect(streams[0]!.protocol).toBeNull();
    expect(Buffer.from(streams[0]!.firstBytes![0]).toString()).toBe('GET / HTTP/1.1');
    expect(streams[0]!.skipped[0].undecoded).toBe(14);
  });

  it('takes the protocol that the user names', () => {
    const { streams } = runSteps(toy, [client('NNNN')], { forced: true });
    expect(streams[0]!.protocol).toBe(toy);
    expect(streams[0]!.classifiedBy).toBe('decode-as');
  });

  it('says that a stream was joined late and that one side is absent', () => {
    const { findings } = runSteps(toy, [client('Q', 1, 1)], { late: true, oneSided: 'client' });
    expect(findings.map((f) => f.rule.id)).toEqual(['capture/joined-late', 'capture/one-sided']);
  });
});

describe('a gap of unknown length', () => {
  it('ends the body that it falls into and lets the decoder go on', () => {
    const { messages, findings, streams } = runSteps(toy, [
      server('TOY!'),
      client('Q', 1, 10),
      server('A', 1, 'ab'),
      { from: 'server', gap: 0 },
      server('N', 1, '!'),
    ]);
    expect(messages.map((m) => `${m.name} ${m.offset} ${m.complete} ${m.missing}`)).toEqual([
      'TOY 0 true 0',
      'QUESTION 0 true 0',
      'ANSWER 4 false 8',
      'NOTE 8 true 0',
    ]);
    expect(findings[0]!.text).toBe("an unknown number of bytes of the server's stream are not in the capture");
    expect(streams[0]!.missing).toEqual([0, 0]);
  });
});
