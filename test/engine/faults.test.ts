import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import type { Message } from '../../src/contract/message.js';
import type { Conversation, Protocol } from '../../src/contract/protocol.js';
import { LinkDecoder } from '../../src/link/link-decoder.js';
import { Analysis } from '../../src/engine/analysis.js';
import type { Reporter } from '../../src/engine/event.js';
import { EventLines, LinesTo } from '../../src/report/event-lines.js';
import { EventReporter } from '../../src/report/event-reporter.js';
import { Transcript } from '../../src/report/transcript.js';
import { scratch } from '../kit/cli.js';
import { pcapFile } from '../kit/pcap-writer.js';
import { sessionPackets } from '../kit/session-packets.js';
import { client, server, toy, type ToyMessage } from '../kit/toy-protocol.js';

/** Stream 2 of 3 is the one that meets the bug. */
const BROKEN = 2;
const MARK = 66;

const folder = scratch();
const capture = join(folder, 'three.pcap');
const frames = [1, 2, 3].map((id) => {
  const mark = id === BROKEN ? MARK : id;
  const ends = [
    { from: 'client', end: 'fin' },
    { from: 'server', end: 'fin' },
  ] as const;
  const steps = [
    server('TOY!'),
    client('Q', mark, 0),
    server('A', mark),
    client('Q', mark, 9),
    server('A', mark, '123456789'),
  ];
  return sessionPackets([...steps, client('N', 4, 'last'), ...ends], 7, (n) => n, 40_000 + id);
});
writeFileSync(capture, pcapFile(frames[0]!.flatMap((_, i) => frames.map((f) => ({ data: f[i]!.frame })))));

function bug(): never {
  throw new TypeError('a fault was injected');
}

/** The toy, with a part of one conversation replaced. */
function conversing(change: (c: Conversation) => void): Protocol {
  return {
    ...toy,
    converse(context, output, settings) {
      const conversation = toy.converse(context, output, settings);
      if (context.connection.id === BROKEN) change(conversation);
      return conversation;
    },
  };
}

const isBroken = (m: Message): boolean => (m as ToyMessage).id === MARK;

/** Where a bug may be, and what it looks like there. */
const PLACES: Readonly<Record<string, Protocol>> = {
  probe: { ...toy, probe: (input) => (input.connection.id === BROKEN ? bug() : toy.probe(input)) },
  converse: {
    ...toy,
    converse: (context, ...rest) => (context.connection.id === BROKEN ? bug() : toy.converse(context, ...rest)),
  },
  'decoder.decode': conversing((c) => (c.client.decode = bug)),
  'decoder.bodyEnd': conversing((c) => (c.server.bodyEnd = bug)),
  'decoder.end': conversing((c) => (c.client.end = bug)),
  'session.begin': conversing((c) => (c.session.begin = bug)),
  'session.message': conversing((c) => (c.session.message = bug)),
  'session.end': conversing((c) => (c.session.end = bug)),
  'session.finish': conversing((c) => (c.session.finish = bug)),
  'session.summary': conversing((c) => (c.session.summary = bug)),
  'session.describe': conversing((c) => (c.session.describe = bug)),
  describe: { ...toy, describe: (m, verbose) => (isBroken(m) ? bug() : toy.describe(m, verbose)) },
  writeFields: {
    ...toy,
    writeFields: (m, out) => {
      out.open();
      if (isBroken(m)) bug();
      out.close();
    },
  },
  writeDescription: {
    ...toy,
    writeDescription: (m, verbose, out) => {
      out.text('half a line');
      if (isBroken(m)) bug();
      out.safe(toy.describe(m, verbose));
    },
  },
  annotate: { ...toy, annotate: (m) => (isBroken(m) ? bug() : toy.annotate(m)) },
};

interface Outcome {
  readonly text: string;
  readonly internalErrors: number;
}

type Format = 'events' | 'lines' | 'transcript' | 'bytes';

