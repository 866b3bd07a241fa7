import { describe, expect, it } from 'vitest';
import { VsockMonitor } from '../../src/link/vsock-monitor.js';
import { linkEvents, outline } from '../kit/socket-links.js';

const make = (limits: ConstructorParameters<typeof VsockMonitor>[0]): VsockMonitor => new VsockMonitor(limits);

const REQUEST = { op: 1, virtio: 1 };
const RESPONSE = { op: 1, virtio: 2 };
const RST = { op: 2, virtio: 3 };
const SHUTDOWN = { op: 2, virtio: 4 };
const DATA = { op: 4, virtio: 5 };
const CREDIT = { op: 3, virtio: 6 };

interface FrameSpec {
  readonly fromGuest?: boolean;
  readonly text?: string;
  readonly flags?: number;
  /** Without the two reserved bytes. */
  readonly short?: boolean;
  readonly port?: number;
}

function frame(kind: { readonly op: number; readonly virtio: number }, spec: FrameSpec = {}): Uint8Array {
  const { fromGuest = true, text = '', flags = 0, short = false, port = 1021 } = spec;
  const addresses = new Uint8Array(24);
  const a = new DataView(addresses.buffer);
  a.setUint32(0, fromGuest ? 3 : 2, true);
  a.setUint32(8, fromGuest ? 2 : 3, true);
  a.setUint32(16, fromGuest ? port : 5000, true);
  a.setUint32(20, fromGuest ? 5000 : port, true);
  const rest = new Uint8Array(short ? 6 : 8);
  const r = new DataView(rest.buffer);
  r.setUint16(0, kind.op, true);
  r.setUint16(2, 2, true);
  r.setUint16(4, 44, true);
  const virtio = new Uint8Array(20);
  const v = new DataView(virtio.buffer);
  v.setUint32(0, text.length, true);
  v.setUint16(4, 1, true);
  v.setUint16(6, kind.virtio, true);
  v.setUint32(8, flags, true);
  return Buffer.concat([addresses, rest, addresses, virtio, Buffer.from(text)]);
}

describe('vsock frames', () => {
  it('shows a connection from request to shutdown', () => {
    const { events, refused } = linkEvents(make, [
      frame(REQUEST),
      frame(RESPONSE, { fromGuest: false }),
      frame(DATA, { text: 'ping' }),
      frame(CREDIT, { fromGuest: false }),
      frame(DATA, { fromGuest: false, text: 'pong' }),
      frame(SHUTDOWN, { flags: 3 }),
      frame(RST, { fromGuest: false }),
    ]);
    expect(refused).toEqual([]);
    expect(outline(events)).toEqual([
      'vsock 1 0 open',
      'vsock 1 0: ping',
      'vsock 1 1: pong',
      'vsock 1 0 fin',
      'vsock 1 1 fin',
    ]);
    expect(events[0]!.event).toMatchObject({
      transport: 'vsock',
      endpoints: ['vsock:3:1021', 'vsock:2:5000'],
      rolesKnown: true,
    });
  });

  it('takes a half shutdown for the end of one direction', () => {
    const { events } = linkEvents(make, [
      frame(REQUEST),
      frame(SHUTDOWN, { flags: 2 }),
      frame(DATA, { fromGuest: false, text: 'rest' }),
      frame(SHUTDOWN, { fromGuest: false, flags: 1 }),
    ]);
    expect(outline(events)).toEqual(['vsock 1 0 open', 'vsock 1 0 fin', 'vsock 1 1: rest']);
  });

  it('takes a reset without a shutdown for one', () => {
    const { events } = linkEvents(make, [frame(REQUEST), frame(DATA, { text: 'x' }), frame(RST, { fromGuest: false })]);
    expect(outline(events).at(-1)).toBe('vsock 1 1 reset');
  });

  it('gives a reused pair of addresses another name', () => {
    const { events } = linkEvents(make, [
      frame(REQUEST),
      frame(RST, { fromGuest: false }),
      frame(REQUEST),
      frame(DATA, { text: 'again' }),
    ]);
    expect(outline(events)).toEqual(['vsock 1 0 open', 'vsock 1 1 reset', 'vsock 2 0 open', 'vsock 2 0: again']);
  });

  it('takes data without a request for a connection that was joined late', () => {
    const { events } = linkEvents(make, [frame(DATA, { fromGuest: false, text: 'late' })]);
    expect(outline(events)).toEqual(['vsock 1 0: late']);
    expect(events[0]!.event.rolesKnown).toBe(false);
  });

  it('drops the second copy where one kernel shows every frame twice', () => {
    const once = [
      frame(REQUEST),
      frame(RESPONSE, { fromGuest: false }),
      frame(DATA, { text: 'a' }),
      frame(DATA, { text: 'a' }),
    ];
    const twice = once.flatMap((f) => [f, f]);
    expect(outline(linkEvents(make, twice).events)).toEqual(outline(linkEvents(make, once).events));
    expect(outline(linkEvents(make, once).events)).toEqual(['vsock 1 0 open', 'vsock 1 0: a', 'vsock 1 0: a']);
  });

  it('tells how much of a payload is missing', () => {
    const { events } = linkEvents(make, [frame(REQUEST), { bytes: frame(DATA, { text: 'half' }), cut: 4 }]);
    expect(events.at(-1)).toMatchObject({ text: 'half', length: 8 });
  });

  it('reads headers without the reserved bytes', () => {
    const { events } = linkEvents(make, [frame(REQUEST, { short: true }), frame(DATA, { text: 'x', short: true })]);
    expect(outline(events)).toEqual(['vsock 1 0 open', 'vsock 1 0: x']);
  });

  it('refuses what is too short for a header', () => {
    expect(linkEvents(make, [new Uint8Array(29), new Uint8Array(0)]).refused).toEqual([1, 2]);
  });
});

it('connections are bounded by flows, and that is told', () => {
  const packets = Array.from({ length: 20 }, (_, i) => frame(DATA, { text: 'x', port: 2000 + i }));
  expect(linkEvents(make, packets).limitHit).toBe('');
  expect(linkEvents(make, packets, { flows: 5 }).limitHit).toMatch(/^flows: more than 5 vsock connections/);
});
