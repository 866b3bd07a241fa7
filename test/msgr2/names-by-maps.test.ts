/** Whose an address is, by the maps that the capture shows, in whatever order they come. */
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MapNews } from '../../src/protocols/ceph/bodies/map-news.js';
import { Directory, daemonText } from '../../src/protocols/ceph/directory.js';
import type { Address } from '../../src/protocols/ceph/structures/address.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { CAPTURES, wirelint } from '../kit/cli.js';
import { collect } from '../kit/collect.js';

const V2 = 2;
const address = (port: number, nonce: number): Address => ({ type: V2, host: `10.0.0.1:${port}`, nonce });
const placed = <T>(value: T) => ({ value, at: 0, length: 4 });

/** A map of that epoch in which OSDs came up at addresses, or went down. */
function news(
  epoch: number,
  up: readonly (readonly [osd: number, at: Address])[],
  down: readonly number[] = [],
): MapNews {
  const map = {
    ...{ epoch: placed(epoch), inner: placed(epoch), fsid: placed('f'), isFull: false, names: [], pools: [], gone: [] },
    up: up.map(([osd, at]) => ({ osd, epoch, addresses: [at] })),
    down: down.map((osd) => ({ osd, epoch })),
  };
  return { fsid: 'f', maps: [map], newest: null };
}

const HISTORY = [
  news(5, [[4, address(6800, 1)]]),
  news(9, [], [4]),
  // it comes back with another nonce, then moves, and another OSD takes its port
  news(12, [[4, address(6800, 2)]]),
  news(20, [], [4]),
  news(21, [[4, address(6900, 3)]]),
  news(22, [[7, address(6900, 4)]]),
];

describe('an address', () => {
  it('is that of an OSD from one epoch to another', () => {
    const directory = new Directory(100);
    for (const map of HISTORY) directory.osds(map, 3);
    const said = (at: string) => {
      const daemon = directory.at(at);
      return daemon === undefined ? undefined : daemonText(daemon);
    };
    expect(said('v2:10.0.0.1:6800/1')).toBe('osd.4 since osdmap e5 until e9, stream 3');
    expect(said('v2:10.0.0.1:6800/2')).toBe('osd.4 since osdmap e12 until e20, stream 3');
    expect(said('v2:10.0.0.1:6900/3')).toBe('osd.4 since osdmap e21, stream 3');
    expect(said('v2:10.0.0.1:6900/4')).toBe('osd.7 since osdmap e22, stream 3');
    expect(said('v2:10.0.0.1:6900/5')).toBeUndefined();
  });

  it('without its nonce names nobody where two have had it', () => {
    const directory = new Directory(100);
    for (const map of HISTORY) directory.osds(map, 3);
    expect(directory.behind('10.0.0.1:6800')?.entity).toBe('osd.4');
    expect(directory.behind('10.0.0.1:6900')).toBeUndefined();
  });

  it('is known the same in whatever order the maps come, and how often', () => {
    const known = (maps: readonly MapNews[]) => {
      const directory = new Directory(100);
      for (const map of maps) directory.osds(map, 3);
      const exact = [1, 2, 3, 4].flatMap((n) => [6800, 6900].map((port) => directory.at(`v2:10.0.0.1:${port}/${n}`)));
      return [...exact, directory.behind('10.0.0.1:6800'), directory.behind('10.0.0.1:6900')];
    };
    const all = known(HISTORY);
    const order = fc.shuffledSubarray([...HISTORY, ...HISTORY], { minLength: 2 * HISTORY.length });
    fc.assert(fc.property(order, (maps) => void expect(known(maps)).toEqual(all)));
  });

  it('of monitors, which have no nonce, names nobody once it is that of another one', () => {
    const directory = new Directory(100);
    const roster = (epoch: number, entity: string) => ({
      map: 'monmap',
      epoch,
      daemons: [{ entity, addresses: [address(3300, 0)] }],
    });
    directory.daemons(roster(2, 'mon.a'), 1);
    directory.daemons(roster(1, 'mon.a'), 2);
    expect(daemonText(directory.at('v2:10.0.0.1:3300/0')!)).toBe('mon.a in monmap e1, stream 2');
    directory.daemons(roster(3, 'mon.b'), 2);
    expect(directory.at('v2:10.0.0.1:3300/0')).toBeUndefined();
  });

  it('remembers no more addresses than allowed (daemonAddresses)', () => {
    const directory = new Directory(6);
    for (const map of HISTORY) directory.osds(map, 3);
    expect(directory.full).toBe(true);
    expect(directory.at('v2:10.0.0.1:6800/1')?.entity).toBe('osd.4');
    expect(directory.at('v2:10.0.0.1:6900/4')).toBeUndefined();
  });
});

