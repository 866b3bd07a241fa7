import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { captureBytes, without } from '../kit/capture-cuts.js';
import { analyzeBytes } from '../kit/in-memory.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import {
  clientCloses,
  data,
  DISC,
  go,
  hello,
  option,
  READ,
  request,
  server,
  serverCloses,
  simple,
  simpleSession,
  structuredSession,
  WRITE,
} from '../../src/protocols/nbd/rules/session-steps.js';

const serverResets: Step = { from: 'server', end: 'reset' };
const clientResets: Step = { from: 'client', end: 'reset' };

/** What is said of the end: rule, text, stream offset, and the indices of the messages that it points at. */
function ends(steps: readonly Step[], close: 'closed' | 'reset' = 'closed') {
  const { findings } = runSteps(nbd, steps, { close });
  return findings
    .filter((f) => f.severity !== 'note')
    .map((f) => ({ rule: f.rule.id, text: f.text, offset: f.offset, with: f.related.map((m) => m.index) }));
}

const bytesOf = (side: string, steps: readonly Step[]) =>
  steps.reduce((n, s) => n + ('bytes' in s && s.from === side ? s.bytes.length : 0), 0);
const first = (n: number, step: Step): Step =>
  'bytes' in step ? { from: step.from, bytes: step.bytes.subarray(0, n) } : step;

describe('the end of a session that nobody ended in order', () => {
  const reads = Array.from({ length: 12 }, (_, i) => request(READ, 100 + i, 512 * i, 512));

  it('stands where the stream of the one who closed ends, and names what is unanswered', () => {
    const steps = [...simpleSession(), ...reads, simple(103, 0, 512), simple(100, 0, 512)];
    const expected = {
      text: 'the server closed without having been asked to, and without ESHUTDOWN; 10 of 12 requests unanswered: cookies 101, 102, 104, 105, 106, 107, 108, 109 and 2 more',
      offset: bytesOf('server', steps),
      with: [8, 9, 11, 12, 13, 14, 15, 16, 17, 18],
    };
    expect(ends([...steps, serverCloses, clientCloses])).toEqual([{ rule: 'nbd/server-hard-disconnect', ...expected }]);
    expect(ends([...steps, serverResets], 'reset')).toEqual([{ rule: 'nbd/server-hard-disconnect', ...expected }]);
  });

  it('also where the client closed', () => {
    const steps = [...simpleSession(), reads[0]!, reads[1]!, simple(101, 0, 512)];
    expect(ends([...steps, clientCloses, serverCloses])).toEqual([
      {
        rule: 'nbd/client-hard-disconnect',
        text: 'the client closed without DISC; 1 of 2 requests unanswered: cookie 100',
        offset: bytesOf('client', steps),
        with: [7],
      },
    ]);
  });

  it('names the option that is unanswered', () => {
    const steps = [...hello(), option(3)];
    expect(ends([...steps, serverCloses, clientCloses])).toEqual([
      {
        rule: 'nbd/server-hard-disconnect-haggling',
        text: 'the server closed while the client was haggling; NBD_OPT_LIST unanswered',
        offset: 18,
        with: [3],
      },
    ]);
  });

  it('names the message inside which it came', () => {
    const cut = first(300, data(1, 0, 512));
    const steps = [...structuredSession(), request(READ, 1, 0, 512), cut];
    const [end, ...more] = ends([...steps, serverCloses, clientCloses]);
    expect(more).toEqual([]);
    expect(end).toMatchObject({
      rule: 'nbd/server-hard-disconnect',
      text: 'the server closed without having been asked to, and without ESHUTDOWN; inside NBD_REPLY_TYPE_OFFSET_DATA, of which 300 of 540 bytes were sent; 1 of 1 request unanswered: cookie 1',
    });
    const write = first(100, request(WRITE, 1, 0, 512));
    expect(ends([...simpleSession(), write, clientCloses, serverCloses])[0]!.text).toContain(
      'inside NBD_CMD_WRITE, of which 100 of 540 bytes were sent',
    );
  });

  it('after DISC is a fault of the server only where the server ended the connection', () => {
    const steps = [...simpleSession(), reads[0]!, request(DISC, 9)];
    const rules = (...end: Step[]) => ends([...steps, ...end], 'reset').map((f) => f.rule);
    expect(rules(serverResets)).toEqual(['nbd/disc-with-in-flight', 'nbd/unanswered-request']);
    expect(rules(clientResets)).toEqual(['nbd/disc-with-in-flight']);
  });

  it('says nothing of what the capture no longer holds', () => {
    const { findings } = runSteps(nbd, [...simpleSession(), ...reads], { close: 'open' });
    expect(findings.filter((f) => f.severity !== 'note')).toEqual([]);
  });
});

