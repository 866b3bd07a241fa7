import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { MessageEvent } from '../../src/report/event-object.js';
import { blame, collect, namesOf, type Collected } from '../kit/collect.js';

const FOLDER = 'captures/pesto';

interface ExpectedConnection {
  readonly version: number;
  /** Name, id and number of rules of each listed table. */
  readonly tables: readonly (readonly [string, number, number])[];
  /** Id, announced number of rules, and rules of each section. */
  readonly update: readonly (readonly [number, number, readonly string[]])[] | null;
}

/** What an independent decoder found in the recordings. */
const expected = JSON.parse(readFileSync(`${FOLDER}/expected.json`, 'utf8')) as Record<
  string,
  readonly ExpectedConnection[]
>;

/** Findings of severity warning and error that a recording holds, by id; all others hold none. */
const FOUND: Record<string, Record<string, number>> = {
  'p11-dup-rule-sent.pcap': { 'rule-conflict': 1, 'client-omits-pif': 1, 'update-rejected': 1 },
  'p18-same-pif-twice.pcap': { 'client-duplicate-pif': 1, 'client-omits-pif': 1 },
  'p21-bad-fields.pcap': {
    'rule-range-inverted': 1,
    'rule-port-zero': 1,
    'rule-unknown-flags': 1,
    'rule-proto-unsupported': 1,
    'rule-dual-stack-address': 1,
    'rule-target-overflow': 1,
    'rule-target-family': 1,
    'rule-target-multicast': 1,
    'client-omits-pif': 8,
    'update-rejected': 8,
  },
  'p23-early-write.pcap': { 'client-before-list': 1 },
  'p35-v1-rule-to-v2.pcap': { 'update-version-skew': 1 },
  'p46-v1-tcp.pcapng': { 'update-truncated': 1 },
  'p52-tap-tcp.pcapng': { 'rule-count-too-big': 1, 'update-rejected': 1 },
  'q03-version-3.pcap': { 'unsupported-version': 1 },
  'q08-count-256.pcap': { 'rule-count-too-big': 1 },
  'q15-v1-hello-v2-rules.pcap': {
    'rule-port-zero': 1,
    'rule-target-zero': 1,
    'rule-proto-unsupported': 1,
    'caps-scan-mode': 1,
    'server-data-after-list': 1,
  },
};

/** A rule as the independent decoder writes it. */
function shortForm(m: MessageEvent): string {
  const f = m.fields as Record<string, number | string | string[]>;
  const addr = (f['flags'] as string[]).includes('DUAL_STACK_ANY') ? '*' : f['addr'];
  const ports = f['first'] === f['last'] ? `${f['first']}` : `${f['first']}-${f['last']}`;
  const device = f['ifname'] === '' ? '' : `%${f['ifname']}`;
  return `${f['proto']} [${addr}]${device}:${ports}=>${f['to']}`;
}

/** Lists and updates of one stream, in the independent decoder's form. */
function connectionOf(messages: readonly MessageEvent[]): ExpectedConnection {
  const server = messages.filter((m) => m.direction === 'server-to-client');
  const client = messages.filter((m) => m.direction === 'client-to-server');
  const update: [number, number, string[]][] = [];
  for (const m of client) {
    if (m.name === 'PIF') update.push([m.fields['pif'] as number, m.fields['count'] as number, []]);
    else if (m.name === 'RULE') update.at(-1)![2].push(shortForm(m));
  }
  return {
    version: server[0]!.fields['version'] as number,
    tables: server
      .filter((m) => m.name === 'PIF')
      .map((m) => [m.fields['name'] as string, m.fields['pif'] as number, m.fields['count'] as number]),
    update: client.length === 0 ? null : update,
  };
}

function connections(c: Collected): ExpectedConnection[] {
  return c.streams
    .map((s) => c.messages.filter((m) => m.stream === s.stream))
    .filter((list) => list.length > 0)
    .map(connectionOf);
}

describe.each(Object.keys(expected))('%s', (file) => {
  it('holds what an independent decoder found', async () => {
    const got = connections(await collect(`${FOLDER}/${file}`));
    const want = expected[file]!;
    if (file === 'p35-v1-rule-to-v2.pcap') {
      // the other decoder reads on with the server's size; here the bytes show the client's
      expect(got[0]!.update).toEqual([
        [1, 1, ['TCP [192.0.2.5]:8100=>8100']],
        [3, 0, []],
      ]);
      return;
    }
    if (file === 'p21-bad-fields.pcap') {
      expect(got.map((c) => c.tables)).toEqual(want.map((c) => c.tables));
      expect(got.map((c) => c.update!.length)).toEqual(want.map((c) => c.update!.length));
      return;
    }
    if (file === 'p52-tap-tcp.pcapng' || file === 'q08-count-256.pcap') {
      expect(got.map((c) => c.tables)).toEqual(want.map((c) => c.tables));
      return;
    }
    expect(got).toEqual(want);
  });

  it('shows what is wrong with it, and nothing else', async () => {
    const { findings } = await collect(`${FOLDER}/${file}`);
    const got: Record<string, number> = {};
    for (const f of findings.filter((x) => x.severity !== 'note' && x.party !== 'capture')) {
      const id = f.rule.slice('pesto/'.length);
      got[id] = (got[id] ?? 0) + 1;
    }
    expect(got).toEqual(FOUND[file] ?? {});
  });
});

