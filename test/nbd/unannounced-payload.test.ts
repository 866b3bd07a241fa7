import { describe, expect, it } from 'vitest';
import { collect } from '../kit/collect.js';

describe('qemu leaves PAYLOAD_LEN out of extended writes and sends the data', () => {
  it('is decoded in step, and one warning with the facts', async () => {
    const { messages, findings, streams } = await collect('captures/nbd/qemu10-write-without-payload-len.pcap');
    const writes = messages.filter((m) => m.name === 'NBD_CMD_WRITE');
    expect(writes.map((m) => `${m.length} ${m.complete} ${m.context}`)).toEqual([
      '65568 true own',
      '4128 true own',
      '8224 true own',
    ]);
    expect(messages.at(-1)!.name).toBe('NBD_CMD_DISC');
    expect(
      messages.filter(
        (m) => m.direction === 'server-to-client' && m.name.startsWith('NBD_REPLY') && m.inReplyTo === null,
      ),
    ).toEqual([]);
    expect(streams[0]!.contextFree).toEqual({ 'client-to-server': true, 'server-to-client': true });
    const loud = findings.filter((f) => f.severity !== 'note');
    expect(loud.map((f) => `${f.severity} ${f.rule}`)).toEqual(['warning nbd/write-without-payload-len']);
    const times = { rule: 'nbd/write-without-payload-len', message: 14, times: 3, lastPacket: 49 };
    expect(streams[0]!.repeated).toEqual([expect.objectContaining(times)]);
  });
});
