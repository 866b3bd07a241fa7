import { TAG } from '../constants.js';
import * as E from '../encode.js';
import { helloPayload, script } from '../script.js';
import { rule } from './rule.js';

const DECODE = 'frames_v2.h, ControlFrame::_decode; net/ceph/messenger_v2.c';
const ADDRESS = 'src/msg/msg_types.h, entity_addr_t::decode';
const greeted = () => script().banners().hellos();
const helloWith = (address: Uint8Array) =>
  script()
    .banners()
    .control('client', TAG.HELLO, helloPayload({ peer: address }));

export const CONTROL_SHORT = rule('control-short', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: "a control frame's payload ends inside a field",
  meaning:
    "A receiver reads the payload field by field, and every field of the frame's first version must be present. If the bytes run out, userspace throws an exception and the kernel fails the connection.",
  spec: DECODE,
  breaks: ['HELLO without an address', () => script().banners().control('client', TAG.HELLO, E.u8(8))],
  keeps: ['a whole HELLO', greeted],
});

export const CONTROL_TRAILING = rule('control-trailing', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a control frame has bytes after its last field',
  meaning:
    'Receivers ignore what follows the fields that they know, so that later versions can append fields. No released version does so; the sender is newer than this tool, or computes the length wrongly.',
  spec: DECODE,
  breaks: [
    'three more bytes after HELLO',
    () =>
      script()
        .banners()
        .control('client', TAG.HELLO, E.concat(helloPayload(), new Uint8Array(3))),
  ],
  keeps: ['nothing follows', greeted],
});

export const ADDR_MARKER = rule('addr-marker', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'an address begins with an undefined marker',
  meaning:
    'The first byte of an entity address is 1 for the form with type and length, and 0 for the legacy form. A receiver cannot decode anything else and refuses the frame.',
  spec: ADDRESS,
  breaks: ['marker 7', () => helloWith(E.addr({ marker: 7 }))],
  keeps: ['marker 1', greeted],
});

export const ADDR_LENGTH = rule('addr-length', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the lengths inside an address contradict each other',
  meaning:
    'An address carries the length of its structure and, inside, the length of its sockaddr: 16 for IPv4, 28 for IPv6. A receiver refuses a sockaddr that does not fit its structure or its family. The outer length tells where the next field begins.',
  spec: ADDRESS,
  breaks: ['a sockaddr of 100 bytes in a structure of 28', () => helloWith(E.addr({ elen: 100 }))],
  keeps: ['16 bytes', greeted],
});

export const ADDR_TYPE = rule('addr-type', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'an address has an unknown type or family',
  meaning:
    'The types are none (0), v1 (1), v2 (2), any (3) and, in blocklists, a range of addresses (cidr, 4); families are the numbers of Linux: 2 for IPv4, 10 for IPv6. Other values can be decoded, but the receiver cannot connect to such an address. A family of 512 or 2560 is in the wrong byte order.',
  spec: ADDRESS,
  breaks: ['type 9', () => helloWith(E.addr({ type: 9 }))],
  keeps: ['type v2', greeted],
});

export const ADDRVEC_MARKER = rule('addrvec-marker', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a list of addresses begins with an undefined marker',
  meaning:
    'A list of addresses begins with 2, and a single address in its place with its own marker, 1 or 0. A receiver cannot decode anything else and refuses the frame.',
  spec: 'src/msg/msg_types.h, entity_addrvec_t::decode',
  breaks: [
    'marker 9',
    () =>
      script()
        .login()
        .control('client', TAG.CLIENT_IDENT, E.concat(E.u8(9), new Uint8Array(120))),
  ],
  keeps: ['marker 2', () => script().open()],
});

export const VECTOR_COUNT = rule('vector-count', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a list announces more items than its payload can hold',
  meaning:
    'A list begins with a 32-bit count of its items. If these need more bytes than the frame has, the list cannot be decoded; a receiver that allocates memory by the count can be made to run out of it.',
  spec: DECODE,
  breaks: [
    'a list of 2^31 addresses in a small frame',
    () =>
      script()
        .login()
        .control('client', TAG.CLIENT_IDENT, E.concat(E.u8(2), E.u32(0x8000_0000), new Uint8Array(100))),
  ],
  keeps: ['a list of one', () => script().open()],
});

export const ENCODING_RULES = [
  CONTROL_SHORT,
  CONTROL_TRAILING,
  ADDR_MARKER,
  ADDR_LENGTH,
  ADDR_TYPE,
  ADDRVEC_MARKER,
  VECTOR_COUNT,
];
