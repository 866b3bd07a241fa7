import type { Rule } from '../../../base/rule.js';
import {
  bytesOf,
  client,
  CLOSE,
  END,
  entry,
  hello,
  listing,
  pastaList,
  reading,
  section,
  server,
  SERVER_CLOSE,
  updating,
  WEB,
} from '../build.js';

const INFO = 'passt: pesto.h, struct pesto_pif_info';
const SEND = 'passt: conf.c, conf_send_rules()';
const READ = 'passt: pesto.c, read_pif_conf()';
const CAPS = 'passt: fwd_rule.h, FWD_CAP_*';

export const PIF_LIST_UNTERMINATED: Rule = {
  id: 'pesto/pif-list-unterminated',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'the list of tables does not end with a zero byte',
  meaning:
    'The list has no count; it ends with pif id 0. A client reads until it gets that byte and fails if the stream ends before. Where the recording contains the client, pesto/server-close-in-list or pesto/client-left-early says which side closed the connection.',
  spec: SEND,
  breaks: {
    text: 'the server ends its stream after the first table',
    steps: () => [server(hello(), entry(1, [WEB])), { from: 'server', end: 'fin' }],
  },
  keeps: { text: 'a terminated list', steps: () => listing(WEB) },
};

export const PIF_LIST_EMPTY: Rule = {
  id: 'pesto/pif-list-empty',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'the list contains no table',
  meaning:
    'Every released server has at least the HOST table. With an empty list a client can neither show nor change anything.',
  spec: SEND,
  breaks: { text: 'the hello is followed by the zero byte', steps: () => reading(hello(), END) },
  keeps: { text: 'an empty HOST table', steps: () => reading(hello(), entry(1, [], { caps: 0x2f }), END) },
};

export const PIF_HOST_MISSING: Rule = {
  id: 'pesto/pif-host-missing',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'the HOST table is missing',
  meaning:
    'passt lists HOST (id 1), pasta lists HOST and SPLICE (id 3). Without HOST the client cannot apply its options -t and -u.',
  spec: SEND,
  breaks: { text: 'only SPLICE is listed', steps: () => reading(hello(), entry(3), END) },
  keeps: { text: 'HOST and SPLICE are listed', steps: () => listing() },
};

export const PIF_DUPLICATE_ID: Rule = {
  id: 'pesto/pif-duplicate-id',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'two tables have the same id',
  meaning:
    'An update refers to tables by id, so two tables with the same id cannot be distinguished. The client closes the connection.',
  spec: READ,
  breaks: {
    text: 'HOST comes twice, under two names',
    steps: () => reading(hello(), entry(3), entry(1), entry(1, [], { name: 'HOST2' }), END),
  },
  keeps: { text: 'ids 1 and 3', steps: () => listing() },
};

export const PIF_DUPLICATE_NAME: Rule = {
  id: 'pesto/pif-duplicate-name',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'two tables have the same name',
  meaning:
    'The client finds the tables for its options by name (HOST for -t and -u, SPLICE for -T and -U) and closes the connection if a name occurs twice.',
  spec: READ,
  breaks: {
    text: 'SPLICE is called HOST, too',
    steps: () => reading(hello(), entry(1), entry(3, [], { name: 'HOST' }), END),
  },
  keeps: { text: 'HOST and SPLICE', steps: () => listing() },
};

export const PIF_ORDER: Rule = {
  id: 'pesto/pif-order',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'the tables are not in ascending order of their ids',
  meaning:
    'Released servers list their tables in the order of their ids. Nothing depends on the order, but another one indicates another implementation.',
  spec: SEND,
  breaks: { text: 'SPLICE before HOST', steps: () => reading(hello(), entry(3), entry(1), END) },
  keeps: { text: 'HOST before SPLICE', steps: () => listing() },
};

