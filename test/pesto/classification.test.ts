import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import type { ProbeInput, ProbeResult } from '../../src/contract/protocol.js';
import type { Connection } from '../../src/stream/byte-stream.js';
import { bytesOf, END, entry, hello, pastaList, rule, section, WEB } from '../../src/protocols/pesto/build.js';
import { probe } from '../../src/protocols/pesto/probe.js';

interface Given {
  readonly late?: boolean;
  readonly ended?: boolean;
  readonly path?: string;
}

const NONE = new Uint8Array(0);

/** What the probe says when the first end sent `a` and the second `b`. */
function ask(a: Uint8Array, b: Uint8Array, given: Given = {}): ProbeResult {
  const connection: Connection = {
    id: 1,
    transport: 'unix',
    endpoints: ['unix:pid=1', `unix:${given.path ?? '/run/x.sock'}`],
    ports: [0, 0],
    start: given.late ? 'missed' : 'captured',
    initiatorKnown: true,
    ordered: true,
    heard: [true, true],
    vlan: -1,
    comment: '',
  };
  const ended = given.ended ?? false;
  const input: ProbeInput = {
    classification: {},
    connection,
    bytes: [a, b],
    at: [0, 0],
    ended: [ended, ended],
    cut: [false, false],
    limits: DEFAULT_LIMITS,
    limited: () => undefined,
  };
  return probe(input);
}

const text = (s: string): Uint8Array => new Uint8Array(Buffer.from(s, 'latin1'));
const UPDATE = bytesOf(section(1, [WEB]), section(3), END);

describe('a server', () => {
  it('is known by its magic, whichever end it is', () => {
    expect(ask(NONE, hello())).toEqual({ score: 1, by: 'magic', clientEnd: 0 });
    expect(ask(hello(), NONE)).toEqual({ score: 1, by: 'magic', clientEnd: 1 });
    expect(ask(UPDATE, hello().subarray(0, 8))).toEqual({ score: 1, by: 'magic', clientEnd: 0 });
  });

  it('is waited for as long as its bytes fit', () => {
    expect(ask(NONE, hello().subarray(0, 7))).toBe('more');
    expect(ask(UPDATE, NONE)).toBe('more');
    expect(ask(NONE, NONE)).toBe('more');
    expect(ask(NONE, hello().subarray(0, 7), { ended: true })).toBeNull();
  });

  it('is known by a table, when it was joined late', () => {
    const list = pastaList();
    expect(ask(NONE, list.subarray(13), { late: true })).toMatchObject({ by: 'heuristic', clientEnd: 0 });
    expect(ask(NONE, bytesOf(text('x'.repeat(5000)), list), { late: true })).toMatchObject({ clientEnd: 0 });
    expect(ask(NONE, text('HOST\0\0\0\0 SPLICE\0\0\0\0 basil:s'), { late: true, ended: true })).toBeNull();
  });

  it('is known by its numbers when the magic is wrong', () => {
    const wrong = hello({ magic: text('basil:x\0') });
    expect(ask(NONE, wrong)).toMatchObject({ by: 'heuristic', clientEnd: 0 });
    expect(ask(NONE, wrong.subarray(0, 19))).toBe('more');
    expect(ask(NONE, text('1234567').subarray(0, 7), { path: '/run/pasta/ctl.sock' })).toBe('more');
    expect(ask(NONE, text('1234567'))).toBeNull();
  });
});

describe('a client alone', () => {
  it('is known by a complete update, when nothing more will come', () => {
    expect(ask(UPDATE, NONE, { ended: true })).toMatchObject({ by: 'heuristic', clientEnd: 0 });
    expect(ask(NONE, UPDATE, { ended: true })).toMatchObject({ by: 'heuristic', clientEnd: 1 });
    const old = bytesOf(section(1, [rule({ version: 1, first: 80 })]), END);
    expect(ask(old, NONE, { ended: true })).toMatchObject({ clientEnd: 0 });
  });

  it('is not known by sections without rules, or by rules that cannot be', () => {
    expect(ask(bytesOf(section(1), section(3), END), NONE, { ended: true })).toBeNull();
    const odd = bytesOf(section(1, [rule({ first: 80, proto: 132 })]), END);
    expect(ask(odd, NONE, { ended: true })).toBeNull();
    expect(ask(bytesOf(UPDATE, END), NONE, { ended: true })).toBeNull();
  });

  it('is known by less on a socket with a telling path', () => {
    const cleared = bytesOf(section(1), section(3), END);
    expect(ask(cleared, NONE, { ended: true, path: '/run/passt.sock' })).toMatchObject({ clientEnd: 0 });
    expect(ask(text('\x01\0\0\0\x02'), NONE, { ended: true, path: '/run/passt.sock' })).toBeNull();
  });
});

describe('other protocols', () => {
  it.each([
    ['HTTP', 'GET / HTTP/1.1\r\nHost: x\r\n\r\n', ''],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', ''],
    ['SSH', '', 'SSH-2.0-OpenSSH_9.6\r\n'],
    ['NBD', '', 'NBDMAGICIHAVEOPT\0\x03'],
    ['msgr2', 'ceph v2\n\x10\x00', 'ceph v2\n\x10\x00'],
    ['zeros', '\0'.repeat(64), '\0'.repeat(64)],
  ])('%s is refused at once', (_, a, b) => {
    expect(ask(text(a), text(b))).toBeNull();
  });

  it('a hello that is only mentioned is none', () => {
    expect(ask(NONE, text('the magic is basil:s\0, it says'), { late: true, ended: true })).not.toMatchObject({
      score: 1,
    });
  });

  it('a list of another server is none', () => {
    const other = entry(1, [], { name: 'LAN' });
    expect(ask(NONE, other, { late: true, ended: true })).toBeNull();
  });
});
