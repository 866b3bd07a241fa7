import { describe, expect, it } from 'vitest';
import { collect, type Collected } from '../kit/collect.js';

const found = (c: Collected): string[] => c.findings.map((f) => `${f.rule} ${f.party} ${f.packet}`);

describe('recordings of real sessions', () => {
  it('know a server by its path where no process is known', async () => {
    const run = await collect('captures/pesto/recorded-restart.pcapng');
    expect(run.findings.map((f) => f.rule)).toEqual(['pesto/list-changed-between-sessions']);
    expect(run.streams[1]!.session['previousUpdate']).toBe('the list shows the update of stream 1: it was accepted');
    expect(run.streams[0]!.session['tablesAfter']).toEqual({
      HOST: ['TCP [*]:8080 => 80', 'TCP [*]:2222 => 2222'],
      SPLICE: [],
    });
  });

  it('tell a client that refuses the version from a reader', async () => {
    const run = await collect('captures/pesto/recorded-v1-client.pcapng');
    expect(run.findings.map((f) => f.rule)).toEqual(['pesto/client-left-early']);
  });

  it('tell a client of version 2 from a faulty one of version 1', async () => {
    const run = await collect('captures/pesto/recorded-v2-client-v1-server.pcapng');
    expect(run.findings.map((f) => f.rule)).toEqual(['pesto/version-obsolete', 'pesto/update-version-skew']);
  });

  it('place a stray byte at the packet that brought it', async () => {
    const run = await collect('captures/pesto/draft-status.pcap');
    expect(found(run)).toEqual(['pesto/server-data-after-list server 7']);
    expect(run.messages.at(-1)).toMatchObject({
      name: 'DRAFT',
      packet: 7,
      fields: { bytes: '00', step: 'status', status: 'success' },
    });
  });
});