describe('in a capture', () => {
  const lines = (name: string) => wirelint(['analyze', join(CAPTURES, 'msgr2', name)]).stdout;
  const read = async (name: string) => collect(join(CAPTURES, 'msgr2', name));

  it('stands behind the address on lines, and in JSON in a field of its own', async () => {
    expect(lines('crc-omap.pcap.gz')).toMatch(
      /CLIENT_IDENT .* to v2:127\.0\.0\.1:6804\/18818 \(osd\.1 since osdmap e6, stream 2\) {2}gid/,
    );
    const learned = (await read('crc-omap.pcap.gz')).messages.map((m) => m.fields['learned']);
    expect(learned).toContainEqual([
      { address: 'v2:127.0.0.1:6804/18818', entity: 'osd.1', map: 'osdmap', since: 6, stream: 2 },
    ]);
  });

  it('names both ends of a session that is resumed, whose names are not said again', () => {
    const text = lines('crc-reconnect.pcap.gz');
    expect(text).toMatch(
      /osd \(osd\.1 since osdmap e6, stream 9\) to osd \(osd\.0 since osdmap e6, stream 9\) .*resumed/,
    );
    expect(text).toMatch(/client to mon\.0 \(mon\.a in monmap e1, stream 1\)/);
  });

  it('names the ends of sessions of the old messenger, by the address that a side greets with', async () => {
    const text = wirelint(['analyze', join(CAPTURES, 'msgr1/reef-rados.pcap.gz')]).stdout;
    expect(text).toMatch(/ {2}messenger v1 {2}client\.4123 to mon\.0 \(mon\.a in monmap e1, stream 3\)/);
    // who has said its name needs no map
    expect(text).toMatch(/ {2}messenger v1 {2}client\.4123 to osd\.1 {2}SEQ/);
    const { streams } = await collect(join(CAPTURES, 'msgr1/reef-rados.pcap.gz'));
    const servers = streams.flatMap(
      ({ session }) => (session?.['serverByMap'] as { entity: string } | undefined) ?? [],
    );
    expect(new Set(servers.map((s) => s.entity))).toEqual(new Set(['mon.a', 'mgr.x', 'osd.0', 'osd.1']));
  });

  it('is never another OSD than the one that answers there', async () => {
    let compared = 0;
    const { streams } = await read('crc-reconnect.pcap.gz');
    for (const { session = {} } of streams) {
      for (const side of ['client', 'server']) {
        const said = session[side] as string | undefined;
        const daemon = session[`${side}ByMap`] as { entity: string } | undefined;
        if (said?.startsWith('osd.') !== true || daemon === undefined) continue;
        expect(daemon.entity).toBe(said);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(15);
  });

  it('says that it names no more addresses (daemonAddresses)', async () => {
    const limits = { ...DEFAULT_LIMITS, daemonAddresses: 4 };
    const { findings } = await collect(join(CAPTURES, 'msgr2/crc-omap.pcap.gz'), { limits });
    const said = findings.map((f) => f.text).filter((text) => text.startsWith('daemonAddresses'));
    expect(said).toEqual(['daemonAddresses: more than 4 addresses and changes in the maps; later ones are not named']);
  });
});
