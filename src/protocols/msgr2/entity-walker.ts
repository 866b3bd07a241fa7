import type { Annotation } from '../../contract/annotation.js';
import { addressTypeName } from './constants.js';
import { FieldWalker } from './field-walker.js';

/** An entity address as the session compares it. */
export interface Address {
  readonly type: number;
  readonly nonce: number;
  /** `10.0.0.1:3300`, `[::1]:3300`; empty where the family is none. */
  readonly host: string;
}

/** Reads the addresses of entities as well, which every ident and many messages carry (src/msg/msg_types.h). */
export class EntityWalker extends FieldWalker {
  /** entity_addr: new form (marker 1) or legacy form (marker 0). */
  address(name: string): Address {
    const at = this.pos;
    const marker = this.left > 0 ? this.bytes[at]! : 0;
    if (this.left > 0 && marker > 1) {
      this.problem('addr-marker', at, 1, `${name} has marker ${marker}`);
      return NOWHERE;
    }
    if (this.take(name, 1) < 0) return NOWHERE;
    return this.addressBody(name, at, marker);
  }

  /** entity_addrvec: marker 2 and a vector, or a single address whose marker this is. */
  addresses(name: string): Address[] {
    const at = this.pos;
    const marker = this.left > 0 ? this.bytes[at]! : 0;
    if (this.left > 0 && marker > 2) {
      this.problem('addrvec-marker', at, 1, `${name} has marker ${marker}`);
      return [];
    }
    const list: Address[] = [];
    if (this.take(name, 1) < 0) return list;
    if (marker === 2) {
      if (this.out) this.note(`${name}Marker`, at, undefined, String(marker));
      this.vector(name, 8, () => list.push(this.address('address')));
    } else list.push(this.addressBody(name, at, marker));
    return list;
  }

  private addressBody(name: string, at: number, marker: number): Address {
    return marker === 1 ? this.newAddress(name, at) : this.legacyAddress(name, at);
  }

  private newAddress(name: string, at: number): Address {
    const header = this.take(name, 6);
    if (header < 0) return NOWHERE;
    const size = this.view.getUint32(header + 2, true);
    const start = this.pos;
    const stop = start + size;
    if (size > this.end - start) {
      this.problem('addr-length', header + 2, 4, `${name} says ${size} bytes and ${this.end - start} are left`);
      return NOWHERE;
    }
    if (size < 12) {
      this.problem('addr-length', header + 2, 4, `${name} says ${size} bytes, too few for an address`);
      return NOWHERE;
    }
    const type = this.view.getUint32(start, true);
    const nonce = this.view.getUint32(start + 4, true);
    const elen = this.view.getUint32(start + 8, true);
    if (elen > size - 12) {
      this.problem('addr-length', start + 8, 4, `${name}: sockaddr of ${elen} bytes in a structure of ${size}`);
      return NOWHERE;
    }
    const sock = start + 12;
    const family = elen >= 2 ? this.view.getUint16(sock, true) : 0;
    const full = family === 10 ? 28 : family === 2 ? 16 : 128;
    if (elen === 1 || elen > full) {
      this.problem('addr-length', start + 8, 4, `${name}: sockaddr of ${elen} bytes for family ${family}`);
      return NOWHERE;
    }
    if (type > 3) this.problem('addr-type', start, 4, `${name} has type ${type}`);
    if (family !== 0 && family !== 2 && family !== 10) {
      this.problem('addr-type', sock, 2, `${name} has address family ${family}`);
    }
    this.pos = stop;
    const address = { type, nonce, host: this.host(family, sock, elen) };
    if (this.out) this.noteAddress(name, at, address, elen > 0 ? sock : 0, elen);
    return address;
  }

  private legacyAddress(name: string, at: number): Address {
    const rest = this.take(name, 135);
    if (rest < 0) return NOWHERE;
    const nonce = this.view.getUint32(rest + 3, true);
    const sock = rest + 7;
    const address = { type: 1, nonce, host: this.host(this.view.getUint16(sock, false), sock, 128) };
    if (this.out) this.noteAddress(name, at, address, sock, 128);
    return address;
  }

  private noteAddress(name: string, at: number, a: Address, sock: number, elen: number): void {
    const children: Annotation[] = [{ name: 'header', at: at + this.shift, length: Math.min(7, this.pos - at) }];
    if (this.bytes[at] === 1 || this.bytes[at] === 2) {
      const start = at + 7 + this.shift;
      children.push({ name: 'type', at: start, length: 4, value: a.type, text: addressTypeName(a.type) });
      children.push({ name: 'nonce', at: start + 4, length: 4, value: a.nonce });
      children.push({ name: 'sockaddrLength', at: start + 8, length: 4, value: elen });
      if (elen > 0) children.push({ name: 'sockaddr', at: sock + this.shift, length: elen, value: a.host });
      const tail = this.pos - (at + 19 + elen);
      if (tail > 0) children.push({ name: 'rest', at: at + 19 + elen + this.shift, length: tail });
    }
    const text = addressText(a);
    this.out!.push({ name, at: at + this.shift, length: this.pos - at, value: text, text, children });
  }

  private host(family: number, sock: number, size: number): string {
    if (family === 2 && size >= 8) {
      const b = this.bytes;
      const port = this.view.getUint16(sock + 2, false);
      return `${b[sock + 4]}.${b[sock + 5]}.${b[sock + 6]}.${b[sock + 7]}:${port}`;
    }
    if (family === 10 && size >= 24) return `[${ipv6(this.view, sock + 8)}]:${this.view.getUint16(sock + 2, false)}`;
    return '';
  }
}

const NOWHERE: Address = { type: 0, nonce: 0, host: '' };

/** Ceph's own notation: `v2:10.0.0.1:3300/0`; `-` for no address. */
function addressText(a: Address): string {
  return a.host === '' && a.nonce === 0 ? '-' : `${addressTypeName(a.type)}:${a.host}/${a.nonce}`;
}

/** RFC 5952: the longest run of zero groups is left out. */
function ipv6(view: DataView, at: number): string {
  const groups: number[] = [];
  for (let i = 0; i < 8; i++) groups.push(view.getUint16(at + 2 * i, false));
  let best = -1;
  let bestLength = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > bestLength) {
      best = i;
      bestLength = n;
    }
    i += n;
  }
  const text = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((g) => g.toString(16))
      .join(':');
  return best < 0 ? text(0, 8) : `${text(0, best)}::${text(best + bestLength, 8)}`;
}