export const PIF_UNEXPECTED: Rule = {
  id: 'pesto/pif-unexpected',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'the list contains a table that no released server has',
  meaning:
    'Only HOST (1) and SPLICE (3) have forwarding tables. TAP (2) is the guest side and has none; higher ids are not defined.',
  spec: 'passt: pif.h, enum pif_type',
  breaks: { text: 'a table for TAP', steps: () => reading(hello(), entry(1), entry(2), entry(3), END) },
  keeps: { text: 'HOST and SPLICE', steps: () => listing() },
};

export const PIF_TOO_MANY: Rule = {
  id: 'pesto/pif-too-many',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'the list contains more tables than a client has room for',
  meaning: 'The client has room for three tables and closes the connection at the fourth.',
  spec: `${READ}, MAX_PIFS`,
  breaks: {
    text: 'four tables',
    steps: () => reading(hello(), entry(1), entry(2), entry(3), entry(4, [], { name: 'MORE' }), END),
  },
  also: ['pesto/pif-unexpected'],
  keeps: { text: 'two tables', steps: () => listing() },
};

export const PIF_NAME_UNTERMINATED: Rule = {
  id: 'pesto/pif-name-unterminated',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a table name does not end with NUL',
  meaning:
    'The last byte of the name field must be NUL, because names are used as C strings. Otherwise the client closes the connection.',
  spec: `${INFO}, name`,
  breaks: {
    text: '128 letters',
    steps: () => reading(hello(), entry(1, [], { name: `HOST${'A'.repeat(124)}`, caps: 0x2f }), END),
  },
  keeps: { text: 'a name followed by NULs', steps: () => listing() },
};

export const PIF_NAME_EMPTY: Rule = {
  id: 'pesto/pif-name-empty',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'a table has no name',
  meaning: 'The client finds tables by name, so its options cannot change a table without one.',
  spec: `${INFO}, name`,
  breaks: {
    text: 'HOST has an empty name',
    steps: () => reading(hello(), entry(1, [], { name: '', caps: 0x2f }), END),
  },
  keeps: { text: 'HOST is named', steps: () => listing() },
};

export const PIF_NAME_MISMATCH: Rule = {
  id: 'pesto/pif-name-mismatch',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'the name of a table does not belong to its id',
  meaning:
    'Id 1 is HOST, 2 is TAP, 3 is SPLICE. The client uses names and the server uses ids, so rules would end up in the wrong table.',
  spec: 'passt: pif.c, pif_type_str',
  breaks: {
    text: 'id 1 is called LAN',
    steps: () => reading(hello(), entry(1, [], { name: 'LAN', caps: 0x2f }), END),
  },
  keeps: { text: 'id 1 is called HOST', steps: () => listing() },
};

export const PIF_NAME_PADDING: Rule = {
  id: 'pesto/pif-name-padding',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'a table name has bytes after its end',
  meaning:
    'Servers fill the field with zeros before they write the name. Other bytes after the NUL may disclose a piece of their memory.',
  spec: `${INFO}, name`,
  breaks: {
    text: 'bytes of an older name after the NUL',
    steps: () => reading(hello(), entry(1, [], { name: 'HOST\0ICE', caps: 0x2f }), END),
  },
  keeps: { text: 'only NULs after the name', steps: () => listing() },
};

export const CAPS_UNKNOWN: Rule = {
  id: 'pesto/caps-unknown',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'the server sets an undefined capability bit',
  meaning:
    'Six bits are defined: IPV4, IPV6, TCP, UDP, SCAN and IFNAME. A new bit requires a new version, because clients do not know it.',
  spec: CAPS,
  breaks: { text: 'bit 6 is set', steps: () => reading(hello(), entry(1, [], { caps: 0x6f }), END) },
  keeps: { text: 'known bits only', steps: () => listing() },
};

export const CAPS_DIFFER: Rule = {
  id: 'pesto/caps-differ',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'the tables have different capabilities',
  meaning: 'A server determines its capabilities once and stores them in all its tables, so they should be the same.',
  spec: 'passt: fwd.c, fwd_rule_init()',
  breaks: {
    text: 'HOST without UDP, SPLICE with it',
    steps: () => reading(hello(), entry(1, [], { caps: 0x37 }), entry(3), END),
  },
  keeps: { text: 'the same everywhere', steps: () => listing() },
};

