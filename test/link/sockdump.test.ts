import { describe, expect, it } from 'vitest';
import { Sockdump } from '../../src/link/sockdump.js';
import { sockdumpRecord } from '../kit/sockdump-writer.js';
import { linkEvents, outline, sides } from '../kit/socket-links.js';

const make = (limits: ConstructorParameters<typeof Sockdump>[0]): Sockdump => new Sockdump(limits);

function u64(value: number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setUint32(4, value);
  return out;
}

function record(sender: number, peer: number, text: string, path?: string): Uint8Array {
  return sockdumpRecord(sender, peer, Buffer.from(text, 'latin1'), path);
}

function oldRecord(sender: number, peer: number, text: string): Uint8Array {
  return Uint8Array.from([...u64(peer), ...u64(sender), ...Buffer.from(text, 'latin1')]);
}

const SERVER = 50;

describe('sockdump records', () => {
  it('joins the two directions of a connection', () => {
    const { events, refused } = linkEvents(make, [
      record(SERVER, 70, 'hello '),
      record(70, SERVER, 'ping'),
      record(SERVER, 70, 'pong'),
    ]);
    expect(refused).toEqual([]);
    expect(outline(events)).toEqual([
      'sockdump 1 0 open',
      'sockdump 1 0: hello ',
      'sockdump 1 1: ping',
      'sockdump 1 0: pong',
    ]);
    const { event } = events[0]!;
    expect(event).toMatchObject({
      transport: 'unix',
      path: '/run/x.sock',
      ordered: false,
      rolesKnown: false,
      assumed: true,
    });
    expect(event.endpoints).toEqual(['unix:pid=50', 'unix:pid=70']);
  });

  it('keeps several clients of one server apart', () => {
    const { events } = linkEvents(make, [
      record(70, SERVER, 'a'),
      record(71, SERVER, 'b'),
      record(SERVER, 71, 'B'),
      record(SERVER, 70, 'A'),
    ]);
    expect(sides(events, 'sockdump 1')).toEqual(['a', 'A']);
    expect(sides(events, 'sockdump 2')).toEqual(['b', 'B']);
  });

  it('knows a server by its second client', () => {
    const { events } = linkEvents(make, [record(70, SERVER, 'a'), record(71, SERVER, 'b'), record(SERVER, 72, 'C')]);
    const opened = events.filter((e) => e.kind === 'open').map((e) => [e.event.rolesKnown, e.from]);
    expect(opened).toEqual([
      [false, 0],
      [true, 0],
      [true, 1],
    ]);
  });

  it('joins a server that forked after listening', () => {
    // clients see the process that called listen(), 49; the daemon sends as 50
    const { events } = linkEvents(make, [record(SERVER, 70, 'A'), record(70, 49, 'a')]);
    expect(sides(events, 'sockdump 1')).toEqual(['A', 'a']);
  });

  it('joins it also where its clients speak first, once it is known as a server', () => {
    const { events } = linkEvents(make, [record(70, 49, 'a'), record(71, 49, 'b'), record(SERVER, 71, 'B')]);
    expect(sides(events, 'sockdump 2')).toEqual(['b', 'B']);
  });

  it('does not give the bytes of one client to a silent one before it', () => {
    const { events } = linkEvents(make, [record(SERVER, 70, 'A'), record(71, SERVER, 'b'), record(SERVER, 71, 'B')]);
    expect(sides(events, 'sockdump 1')).toEqual(['A', '']);
    expect(sides(events, 'sockdump 2')).toEqual(['b', 'B']);
  });

  it('keeps paths apart', () => {
    const { events } = linkEvents(make, [
      record(SERVER, 70, 'A', '/run/a'),
      record(SERVER, 70, 'B', '/run/b'),
      record(70, SERVER, 'b', '/run/b'),
    ]);
    expect(sides(events, 'sockdump 1')).toEqual(['A', '']);
    expect(sides(events, 'sockdump 2')).toEqual(['B', 'b']);
  });

  it('reads records without a path', () => {
    const { events, refused } = linkEvents(make, [oldRecord(SERVER, 70, 'A'), oldRecord(70, SERVER, 'a')]);
    expect(refused).toEqual([]);
    expect(sides(events, 'sockdump 1')).toEqual(['A', 'a']);
    expect(events[0]!.event.path).toBe('');
  });

  it('joins two senders that know no peer, but not three', () => {
    const two = linkEvents(make, [oldRecord(SERVER, 0, 'A'), oldRecord(70, 0, 'a')]).events;
    expect(sides(two, 'sockdump 1')).toEqual(['A', 'a']);
    const three = linkEvents(make, [oldRecord(SERVER, 0, 'A'), oldRecord(70, 0, 'a'), oldRecord(71, 0, 'b')]).events;
    expect(sides(three, 'sockdump 2')).toEqual(['b', '']);
  });

  it('takes an abstract socket for one without a path', () => {
    const { events, refused } = linkEvents(make, [record(SERVER, 70, 'A', ''), record(70, SERVER, 'a', '')]);
    expect(refused).toEqual([]);
    expect(sides(events, 'sockdump 1')).toEqual(['A', 'a']);
  });

  it('tells how much of a record is missing', () => {
    const { events } = linkEvents(make, [
      { bytes: record(SERVER, 70, 'half'), cut: 6 },
      { bytes: record(SERVER, 70, ''), cut: 5 },
    ]);
    expect(events.filter((e) => e.kind === 'data').map((e) => [e.text, e.length])).toEqual([
      ['half', 10],
      ['', 5],
    ]);
  });

  it('refuses what others use this link type for', () => {
    const foreign = Uint8Array.from({ length: 200 }, (_, i) => (i * 37 + 11) & 0xff);
    expect(linkEvents(make, [foreign, new Uint8Array(0), new Uint8Array(300)])).toEqual({
      events: [],
      refused: [1, 2, 3],
      limitHit: '',
    });
  });
});

describe('sockdump limits', () => {
  it('bound paths and pairs, and are told', () => {
    const paths = Array.from({ length: 20 }, (_, i) => record(SERVER, 70, 'x', `/run/${i}`));
    expect(linkEvents(make, paths).limitHit).toBe('');
    expect(linkEvents(make, paths, { listItems: 5 }).limitHit).toMatch(/^listItems: more than 5 socket paths/);
    const pairs = Array.from({ length: 20 }, (_, i) => record(SERVER, 70 + i, 'x'));
    expect(linkEvents(make, pairs, { flows: 5 }).limitHit).toMatch(/^flows: more than 5 pairs/);
  });
});
