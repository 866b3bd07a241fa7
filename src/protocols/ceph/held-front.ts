import { DEFAULT_LIMITS } from '../../base/limits.js';
import { decode } from '../../base/structure/decode.js';
import type { Body } from './bodies/body.js';
import type { CephMessage } from './ceph-message.js';

/** The part of a message's front that is held, `bytes[start..end)`, and its description. */
export interface HeldFront {
  readonly body: Body;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Summarises the front in a few words; empty for types that have no summary. `firstData`: the first bytes of the data, if held. */
export function aboutFront(m: CephMessage, held: HeldFront | null, firstData: Uint8Array | null): string {
  if (held === null || held.body.about === null) return '';
  const { body, bytes, start, end } = held;
  const front = decode(body.form, bytes, start, end, { limits: DEFAULT_LIMITS, version: m.version });
  return body.about!(front.partial, { type: m.type, names: m.names, firstData });
}