describe('a reply that its server never finished', () => {
  const half = (n = 1024) => [...simpleSession({ size: 1 << 24 }), request(READ, 1, 0, n), simple(1, 0, n / 2)];

  it('is the fault of the server, where the client had all of it and gave up', () => {
    for (const end of [[clientResets], [clientCloses, serverCloses], [clientCloses, serverResets]]) {
      expect(ends([...half(), ...end], end.length === 1 ? 'reset' : 'closed')).toMatchObject([
        {
          rule: 'nbd/reply-unfinished',
          text: 'the server sent 528 of 1040 bytes of NBD_SIMPLE_REPLY and no more; the client closed after 1 ms',
          with: [7],
        },
      ]);
    }
  });

  it('was not lost by the capture', () => {
    const { messages } = runSteps(nbd, [...half(), clientResets], { close: 'reset' });
    expect(messages.at(-1)).toMatchObject({ complete: false, missing: 512, unsent: 512 });
    const open = runSteps(nbd, half(), { close: 'open' }).messages.at(-1)!;
    expect(open).toMatchObject({ complete: false, missing: 512, unsent: 0 });
  });

  it('may be held up by a client that does not read, where much of it came just before', () => {
    const much = half(1 << 20);
    expect(ends([...much, clientResets], 'reset').map((f) => f.rule)).toEqual(['nbd/client-hard-disconnect']);
    const later = [...much, { pause: 30 }, clientResets];
    expect(ends(later, 'reset').map((f) => f.rule)).toEqual(['nbd/reply-unfinished']);
  });

  it('is the right of a server that closes inside the data of a simple reply', () => {
    const { findings } = runSteps(nbd, [...half(), serverCloses, clientCloses], { close: 'closed' });
    expect(findings.map((f) => f.rule.id)).toEqual(['nbd/read-payload-cut']);
  });

  it('counts in haggling, too', () => {
    const reply = first(24, go()[1]!);
    expect(ends([...hello(), go()[0]!, reply, { pause: 2 }, clientCloses, serverCloses]).map((f) => f.rule)).toEqual([
      'nbd/reply-unfinished',
    ]);
  });

  it('says nothing where bytes of the server are missing', () => {
    const steps = [...half().slice(0, -1), first(100, simple(1, 0, 512)), { from: 'server', gap: 12 } as Step];
    expect(ends([...steps, server(new Uint8Array(20)), clientResets], 'reset')).toEqual([]);
  });
});

describe('a client that closed before the ESHUTDOWN of its server reached it', () => {
  const recorded = captureBytes('captures/nbd/client-killed-in-flight.pcap');
  const told = (bytes: Uint8Array) => analyzeBytes(bytes).findings.map((f) => f.rule);

  it('is not told to have ignored it, also where its FIN was not captured', () => {
    expect(told(recorded.bytes)).toEqual(['nbd/client-hard-disconnect']);
    const fin = recorded.packets.length - 3;
    expect(told(without(recorded, (packet) => packet === fin))).not.toContain('nbd/no-disc-after-eshutdown');
  });
});