async function run(protocol: Protocol, format: Format, wrap = (r: Reporter): Reporter => r): Promise<Outcome> {
  let text = '';
  const add = (part: string): void => void (text += part);
  const reporter =
    format === 'events'
      ? new EventReporter((e) => add(`${JSON.stringify(e)}\n`))
      : format === 'lines'
        ? new EventLines(new LinesTo((line) => add(`${line}\n`)))
        : new Transcript(add, { colors: false, verbose: true, hex: format === 'bytes', nameOf: (f) => f });
  const analysis = new Analysis(
    {
      limits: DEFAULT_LIMITS,
      protocols: [protocol],
      decodeAs: [],
      streams: new Set(),
      levels: new Map(),
      details: true,
      bytes: true,
      keyrings: [],
      showSecrets: false,
    },
    wrap(reporter),
  );
  await analysis.run(capture);
  analysis.finish();
  return { text, internalErrors: analysis.internalErrors };
}

/** What only some formats call. */
const UNUSED: Readonly<Record<Format, readonly string[]>> = {
  events: ['describe', 'writeDescription', 'writeFields', 'session.describe'],
  lines: ['describe', 'writeDescription', 'session.describe'],
  transcript: ['session.summary', 'annotate', 'writeFields'],
  bytes: ['session.summary', 'writeDescription', 'writeFields'],
};

describe.each(['events', 'lines', 'transcript', 'bytes'] as const)('a bug, printed as %s', (format) => {
  it.each(Object.entries(PLACES).filter(([place]) => !UNUSED[format].includes(place)))(
    'in %s: is a finding of its stream, and the others go on',
    async (_, protocol) => {
      const { text, internalErrors } = await run(protocol, format);
      expect(internalErrors).toBe(1);
      const told = text.split('\n').filter((line) => line.includes('a fault was injected'));
      expect(told).toHaveLength(1);
      expect(told[0]).toMatch(/a fault was injected \(while [a-z ]+, at packet \d+\)/);
      expect(text.match(/internal\/error/g)).not.toBeNull();
      // what was written of the message is taken back
      if (format === 'lines') for (const line of text.trim().split('\n')) expect(() => JSON.parse(line)).not.toThrow();
      expect(text).not.toMatch(/half a line(?!id)/);
      const isText = format === 'transcript' || format === 'bytes';
      const lasts = isText ? text.match(/NOTE  /g) : text.match(/"name":"NOTE"/g);
      expect(lasts!.length).toBeGreaterThanOrEqual(2);
      const ends = isText ? text.match(/^(end of )?stream \d[^\n]*$/gm)! : text.match(/"type":"stream"/g)!;
      expect(ends.length).toBeGreaterThanOrEqual(3);
      expect(text).toContain(isText ? '3 streams' : '"type":"summary"');
    },
  );

  it('in what prints a finding: the others are printed', async () => {
    const { text, internalErrors } = await run(toy, format, (r) => ({
      capture: r.capture.bind(r),
      open: (stream) => r.open?.(stream),
      message: r.message.bind(r),
      finding: (f) => (f.rule.id === 'toy/zero-size' && f.stream?.id === BROKEN ? bug() : r.finding(f)),
      stream: r.stream.bind(r),
      endOfFile: (file, packets) => r.endOfFile?.(file, packets),
      summary: r.summary.bind(r),
    }));
    expect(internalErrors).toBe(1);
    expect(text).toContain('a fault was injected (while printing a finding of toy/zero-size)');
    expect(text.match(/toy\/zero-size[" ]/g)!.length).toBeGreaterThanOrEqual(2);
  });
});

describe('a bug below the streams', () => {
  it('costs the packet that met it, and is told a bounded number of times', async () => {
    const sound = LinkDecoder.prototype.packet;
    let seen = 0;
    LinkDecoder.prototype.packet = function (packet) {
      if (++seen === 5) bug();
      sound.call(this, packet);
    };
    try {
      const { text, internalErrors } = await run(toy, 'events');
      expect(internalErrors).toBe(1);
      expect(text).toContain('a fault was injected (at packet 5, which is passed over)');
      expect(text.match(/"name":"NOTE"/g)).toHaveLength(3);
      LinkDecoder.prototype.packet = bug;
      const nothing = await run(toy, 'events');
      expect(nothing.internalErrors).toBeGreaterThan(10);
      expect(nothing.text).toContain('"type":"summary"');
    } finally {
      LinkDecoder.prototype.packet = sound;
    }
  });
});
