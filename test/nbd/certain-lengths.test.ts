import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import {
  chunk,
  client,
  fill,
  hello,
  join,
  option,
  READ,
  reply,
  request,
  server,
  serverCloses,
  structuredSession,
  u16,
  u32,
  u64,
} from '../../src/protocols/nbd/rules/session-steps.js';

const IHAVEOPT = u64(0x49484156454f5054n);
const REP_MAGIC = u64(0x0003e889045565a9n);

/** An option or a reply whose header announces `length` bytes, of which these come. */
const cutOption = (number: number, length: number, ...data: Uint8Array[]) =>
  client(IHAVEOPT, u32(number), u32(length), ...data);
const cutReply = (number: number, type: number, length: number, ...data: Uint8Array[]) =>
  server(REP_MAGIC, u32(number), u32(type), u32(length), ...data);

function judged(...steps: Step[]): string[] {
  const { findings, streams } = runSteps(nbd, [...hello(), ...steps]);
  for (const f of findings) {
    if (f.side === null) continue;
    const there = streams[0]!.bytes[f.side];
    expect(f.offset + f.length, `${f.rule.id} stands on bytes that are there`).toBeLessThanOrEqual(there);
  }
  return findings.filter((f) => f.severity !== 'note').map((f) => `${f.severity} ${f.rule.id} ${f.text}`);
}

describe('lengths that are wrong are judged as soon as they are certain, also in a message that never became complete', () => {
  it('EXPORT_NAME of 4 GiB', () => {
    expect(judged(cutOption(1, 0xffffffff, fill(64)))).toContain(
      'error nbd/string-too-long export name of 4294967295 bytes; at most 4096 are allowed',
    );
  });

  it.each([6, 7])('a name length over that of option %i', (number) => {
    expect(judged(cutOption(number, 0xfffffff0, u32(0xffffffff), fill(64)))).toEqual([
      'error nbd/go-name-overruns name length 4294967295 in 4294967280 bytes of data; at most 4294967274 fit',
    ]);
  });

  it('a name in GO that is too long and fits', () => {
    expect(judged(cutOption(7, 0x10000, u32(5000), fill(64)))).toEqual([
      'error nbd/string-too-long export name of 5000 bytes; at most 4096 are allowed',
    ]);
  });

  it('information requests that do not fill the data of GO', () => {
    expect(judged(cutOption(7, 1000, u32(1), fill(1), u16(1)))).toEqual([
      'error nbd/go-length-mismatch 1000 bytes of data; 6 + 1 + 2 x 1 = 9 expected',
    ]);
  });

  it('names and queries of metadata context options', () => {
    const agreed = [option(8), reply(8, 1)];
    expect(judged(...agreed, cutOption(10, 100, u32(97)))).toEqual([
      'error nbd/meta-request-malformed the export name of 97 bytes runs past the 100 bytes of data',
    ]);
    expect(judged(...agreed, cutOption(10, 100, u32(0), u32(40)))).toEqual([
      'error nbd/meta-request-malformed 40 queries cannot fit into the 100 bytes of data',
    ]);
    expect(judged(...agreed, cutOption(10, 100, u32(0), u32(1), u32(89)))).toEqual([
      'error nbd/meta-request-malformed query 1 of 89 bytes runs past the 100 bytes of data',
    ]);
  });

  it('data of an option that has none', () => {
    expect(judged(cutOption(3, 0x1000000, fill(10)))).toEqual([
      'error nbd/option-data-forbidden NBD_OPT_LIST with 16777216 bytes of data; it has none',
    ]);
  });

  it('nothing of what is only cut', () => {
    const long = fill(300, 0x41);
    expect(judged(cutOption(7, 1000, u32(200), long.subarray(0, 20)))).toEqual([]);
    expect(judged(option(8), reply(8, 1), cutOption(10, 100, u32(0), u32(2), u32(80), long.subarray(0, 8)))).toEqual(
      [],
    );
    expect(judged(option(3), cutReply(3, 2, 100, u32(50), long.subarray(0, 8)))).toEqual([]);
  });

  it('a name in a listing that overruns its entry', () => {
    expect(judged(option(3), cutReply(3, 2, 100, u32(97), fill(8)))).toContain(
      'error nbd/server-name-overruns name length 97 in 100 bytes of data; at most 96 fit',
    );
  });

  it('information of the wrong length, and a message that is too long', () => {
    const data = join(u32(0), u16(0));
    expect(judged(option(7, data), cutReply(7, 3, 4000, u16(0), u64(4096)))).toContain(
      'error nbd/info-export-bad-length 4000 bytes of data; 12 expected',
    );
    expect(judged(option(7, data), cutReply(7, 0x80000006, 0x7fffffff, fill(8)))).toContain(
      'error nbd/string-too-long message of 2147483647 bytes; at most 4096 are allowed',
    );
  });

  it('the message length of an error chunk', () => {
    const cut = chunk(0x8001, 1, true, u32(5), u16(100), fill(50)).bytes.subarray(0, 30);
    const { findings } = runSteps(nbd, [
      ...structuredSession(),
      request(READ, 1, 0, 512),
      { from: 'server', bytes: cut },
      serverCloses,
    ]);
    expect(findings.map((f) => f.rule.id)).toContain('nbd/error-message-overruns');
  });
});
