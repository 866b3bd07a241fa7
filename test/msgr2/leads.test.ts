/** What rules read of fronts stands where the descriptions have it: in every message of the recordings. */
import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { decode } from '../../src/base/structure/decode.js';
import { openCapture } from '../../src/capture/source.js';
import { Analysis } from '../../src/engine/analysis.js';
import { heldFront } from '../../src/protocols/msgr2/annotate.js';
import { LEADS } from '../../src/protocols/ceph/leads.js';
import { DataFrame } from '../../src/protocols/msgr2/message.js';
import { messageTypeName } from '../../src/protocols/ceph/message-types.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { SETTINGS } from '../kit/settings.js';

const FOLDER = 'captures/msgr2';

type Fields = Readonly<Record<string, unknown>>;

/** A value without its place. */
function bare(value: unknown): unknown {
  return typeof value === 'object' && value !== null && 'at' in value && 'value' in value ? value.value : value;
}

it('reads the same of every front as its description does', async () => {
  const seen = new Map<string, number>();
  const limits = { ...DEFAULT_LIMITS, detailBytes: 1 << 20 };
  const analysis = new Analysis(
    { ...SETTINGS, protocols: PROTOCOLS, limits, details: true, bytes: true },
    {
      capture: () => undefined,
      message: (_, m) => {
        if (!(m instanceof DataFrame) || !m.headed || !m.complete || m.damaged) return;
        if (!LEADS.some(([type, from, to]) => m.type === type && m.version >= from && m.version <= to)) return;
        const held = heldFront(m);
        if (held === null) return;
        const name = `${messageTypeName(m.type)} v${m.version}`;
        const { body, bytes, start, end } = held;
        const whole = decode(body.form, bytes, start, end, { limits, version: m.version }).value as Fields;
        const lead = m.lead?.value as Fields | undefined;
        expect(lead, name).toBeDefined();
        for (const [field, value] of Object.entries(lead!)) {
          const other = whole[field];
          if (typeof other === 'number' || typeof other === 'bigint')
            expect(bare(value), `${name} ${field}`).toBe(other);
        }
        seen.set(name, (seen.get(name) ?? 0) + 1);
      },
      finding: () => undefined,
      stream: () => undefined,
      summary: () => undefined,
    },
  );
  for (const file of readdirSync(FOLDER).filter((f) => /\.pcap(ng)?(\.gz)?$/.test(f))) {
    const live = analysis.live(file);
    await openCapture(`${FOLDER}/${file}`).read(live.sink);
    live.end();
  }
  expect([...seen.keys()].length).toBeGreaterThan(8);
});
