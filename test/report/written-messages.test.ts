import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { fieldsOf } from '../../src/base/annotation.js';
import { JsonBytes } from '../../src/base/json-bytes.js';
import { safeJson, safeText } from '../../src/base/safe-text.js';
import { TextBytes } from '../../src/base/text-bytes.js';
import { Analysis } from '../../src/engine/analysis.js';
import { EventReporter } from '../../src/report/event-reporter.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { CAPTURES } from '../kit/cli.js';
import { SETTINGS } from '../kit/settings.js';

it('says the same as the field tree and the description, in every message of every protocol that has a way of its own to write them', async () => {
  const told = new Set<string>();
  const described = new Set<string>();
  class Compared extends EventReporter {
    override message(...[stream, m]: Parameters<EventReporter['message']>): void {
      const { writeFields, annotate, writeDescription, describe } = stream.protocol!;
      if (writeFields !== undefined) {
        const out = new JsonBytes(16);
        writeFields(m, out);
        expect(out.toString()).toBe(safeJson(JSON.stringify(fieldsOf(annotate(m)))));
        told.add(m.name);
      }
      if (writeDescription === undefined) return;
      for (const verbose of [false, true]) {
        const out = new TextBytes(16);
        writeDescription(m, verbose, out);
        expect(out.toString()).toBe(safeText(describe(m, verbose)));
      }
      described.add(m.name);
    }
  }
  const analysis = new Analysis({ ...SETTINGS, protocols: PROTOCOLS, details: true }, new Compared(() => undefined));
  for (const folder of ['nbd', 'msgr2'])
    for (const name of readdirSync(join(CAPTURES, folder)).filter((n) => /\.pcap(ng)?(\.gz)?$/.test(n)))
      await analysis.run(join(CAPTURES, folder, name));
  expect([...described]).toEqual(
    expect.arrayContaining(['NBD_CMD_READ', 'NBD_REPLY_TYPE_BLOCK_STATUS', 'NBD_REPLY_TYPE_ERROR', 'NBD_OPT_GO']),
  );
  expect([...told]).toEqual(
    expect.arrayContaining([
      ...['NBD_CMD_READ', 'NBD_REPLY_TYPE_BLOCK_STATUS', 'NBD_REPLY_TYPE_ERROR', 'NBD_OPT_GO'],
      ...['MESSAGE', 'HELLO', 'CLIENT_IDENT'],
    ]),
  );
});
