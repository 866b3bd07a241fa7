import type { Json } from '../../../base/annotation.js';
import { readItems } from '../../../base/structure/parts.js';
import type { Reader } from '../../../base/structure/reader.js';
import type { Type } from '../../../base/structure/type.js';
import { addressTypeName, isAddressType } from '../constants.js';

/** An entity address (src/msg/msg_types.h). */
export interface Address {
  readonly type: number;
  readonly nonce: number;
  /** `10.0.0.1:3300`, `[::1]:3300`; empty if there is no address family. */
  readonly host: string;
}

const NOWHERE: Address = { type: 0, nonce: 0, host: '' };

/** Ceph's own notation: `v2:10.0.0.1:3300/0`; `-` for no address. */
export function addressText(a: Address): string {
  return a.host === '' && a.nonce === 0 ? '-' : `${addressTypeName(a.type)}:${a.host}/${a.nonce}`;
}

/** entity_addr_t: marker 1, an envelope, type, nonce and a sockaddr with its length; or the legacy form (marker 0). */
export const address: Type<Address> = {
  ...{ kind: 'entity address', size: -1, least: 8 },
  read: (r, name) => marked(r, name, 1, 'addr-marker'),
  skip: (r, name) => void marked(r, name, 1, 'addr-marker'),
  json: (value) => addressText(value),
};

/** entity_addrvec_t: marker 2 and a list; or a single address, to which the marker belongs. */
export const addresses: Type<readonly Address[]> = {
  ...{ kind: 'entity addresses', size: -1, least: 5 },
  read: readAddresses,
  skip: (r, name) => void readAddresses(r, name),
  json: (value): Json => value.map(addressText),
};

function readAddresses(r: Reader, name: string): readonly Address[] {
  const at = r.pos;
  if (r.left === 0 || r.bytes[at] !== 2) return [marked(r, name, 2, 'addrvec-marker')];
  r.take(name, 1);
  r.row(`${name}Marker`, at, undefined, '2');
  const counted = r.take(name, 4);
  if (counted < 0) return [];
  const count = r.view.getUint32(counted, true);
  if (!r.holds(name, count, address.least, counted, 4)) return [];
  r.row(`${name}Count`, counted, undefined, String(count));
  return readItems(r, name, count, address, 'address');
}

function marked(r: Reader, name: string, most: number, kind: string): Address {
  const at = r.take(name, 1);
  if (at < 0) return NOWHERE;
  const marker = r.bytes[at]!;
  if (marker > most) {
    r.fail(kind, name, at, 1, 0, `${name} has marker ${marker}`);
    return NOWHERE;
  }
  return marker === 1 ? modern(r, name, at) : legacy(r, name, at);
}

function modern(r: Reader, name: string, at: number): Address {
  const header = r.take(name, 6);
  if (header < 0) return NOWHERE;
  const sizeAt = header + 2;
  const start = sizeAt + 4;
  const size = r.view.getUint32(sizeAt, true);
  if (size > r.left) {
    const text = `${name} says ${size} bytes and ${r.left} are left`;
    r.fail('addr-length', name, sizeAt, 4, size - r.left, text);
    return NOWHERE;
  }
  if (size < 12) {
    r.fail('addr-length', name, sizeAt, 4, 0, `${name} says ${size} bytes, too few for an address`);
    return NOWHERE;
  }
  const type = r.view.getUint32(start, true);
  const nonce = r.view.getUint32(start + 4, true);
  const length = r.view.getUint32(start + 8, true);
  if (length > size - 12) {
    r.fail('addr-length', name, start + 8, 4, 0, `${name}: sockaddr of ${length} bytes in a structure of ${size}`);
    return NOWHERE;
  }
  const sock = start + 12;
  const family = length >= 2 ? r.view.getUint16(sock, true) : 0;
  const full = family === 10 ? 28 : family === 2 ? 16 : 128;
  if (length === 1 || length > full) {
    r.fail('addr-length', name, start + 8, 4, 0, `${name}: sockaddr of ${length} bytes for family ${family}`);
    return NOWHERE;
  }
  if (!isAddressType(type)) r.remark('addr-type', name, start, 4, `${name} has type ${type}`);
  if (family !== 0 && family !== 2 && family !== 10)
    r.remark('addr-type', name, sock, 2, `${name} has address family ${family}`);
  r.take(name, size);
  const value = { type, nonce, host: host(r, family, sock, length) };
  if (r.rows !== null) showModern(r, name, at, value, length);
  return value;
}

function showModern(r: Reader, name: string, at: number, value: Address, length: number): void {
  const start = at + 7;
  const children = [
    r.part('header', at, 7),
    r.part('type', start, 4, value.type, addressTypeName(value.type)),
    r.part('nonce', start + 4, 4, value.nonce),
    r.part('sockaddrLength', start + 8, 4, length),
  ];
  if (length > 0) children.push(r.part('sockaddr', start + 12, length, value.host));
  const tail = r.pos - (start + 12 + length);
  if (tail > 0) children.push(r.part('rest', r.pos - tail, tail));
  r.row(name, at, addressText(value), r.withName(addressText(value)), children);
}

/** 136 bytes: marker, three unused, u32 nonce, sockaddr_storage in network order. */
function legacy(r: Reader, name: string, at: number): Address {
  const rest = r.take(name, 135);
  if (rest < 0) return NOWHERE;
  const sock = rest + 7;
  const value = { type: 1, nonce: r.view.getUint32(rest + 3, true), host: host(r, r.view.getUint16(sock), sock, 128) };
  if (r.rows === null) return value;
  r.row(name, at, addressText(value), r.withName(addressText(value)), [r.part('header', at, 8)]);
  return value;
}

function host(r: Reader, family: number, sock: number, size: number): string {
  if (family === 2 && size >= 8) {
    const ip = r.bytes.subarray(sock + 4, sock + 8);
    return `${ip.join('.')}:${r.view.getUint16(sock + 2)}`;
  }
  if (family === 10 && size >= 24) return `[${ipv6(r.view, sock + 8)}]:${r.view.getUint16(sock + 2)}`;
  return '';
}

/** RFC 5952: the longest run of zero groups is left out. */
function ipv6(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(at + 2 * i).toString(16));
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === '0') n++;
    if (n > bestLength) [best, bestLength] = [i, n];
    i += n;
  }
  if (best < 0) return groups.join(':');
  return `${groups.slice(0, best).join(':')}::${groups.slice(best + bestLength).join(':')}`;
}
