import type { Step } from '../../base/rule.js';
import { text } from '../../base/field.js';
import { HELLO, PIF, RULE_V1, RULE_V2, SECTION } from './layout.js';
import { DUAL_STACK_ANY, IFNAMSIZ, MAGIC, PIF_NAME_SIZE, pifName, TCP } from './constants.js';

/** Functions that build pesto messages, for the rules' examples and for tests. */

export function bytesOf(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of parts) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

function raw(text: string | Uint8Array): Uint8Array {
  return typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
}

export interface HelloSpec {
  readonly version?: number;
  readonly magic?: Uint8Array;
  readonly pifNameSize?: number;
  readonly ifnamsiz?: number;
}

/** The server's hello. */
export function hello(spec: HelloSpec = {}): Uint8Array {
  const { version = 2, magic = MAGIC, pifNameSize = PIF_NAME_SIZE, ifnamsiz = IFNAMSIZ } = spec;
  return HELLO.build({ magic, version, pifNameSize, ifnamsiz });
}

export interface EntrySpec {
  readonly name?: string | Uint8Array;
  readonly caps?: number;
  readonly count?: number;
  readonly nameSize?: number;
}

/** An entry of the server's list, with its rules. */
export function entry(id: number, rules: readonly Uint8Array[] = [], spec: EntrySpec = {}): Uint8Array {
  const { name = pifName(id), caps = 0x3f, count = rules.length, nameSize = PIF_NAME_SIZE } = spec;
  const form = nameSize === PIF_NAME_SIZE ? PIF : PIF.with({ name: text(nameSize) });
  return bytesOf(form.build({ pif: id, name: raw(name), caps, count }), ...rules);
}

/** A section of the client's update, with its rules. */
export function section(id: number, rules: readonly Uint8Array[] = [], count = rules.length): Uint8Array {
  return bytesOf(SECTION.build({ pif: id, count }), ...rules);
}

/** The end of a list, and of an update. */
export const END = Uint8Array.of(0);

export interface RuleSpec {
  /** Protocol version, which decides the size. */
  readonly version?: 1 | 2;
  /** Listening address; without one the rule listens on any address of both families. */
  readonly addr?: string;
  readonly taddr?: string;
  readonly ifname?: string | Uint8Array;
  readonly first: number;
  readonly last?: number;
  readonly to?: number;
  readonly proto?: number;
  readonly flags?: number;
  readonly ifnamsiz?: number;
}

/** One forwarding rule. */
export function rule(spec: RuleSpec): Uint8Array {
  const { first, last = first, to = first, proto = TCP, ifname = '', ifnamsiz = IFNAMSIZ } = spec;
  const flags = spec.flags ?? (spec.addr === undefined ? DUAL_STACK_ANY : 0);
  const released = spec.version === 1 ? RULE_V1 : RULE_V2;
  const form = ifnamsiz === IFNAMSIZ ? released : released.with({ ifname: text(ifnamsiz) });
  const addresses = { addr: address(spec.addr ?? '::'), taddr: address(spec.taddr ?? '::') };
  return form.build({ ...addresses, ifname: raw(ifname), first, last, to, proto, flags });
}

/** The 16 bytes of `192.0.2.1` or `2001:db8::5`. */
export function address(text: string): Uint8Array {
  const out = new Uint8Array(16);
  if (!text.includes(':')) {
    out.set([0xff, 0xff, ...text.split('.').map(Number)], 10);
    return out;
  }
  const [head = '', tail] = text.split('::');
  const words = (part: string): number[] => (part === '' ? [] : part.split(':').map((w) => Number.parseInt(w, 16)));
  const front = words(head);
  const back = words(tail ?? '');
  const all =
    tail === undefined ? front : [...front, ...Array<number>(8 - front.length - back.length).fill(0), ...back];
  all.forEach((w, i) => out.set([w >> 8, w & 0xff], 2 * i));
  return out;
}

/** The server sends these bytes. */
export function server(...parts: readonly Uint8Array[]): Step {
  return { from: 'server', bytes: bytesOf(...parts) };
}

/** The client sends these bytes. */
export function client(...parts: readonly Uint8Array[]): Step {
  return { from: 'client', bytes: bytesOf(...parts) };
}

/** The usual end of a connection: the client closes, then the server. */
export const CLOSE: readonly Step[] = [
  { from: 'client', end: 'fin' },
  { from: 'server', end: 'fin' },
];

/** The end of a connection whose update the server has refused or applied: the server closes first. */
export const SERVER_CLOSE: readonly Step[] = [
  { from: 'server', end: 'fin' },
  { from: 'client', end: 'fin' },
];

/** A rule that forwards one TCP port to itself. */
export const WEB = rule({ first: 8080 });
export const ALT = rule({ first: 9090 });

/** What pasta sends: a HOST table with one rule, an empty SPLICE table. */
export function pastaList(): Uint8Array {
  return bytesOf(hello(), entry(1, [WEB]), entry(3), END);
}

/** A client that only reads `list`. */
export function reading(...list: readonly Uint8Array[]): Step[] {
  return [server(...list), ...CLOSE];
}

/** A client that reads what pasta sends, and then sends `update`. */
export function updating(...update: readonly Uint8Array[]): Step[] {
  return [server(pastaList()), client(...update), ...CLOSE];
}

/** A client that sends one rule for HOST, nothing for SPLICE. */
export function sending(...rules: readonly Uint8Array[]): Step[] {
  return updating(section(1, rules), section(3), END);
}

/** A server that lists these rules for HOST. */
export function listing(...rules: readonly Uint8Array[]): Step[] {
  return reading(hello(), entry(1, rules), entry(3), END);
}
