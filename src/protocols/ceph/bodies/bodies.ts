import { decode, type Decoded } from '../../../base/structure/decode.js';
import type { ReadOptions } from '../../../base/structure/reader.js';
import type { Body } from './body.js';
import { DAEMON_BODIES } from './table-daemons.js';
import { FILE_SYSTEM_BODIES } from './table-file-systems.js';
import { MONITOR_BODIES } from './table-monitors.js';
import { OSD_BODIES } from './table-osds.js';

const BODIES: readonly Body[] = [...MONITOR_BODIES, ...OSD_BODIES, ...DAEMON_BODIES, ...FILE_SYSTEM_BODIES];

const BY_TYPE = new Map<number, Body>(BODIES.map((b) => [b.type, b]));

/** The description of the front of a message with that type and version; null if there is none. */
export function bodyOf(type: number, version: number): Body | null {
  const found = BY_TYPE.get(type);
  return found !== undefined && version >= found.from && version <= found.to ? found : null;
}

/** The object that a front names, or empty. */
export function objectOf(type: number, version: number, front: Uint8Array, limits: ReadOptions['limits']): string {
  const form = bodyOf(type, version)?.form;
  if (form === undefined || front.length === 0) return '';
  const { partial }: Decoded<unknown> = decode(form, front, 0, front.length, { limits, version });
  const object = (partial as { readonly object?: unknown }).object;
  return typeof object === 'string' ? object : '';
}
