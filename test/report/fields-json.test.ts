import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fieldsOf } from '../../src/base/annotation.js';
import { JsonBytes } from '../../src/base/json-bytes.js';
import { safeJson } from '../../src/base/safe-text.js';
import { Analysis } from '../../src/engine/analysis.js';
import { EventReporter } from '../../src/report/event-reporter.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { CAPTURES } from '../kit/cli.js';
import { SETTINGS } from '../kit/settings.js';

it("says the same as the field tree, in every message of every protocol that has a way of its own to the fields' JSON", async () => {
  const told = new Map<string, number>();
  class Compared extends EventReporter {
    override message(...[stream, m]: Parameters<EventReporter['message']>): void {
      const { writeFields, annotate } = stream.protocol!;
      if (writeFields === undefined) return;
      const out = new JsonBytes(16);
      writeFields(m, out);
      expect(out.toString()).toBe(safeJson(JSON.stringify(fieldsOf(annotate(m)))));
      told.set(m.name, (told.get(m.name) ?? 0) + 1);
    }
  }
  const analysis = new Analysis({ ...SETTINGS, protocols: PROTOCOLS, details: true }, new Compared(() => undefined));
  for (const folder of ['nbd', 'msgr2'])
    for (const name of readdirSync(join(CAPTURES, folder)).filter((n) => /\.pcap(ng)?(\.gz)?$/.test(n)))
      await analysis.run(join(CAPTURES, folder, name));
  expect([...told.keys()]).toEqual(
    expect.arrayContaining([
      ...['NBD_CMD_READ', 'NBD_REPLY_TYPE_BLOCK_STATUS', 'NBD_REPLY_TYPE_ERROR', 'NBD_OPT_GO'],
      ...['MESSAGE', 'HELLO', 'CLIENT_IDENT'],
    ]),
  );
});
