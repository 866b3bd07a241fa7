import { count } from '../base/safe-text.js';
import type { LeftOut } from '../select/selection.js';
import type { Repeated, StreamRecord } from '../engine/event.js';
import { CLIENT, SERVER, otherSide, type Side } from '../base/input.js';
import { findingCounts, printable } from './words.js';
/** Texts of a transcript about the end of a stream, and about what is not shown. */

/** What was not shown, with one line for each reason. */
export function leftOutWords(left: LeftOut): string[] {
  const parts: string[] = [];
  if (left.messages > 0) parts.push(count(left.messages, 'message'));
  if (left.findings > 0) parts.push(count(left.findings, 'finding'));
  if (left.streams > 0) parts.push(count(left.streams, 'stream'));
  const lines = parts.length === 0 ? [] : [`not shown: ${parts.join(', ')}`];
  if (left.hasty > 0)
    lines.push(`${count(left.hasty, 'message')} judged before the answer came (limit selectionMessages)`);
  return lines;
}

/** Such as `nbd/error-not-structured came 4 times, first in #33, last at packet 57`. */
export function repeatedWords({ finding, times, lastPacket, others }: Repeated): string {
  const { message, packet, rule } = finding;
  const first = message !== null && message.index > 0 ? `in #${message.index}` : `at packet ${packet}`;
  const also = others.length > 0 ? `; also: ${others.join('; ')}` : '';
  return `${rule.id} came ${count(times, 'time')}, first ${first}, last at packet ${lastPacket}${also}`;
}

/** The VLAN and the recorder's comment, if there are any. */
export function detailWords(s: StreamRecord): string {
  const { vlan, comment } = s.connection;
  return `${vlan >= 0 ? `   VLAN ${vlan}` : ''}${comment === '' ? '' : `   ${printable(comment)}`}`;
}

/** Such as `closed, 41 messages, 1 error; both directions decoded alone; nothing missing`. */
export function endWords(s: StreamRecord): string {
  const words = [`${s.end}, ${count(s.messages, 'message')}, ${findingCounts(s.findings)}`];
  words.push(contextWords(s), missingWords(s));
  for (const reason of ['opaque', 'resynchronised', 'undecoded'] as const) {
    const parts = ([CLIENT, SERVER] as const)
      .filter((side) => s.skipped[side][reason] > 0)
      .map((side) => `${count(s.skipped[side][reason], 'byte')} of the ${sideWord(side)}`);
    if (parts.length > 0) words.push(`${reason === 'resynchronised' ? 'skipped' : reason}: ${parts.join(', ')}`);
  }
  return words.filter((w) => w !== '').join('; ');
}

function contextWords(s: StreamRecord): string {
  const [client, server] = s.contextFree;
  // a side of which nothing was captured was not decoded at all
  const only = s.bytes[CLIENT] === 0 ? SERVER : s.bytes[SERVER] === 0 ? CLIENT : null;
  if (only !== null && s.contextFree[only]) return s.bytes[only] === 0 ? '' : `${sideWord(only)} decoded alone`;
  if (client && server) return 'both directions decoded alone';
  if (!client && !server) return 'both directions decoded with the help of the other';
  const helped: Side = client ? SERVER : CLIENT;
  return `${sideWord(otherSide(helped))} decoded alone, ${sideWord(helped)} with its help`;
}

function missingWords(s: StreamRecord): string {
  const parts = ([CLIENT, SERVER] as const)
    .filter((side) => s.missing[side] > 0)
    .map((side) => `${count(s.missing[side], 'byte')} of the ${sideWord(side)}`);
  return parts.length === 0 ? 'nothing missing' : `missing: ${parts.join(', ')}`;
}

function sideWord(side: Side): string {
  return side === CLIENT ? 'client' : 'server';
}
