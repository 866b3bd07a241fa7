import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { CMD_FLUSH, CMD_READ, CMD_WRITE } from '../../src/protocols/nbd/constants.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import {
  data,
  disconnect,
  hole,
  join as bytes,
  request,
  simple,
  structuredSession,
  unseen,
} from '../../src/protocols/nbd/rules/session-steps.js';
import { scratch } from '../kit/cli.js';
import { collect } from '../kit/collect.js';

function bytesOf(side: 'client' | 'server', steps: readonly Step[]): Uint8Array {
  return bytes(...steps.flatMap((s) => ('bytes' in s && s.from === side ? [s.bytes] : [])));
}

describe('replies that stand before their requests in the recording', () => {
  it('belong to them chunk by chunk', () => {
    const before = structuredSession();
    const read = request(CMD_READ, 1, 0, 1536);
    const seen = bytesOf('client', [...before, read]).length;
    const early = [unseen(data(1, 0, 512, false), seen), unseen(hole(1, 512, 512, false), seen)];
    const { findings } = runSteps(nbd, [...before, ...early, read, data(1, 1024, 512), ...disconnect()]);
    expect(findings.filter((f) => f.severity !== 'note').map((f) => f.rule.id)).toEqual([]);
  });

  it('lack what they lack', () => {
    const before = structuredSession();
    const read = request(CMD_READ, 1, 0, 1536);
    const seen = bytesOf('client', [...before, read]).length;
    const { findings } = runSteps(nbd, [
      ...before,
      unseen(data(1, 0, 512, false), seen),
      read,
      data(1, 1024, 512),
      ...disconnect(),
    ]);
    expect(findings.filter((f) => f.severity !== 'note').map((f) => `${f.rule.id}: ${f.text}`)).toEqual([
      'nbd/read-incomplete: no content for 512..1024 of 0..1536',
    ]);
  });

  it('are judged once, with them', () => {
    const before = structuredSession();
    const read = request(CMD_READ, 1, 0, 1536);
    const seen = bytesOf('client', [...before, read]).length;
    const early = [unseen(data(1, 0, 1024, false), seen), unseen(data(1, 512, 512, false), seen)];
    const { findings } = runSteps(nbd, [...before, ...early, read, data(1, 1024, 512), ...disconnect()]);
    expect(findings.filter((f) => f.severity !== 'note').map((f) => `${f.rule.id}: ${f.text}`)).toEqual([
      'nbd/chunk-overlap: content 512..1024 overlaps 0..1024 of the same answer',
    ]);
  });

  it('overlap nothing of another answer to the same cookie', () => {
    const before = structuredSession();
    const read = request(CMD_READ, 1, 0, 1024);
    const first = bytesOf('client', [...before, read]).length;
    const both = bytesOf('client', [...before, read, read]).length;
    const { findings } = runSteps(nbd, [
      ...before,
      unseen(data(1, 0, 512, false), first),
      read,
      data(1, 512, 512),
      unseen(data(1, 0, 512, false), both),
      read,
      data(1, 512, 512),
      ...disconnect(),
    ]);
    expect(findings.filter((f) => f.severity !== 'note').map((f) => `${f.rule.id}: ${f.text}`)).toEqual([]);
  });

  it('are paired in the order of the requests where a cookie is used again and the sides have no order', async () => {
    const folder = scratch();
    const steps = [
      ...structuredSession(),
      request(CMD_WRITE, 7, 0, 512),
      simple(7),
      request(CMD_READ, 7, 4096, 1024),
      data(7, 4096, 512, false),
      data(7, 4608, 512),
      request(CMD_FLUSH, 7),
      simple(7),
      request(CMD_READ, 7, 0, 512),
      data(7, 0, 512),
      ...disconnect(),
    ];
    const pair = { client: join(folder, 'client'), server: join(folder, 'server') };
    writeFileSync(pair.client, bytesOf('client', steps));
    writeFileSync(pair.server, bytesOf('server', steps));
    const { messages, findings, streams } = await collect(pair);
    expect(messages.filter((m) => m.name.startsWith('NBD_CMD'))).toHaveLength(5);
    expect(findings.filter((f) => f.stream !== null)).toEqual([]);
    // without an order there is no queue, without times no latency
    expect(streams[0]!.session).toMatchObject({
      deepestQueue: null,
      commands: { NBD_CMD_READ: { count: 2, errors: 0, bytes: '1536', latencyMeanNanos: null } },
    });
  });
});
