import type { CaptureInfo, Packet, PacketSink, SocketEvent } from '../../src/capture/packet.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import { Intake } from '../../src/capture/intake.js';
import { openCapture } from '../../src/capture/source.js';

/** What a recording told of one connection. */
export interface RecordedConnection {
  readonly transport: SocketEvent['transport'];
  readonly endpoints: readonly [string, string];
  readonly rolesKnown: boolean;
  readonly ordered: boolean;
  opened: boolean;
  /** Bytes by side as latin-1 text, a gap as `<N>`. */
  readonly streams: [string, string];
  /** Everything in order: `0 data 20`, `1 gap -1`, `0 fin`. */
  readonly events: string[];
  /** By side: how it ended, or empty. */
  readonly ends: [string, string];
}

/** Keeps what recordings of sockets tell, by connection. */
export class SocketRecorder implements PacketSink {
  captureInfo: CaptureInfo | null = null;
  readonly connections: RecordedConnection[] = [];
  readonly notes: string[] = [];
  readonly times: number[] = [];
  readonly lines: number[] = [];
  private readonly byKey = new Map<string, RecordedConnection>();

  info(info: CaptureInfo): void {
    this.captureInfo = info;
  }

  note(note: { rule: { id: string }; text: string }): void {
    this.notes.push(`${note.rule.id}: ${note.text}`);
  }

  packet(packet: Packet): void {
    const event = packet.socket;
    if (event === null) throw new Error('not a socket event');
    this.times.push(packet.seconds + packet.nanos / 1e9);
    this.lines.push(packet.number);
    let connection = this.byKey.get(event.connection);
    if (connection === undefined) {
      const { transport, endpoints, rolesKnown, ordered } = event;
      connection = {
        transport,
        endpoints,
        rolesKnown,
        ordered,
        opened: false,
        streams: ['', ''],
        events: [],
        ends: ['', ''],
      };
      this.byKey.set(event.connection, connection);
      this.connections.push(connection);
    }
    const { from } = event;
    switch (event.kind) {
      case 'open':
        connection.opened = true;
        break;
      case 'data':
        connection.streams[from] += Buffer.from(packet.block.bytes.subarray(packet.start, packet.end)).toString(
          'latin1',
        );
        connection.events.push(`${from} data ${packet.end - packet.start}`);
        break;
      case 'gap':
        connection.streams[from] += `<${event.length}>`;
        connection.events.push(`${from} gap ${event.length}`);
        break;
      default:
        connection.ends[from] += event.kind;
        connection.events.push(`${from} ${event.kind}`);
    }
  }
}

export interface TextOptions {
  readonly limits?: Partial<Limits>;
  /** Bytes a push. */
  readonly chop?: number;
  readonly stopped?: boolean;
}

/** Reads a text recording that is given as latin-1 text. */
export function readText(text: string | Uint8Array, options: TextOptions = {}): SocketRecorder {
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  const recorder = new SocketRecorder();
  const intake = new Intake('stream', recorder, { ...DEFAULT_LIMITS, ...options.limits });
  const step = options.chop ?? 65_536;
  for (let at = 0; at < bytes.length; at += step) intake.push(bytes.subarray(at, at + step));
  intake.end(options.stopped ?? false);
  return recorder;
}

/** Reads a capture file, or a pair of raw streams. */
export async function readFile(input: string | { client: string; server: string }): Promise<SocketRecorder> {
  const recorder = new SocketRecorder();
  await openCapture(input).read(recorder);
  return recorder;
}
