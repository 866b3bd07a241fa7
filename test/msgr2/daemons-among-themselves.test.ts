import { describe, expect, it } from 'vitest';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { collect } from '../kit/collect.js';

interface Fields {
  readonly messageType?: string;
  readonly front?: Readonly<Record<string, unknown>>;
  readonly frontUndecoded?: number;
}

const folder = new URL('../../captures/msgr2/', import.meta.url).pathname;

async function talk(file: string) {
  const all = await collect(folder + file, { only: [msgr2] });
  const messages = all.messages.map((m) => m.fields as Fields).filter((f) => f.messageType !== undefined);
  const fronts = (type: string) => messages.filter((f) => f.messageType === type).map((f) => f.front!);
  const findings = all.findings.filter((f) => f.rule !== 'capture/joined-late');
  return { messages, fronts, findings };
}

describe('what daemons of one kind tell each other', () => {
  it('metadata servers: every body is read to its last byte, and nothing is found', async () => {
    const { messages, fronts, findings } = await talk('tentacle-mds-mds.pcap.gz');
    expect(findings).toEqual([]);
    expect(messages.filter((f) => f.frontUndecoded !== 0 || typeof f.front !== 'object')).toEqual([]);
    const types = new Set(messages.map((f) => f.messageType!.replace('MSG_MDS_', '')));
    for (const type of ['CACHEEXPIRE', 'CACHEREJOIN', 'DENTRYLINK', 'DISCOVERREPLY', 'EXPORTCAPS', 'EXPORTDIR'])
      expect(types).toContain(type);
    expect(types.size).toBe(28);
    // a whole migration: the same part of the tree from step to step
    const [prepared] = fronts('MSG_MDS_EXPORTDIRPREP');
    const [exported] = fronts('MSG_MDS_EXPORTDIR');
    expect(exported!['dirfrag']).toEqual(prepared!['dirfrag']);
    expect(fronts('MSG_MDS_EXPORTDIRACK').map((f) => f['dirfrag'])).toContainEqual(exported!['dirfrag']);
    // `ceph tell mds.0 quiesce db /d0 --set-id s1 --timeout 20 --expiration 20`
    const sets = fronts('MSG_MDS_QUIESCE_DB_LISTING').map((f) => JSON.stringify(f['listing']));
    expect(sets.some((s) => s.includes('"root":"file:/d0"') && s.includes('"timeout":"20000000000"'))).toBe(true);
  });

  it('monitors: an election, and what Paxos agrees on', async () => {
    const { messages, fronts, findings } = await talk('reef-mon-mon.pcap.gz');
    expect(findings).toEqual([]);
    expect(messages.filter((f) => f.frontUndecoded !== 0 || typeof f.front !== 'object')).toEqual([]);
    const victory = fronts('MSG_MON_ELECTION').filter((f) => (f['quorum'] as number[]).length > 0);
    expect(victory.map((f) => f['quorum'])).toContainEqual([1, 2]);
    expect(fronts('MSG_FORWARD').length).toBe(fronts('MSG_ROUTE').length);
  });
});
