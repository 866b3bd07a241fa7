import * as E from '../encode.js';
import * as F from '../fronts.js';
import { MSG } from '../../ceph/message-types.js';
import { script, type IdentParts, type Script } from '../script.js';

/** Sessions of clients and OSDs, for the examples of rules. */

/** A client's open session with osd.0. */
export function atOsd(client: IdentParts = {}): Script {
  return script()
    .banners()
    .hellos({}, { type: 4 })
    .request({ method: 4, payload: E.u8(1) })
    .done()
    .signatures()
    .idents(client);
}

/** osd.1's open session with osd.0, its replica. */
export function replica(globalSeq = 1): Script {
  return script()
    .banners()
    .hellos({ type: 4 }, { type: 4 })
    .request({ method: 4, payload: E.u8(1), entityType: 4 })
    .done()
    .signatures()
    .idents({ lossy: false, gid: 1, globalSeq });
}

interface More {
  readonly seq?: number;
  readonly tid?: number;
  readonly data?: Uint8Array;
}
export function op(s: Script, parts: F.OsdOpParts = {}, more: More = {}): Script {
  return s.message('client', {
    type: MSG.OSD_OP,
    version: 8,
    compatVersion: 3,
    tid: 1,
    front: F.osdOp(parts),
    ...more,
  });
}
export function reply(s: Script, parts: F.OsdReplyParts = {}, more: More = {}): Script {
  return s.message('server', { type: MSG.OSD_OPREPLY, version: 8, tid: 1, front: F.osdReply(parts), ...more });
}
export function repOp(s: Script, parts: F.ReplicaParts = {}, more: More = {}): Script {
  return s.message('client', { type: MSG.OSD_REPOP, version: 3, tid: 5, front: F.osdRepOp(parts), ...more });
}
export function repReply(s: Script, parts: F.ReplicaParts = {}, more: More = {}): Script {
  return s.message('server', { type: MSG.OSD_REPOPREPLY, version: 2, tid: 5, front: F.osdRepOpReply(parts), ...more });
}

export const asked = () => op(atOsd());
export const answered = () => reply(asked());
export const replicated = () => repOp(replica());
export const five = E.ascii('abcde');

/** A session in which the OSD has sent the map of epoch 20, with these pools. */
export function mapped(pools: readonly number[]): Script {
  return atOsd().message('server', { type: MSG.OSD_MAP, version: 3, compatVersion: 1, front: F.osdMap({ pools }) });
}

/** A client's operation at osd.1, followed by the session of osd.1 with osd.0. */
export function betweenOsds(go: (s: Script) => Script): Script {
  const s = script().banners().hellos({}, { type: 4 });
  s.request({ method: 4, payload: E.u8(1) })
    .done()
    .signatures()
    .idents({}, { gid: 1 });
  op(s);
  s.steps.push({ then: 'new connection', meanwhile: true });
  for (const step of replica(2).steps) s.steps.push(step);
  return go(s);
}

export interface Ends {
  readonly lossy?: boolean;
  /** Number of the connecting entity, and of the accepting one. */
  readonly gid?: number;
  readonly serverGid?: number;
}

/** An open session between entities of two types. */
export function between(
  client: number,
  server: number,
  { lossy = true, gid = 4100, serverGid = 0 }: Ends = {},
): Script {
  return script()
    .banners()
    .hellos({ type: client }, { type: server })
    .request({ method: 4, payload: E.u8(1), entityType: client })
    .done()
    .signatures()
    .idents({ lossy, gid }, { gid: serverGid });
}

export type Said = readonly [who: 'client' | 'server', type: number, version: number, front?: Uint8Array, tid?: number];

/** Sends messages in order; seq counts from 1 for each side. */
export function talk(s: Script, ...said: readonly Said[]): Script {
  const seq = { client: 0, server: 0 };
  for (const [who, type, version, front, tid = 0] of said)
    s.message(who, { type, version, compatVersion: 1, front, tid, seq: ++seq[who] });
  return s;
}
