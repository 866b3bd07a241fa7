import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { playSteps, type StepOptions } from '../../src/engine/example.js';
import type { Reporter } from '../../src/engine/event.js';
import { EventLines, LinesTo } from '../../src/report/event-lines.js';
import type { Event } from '../../src/report/event-object.js';
import { EventReporter } from '../../src/report/event-reporter.js';
import { Fingerprints } from '../../src/report/fingerprint.js';
import { client, server, toy } from '../kit/toy-protocol.js';

const session = [server('TOY!'), client('Q', 1, 2, 'Q', 2, 0), server('A', 1, 'xy'), server('A', 2, 'N', 3, 'abc')];

function play(steps: readonly Step[], options: StepOptions = {}): { objects: Event[]; lines: string[] } {
  const objects: Event[] = [];
  const lines: string[] = [];
  playSteps(toy, steps, options, new EventReporter((e) => objects.push(e)));
  playSteps(toy, steps, options, new EventLines(new LinesTo((l) => lines.push(l))));
  return { objects, lines };
}

describe('events', () => {
  it('are the same as objects and as lines', () => {
    const { objects, lines } = play([...session, { then: 'new connection' }, ...session]);
    expect(lines).toEqual(objects.map((o) => JSON.stringify(o)));
    expect(objects).toHaveLength(16);
  });

  it('have the fields that are promised, in their order', () => {
    const { lines } = play(session.slice(0, 2));
    expect(lines).toEqual([
      '{"type":"message","file":"example","stream":1,"protocol":"toy","direction":"server-to-client","index":1,"name":"TOY","offset":0,"length":4,"packet":2,"time":"2023-11-14T22:13:20.002000000Z","fields":{"id":0,"size":0},"context":"own","complete":true,"inReplyTo":null}',
      '{"type":"message","file":"example","stream":1,"protocol":"toy","direction":"client-to-server","index":2,"name":"QUESTION","offset":0,"length":3,"packet":3,"time":"2023-11-14T22:13:20.003000000Z","fields":{"id":1,"size":2},"context":"own","complete":true,"inReplyTo":null}',
      '{"type":"message","file":"example","stream":1,"protocol":"toy","direction":"client-to-server","index":3,"name":"QUESTION","offset":3,"length":3,"packet":3,"time":"2023-11-14T22:13:20.003000000Z","fields":{"id":2,"size":0},"context":"own","complete":true,"inReplyTo":null}',
      '{"type":"finding","file":"example","stream":1,"protocol":"toy","rule":"toy/zero-size","severity":"error","party":"client","confidence":"certain","direction":"client-to-server","message":3,"related":[],"offset":5,"length":1,"packet":3,"time":"2023-11-14T22:13:20.003000000Z","text":"size is 0","spec":"Toys, chapter 1"}',
      '{"type":"stream","file":"example","stream":1,"transport":"tcp","client":"192.0.2.1:40001","server":"192.0.2.2:10809","protocol":"toy","classifiedBy":"magic","bytes":{"client-to-server":6,"server-to-client":4},"missing":{"client-to-server":0,"server-to-client":0},"start":"captured","end":"open","messages":3,"findings":{"error":1,"warning":0,"note":0},"contextFree":{"client-to-server":true,"server-to-client":true},"session":{"answers":0}}',
    ]);
  });

  it('say that a message needed the peer, or is not whole', () => {
    const { objects } = play([server('TOY!'), client('Q', 1, 9), server('A', 1, 'xy')]);
    expect(objects[2]).toMatchObject({ name: 'ANSWER', context: 'peer', complete: false, inReplyTo: 2 });
    expect(objects.at(-1)).toMatchObject({ contextFree: { 'client-to-server': true, 'server-to-client': false } });
  });
});

describe('fingerprints', () => {
  const prints = (steps: readonly Step[], options: StepOptions = {}): string[] => {
    const all = new Fingerprints();
    const list: string[] = [];
    const nothing = (): void => undefined;
    const reporter: Reporter = {
      capture: nothing,
      message: nothing,
      stream: nothing,
      summary: nothing,
      finding: (f) => list.push(all.of(f)),
    };
    playSteps(toy, steps, options, reporter);
    return list;
  };
  const bad = client('Q', 7, 0);

  it('survive other packets, times, ports and stream numbers', () => {
    const [first] = prints([server('TOY!'), bad]);
    expect(first).toMatch(/^[0-9a-f]{32}$/);
    expect(prints([server('TOY!'), client('N', 0), server('N', 0), bad], { port: 4444, chop: 1 })).toEqual([first]);
    expect(prints([server('TOY!'), { then: 'new connection' }, server('TOY!'), client('Q', 9, 0)])).toEqual([first]);
  });

  it('tell findings apart that are alike', () => {
    const list = prints([server('TOY!'), bad, bad, bad]);
    expect(new Set(list).size).toBe(3);
    expect(list[0]).toBe(prints([server('TOY!'), bad])[0]);
  });
});
