import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAPTURES, wirelint } from '../kit/cli.js';
import { collect, namesOf } from '../kit/collect.js';

interface Fields {
  readonly messageType?: string;
  readonly front?: Readonly<Record<string, unknown>>;
  readonly frontUndecoded?: number;
}

/** Streams of Ceph's messenger v1, recorded from a Reef cluster that binds no other. */
describe('a recorded session of messenger v1', () => {
  it('shows a ticket, its challenge, and a write with its reply', async () => {
    const { messages, findings, streams } = await collect('captures/msgr1/reef-osd-write.pcap');
    expect(findings.map((f) => f.rule)).toEqual(['msgr1/legacy-messenger']);
    expect(streams.map((s) => [s.protocol, s.contextFree])).toEqual([
      ['msgr1', { 'client-to-server': true, 'server-to-client': true }],
    ]);
    expect(namesOf(messages)).toMatchObject({ BANNER: 2, CONNECT: 2, CONNECT_REPLY: 2, SEQ: 2, MSG: 2 });
    const replies = messages.filter((m) => m.name === 'CONNECT_REPLY').map((m) => m.fields['tag']);
    expect(replies).toEqual(['CHALLENGE_AUTHORIZER', 'SEQ']);
    const [write, reply] = messages.filter((m) => m.name === 'MSG');
    expect(write?.fields).toMatchObject({
      messageType: 'MSG_OSD_OP',
      src: 'client.4123',
      footerFlags: ['COMPLETE', 'SIGNED'],
    });
    expect(reply?.inReplyTo).toBe(write?.index);
  });

  it.each(['reef-monitor.pcap', 'reef-osd-write.pcap', 'reef-rados.pcap.gz', 'reef-cephfs.pcap.gz'])(
    '%s: every front is described, and nobody is blamed',
    async (name) => {
      const { messages, findings } = await collect(`captures/msgr1/${name}`);
      expect(findings.filter((f) => f.party !== 'capture').map((f) => f.rule)).toEqual(['msgr1/legacy-messenger']);
      const fronts = messages.filter((m) => m.name === 'MSG').map((m) => m.fields as Fields);
      expect(fronts.length).toBeGreaterThan(1);
      expect(fronts.filter((f) => f.frontUndecoded !== undefined && f.frontUndecoded > 0)).toEqual([]);
    },
  );

  it('pairs requests with their replies', async () => {
    const { messages } = await collect('captures/msgr1/reef-rados.pcap.gz');
    const of = (type: string) => messages.filter((m) => (m.fields as Fields).messageType === type);
    const replies = of('MSG_OSD_OPREPLY');
    expect(replies.length).toBeGreaterThan(10);
    expect(replies.filter((m) => m.inReplyTo === null)).toEqual([]);
  });

  it('shows commands as they were given, and which maps were sent', () => {
    const { stdout } = wirelint(['analyze', join(CAPTURES, 'msgr1/reef-cephfs.pcap.gz')]);
    expect(stdout).toMatch(
      /MSG_MON_COMMAND {2}seq \d+ {2}tid 2 {2}\{"prefix": "osd pool create", "pool": "meta", "pg_num": 2\}$/m,
    );
    expect(stdout).toMatch(/MSG_MON_COMMAND_ACK {2}seq 9 {2}tid 1 {2}= 0 {2}data 73915/);
    expect(stdout).toMatch(/MSG_OSD_MAP {2}seq 8 {2}full map e13$/m);
  });

  it('is named where only v2 is decoded', () => {
    const { stdout } = wirelint(['analyze', '-p', 'msgr2', join(CAPTURES, 'msgr1/reef-monitor.pcap')]);
    expect(stdout).toContain('-> 127.0.0.1:6789   Ceph messenger v1 ("ceph v027"), 1 KiB there,');
  });
});
