import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bytesOf, END, entry, hello, section, WEB } from '../../src/protocols/pesto/build.js';
import { collect } from '../kit/collect.js';
import { pcapFile } from '../kit/pcap-writer.js';
import { sockdumpRecord } from '../kit/sockdump-writer.js';

const work = mkdtempSync(join(tmpdir(), 'wirelint-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const SERVER = 50;
const CLIENT = 70;

function recording(name: string, records: readonly Uint8Array[]): string {
  const path = join(work, name);
  writeFileSync(
    path,
    pcapFile(
      records.map((data) => ({ data })),
      { linkType: 147 },
    ),
  );
  return path;
}

const LIST = bytesOf(hello(), entry(1, [WEB]), entry(3), END);

describe('a recording that does not show how connections begin', () => {
  it('takes what comes first for the beginning', async () => {
    const path = recording('whole.pcap', [
      sockdumpRecord(SERVER, CLIENT, LIST),
      sockdumpRecord(CLIENT, SERVER, bytesOf(section(1, [WEB]), section(3), END)),
    ]);
    const { streams, findings } = await collect(path);
    expect(streams[0]).toMatchObject({ protocol: 'pesto', start: 'captured', end: 'open' });
    expect(findings.map((f) => f.rule)).not.toContain('capture/joined-late');
  });

  it('doubts it when nobody knows such a beginning', async () => {
    const path = recording('late.pcap', [sockdumpRecord(SERVER, CLIENT, LIST.subarray(30))]);
    const { streams, messages, findings } = await collect(path);
    expect(streams[0]).toMatchObject({ protocol: 'pesto', start: 'missed', classifiedBy: 'heuristic' });
    expect(messages.map((m) => m.name)).toEqual(['PIF', 'PIF_END']);
    expect(findings.map((f) => f.rule)).toContain('capture/joined-late');
  });

  it('names the server by its path, whichever side was seen first', async () => {
    for (const [name, records] of [
      ['server-first.pcap', [sockdumpRecord(SERVER, CLIENT, LIST)]],
      ['client-first.pcap', [sockdumpRecord(CLIENT, SERVER, section(1, [WEB])), sockdumpRecord(SERVER, CLIENT, LIST)]],
    ] as const) {
      const { streams } = await collect(recording(name, records));
      expect(streams[0]).toMatchObject({ transport: 'unix', client: 'unix:pid=70', server: 'unix:/run/x.sock' });
    }
  });
});

describe('streams that text2pcap made', () => {
  const FILE = 'captures/pesto/same-text2pcap.pcap';

  it('begin with sequence number 0', async () => {
    const { streams, findings } = await collect(FILE);
    expect(streams[0]).toMatchObject({ start: 'captured', end: 'open' });
    expect(findings.filter((f) => f.rule.startsWith('capture/'))).toEqual([]);
  });

  it('do so only with that program as their author', async () => {
    const bytes = readFileSync(FILE);
    // another source address in every frame
    for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) bytes[at + 16 + 11] = 1;
    const path = join(work, 'other.pcap');
    writeFileSync(path, bytes);
    const { streams } = await collect(path);
    expect(streams[0]!.start).toBe('missed');
  });
});
