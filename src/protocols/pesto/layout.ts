import { flags, magic, named, shown, text, u16, u32, u8 } from '../../base/field.js';
import { layout } from '../../base/layout.js';
import { formatAddress } from './address.js';
import { CAP_NAMES, FLAG_NAMES, IFNAMSIZ, MAGIC, PIF_NAME_SIZE, pifName, PROTO_NAMES } from './constants.js';

/** The layouts of pesto's messages. All integers are big-endian, nothing is padded. */

const pif = u8({
  description: 'id of a table; 0 ends the list, or the update',
  text: (id) => `${id} ${pifName(id)}`,
});
const count = u32({ description: 'rules that follow' });
const address = shown(16, 'address', (raw) => formatAddress(raw, 0));

/** The server's hello. */
export const HELLO = layout('big', {
  magic: magic(MAGIC),
  version: u32({ description: 'protocol version', example: 2 }),
  pifNameSize: u32({ description: 'bytes of the names in the list', example: PIF_NAME_SIZE }),
  ifnamsiz: u32({ description: 'bytes of the interface names in rules', example: IFNAMSIZ }),
});
/** The hellos of development versions, which end after 12 or 16 bytes. */
export const HELLO_D1 = HELLO.without('pifNameSize', 'ifnamsiz');
export const HELLO_D2 = HELLO.without('ifnamsiz');

/** The header of a list entry. The hello announces the size of the name. */
export const PIF = layout('big', {
  pif,
  name: text(PIF_NAME_SIZE, { description: 'name of the table', example: 'HOST' }),
  caps: flags('u32', CAP_NAMES, {
    digits: 1,
    unnamed: 'together',
    description: 'what the table can do',
    example: ['IPV4', 'TCP'],
  }),
  count,
});
/** The header of a list entry in the second development layout, which ends with the name. */
const PIF_BARE = PIF.without('caps', 'count');
/** The header of a section of an update. */
export const SECTION = PIF.without('name', 'caps');

/** A forwarding rule of version 2. */
export const RULE_V2 = layout('big', {
  addr: address,
  taddr: address,
  ifname: text(IFNAMSIZ, { description: 'interface that it listens on; empty: any', example: 'eth0' }),
  first: u16({ description: 'first port of the range', example: 8080 }),
  last: u16({ description: 'last port of the range', example: 8090 }),
  to: u16({ description: 'port that the first one is forwarded to', example: 80 }),
  proto: named('u8', PROTO_NAMES, 'proto ', { description: 'IP protocol', example: 'TCP' }),
  flags: flags('u8', FLAG_NAMES, { digits: 1, unnamed: 'together', description: 'how it listens', example: ['WEAK'] }),
});
/** Version 1 has no target address; all fields after it come 16 bytes earlier. */
export const RULE_V1 = RULE_V2.without('taddr');

export type PifLayout = typeof PIF | typeof PIF_BARE;
export type RuleLayout = typeof RULE_V1 | typeof RULE_V2;

/** Whether entries have capabilities and a number of rules. Those of the second development layout end with the name. */
export function isFullPif(layout: PifLayout): layout is typeof PIF {
  return layout.at.caps >= 0;
}

/** Whether rules have a target address. */
export function hasTarget(layout: RuleLayout): layout is typeof RULE_V2 {
  return layout.at.taddr >= 0;
}

/** The largest announced sizes (bytes) of names and interface names with which decoding goes on. */
const MAX_NAME_SIZE = 4096;
const MAX_IFNAMSIZ = 256;

/** The layout of list entries for an announced name size; null: the size is impossible. */
export function pifLayout(nameSize: number, bare: boolean): PifLayout | null {
  const form = bare ? PIF_BARE : PIF;
  if (nameSize === PIF_NAME_SIZE) return form;
  return nameSize >= 1 && nameSize <= MAX_NAME_SIZE ? form.with({ name: text(nameSize) }) : null;
}

/** The layout of rules for a released version and an announced interface name size; null: not known. */
export function ruleLayout(version: number, ifnamsiz: number): RuleLayout | null {
  if (version !== 1 && version !== 2) return null;
  const form = version === 1 ? RULE_V1 : RULE_V2;
  if (ifnamsiz === IFNAMSIZ) return form;
  return ifnamsiz >= 1 && ifnamsiz <= MAX_IFNAMSIZ ? form.with({ ifname: text(ifnamsiz) }) : null;
}
