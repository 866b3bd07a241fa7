/** Byte sequences of known meaning. `xx{n}` stands for n times the byte xx. */
const VECTORS = {
  /** v2 hello */
  P01: '62 61 73 69 6c 3a 73 00 00 00 00 02 00 00 00 80 00 00 00 10',
  /** v1 hello */
  P02: '62 61 73 69 6c 3a 73 00 00 00 00 01 00 00 00 80 00 00 00 10',
  /** development hello, 12 bytes, nothing follows */
  P03: '62 61 73 69 6c 3a 73 00 00 00 00 01',
  /** development hello, 16 bytes, one pif HOST with name only, terminator */
  P04: '62 61 73 69 6c 3a 73 00 00 00 00 01 00 00 00 80 01 48 4f 53 54 00{125}',
  /** v2, passt mode: HOST only, caps IPv4+IPv6+TCP+UDP+IFNAME, no rules */
  P05: '62 61 73 69 6c 3a 73 00 00 00 00 02 00 00 00 80 00 00 00 10 01 48 4f 53 54 00{127} 2f 00 00 00 00 00',
  /** v2, pasta mode: two pifs, one rule each */
  P06: '62 61 73 69 6c 3a 73 00 00 00 00 02 00 00 00 80 00 00 00 10 01 48 4f 53 54 00{127} 3f 00 00 00 01 00{48} 1f 90 1f 90 00 50 06 01 03 53 50 4c 49 43 45 00{125} 3f 00 00 00 01 00{32} 6c 6f 00{14} 1f 40 1f 4a 1f 40 06 05 00',
  /** v2 rule: TCP any 1-32767 to 1-32767, dual-stack, best effort */
  P07: '00{49} 01 7f ff 00 01 06 03',
  /** v2 rule: TCP 192.0.2.1%eth0:2222 to 10.0.2.15:22 */
  P08: '00{10} ff ff c0 00 02 01 00{10} ff ff 0a 00 02 0f 65 74 68 30 00{12} 08 ae 08 ae 00 16 06 00',
  /** v1 rule: UDP 127.0.0.1%lo:53 to 5353 */
  P09: '00{10} ff ff 7f 00 00 01 6c 6f 00{15} 35 00 35 14 e9 11 00',
  /** v2 update: HOST 2 rules, SPLICE emptied */
  P10: '01 00 00 00 02 00{48} 1f 90 1f 90 00 50 06 01 00{10} ff ff c0 00 02 01 00{10} ff ff 0a 00 02 0f 65 74 68 30 00{12} 08 ae 08 ae 00 16 06 00 03 00 00 00 00 00',
  /** v1 update: HOST 2 rules */
  P11: '01 00 00 00 02 00{32} 1f 90 1f 90 00 50 06 01 00{10} ff ff 7f 00 00 01 6c 6f 00{15} 35 00 35 14 e9 11 00 00',
  /** read-only session: client sends nothing and closes */
  P12: '',
  /** v2 update cut 20 bytes into the second rule */
  P13: '01 00 00 00 02 00{48} 1f 90 1f 90 00 50 06 01 00{10} ff ff c0 00 02 01 00 00 00 00',
  /** v2 update that omits SPLICE */
  P14: '01 00 00 00 01 00{48} 1f 90 1f 90 00 50 06 01 00',
  /** count 256 */
  P15: '01 00 00 01 00',
  /** first > last */
  P16: '01 00 00 00 01 00{49} 5a 00 50 00 5a 06 01 00',
  /** rule 0 and rule 1 overlap */
  P17: '01 00 00 00 02 00{49} 50 00 50 00 50 06 01 00{10} ff ff 7f 00 00 01 00{33} 4f 00 51 00 4f 06 00 00',
  /** target range runs past 65535 */
  P18: '01 00 00 00 01 00{49} 64 00 65 ff ff 06 01 00',
  /** IPv4 listen address, IPv6 target address */
  P19: '01 00 00 00 01 00{10} ff ff c0 00 02 01 20 01 0d b8 00{11} 05 00{17} 50 00 50 00 50 06 00 00',
  /** section for pif 2 (TAP), never offered */
  P20: '02 00 00 00 00 00',
  /** interface name fills all 16 bytes */
  P21: '01 00 00 00 01 00{32} 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70 00 50 00 50 00 50 06 01 00',
  /** future version 3: rule size unknown, stop after hello */
  P22: '62 61 73 69 6c 3a 73 00 00 00 00 03 00 00 00 80 00 00 00 10',
  /** clear everything; identical in v1 and v2 */
  P23: '01 00 00 00 00 03 00 00 00 00 00',
  /** one byte after the list terminator (reviewer-variant status byte?) */
  P24: '62 61 73 69 6c 3a 73 00 00 00 00 02 00 00 00 80 00 00 00 10 01 48 4f 53 54 00{127} 2f 00{6}',
  /** several faults in one rule: proto 1, flags 0xf9, target port 0 */
  P25: '01 00 00 00 01 00{49} 50 00 50 00 00 01 f9 00',
  /** v1 server with one 40-byte rule */
  P26: '62 61 73 69 6c 3a 73 00 00 00 00 01 00 00 00 80 00 00 00 10 01 48 4f 53 54 00{127} 2f 00 00 00 01 00{32} 1f 90 1f 90 00 50 06 01 00',
};

export type VectorName = keyof typeof VECTORS;

export function vector(name: VectorName): Uint8Array {
  const bytes: number[] = [];
  for (const word of VECTORS[name].split(' ').filter((w) => w !== '')) {
    const [hex = '', times = '1'] = word.replace('}', '').split('{');
    for (let i = 0; i < Number(times); i++) bytes.push(Number.parseInt(hex, 16));
  }
  return Uint8Array.from(bytes);
}
