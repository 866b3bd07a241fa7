import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { missingPrograms } from '../kit/programs.js';
import { streamsOf } from '../kit/streams.js';

const nbd = (name: string): string => `captures/nbd/${name}`;

describe('streams of real captures', () => {
  // payload bytes as tshark's "follow" counts them
  it.each([
    ['any-sll.pcap', 40, 13152, 21278],
    ['any-sll2.pcap', 40, 13152, 21278],
    ['dumpcap-two-interfaces.pcapng', 80, 13152, 21278],
    ['ipv6-loopback.pcap', 40, 13152, 21278],
    ['derived-vlan100.pcap', 38, 13136, 21222],
    ['derived-bigendian-ns.pcap', 38, 13136, 21222],
    ['nbdkit-simple-replies.pcap', 38, 13136, 21222],
  ])('%s is complete', async (file, packets, client, server) => {
    const run = await streamsOf(nbd(file));
    expect(run.notes).toEqual([]);
    expect(run.notTcp).toBe(0);
    expect(run.packets).toBe(packets);
    expect(run.streams).toHaveLength(1);
    const [log] = run.streams;
    expect(log!.content.map((c) => c.length)).toEqual([client, server]);
    expect(log!.missing).toEqual([0, 0]);
    expect(log!.notes).toEqual([]);
    expect(log!.closedAs).toBe('closed');
    expect(log!.connection.initiatorKnown).toBe(true);
  });

  it('behind VLAN tags are the same as without, and the tag is known', async () => {
    const plain = await streamsOf(nbd('nbdkit-simple-replies.pcap'));
    const tagged = await streamsOf(nbd('derived-vlan100.pcap'));
    expect(tagged.streams[0]!.content).toEqual(plain.streams[0]!.content);
    expect(tagged.streams[0]!.connection.vlan).toBe(100);
    expect(plain.streams[0]!.connection.vlan).toBe(-1);
  });

  it('with loss, reordering and duplication on the way have no gap', async () => {
    const { streams } = await streamsOf(nbd('real-loss-reorder-dup.pcap'));
    expect(streams).toHaveLength(1);
    expect(streams[0]!.missing).toEqual([0, 0]);
    expect(streams[0]!.notes).toEqual([]);
    expect(streams[0]!.closedAs).toBe('closed');
  });

  it('cut by the snapshot length keep their true length', async () => {
    const whole = (await streamsOf(nbd('any-sll.pcap'))).streams[0]!;
    const cut = (await streamsOf(nbd('snaplen-96.pcap'))).streams[0]!;
    const length = (c: string): number => c.replace(/<(\d+) cut>/g, '').length;
    const total = [0, 1].map((from) => length(cut.content[from]!) + cut.missing[from]!);
    expect(cut.content.join('')).toMatch(/<\d+ cut>/);
    expect(cut.content.join('')).not.toMatch(/<\d+>/);
    expect(total).toEqual(whole.content.map((c) => c.length));
    expect(cut.closedAs).toBe('closed');
  });

  it('joined late start at the first byte captured', async () => {
    const { streams } = await streamsOf(nbd('late-join-structured.pcap'));
    expect(streams[0]!.connection).toMatchObject({ start: 'missed', initiatorKnown: false });
    expect(streams[0]!.content[0].slice(0, 4)).toBe('\x25\x60\x95\x13');
  });

  it('of which one direction was captured claim nothing about the other', async () => {
    const { streams } = await streamsOf(nbd('oneway-server-to-client.pcap'));
    expect(streams[0]!.content[0]).toBe('');
    expect(streams[0]!.content[1]).toHaveLength(5294);
    expect(streams[0]!.connection.heard).toEqual([false, true]);
    expect(streams[0]!.connection.initiatorKnown).toBe(true);
  });

  it('killed end with a reset, and hold what was still on its way', async () => {
    const { streams } = await streamsOf(nbd('client-killed-in-flight.pcap'));
    expect(streams[0]!.content.map((c) => c.length)).toEqual([240, 656]);
    expect(streams[0]!.closedAs).toBe('reset');
  });
});

const missing = missingPrograms('tshark');

describe.skipIf(missing.length > 0)('tshark agrees, byte for byte,', () => {
  it.each([
    'nbd-server-reference.pcap',
    'nbdkit-list-exports.pcap',
    'real-loss-reorder-dup.pcap',
    'dribble-7-byte-segments.pcap',
    'dumpcap-two-interfaces.pcapng',
    'ipv6-loopback.pcap',
    'late-join-structured.pcap',
    'any-sll2.pcap',
  ])(
    'on %s',
    async (file) => {
      const { streams } = await streamsOf(nbd(file));
      const follow = streams.flatMap((_, i) => ['-z', `follow,tcp,raw,${i}`]);
      const { stdout } = spawnSync('tshark', ['-r', nbd(file), '-q', ...follow], {
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      });
      const theirs = new Map<string, string>();
      for (const part of stdout.split('Follow: tcp,raw').slice(1)) {
        const id = Number(/tcp\.stream eq (\d+)/.exec(part)?.[1]) + 1;
        const bodies = ['', ''];
        for (const line of part.split(/Node 1: .*\n/)[1]!.split('\n')) {
          if (/^\t?[0-9a-f]+$/.test(line)) bodies[line.startsWith('\t') ? 1 : 0] += line.trim();
        }
        theirs.set(`${id} ${/Node 0: (.*)/.exec(part)![1]}`, bodies[0]!);
        theirs.set(`${id} ${/Node 1: (.*)/.exec(part)![1]}`, bodies[1]!);
      }
      expect(theirs.size).toBe(2 * streams.length);
      for (const { connection, content } of streams) {
        connection.endpoints.forEach((endpoint, from) => {
          const ours = Buffer.from(content[from]!, 'latin1').toString('hex');
          expect(theirs.get(`${connection.id} ${endpoint}`)).toBe(ours);
        });
      }
    },
    30_000,
  );
});
