import { describe, expect, it } from 'vitest';
import { fieldsOf } from '../../src/base/annotation.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { check, decode, explain } from '../../src/base/structure/decode.js';
import type { Type } from '../../src/base/structure/type.js';
import { openCapture } from '../../src/capture/source.js';
import { Analysis } from '../../src/engine/analysis.js';
import { auth, monMapMessage } from '../../src/protocols/ceph/bodies/monitors.js';
import { osdOp, osdOpReply } from '../../src/protocols/ceph/bodies/osd-operations.js';
import { DataFrame } from '../../src/protocols/msgr2/message.js';
import * as E from '../../src/protocols/ceph/encode.js';
import { MSG } from '../../src/protocols/ceph/message-types.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { SETTINGS } from '../kit/settings.js';

interface Front {
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** The fronts of one type in a recording in crc mode. */
async function frontsOf(capture: string, type: number): Promise<Front[]> {
  const fronts: Front[] = [];
  const limits = { ...DEFAULT_LIMITS, detailBytes: 1 << 20 };
  const analysis = new Analysis(
    { ...SETTINGS, protocols: PROTOCOLS, limits, details: true, bytes: true },
    {
      capture: () => undefined,
      message: (_, m) => {
        if (!(m instanceof DataFrame) || m.type !== type || !m.complete || m.head === null || m.mode !== 'crc') return;
        const start = 32 + m.length0 + (m.revision === 1 ? 4 : 0);
        fronts.push({ version: m.version, bytes: m.head.slice(start, start + m.length1) });
      },
      finding: () => undefined,
      stream: () => undefined,
      summary: () => undefined,
    },
  );
  const live = analysis.live(capture);
  await openCapture(`captures/msgr2/${capture}`).read(live.sink);
  live.end();
  return fronts;
}

const BODIES: readonly (readonly [string, string, number, Type<unknown>])[] = [
  ['OSD_OP', 'crc-reset.pcap.gz', MSG.OSD_OP, osdOp],
  ['OSD_OPREPLY', 'crc-reset.pcap.gz', MSG.OSD_OPREPLY, osdOpReply],
  ['MON_MAP', 'crc-reconnect.pcap.gz', MSG.MON_MAP, monMapMessage],
  ['MON_MAP', 'rev0-crc-boot.pcap.gz', MSG.MON_MAP, monMapMessage],
  ['AUTH', 'rev0-crc-boot.pcap.gz', MSG.AUTH, auth],
];

describe.each(BODIES)('%s in %s', (_, capture, type, body) => {
  it('is read to its last byte, the same with rows, and its JSON is that of its rows', async () => {
    const fronts = await frontsOf(capture, type);
    expect(fronts.length).toBeGreaterThan(0);
    for (const { version, bytes } of fronts) {
      const options = { limits: DEFAULT_LIMITS, version };
      const read = decode(body, bytes, 0, bytes.length, options);
      expect(read.problems).toEqual([]);
      expect(read.undecoded).toBe(0);
      const explained = explain(body, bytes, 0, bytes.length, 100, options);
      expect(explained.value).toEqual(read.value);
      expect(check(body, bytes, 0, bytes.length, options)).toEqual([]);
      expect(explained.rows.reduce((n, a) => n + a.length, 0)).toBe(bytes.length);
      expect(explained.rows[0]!.at).toBe(100);
      expect(Object.keys(body.json(read.value) as object)).toEqual(
        expect.arrayContaining(Object.keys(fieldsOf(explained.rows))),
      );
    }
  });

  it('never reads beyond its end, wherever it is cut, and says what is missing', async () => {
    for (const { version, bytes } of (await frontsOf(capture, type)).slice(0, 3)) {
      const options = { limits: DEFAULT_LIMITS, version };
      const padded = new Uint8Array([...bytes, ...new Uint8Array(64).fill(0xff)]);
      for (let end = 0; end < bytes.length; end++) {
        const read = decode(body, padded, 0, end, options);
        if (read.value !== null) continue;
        const [problem] = read.problems;
        expect(['short', 'length', 'count']).toContain(problem!.kind);
        expect(problem!.beyond).toBeGreaterThan(0);
        expect(problem!.at + problem!.length).toBeLessThanOrEqual(end);
        expect(problem!.path).not.toBe('');
        expect(check(body, padded, 0, end, options)).not.toEqual([]);
      }
    }
  });
});

describe('values', () => {
  it('of a monitor map are typed', async () => {
    const { version, bytes } = (await frontsOf('crc-reconnect.pcap.gz', MSG.MON_MAP))[0]!;
    const { value } = decode(monMapMessage, bytes, 0, bytes.length, { limits: DEFAULT_LIMITS, version });
    const { map } = value!.monmap;
    expect(map.fsid).toMatch(/^[0-9a-f]{8}-/);
    expect(map.monitors!.map((m) => [m.rankName, m.monitor.addresses.length > 0])).toEqual([['a', true]]);
    expect(map.ranks).toEqual(['a']);
  });

  it('of a login without a key: what is asked for, and no proof', () => {
    const asks = E.concat(E.u64(0), E.u16(0xffff), E.u64(0), E.u32(2), E.blob(E.u16(0x100)), E.u32(0));
    const { value, problems } = decode(auth, asks, 0, asks.length, { limits: DEFAULT_LIMITS, version: 1 });
    expect(problems).toEqual([]);
    expect(value!.payload).toEqual({ requestType: 0x100 });
  });
});
