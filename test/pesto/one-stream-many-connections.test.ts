import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Analysis } from '../../src/engine/analysis.js';
import { pesto } from '../../src/protocols/pesto/index.js';
import type { Event } from '../../src/report/event-object.js';
import { EventReporter } from '../../src/report/event-reporter.js';
import { ALT, bytesOf, END, entry, hello, section, WEB } from '../../src/protocols/pesto/build.js';
import { collect, namesOf } from '../kit/collect.js';
import { pcapFile } from '../kit/pcap-writer.js';
import { sockdumpRecord } from '../kit/sockdump-writer.js';
import { SETTINGS } from '../kit/settings.js';

const work = mkdtempSync(join(tmpdir(), 'wirelint-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const SERVER = 50;
const CLIENT = 70;

const list = (...rules: Uint8Array[]): Uint8Array =>
  sockdumpRecord(SERVER, CLIENT, bytesOf(hello(), entry(1, rules), entry(3), END));
const update = (...rules: Uint8Array[]): Uint8Array =>
  sockdumpRecord(CLIENT, SERVER, bytesOf(section(1, rules), section(3), END));

function recording(name: string, records: readonly Uint8Array[]): string {
  const path = join(work, name);
  writeFileSync(
    path,
    pcapFile(
      records.map((data, i) => ({ data, seconds: 1000 + i })),
      { linkType: 147 },
    ),
  );
  return path;
}

describe('three connections of one process, which a probe of the kernel cannot tell apart', () => {
  it('are told apart by the hello', async () => {
    const { streams, messages, findings } = await collect(
      recording('three.pcap', [list(WEB), update(WEB, ALT), list(WEB, ALT), update(ALT), list(ALT)]),
    );
    expect(streams).toHaveLength(1);
    expect(namesOf(messages)).toMatchObject({ HELLO: 3, PIF_END: 5 });
    expect(findings.map((f) => f.rule)).toEqual([]);
    expect(streams[0]!.session).toMatchObject({
      transactions: 3,
      update: 'none',
      previousUpdate: 'the list shows the update before it in this stream: it was accepted',
    });
  });

  it('are told apart also where all of the client was recorded first', async () => {
    const { streams, messages, findings } = await collect(
      recording('shuffled.pcap', [update(WEB, ALT), update(ALT), list(WEB), list(WEB, ALT), list(ALT)]),
      { levels: new Map([['pesto/update-summary', 'note']]) },
    );
    expect(namesOf(messages)).toMatchObject({ HELLO: 3, RULE: 7 });
    expect(findings.filter((f) => f.severity === 'error')).toEqual([]);
    expect(findings.filter((f) => f.rule === 'pesto/update-summary').map((f) => f.text)).toEqual([
      'HOST +1 -0 =1, SPLICE unchanged: HOST + TCP [*]:9090 => 9090',
      'HOST +0 -1 =1, SPLICE unchanged: HOST - TCP [*]:8080 => 8080',
    ]);
    expect(streams[0]!.session).toMatchObject({ transactions: 3 });
  });

  it('bytes after an update are too many when no further hello follows', async () => {
    const trailing = sockdumpRecord(CLIENT, SERVER, Uint8Array.of(1, 2, 3));
    const { findings, messages } = await collect(recording('trailing.pcap', [list(WEB), update(ALT), trailing]));
    expect(findings.filter((f) => f.severity !== 'note').map((f) => [f.rule, f.confidence, f.text])).toEqual([
      ['pesto/client-data-after-update', 'likely', 'the update is complete, and the client goes on with byte 01'],
    ]);
    expect(namesOf(messages)).toMatchObject({ HELLO: 1, PIF_END: 2 });
  });

  it('an update without its list does not spoil the next one', async () => {
    const { findings, streams } = await collect(
      recording('no-list.pcap', [list(WEB), update(ALT), update(WEB), list(WEB)]),
    );
    expect(findings.filter((f) => f.severity === 'error')).toEqual([]);
    expect(streams[0]!.contextFree).toEqual({ 'client-to-server': false, 'server-to-client': true });
  });
});

describe('recordings of several servers', () => {
  it('that have the same path in different files are not compared', async () => {
    const events: Event[] = [];
    const analysis = new Analysis({ ...SETTINGS, protocols: [pesto] }, new EventReporter((e) => events.push(e)));
    const one = recording('one.pcap', [list(WEB), update(ALT)]);
    const other = recording('other.pcap', [list(WEB)]);
    await analysis.run(one);
    await analysis.run(other);
    const rules = events.flatMap((e) => (e.type === 'finding' ? [e.rule] : []));
    expect(rules).not.toContain('pesto/update-not-reflected');
    const together = await collect(recording('both.pcap', [list(WEB), update(ALT), list(WEB)]));
    expect(together.findings.map((f) => f.rule)).toContain('pesto/update-not-reflected');
  });
});
