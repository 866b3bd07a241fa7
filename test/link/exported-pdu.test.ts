import { describe, expect, it } from 'vitest';
import { ExportedPdu } from '../../src/link/exported-pdu.js';
import { linkEvents, outline } from '../kit/socket-links.js';

const make = (limits: ConstructorParameters<typeof ExportedPdu>[0]): ExportedPdu => new ExportedPdu(limits);

function u32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff];
}

function tag(type: number, value: readonly number[]): number[] {
  const padded = [...value];
  while (padded.length % 4 !== 0) padded.push(0);
  return [type >> 8, type & 0xff, padded.length >> 8, padded.length & 0xff, ...padded];
}

interface PduSpec {
  readonly toServer: boolean;
  readonly text: string;
  readonly portType?: number;
  readonly stream?: number;
  /** Sequence numbers: of the segment that ended the PDU, and after it. */
  readonly seq?: readonly [number, number];
  readonly reassembled?: boolean;
}

function pdu(spec: PduSpec): Uint8Array {
  const client = [10, 0, 0, 1];
  const server = [10, 0, 0, 2];
  const [from, to] = spec.toServer ? [client, server] : [server, client];
  const [sport, dport] = spec.toServer ? [40000, 10809] : [10809, 40000];
  const info =
    spec.seq === undefined
      ? []
      : tag(34, [0, 1, ...u32(spec.seq[0]), ...u32(spec.seq[1]), 0, 0, 0, 0, spec.reassembled ? 1 : 0, 0, 0x18, 0, 0]);
  return Uint8Array.from([
    ...tag(12, [...Buffer.from('data')]),
    ...tag(20, from),
    ...tag(21, to),
    ...tag(24, u32(spec.portType ?? 2)),
    ...tag(25, u32(sport)),
    ...tag(26, u32(dport)),
    ...info,
    ...(spec.stream === undefined ? [] : tag(39, u32(spec.stream))),
    ...tag(0, []),
    ...Buffer.from(spec.text),
  ]);
}

describe('exported PDUs', () => {
  it('pduTags: are not read behind a chain of empty tags, and that is said', () => {
    const many = Uint8Array.from([
      ...Array.from({ length: 40 }, () => tag(12, [])).flat(),
      ...pdu({ toServer: true, text: 'a' }),
    ]);
    const { events, refused, limitHit } = linkEvents(make, [many], { pduTags: 20 });
    expect([events, refused]).toEqual([[], [1]]);
    expect(limitHit).toBe('pduTags: more than 20 tags in front of a PDU; its packet is not decoded');
    expect(linkEvents(make, [many]).limitHit).toBe('');
  });

  it('puts the PDUs of each direction behind each other', () => {
    const { events } = linkEvents(make, [
      pdu({ toServer: false, text: 'hello ' }),
      pdu({ toServer: true, text: 'ping' }),
      pdu({ toServer: false, text: 'pong' }),
    ]);
    expect(outline(events)).toEqual(['pdu 1 0 open', 'pdu 1 0: hello ', 'pdu 1 1: ping', 'pdu 1 0: pong']);
    expect(events[0]!.event).toMatchObject({
      transport: 'tcp',
      endpoints: ['10.0.0.2:10809', '10.0.0.1:40000'],
      ports: [10809, 40000],
      ordered: true,
    });
  });

  it('keeps connections with the same addresses apart by their number', () => {
    const { events } = linkEvents(make, [
      pdu({ toServer: true, text: 'a', stream: 4 }),
      pdu({ toServer: true, text: 'b', stream: 7 }),
    ]);
    expect(outline(events).filter((line) => line.includes(':'))).toEqual(['pdu 1 0: a', 'pdu 2 0: b']);
  });

  it('tells of holes by the sequence numbers, and leaves out what came twice', () => {
    const { events } = linkEvents(make, [
      pdu({ toServer: true, text: 'abcd', seq: [4294967294, 2] }),
      pdu({ toServer: true, text: 'cdef', seq: [0, 4] }),
      pdu({ toServer: true, text: 'xy', seq: [9, 11] }),
    ]);
    expect(outline(events)).toEqual(['pdu 1 0 open', 'pdu 1 0: abcd', 'pdu 1 0: ef', 'pdu 1 0 gap', 'pdu 1 0: xy']);
    expect(events.find((e) => e.kind === 'gap')!.event.length).toBe(5);
  });

  it('counts a reassembled PDU back from the segment that ended it', () => {
    const { events } = linkEvents(make, [
      pdu({ toServer: true, text: 'ab', seq: [100, 102] }),
      pdu({ toServer: true, text: 'cdefgh', seq: [106, 108], reassembled: true }),
    ]);
    expect(outline(events)).toEqual(['pdu 1 0 open', 'pdu 1 0: ab', 'pdu 1 0: cdefgh']);
  });

  it('refuses datagrams and damaged tags', () => {
    const whole = pdu({ toServer: true, text: 'x' });
    const { events, refused } = linkEvents(make, [
      pdu({ toServer: true, text: 'x', portType: 3 }),
      whole.subarray(0, 11),
      new Uint8Array(0),
    ]);
    expect(events).toEqual([]);
    expect(refused).toEqual([1, 2, 3]);
  });
});

it('conversations are bounded by flows, and that is told', () => {
  const packets = Array.from({ length: 20 }, (_, i) => pdu({ toServer: true, text: 'x', stream: i }));
  expect(linkEvents(make, packets).limitHit).toBe('');
  expect(linkEvents(make, packets, { flows: 5 }).limitHit).toMatch(/^flows: more than 5 conversations/);
});
