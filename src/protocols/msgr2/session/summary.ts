import { CLIENT, SERVER, type Side } from '../../../base/input.js';
import { byteSize, count, safeText } from '../../../base/text.js';
import { duration } from '../../../base/time.js';
import type { Json } from '../../../base/annotation.js';
import { algorithmName, modeName, TAG } from '../constants.js';
import { entityName, methodName } from '../../ceph/constants.js';
import { nameByMap, type Daemon } from '../../ceph/directory.js';
import { daemonJson } from '../../ceph/lookup.js';
import { authDone, isLossy } from '../control-frames.js';
import { messageTypeName } from '../../ceph/message-types.js';
import type { Compression } from './compression.js';
import type { Lineage } from './lineage.js';
import type { Login } from './login.js';
import type { Naming } from './naming.js';
import type { SideState } from './side-state.js';
import type { Traffic } from './traffic.js';

/** The parts of a session that summaries read. */
export interface SessionParts {
  readonly sides: readonly [SideState, SideState];
  readonly login: Login;
  readonly naming: Naming;
  readonly lineage: Lineage;
  readonly traffic: Traffic;
  readonly compression: Compression;
  byMap(side: Side): Daemon | undefined;
}

/** What was negotiated and counted, for the stream event. */
export function summarize(p: SessionParts): Record<string, Json> {
  const [c, s] = p.sides;
  const { login, naming, traffic } = p;
  const any = c.first ?? s.first;
  const out: Record<string, Json> = { revision: any === null ? null : any.revision };
  const banners = [c.banner, s.banner] as const;
  for (const [i, name] of (['clientFeatures', 'serverFeatures'] as const).entries()) {
    const b = banners[i]!;
    if (b !== null && !b.legacy) out[name] = String(b.supported);
  }
  for (const [i, name] of (['clientType', 'serverType'] as const).entries()) {
    const type = p.sides[i]!.entityType;
    if (type !== null) out[name] = entityName(type);
  }
  if (c.entity !== '') out['client'] = c.entity;
  if (s.entity !== '') out['server'] = s.entity;
  for (const [i, name] of (['clientByMap', 'serverByMap'] as const).entries()) {
    const daemon = p.byMap(i as Side);
    if (daemon !== undefined) out[name] = daemonJson(daemon);
  }
  if (s.sees !== '') out['clientSeenAs'] = s.sees;
  if (c.sees !== '') out['serverSeenAs'] = c.sees;
  if (login.method !== 0) out['authMethod'] = methodName(login.method);
  if (login.entity !== '') out['entity'] = login.entity;
  const done = login.done?.as(authDone);
  if (done) {
    out['connectionMode'] = modeName(done.connectionMode);
    out['globalId'] = String(done.globalId);
  }
  if (naming.ident !== null) out['clientCookie'] = String(naming.ident.cookie);
  if (naming.serverIdent !== null) {
    out['serverCookie'] = String(naming.serverIdent.cookie);
    out['lossy'] = isLossy(naming.serverIdent);
  }
  if (naming.reconnect !== null) {
    out['clientCookie'] = String(naming.reconnect.clientCookie);
    out['serverCookie'] = String(naming.reconnect.serverCookie);
    out['resumed'] = true;
  }
  if (naming.rejection?.tag === TAG.WAIT) out['raceLost'] = true;
  if (p.compression.negotiated) out['compression'] = algorithmName(p.compression.algorithm);
  for (const [i, name] of (['clientMessages', 'serverMessages'] as const).entries()) {
    const counts = [...traffic.counts[i]!].sort((x, y) => x[0] - y[0]);
    if (counts.length > 0) out[name] = Object.fromEntries(counts.map(([t, n]) => [messageTypeName(t), n]));
  }
  if (traffic.operations > 0) {
    out['osdOperations'] = traffic.operations;
    out['osdReplies'] = traffic.answered;
    if (traffic.slowest >= 0) out['slowestReplyNanos'] = traffic.slowest;
  }
  if (traffic.bestRoundTrip >= 0) out['keepaliveNanos'] = traffic.bestRoundTrip;
  return out;
}

/** `osd.2`, or `osd` if its number is not known; with what a map says about it, if that is more. */
function entityText(side: SideState, p: SessionParts): string {
  const type = side.entityType === null ? '?' : entityName(side.entityType);
  const own = side.entity === '' ? type : side.entity;
  return nameByMap(own, p.byMap(side.side));
}

/** The same for people, in one or two lines. */
export function sessionLines(p: SessionParts): string[] {
  const [c, s] = p.sides;
  const { login, naming, traffic, lineage } = p;
  const lines: string[] = [];
  const first: string[] = [];
  const any = c.first ?? s.first;
  if (any !== null) first.push(`msgr2.${any.revision}`);
  if (c.entityType !== null && s.entityType !== null) first.push(`${entityText(c, p)} to ${entityText(s, p)}`);
  else if (p.byMap(SERVER) !== undefined) first.push(`? to ${entityText(s, p)}`);
  if (login.method !== 0) first.push(methodName(login.method));
  if (login.entity !== '') first.push(safeText(login.entity));
  if (login.mode !== 0) first.push(`${modeName(login.mode)} mode`);
  if (naming.resumed) first.push('resumed');
  else if (naming.serverIdent !== null) first.push(isLossy(naming.serverIdent) ? 'lossy' : 'lossless');
  if (naming.rejection?.tag === TAG.WAIT) first.push('WAIT: both sides connected, and the other attempt goes on');
  if (p.compression.algorithm > 0) first.push(algorithmName(p.compression.algorithm));
  if (s.sees !== '') first.push(`client seen as ${s.sees}`);
  if (c.sees !== '') first.push(`server seen as ${c.sees}`);
  if (lineage.record !== null && lineage.record.connections > 1)
    first.push(count(lineage.record.connections, 'connection'));
  if (first.length > 0) lines.push(first.join('  '));
  const second: string[] = [];
  for (const state of p.sides) {
    if (state.messages === 0) continue;
    const who = state.side === CLIENT ? 'client' : 'server';
    second.push(
      `${who} ${count(state.messages, 'message')}${state.data > 0 ? ` with ${byteSize(state.data)} of data` : ''}`,
    );
  }
  if (traffic.operations > 0) {
    const slowest = traffic.slowest < 0 ? '' : `, slowest ${duration(traffic.slowest)}`;
    second.push(`${traffic.answered} of ${traffic.operations} OSD operations answered${slowest}`);
  }
  if (traffic.bestRoundTrip >= 0) second.push(`keepalive ${duration(traffic.bestRoundTrip)}`);
  if (second.length > 0) lines.push(second.join('; '));
  return lines;
}
