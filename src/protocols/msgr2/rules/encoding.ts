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
    "Payloads are read field by field. Running out of bytes throws in userspace and fails the connection in the kernel. Every field of the frame's first version has to be there.",
  spec: DECODE,
  breaks: ['HELLO without an address', () => script().banners().control('client', TAG.HELLO, E.u8(8))],
  keeps: ['a whole HELLO', greeted],
});

export const CONTROL_TRAILING = rule('control-trailing', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'bytes are left over behind the last field of a control frame',
  meaning:
    'Receivers ignore what follows the fields they know; it is the only way in which control frames can grow. No released version sends any, so it is a newer sender or one that counts wrongly.',
  spec: DECODE,
  breaks: [
    'three more bytes behind HELLO',
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
  title: 'an address begins with an impossible marker',
  meaning:
    'The first byte of an entity address is 1 for the form with type and length, 0 for the legacy form. Anything else cannot be decoded and fails the frame.',
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
    'An address carries the length of its structure and, inside, that of its sockaddr: 16 for IPv4, 28 for IPv6. A sockaddr that does not fit its structure or its family is refused. A receiver goes on behind the structure by the outer length.',
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
    'Types are none (0), v1 (1), v2 (2), any (3) and, in blocklists, a range of addresses (cidr, 4); families are Linux numbers: 2 for IPv4, 10 for IPv6. Other values decode and lead nowhere. A family of 512 or 2560 is one in the wrong byte order.',
  spec: ADDRESS,
  breaks: ['type 9', () => helloWith(E.addr({ type: 9 }))],
  keeps: ['type v2', greeted],
});

export const ADDRVEC_MARKER = rule('addrvec-marker', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a list of addresses begins with an impossible marker',
  meaning:
    'A list of addresses begins with 2; a single address in its place with 1 or 0, its own marker. Anything else is malformed and fails the frame.',
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
    'A list begins with a 32-bit count. One that needs more bytes than the frame has cannot be read; a receiver that allocates by it can be made to run out of memory.',
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