export const CAPS_NO_FAMILY: Rule = {
  id: 'pesto/caps-no-family',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'the capabilities include neither IPv4 nor IPv6',
  meaning: 'A server runs with at least one address family; without one it cannot accept any rule.',
  spec: CAPS,
  breaks: { text: 'TCP, UDP and IFNAME only', steps: () => reading(hello(), entry(1, [], { caps: 0x2c }), END) },
  keeps: { text: 'both families', steps: () => listing() },
};

export const CAPS_NO_PROTOCOL: Rule = {
  id: 'pesto/caps-no-protocol',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'the capabilities include neither TCP nor UDP',
  meaning:
    'If both are disabled (--no-tcp, --no-udp), the server cannot accept any rule. This is legal but probably not intended.',
  spec: CAPS,
  breaks: { text: 'families and IFNAME only', steps: () => reading(hello(), entry(1, [], { caps: 0x23 }), END) },
  keeps: { text: 'TCP and UDP', steps: () => listing() },
};

export const CAPS_SCAN_MODE: Rule = {
  id: 'pesto/caps-scan-mode',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'only one of SCAN and the SPLICE table is present',
  meaning:
    'SCAN and the SPLICE table both belong to pasta, which can scan the ports of the namespace and forwards connections out of it. passt has neither of them, so a list should have both or none.',
  spec: CAPS,
  breaks: { text: 'SCAN without SPLICE', steps: () => reading(hello(), entry(1, [], { caps: 0x3f }), END) },
  keeps: {
    text: 'passt: neither of them',
    steps: () => reading(hello(), entry(1, [], { caps: 0x2f }), END),
  },
};

export const RULE_COUNT_TOO_BIG: Rule = {
  id: 'pesto/rule-count-too-big',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a table announces more than 255 rules',
  meaning:
    'A table holds at most 255 rules. A side that receives a larger count closes the connection without reading a single rule; what follows is not decoded. The side that sent the count is blamed.',
  spec: 'passt: fwd_rule.h, MAX_FWD_RULES',
  breaks: {
    text: 'the client announces 256 rules',
    steps: () => [server(pastaList()), client(section(1, [], 256)), ...SERVER_CLOSE],
  },
  also: ['pesto/update-rejected'],
  keeps: { text: 'two rules', steps: () => updating(section(1, [WEB]), section(3), END) },
};

export const SERVER_DATA_AFTER_LIST: Rule = {
  id: 'pesto/server-data-after-list',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'the server sends data after its list',
  meaning:
    'A server never answers an update: it applies it or not, and closes the connection. The drafts of March 2026 ended with a report (in the simplified one, a single byte for success or failure) and a commit or rollback by the client; none of that was released. The data can also come from a server whose rules are longer than its version says.',
  spec: 'passt: conf.c, conf_handler()',
  breaks: {
    text: 'a status byte after the list',
    steps: () => [server(bytesOf(pastaList(), END)), ...CLOSE],
  },
  keeps: { text: 'nothing after the list', steps: () => reading(pastaList()) },
};

export const LIST_RULES: readonly Rule[] = [
  PIF_LIST_UNTERMINATED,
  PIF_LIST_EMPTY,
  PIF_HOST_MISSING,
  PIF_DUPLICATE_ID,
  PIF_DUPLICATE_NAME,
  PIF_ORDER,
  PIF_UNEXPECTED,
  PIF_TOO_MANY,
  PIF_NAME_UNTERMINATED,
  PIF_NAME_EMPTY,
  PIF_NAME_MISMATCH,
  PIF_NAME_PADDING,
  CAPS_UNKNOWN,
  CAPS_DIFFER,
  CAPS_NO_FAMILY,
  CAPS_NO_PROTOCOL,
  CAPS_SCAN_MODE,
  RULE_COUNT_TOO_BIG,
  SERVER_DATA_AFTER_LIST,
];
