import {
  ALT,
  client,
  CLOSE,
  END,
  entry,
  hello,
  pastaList,
  rule,
  section,
  sending,
  server,
  WEB,
} from '../../src/protocols/pesto/build.js';
import { pesto } from '../../src/protocols/pesto/index.js';
import { testProperties } from '../kit/properties.js';

const SPLICED = rule({ first: 8000, last: 8010, ifname: 'lo', flags: 5 });
const TARGET = rule({ addr: '192.0.2.1', taddr: '10.0.2.15', first: 2222, to: 22, ifname: 'eth0' });
const OLD = [
  rule({ version: 1, first: 8080 }),
  rule({ version: 1, addr: '127.0.0.1', ifname: 'lo', first: 53, to: 5353, proto: 17 }),
];

testProperties(pesto, {
  'read-only': () => [server(pastaList()), ...CLOSE],
  update: () => [
    server(hello(), entry(1, [WEB]), entry(3, [SPLICED]), END),
    client(section(1, [WEB, TARGET]), section(3), END),
    ...CLOSE,
  ],
  'update of version 1': () => [
    server(hello({ version: 1 }), entry(1, OLD, { caps: 0x2f }), END),
    client(section(1, OLD.slice(0, 1)), END),
    ...CLOSE,
  ],
  'rejected update': () => sending(WEB, WEB),
  'version skew': () => [
    server(pastaList()),
    client(section(1, [rule({ version: 1, addr: '192.0.2.5', first: 8100 })]), section(3), END),
    ...CLOSE,
  ],
  'experimental version': () => [
    server(hello({ version: 0 }), entry(1, [WEB, ALT], { caps: 0x2f }), END),
    client(section(1, [WEB]), END),
    ...CLOSE,
  ],
});

// empty sections alone are too few bytes to be recognised: here the user says what it is
testProperties(pesto, { 'clear everything': () => sending() }, { forced: true });
