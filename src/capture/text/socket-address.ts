import { wireText } from '../../base/text.js';
import { stringBytes } from './strace-values.js';
import { field, type Call } from './strace-line.js';
import type { Value } from './strace-values.js';
import type { SocketEvent } from '../packet.js';

export interface SocketAddress {
  readonly transport: SocketEvent['transport'];
  /** As the contract prints endpoints; empty for an unnamed Unix socket. */
  readonly name: string;
}

/** Context ids of vsock that strace prints by name. */
const CONTEXT_IDS: Readonly<Record<string, number>> = {
  VMADDR_CID_HYPERVISOR: 0,
  VMADDR_CID_LOCAL: 1,
  VMADDR_CID_HOST: 2,
};

/** The socket address in a structure `{sa_family=..., ...}`, or null where it is of another family. */
export function socketAddress(call: Call, value: Value | undefined): SocketAddress | null {
  const text = (v: Value | undefined): string => (v === undefined ? '' : call.text.slice(v.start, v.end));
  switch (text(field(value, 'sa_family'))) {
    case 'AF_UNIX':
    case 'AF_LOCAL': {
      const path = field(value, 'sun_path');
      return { transport: 'unix', name: path === undefined ? '' : `unix:${quotedText(text(path), path.kind)}` };
    }
    case 'AF_INET':
    case 'AF_INET6': {
      const inside = call.text.slice(value!.start, value!.end);
      const port = /htons\((\d+)\)/.exec(inside);
      const address = /inet_(?:addr\(|pton\(AF_INET6?, )"((?:[^"\\]|\\.)*)"/.exec(inside);
      if (port === null || address === null) return null;
      const host = wireText(stringBytes(address[1]!, 0, address[1]!.length));
      return { transport: 'tcp', name: host.includes(':') ? `[${host}]:${port[1]}` : `${host}:${port[1]}` };
    }
    case 'AF_VSOCK': {
      const shown = text(field(value, 'svm_cid'));
      const cid = CONTEXT_IDS[shown] ?? /^(?:0x[0-9a-f]+|\d+)/.exec(shown)?.[0];
      const port = /^(?:0x[0-9a-f]+|\d+)/.exec(text(field(value, 'svm_port')));
      if (cid === undefined || port === null) return null;
      return { transport: 'vsock', name: `vsock:${Number(cid)}:${Number(port[0])}` };
    }
    default:
      return null;
  }
}

/** A path as strace prints it: the inside of a string, or `@"name"` for an abstract one. */
function quotedText(text: string, kind: Value['kind']): string {
  if (kind === 'string') return wireText(stringBytes(text, 0, text.length));
  const inside = /^(@?)"((?:[^"\\]|\\.)*)"/.exec(text);
  return inside === null ? text : inside[1]! + wireText(stringBytes(inside[2]!, 0, inside[2]!.length));
}

/** What strace prints in angle brackets after a descriptor (`-y`, `-yy`). */
export interface Annotation {
  /** `stream`: a stream socket; `socket`: a socket of unknown kind; `other`: anything else. */
  readonly kind: 'stream' | 'socket' | 'other';
  readonly transport: SocketEvent['transport'];
  /** Identity of this end and of its peer; empty where not given. */
  readonly self: string;
  readonly peer: string;
  /** Endpoint names; empty where not given. A Unix path is that of this end. */
  readonly selfName: string;
  readonly peerName: string;
}

const NOTHING: Annotation = { kind: 'other', transport: 'unix', self: '', peer: '', selfName: '', peerName: '' };

/** Reads `UNIX-STREAM:[1->2,"path"]`, `TCP:[a:1->b:2]`, `socket:[1]`; everything else is no stream. */
export function readAnnotation(text: string): Annotation {
  const match = /^(UNIX-STREAM|UNIX|TCP|TCPv6|socket):\[(.*)\]$/.exec(text);
  if (match === null) return NOTHING;
  const inside = match[2]!;
  if (match[1] === 'socket') return { ...NOTHING, kind: 'socket', self: `inode ${inside}` };
  if (match[1] === 'UNIX-STREAM' || match[1] === 'UNIX') {
    const unix = /^(\d+)(?:->(\d+))?(?:,(@?"(?:[^"\\]|\\.)*"))?$/.exec(inside);
    if (unix === null) return NOTHING;
    const path = unix[3] === undefined ? '' : `unix:${quotedText(unix[3], 'word')}`;
    const peer = unix[2] === undefined || unix[2] === '0' ? '' : `inode ${unix[2]}`;
    return { kind: 'stream', transport: 'unix', self: `inode ${unix[1]}`, peer, selfName: path, peerName: '' };
  }
  const pair = inside.split('->');
  if (pair.length === 2) {
    const [self, peer] = pair as [string, string];
    return {
      kind: 'stream',
      transport: 'tcp',
      self: `${self} ${peer}`,
      peer: `${peer} ${self}`,
      selfName: self,
      peerName: peer,
    };
  }
  return /^\d+$/.test(inside)
    ? { ...NOTHING, kind: 'stream', transport: 'tcp', self: `inode ${inside}` }
    : { ...NOTHING, kind: 'stream', transport: 'tcp', self: `at ${inside}`, selfName: inside };
}
