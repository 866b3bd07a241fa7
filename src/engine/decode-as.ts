import { nearest } from '../base/nearest.js';
import type { Protocol } from '../contract/protocol.js';
import type { Connection } from '../stream/byte-stream.js';

/** What the user said about a connection: `10810=nbd`, `unix:/run/x.sock=pesto`, `stream:3=arca`. */
export interface DecodeAs {
  readonly selector: { readonly port: number } | { readonly path: string } | { readonly stream: number };
  readonly protocol: Protocol;
}

/** Parses `SELECTOR=PROTOCOL`; throws an Error with a sentence for the user. */
export function parseDecodeAs(text: string, protocols: readonly Protocol[]): DecodeAs {
  const at = text.lastIndexOf('=');
  const left = text.slice(0, at);
  const name = text.slice(at + 1);
  const protocol = protocols.find((p) => p.name === name);
  if (at <= 0 || protocol === undefined) {
    const known = protocols.map((p) => p.name).join(', ');
    const near = nearest(
      name,
      protocols.map((p) => p.name),
    );
    const hint = near === null || at <= 0 ? '' : `; did you mean ${near}?`;
    throw new Error(`--decode-as ${text}: expected SELECTOR=PROTOCOL with a protocol of ${known}${hint}`);
  }
  if (left.startsWith('unix:')) return { selector: { path: left }, protocol };
  const stream = /^stream:([1-9]\d*)$/.exec(left);
  if (stream) return { selector: { stream: Number(stream[1]) }, protocol };
  const port = /^\d{1,5}$/.test(left) ? Number(left) : 0;
  if (port < 1 || port > 65535) {
    throw new Error(`--decode-as ${text}: the selector is a TCP port, unix:PATH, or stream:NUMBER`);
  }
  return { selector: { port }, protocol };
}

/** The protocol that the first matching entry names, or null. */
export function decodeAs(entries: readonly DecodeAs[], connection: Connection): Protocol | null {
  for (const { selector, protocol } of entries) {
    if ('port' in selector) {
      if (connection.ports.includes(selector.port)) return protocol;
    } else if ('path' in selector) {
      if (connection.endpoints.includes(selector.path)) return protocol;
    } else if (connection.id === selector.stream) {
      return protocol;
    }
  }
  return null;
}