describe('one session, recorded in many ways', () => {
  /** Files with the session in which port 9090 is added, and which of their connections it is. */
  const FORMS: readonly (readonly [string, number])[] = [
    ['p50-tap-sockdump.pcap', 2],
    ['p55-sockdump16.pcap', 1],
    ['p52-tap-tcp.pcapng', 1],
    ['p58-strace-yy.strace.txt', 1],
    ['p59-socat.socat.txt', 1],
    ['raw pair', 1],
    ['same-exported-pdu.pcapng', 1],
    ['same-vsockmon.pcap', 1],
    ['same-text2pcap.pcap', 1],
  ];
  const RAW = { client: `${FOLDER}/p59-socat.c2s.raw`, server: `${FOLDER}/p59-socat.s2c.raw` };

  async function session(form: string, stream: number): Promise<unknown> {
    const { messages, findings } = await collect(form === 'raw pair' ? RAW : `${FOLDER}/${form}`);
    expect(blame(findings.filter((f) => f.stream === stream))).toEqual([]);
    const essence = (direction: string): unknown[] =>
      messages
        .filter((m) => m.stream === stream && m.direction === direction)
        .map(({ name, offset, length, fields, context, complete }) => ({
          name,
          offset,
          length,
          fields,
          context,
          complete,
        }));
    return { client: essence('client-to-server'), server: essence('server-to-client') };
  }

  it.each(FORMS)('%s', async (form, stream) => {
    const first = await session(...FORMS[0]!);
    expect((first as { client: unknown[] }).client).toHaveLength(6);
    expect(await session(form, stream)).toEqual(first);
  });
});

describe('recordings that lack something', () => {
  it('counts what a probe did not see, and blames nobody', async () => {
    const { findings, streams, messages } = await collect(`${FOLDER}/p72-lost-payload.pcap`);
    expect(blame(findings)).toEqual([]);
    expect(streams[0]!.missing).toEqual({ 'client-to-server': 56, 'server-to-client': 56 });
    expect(namesOf(messages)).toEqual({ HELLO: 1, PIF: 4, RULE: 1, PIF_END: 2 });
  });

  it('says that a file is cut', async () => {
    const { findings, messages } = await collect(`${FOLDER}/p75-file-cut.pcap`);
    expect(findings.map((f) => f.rule)).toContain('capture/truncated');
    expect(blame(findings)).toEqual([]);
    expect(messages.length).toBeGreaterThan(3);
  });

  it('recognises a server with a wrong magic by what follows', async () => {
    const { findings, streams } = await collect(`${FOLDER}/q01-bad-magic.pcap`);
    expect(streams[0]).toMatchObject({ protocol: 'pesto', classifiedBy: 'heuristic' });
    expect(findings.filter((f) => f.severity === 'error').map((f) => f.rule)).toEqual(['pesto/bad-magic']);
  });

  it('joins a daemon to its clients, and names the server by its path', async () => {
    const { streams } = await collect(`${FOLDER}/p74-daemon-pids.pcap`);
    expect(streams).toHaveLength(1);
    expect(streams[0]).toMatchObject({
      transport: 'unix',
      client: 'unix:pid=11316',
      server: 'unix:/run/pasta/ctl.sock',
    });
  });
});

describe('against the tools themselves', () => {
  it('prints rules as pesto does', async () => {
    const { streams } = await collect(`${FOLDER}/targets.strace.txt`);
    // the output of `pesto -s`, with its double blanks made single ones
    expect((streams[0]!.session['tables'] as { HOST: string[] }).HOST).toEqual([
      'TCP [*]:18080 => 18080',
      'TCP [127.0.0.1]:2222 => 10.0.2.15:22',
      'TCP [127.0.0.1]%lo:3000-3010 => 10.0.2.15:4000-4010',
      'UDP [0.0.0.0]:5353 => 10.0.2.15:53',
      'TCP [::]:8443 => 8443',
      'TCP [::1]:9443 => 2001:db8::9:443',
    ]);
  });

  it('agrees with a server about what it takes', async () => {
    const { findings, streams } = await collect(`${FOLDER}/tcp-bridge.pcap`);
    const loud = streams.map((s) =>
      findings.filter((f) => f.stream === s.stream && f.severity !== 'note').map((f) => f.rule.slice('pesto/'.length)),
    );
    expect(loud).toEqual([
      [],
      [],
      ['update-truncated'],
      ['partial-update-stall'],
      ['client-idle', 'client-omits-pif', 'update-clears-all'],
      ['rule-port-zero', 'rule-target-zero', 'update-rejected'],
      ['client-hello'],
      [],
      ['client-before-list'],
      ['client-data-after-update'],
      ['client-unknown-pif', 'update-rejected'],
      [],
      ['update-clears-all'],
      [],
    ]);
    const outcome = streams.map(
      (s) => /(accepted|discarded|refused)$/.exec(String(s.session['previousUpdate']))?.[1] ?? '',
    );
    expect(outcome).toEqual([
      '',
      'accepted',
      '',
      'discarded',
      'accepted',
      'accepted',
      'refused',
      '',
      '',
      'accepted',
      'accepted',
      '',
      '',
      'accepted',
    ]);
  });
});

describe('connections to one server', () => {
  it('show what became of each other', async () => {
    const { streams } = await collect(`${FOLDER}/p46-v1-tcp.pcapng`);
    expect(streams.map((s) => [s.session['update'], s.session['previousUpdate'] ?? null])).toEqual([
      ['complete', null],
      ['truncated', 'the list shows the update of stream 1: it was accepted'],
      ['none', 'the list does not show the cut update of stream 2: it was discarded'],
    ]);
  });

  it('show that an update was refused', async () => {
    const { streams } = await collect(`${FOLDER}/p11-dup-rule-sent.pcap`);
    expect(streams[1]!.session['previousUpdate']).toBe('the list does not show the update of stream 1: it was refused');
  });
});
