import type { Segment } from '../link/segment.js';

/** Prefix of the interface description in recordings of sockets that are written as TCP packets. */
const MARK = 'unix-stream:';
const VSOCK = 'vsock:';
const CLIENT_PID = /\bclient pid (\d{1,10})\b/;

/** What the interface description and the comment of the SYN say of a recorded socket. */
export interface RecordedSocket {
  readonly transport: 'unix' | 'vsock';
  /** Endpoint names of the side that connected and of the side that listened. */
  readonly endpoints: readonly [string, string];
}

/** Whether the segment was written by a recorder of sockets, and never was on a network. */
export function isRecordedSocket(s: Segment): boolean {
  return s.interfaceDescription.startsWith(MARK);
}

/** The socket of such a segment; `clientPort` tells connections apart where the recorder did not know the client's process. */
export function recordedSocket(s: Segment, clientPort: number): RecordedSocket {
  const path = s.interfaceDescription.slice(MARK.length);
  const pid = CLIENT_PID.exec(s.comment)?.[1];
  if (path.startsWith(VSOCK)) return { transport: 'vsock', endpoints: [`${path}#${clientPort}`, path] };
  const client = pid === undefined ? `unix:${path}#${clientPort}` : `unix:pid=${pid}`;
  return { transport: 'unix', endpoints: [client, `unix:${path}`] };
}
