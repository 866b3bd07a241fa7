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
  title: 'the list of tables ends without its zero byte',
  meaning:
    'The list has no count: it ends with pif id 0. A client reads on until it gets that byte and fails when the stream ends before. Where the recording shows the client, pesto/server-close-in-list or pesto/client-left-early says who left.',
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
  title: 'the list has no table',
  meaning: 'Every shipped server owns at least the HOST table. A list without any leaves nothing to show or change.',
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
    'passt lists HOST (id 1), pasta lists HOST and SPLICE (id 3). Without HOST the options -t and -u of the client have no table to work on.',
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
  meaning: 'An update names tables by id, so two with one id cannot be told apart. The client leaves.',
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
    'The client finds the tables for its options by name (HOST for -t and -u, SPLICE for -T and -U) and leaves when a name comes twice.',
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
  title: 'tables are not in ascending order of their ids',
  meaning:
    'Shipped servers walk their tables by id. Nothing depends on the order, but it tells another implementation.',
  spec: SEND,
  breaks: { text: 'SPLICE before HOST', steps: () => reading(hello(), entry(3), entry(1), END) },
  keeps: { text: 'HOST before SPLICE', steps: () => listing() },
};

export const PIF_UNEXPECTED: Rule = {
  id: 'pesto/pif-unexpected',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'a table that no shipped server has',
  meaning:
    'Only HOST (1) and SPLICE (3) own forwarding tables. TAP (2) is the guest side and has none; higher ids are not defined.',
  spec: 'passt: pif.h, enum pif_type',
  breaks: { text: 'a table for TAP', steps: () => reading(hello(), entry(1), entry(2), entry(3), END) },
  keeps: { text: 'HOST and SPLICE', steps: () => listing() },
};

export const PIF_TOO_MANY: Rule = {
  id: 'pesto/pif-too-many',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'more tables than a client has room for',
  meaning: 'The client holds three tables and leaves at the fourth.',
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
  title: 'a table name without NUL',
  meaning: 'The last byte of the name field must be NUL, because names are used as C strings. The client leaves.',
  spec: `${INFO}, name`,
  breaks: {
    text: '128 letters',
    steps: () => reading(hello(), entry(1, [], { name: `HOST${'A'.repeat(124)}`, caps: 0x2f }), END),
  },
  keeps: { text: 'a name with NULs behind it', steps: () => listing() },
};

export const PIF_NAME_EMPTY: Rule = {
  id: 'pesto/pif-name-empty',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'a table without a name',
  meaning: 'The client finds tables by name; one without a name cannot be changed by its options.',
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
  title: 'id and name of a table do not belong together',
  meaning:
    'Id 1 is HOST, 2 is TAP, 3 is SPLICE. The client works by names, the server by ids: rules would end up in the wrong table.',
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
  title: 'bytes after the end of a table name',
  meaning:
    'Servers zero the field before they write the name. Anything else behind the NUL may be a piece of their memory.',
  spec: `${INFO}, name`,
  breaks: {
    text: 'bytes of an older name behind the NUL',
    steps: () => reading(hello(), entry(1, [], { name: 'HOST\0ICE', caps: 0x2f }), END),
  },
  keeps: { text: 'only NULs behind the name', steps: () => listing() },
};

export const CAPS_UNKNOWN: Rule = {
  id: 'pesto/caps-unknown',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'a capability bit without a meaning',
  meaning:
    'Six bits are defined: IPV4, IPV6, TCP, UDP, SCAN, IFNAME. A new bit needs a new version, because clients do not know it.',
  spec: CAPS,
  breaks: { text: 'bit 6 is set', steps: () => reading(hello(), entry(1, [], { caps: 0x6f }), END) },
  keeps: { text: 'known bits only', steps: () => listing() },
};

export const CAPS_DIFFER: Rule = {
  id: 'pesto/caps-differ',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'tables with different capabilities',
  meaning: 'A server computes its capabilities once and stores them in all tables.',
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
  title: 'neither IPv4 nor IPv6',
  meaning: 'A server runs with at least one address family; without any, no rule can be accepted.',
  spec: CAPS,
  breaks: { text: 'TCP, UDP and IFNAME only', steps: () => reading(hello(), entry(1, [], { caps: 0x2c }), END) },
  keeps: { text: 'both families', steps: () => listing() },
};

export const CAPS_NO_PROTOCOL: Rule = {
  id: 'pesto/caps-no-protocol',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'neither TCP nor UDP',
  meaning: 'With both switched off (--no-tcp, --no-udp) no rule can be accepted. Legal, and probably not meant.',
  spec: CAPS,
  breaks: { text: 'families and IFNAME only', steps: () => reading(hello(), entry(1, [], { caps: 0x23 }), END) },
  keeps: { text: 'TCP and UDP', steps: () => listing() },
};

export const CAPS_SCAN_MODE: Rule = {
  id: 'pesto/caps-scan-mode',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'SCAN and the SPLICE table do not go together',
  meaning:
    'Both belong to pasta: it can scan the ports of the namespace, and it forwards out of it. passt has neither.',
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
    'A table holds 255 rules. Whoever reads a larger count closes without reading a single rule; what follows is not decoded. Error of whoever sent it.',
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
  title: 'the server went on after its list',
  meaning:
    'A server never answers an update: it applies it or not, and closes. The drafts of March 2026 ended with a report (one byte for success or failure in the simplified one), and a commit or rollback by the client; none of that was shipped. Further bytes can also come from a server whose rules are longer than its version says.',
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
