import type { Dialect } from './dialects.js';

/** The responses that may answer each request (arca.md 1.4), for all dialects together. Those that a dialect lacks cannot occur in it. */
const PAIRS: Readonly<Record<string, readonly string[]>> = {
  GetArgs: ['Args'],
  Exit: [],
  Mkdir: ['Ack', 'Err'],
  Read: ['Bytes'],
  Write: ['Length'],
  Seek: ['Offset'],
  Close: ['Ack'],
  Accept: ['Pipe'],
  Send: ['Length'],
  Receive: ['Bytes'],
};
const PIPES: Readonly<Record<string, readonly string[]>> = { Open: ['Pipe'], Listen: ['Pipe'], Connect: ['Pipe'] };
const DESCRIPTORS: Readonly<Record<string, readonly string[]>> = {
  Open: ['File'],
  Listen: ['Listener'],
  Connect: ['Stream'],
  Accept: ['Stream'],
  StopListening: ['Ack'],
  Disconnect: ['Ack'],
};

/** Names of the responses that may answer a request of that name in that dialect. */
export function answersOf(dialect: Dialect, request: string): readonly string[] {
  if (dialect.wrapped) {
    const ok = DESCRIPTORS[request] ?? PAIRS[request] ?? [];
    return request === 'Exit' ? [] : [...ok, 'Err'];
  }
  const pipe = PIPES[request];
  if (pipe) return request === 'Open' && dialect.generation === 'C4' ? ['Pipe', 'Err'] : pipe;
  return PAIRS[request] ?? [];
}
