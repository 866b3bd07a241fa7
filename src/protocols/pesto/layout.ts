import { IFNAMSIZ, PIF_NAME_SIZE } from './constants.js';

/**
 * Where the fields of the messages stand. All integers are big endian, nothing is padded. Decoders and annotations read by
 * these numbers, so that they cannot drift apart.
 */

/** The server's hello: 20 bytes; development versions stopped after 12 or 16. */
export const HELLO = { magic: 0, version: 8, pifNameSize: 12, ifnamsiz: 16, size: 20 } as const;
export const HELLO_D1 = 12;
export const HELLO_D2 = 16;

/** A list entry's header: id, name, capabilities, number of rules. The name's size is what the hello announced. */
export class PifLayout {
  readonly pif = 0;
  readonly name = 1;
  readonly nameSize: number;
  readonly caps: number;
  readonly count: number;
  readonly size: number;

  /** `bare`: an entry of the second development layout, which ended with the name. */
  constructor(nameSize: number, bare: boolean) {
    this.nameSize = nameSize;
    this.caps = bare ? -1 : 1 + nameSize;
    this.count = bare ? -1 : 1 + nameSize + 4;
    this.size = bare ? 1 + nameSize : 1 + nameSize + 8;
  }
}

/** A section's header in an update: id, number of rules. */
export const SECTION = { pif: 0, count: 1, size: 5 } as const;

/** A forwarding rule. Version 2 put the target address behind the listening address; everything after it moved by 16. */
export class RuleLayout {
  readonly addr = 0;
  /** -1 where rules have no target address. */
  readonly taddr: number;
  readonly ifname: number;
  readonly ifnameSize: number;
  readonly first: number;
  readonly last: number;
  readonly to: number;
  readonly proto: number;
  readonly flags: number;
  readonly size: number;

  constructor(target: boolean, ifnameSize: number) {
    this.taddr = target ? 16 : -1;
    this.ifname = target ? 32 : 16;
    this.ifnameSize = ifnameSize;
    const ports = this.ifname + ifnameSize;
    this.first = ports;
    this.last = ports + 2;
    this.to = ports + 4;
    this.proto = ports + 6;
    this.flags = ports + 7;
    this.size = ports + 8;
  }
}

export const RULE_V1 = new RuleLayout(false, IFNAMSIZ);
export const RULE_V2 = new RuleLayout(true, IFNAMSIZ);
export const PIF = new PifLayout(PIF_NAME_SIZE, false);

/** Sizes that an announced name or interface name may have to be followed at all. */
const MAX_NAME_SIZE = 4096;
const MAX_IFNAMSIZ = 256;

/** The layout of list entries for an announced name size, or null where it is out of all reason. */
export function pifLayout(nameSize: number, bare: boolean): PifLayout | null {
  if (nameSize === PIF_NAME_SIZE && !bare) return PIF;
  return nameSize >= 1 && nameSize <= MAX_NAME_SIZE ? new PifLayout(nameSize, bare) : null;
}

/** The layout of rules for a released version and an announced interface name size, or null where nobody knows it. */
export function ruleLayout(version: number, ifnamsiz: number): RuleLayout | null {
  if (version !== 1 && version !== 2) return null;
  if (ifnamsiz === IFNAMSIZ) return version === 1 ? RULE_V1 : RULE_V2;
  return ifnamsiz >= 1 && ifnamsiz <= MAX_IFNAMSIZ ? new RuleLayout(version === 2, ifnamsiz) : null;
}
