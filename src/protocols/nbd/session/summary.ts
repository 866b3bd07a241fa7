import { byteSize, quote, wireText } from '../../../base/text.js';
import { duration } from '../../../base/time.js';
import type { Json } from '../../../base/annotation.js';
import { NO_PAYLOAD_LIMIT } from '../constants.js';
import type { Facts } from './facts.js';
import { commandName, handshakeFlags, shortCommand, transmissionFlags } from '../names.js';
import type { Transmission } from './transmission.js';
import { decimal } from '../../../base/u64.js';

function text(raw: string): string {
  return wireText(Buffer.from(raw, 'latin1'));
}

function style(facts: Facts): string | null {
  if (facts.oldstyle) return 'oldstyle';
  if (facts.greeting === null) return null;
  const fixed = (facts.greeting.flags & (facts.clientFlags?.flags ?? 1) & 1) !== 0;
  return fixed ? 'fixed newstyle' : 'newstyle';
}

function replies(facts: Facts): string | null {
  if (facts.extended) return 'extended headers';
  if (facts.structured) return 'structured replies';
  return facts.greeting === null ? null : 'simple replies';
}

/** What was negotiated and counted, for the stream event; 64-bit values as decimal strings. */
export function summarise(facts: Facts, transmission: Transmission): Record<string, Json> {
  const out: Record<string, Json> = {
    handshake: style(facts),
    replies: replies(facts),
    structured: facts.structured || facts.extended,
    extendedHeaders: facts.extended,
    tls: facts.tls,
  };
  if (facts.greeting !== null && !facts.oldstyle) out['handshakeFlags'] = handshakeFlags(facts.greeting.flags);
  if (facts.exportName !== null) out['exportName'] = text(facts.exportName);
  if (facts.canonicalName !== null) out['canonicalName'] = text(facts.canonicalName);
  if (facts.description !== null) out['description'] = text(facts.description);
  if (facts.size >= 0) {
    out['exportSize'] = decimal(facts.sizeHi, facts.sizeLo);
    out['transmissionFlags'] = transmissionFlags(facts.flags);
  }
  if (facts.sizesRequested !== null) out['blockSizesRequested'] = facts.sizesRequested;
  if (facts.blockSizes !== null) {
    const { minimum, preferred, maximum } = facts.blockSizes;
    out['blockSizes'] = { minimum, preferred, maximum };
  }
  if (facts.contexts.size > 0) {
    out['contexts'] = [...facts.contexts].map(([id, name]) => ({ id, name: text(name) }));
  }
  const commands: Record<string, Json> = {};
  for (const [type, total] of transmission.totals.entries()) {
    commands[type < 0 ? 'other' : commandName(type)] = {
      count: total.count,
      errors: total.errors,
      bytes: String(total.bytes),
      latencyMeanNanos: total.answered === 0 ? null : Math.round(total.latencySum / total.answered),
      latencyMaxNanos: total.answered === 0 ? null : total.latencyMax,
    };
  }
  if (transmission.requests > 0) {
    out['commands'] = commands;
    out['requests'] = transmission.requests;
    out['deepestQueue'] = facts.context.connection.ordered ? transmission.table.deepest : null;
    // messages may be missing: the counts cover only what was captured, and the queue may have been deeper
    if (!facts.witness.bothWhole) out['countsIncomplete'] = true;
  }
  return out;
}

/** The same for people, in at most two lines. */
export function describeSession(facts: Facts, transmission: Transmission): string[] {
  const first: string[] = [];
  const how = style(facts);
  if (how !== null) first.push(how);
  const form = replies(facts);
  if (form !== null && (facts.transmission || form !== 'simple replies')) first.push(form);
  if (facts.contexts.size > 0) {
    first.push(`contexts ${[...facts.contexts.values()].map((name) => quote(text(name)).slice(1, -1)).join(' ')}`);
  }
  const target: string[] = [];
  if (facts.exportName !== null) target.push(`export ${quote(text(facts.exportName), 60)}`);
  if (facts.size >= 0) target.push(`${byteSize(facts.size)} (${decimal(facts.sizeHi, facts.sizeLo)} bytes)`);
  if (facts.blockSizes !== null) {
    const { minimum, preferred, maximum } = facts.blockSizes;
    const top = maximum === NO_PAYLOAD_LIMIT ? 'unlimited' : byteSize(maximum);
    target.push(`blocks ${minimum}/${preferred}/${top}`);
  }
  const lines: string[] = [];
  if (first.length + target.length > 0) lines.push([...first, ...target].join(', '));
  if (transmission.requests > 0)
    lines.push(traffic(transmission, facts.context.connection.ordered, facts.witness.bothWhole));
  return lines;
}

/** `ordered`: whether the order of the capture shows how many requests were in flight at once; `whole`: whether no message is missing. */
function traffic(transmission: Transmission, ordered: boolean, whole: boolean): string {
  const counts: string[] = [];
  let moved = 0;
  let answered = 0;
  let latency = 0;
  let slowest = 0;
  for (const [type, total] of transmission.totals.entries()) {
    const errors = total.errors > 0 ? ` (${total.errors} failed)` : '';
    counts.push(`${total.count} ${type < 0 ? 'other' : shortCommand(type)}${errors}`);
    moved += total.bytes;
    answered += total.answered;
    latency += total.latencySum;
    slowest = Math.max(slowest, total.latencyMax);
  }
  const parts = [counts.join(' '), `${byteSize(moved)} of data`];
  if (ordered) parts.push(`queue ${whole ? '' : 'at least '}${transmission.table.deepest}`);
  if (answered > 0) parts.push(`latency ${duration(Math.round(latency / answered))} mean, ${duration(slowest)} max`);
  if (!whole) parts.push('as far as captured');
  return parts.join(', ');
}
