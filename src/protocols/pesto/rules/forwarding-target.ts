import type { Rule } from '../../../base/rule.js';
import { END, rule as forward, section, sending, updating, WEB } from '../build.js';

/** Rules for what a forwarding rule may say about its target, and for how it must fit the other rules of its table. */

const ADD = 'passt: fwd_rule.c, fwd_rule_add()';
const STRUCT = 'passt: fwd_rule.h, struct fwd_rule';
const REJECTED = ['pesto/update-rejected'] as const;
const ON_BREACH =
  'The server closes the connection at the first rule that fails and applies nothing. In a list the finding is a warning, because clients show whatever the server sends.';

export const TARGET_MULTICAST: Rule = {
  id: 'pesto/rule-target-multicast',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the target is a multicast or broadcast address',
  meaning: `A target address must be that of one host, not a multicast address or 255.255.255.255. ${ON_BREACH}`,
  spec: ADD,
  breaks: {
    text: 'to 224.0.0.1',
    steps: () => sending(forward({ addr: '192.0.2.5', taddr: '224.0.0.1', first: 80 })),
  },
  also: REJECTED,
  keeps: {
    text: 'to 10.0.2.15',
    steps: () => sending(forward({ addr: '192.0.2.5', taddr: '10.0.2.15', first: 80 })),
  },
};

export const TARGET_DUAL_STACK: Rule = {
  id: 'pesto/rule-target-dual-stack',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a target address is combined with DUAL_STACK_ANY',
  meaning: `A target address belongs to one family, so the listening address must belong to one family, too: use 0.0.0.0 or ::. ${ON_BREACH}`,
  spec: ADD,
  breaks: { text: 'any address to 10.0.2.15', steps: () => sending(forward({ taddr: '10.0.2.15', first: 80 })) },
  also: REJECTED,
  keeps: {
    text: '0.0.0.0 to 10.0.2.15',
    steps: () => sending(forward({ addr: '0.0.0.0', taddr: '10.0.2.15', first: 80 })),
  },
};

export const TARGET_FAMILY: Rule = {
  id: 'pesto/rule-target-family',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the listening and the target address belong to different families',
  meaning: `The server does not translate between IPv4 and IPv6. ${ON_BREACH}`,
  spec: ADD,
  breaks: {
    text: 'IPv4 to IPv6',
    steps: () => sending(forward({ addr: '192.0.2.1', taddr: '2001:db8::5', first: 80 })),
  },
  also: REJECTED,
  keeps: {
    text: 'IPv6 to IPv6',
    steps: () => sending(forward({ addr: '2001:db8::1', taddr: '2001:db8::5', first: 80 })),
  },
};

export const TARGET_ON_SPLICE: Rule = {
  id: 'pesto/rule-target-on-splice',
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'a rule in the SPLICE table has a target address',
  meaning:
    'Target addresses apply only to flows from HOST. In SPLICE the address is stored and listed but has no effect.',
  spec: STRUCT,
  breaks: {
    text: 'a target for SPLICE',
    steps: () => updating(section(1), section(3, [forward({ addr: '127.0.0.1', taddr: '10.0.2.15', first: 80 })]), END),
  },
  keeps: {
    text: 'no target for SPLICE',
    steps: () => updating(section(1, [WEB]), section(3, [forward({ addr: '127.0.0.1', first: 80 })]), END),
  },
};

export const TARGET_ANY4: Rule = {
  id: 'pesto/rule-target-any4',
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'the target is 0.0.0.0',
  meaning:
    'The address 0.0.0.0 means "no target address", which the tools write as all zeros. Rules are compared byte by byte, so this rule can only be deleted by one that is written in the same way.',
  spec: 'passt: inany.h, inany_is_unspecified()',
  breaks: {
    text: 'to 0.0.0.0',
    steps: () => sending(forward({ addr: '192.0.2.5', taddr: '0.0.0.0', first: 80 })),
  },
  keeps: { text: 'all zeros', steps: () => sending(forward({ addr: '192.0.2.5', taddr: '::', first: 80 })) },
};

export const CONFLICT: Rule = {
  id: 'pesto/rule-conflict',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'two rules of a table listen on the same port',
  meaning: `Two rules of one table conflict if they have the same protocol and a port in common, and their addresses match: both are equal, or one is a wildcard of the same family, or one rule has DUAL_STACK_ANY. Interface and target are not considered: the same port on two interfaces is a conflict. ${ON_BREACH}`,
  spec: 'passt: fwd_rule.c, fwd_rule_conflicts()',
  breaks: {
    text: '127.0.0.1:79-81 beside any:80',
    steps: () => sending(forward({ first: 80 }), forward({ addr: '127.0.0.1', first: 79, last: 81 })),
  },
  also: REJECTED,
  keeps: {
    text: '0.0.0.0:80 beside :::80',
    steps: () => sending(forward({ addr: '0.0.0.0', first: 80 }), forward({ addr: '::', first: 80 })),
  },
};

function many(from: number, n: number): Uint8Array[] {
  return Array.from({ length: n }, (_, i) => forward({ addr: '192.0.2.5', first: from + i }));
}

export const TABLE_FULL: Rule = {
  id: 'pesto/rule-table-full',
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the sections of a table together hold more than 255 rules',
  meaning:
    'If a table has two sections, it gets the rules of both. The table may overflow although each count is valid; the server closes the connection at the first surplus rule and applies nothing.',
  spec: ADD,
  breaks: {
    text: 'HOST with 200 rules, twice',
    steps: () => updating(section(1, many(1000, 200)), section(1, many(2000, 200)), section(3), END),
  },
  also: ['pesto/client-duplicate-pif', 'pesto/update-rejected'],
  keeps: { text: '255 rules', steps: () => updating(section(1, many(1000, 255)), section(3), END) },
};

/** Rules for all ports of five addresses: 327675 sockets. */
function everything(): Uint8Array[] {
  return [1, 2, 3, 4, 5].map((n) => forward({ addr: `192.0.2.${n}`, first: 1, last: 65535, flags: 2 }));
}

export const TOO_MANY_SOCKETS: Rule = {
  id: 'pesto/rule-too-many-sockets',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the rules of a table need more than 327680 sockets',
  meaning: `A table has room for 327680 (five times 65536) listening sockets, one for each port of each rule. ${ON_BREACH}`,
  spec: 'passt: fwd_rule.h, MAX_LISTEN_SOCKS',
  breaks: {
    text: 'all ports of five addresses, and six more',
    steps: () => sending(...everything(), forward({ addr: '192.0.2.6', first: 1, last: 6 })),
  },
  also: REJECTED,
  keeps: {
    text: 'all ports of five addresses, and five more',
    steps: () => sending(...everything(), forward({ addr: '192.0.2.6', first: 1, last: 5 })),
  },
};

export const WIDE_STRICT: Rule = {
  id: 'pesto/rule-wide-strict',
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a wide port range does not allow for ports in use',
  meaning:
    'A rule without WEAK fails as a whole if one of its ports is in use, and the rules after it in the table get no sockets either. In a range of 1024 or more ports usually at least one is in use; the tools set WEAK or SCAN in such rules.',
  spec: 'passt: fwd.c, fwd_sync_one()',
  breaks: { text: '2000-4000 without WEAK', steps: () => sending(forward({ first: 2000, last: 4000 })) },
  keeps: { text: '2000-4000 with WEAK', steps: () => sending(forward({ first: 2000, last: 4000, flags: 3 })) },
};

export const WEAK_SINGLE: Rule = {
  id: 'pesto/rule-weak-single',
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'WEAK is set for a single port',
  meaning:
    'WEAK allows single ports of a range to fail, but unless SCAN is also set, at least one port must be bound. With one port the flag has no effect.',
  spec: STRUCT,
  breaks: { text: 'port 80 with WEAK', steps: () => sending(forward({ first: 80, flags: 3 })) },
  keeps: { text: 'port 80', steps: () => sending(forward({ first: 80 })) },
};

export const SPLICE_FORM: Rule = {
  id: 'pesto/rule-splice-form',
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'a SPLICE rule does not listen on loopback',
  meaning:
    'SPLICE rules accept connections inside the namespace. The tools write them for the interface lo, or for 127.0.0.1 and ::1 where the kernel cannot bind to an interface. Other rules would also accept connections from the network.',
  spec: 'passt: fwd_rule.c, fwd_rule_parse()',
  breaks: { text: 'any address on any interface', steps: () => updating(section(1), section(3, [WEB]), END) },
  keeps: {
    text: 'any address on lo',
    steps: () => updating(section(1, [WEB]), section(3, [forward({ first: 8000, ifname: 'lo' })]), END),
  },
};

export const TARGET_RULES: readonly Rule[] = [
  TARGET_MULTICAST,
  TARGET_DUAL_STACK,
  TARGET_FAMILY,
  TARGET_ON_SPLICE,
  TARGET_ANY4,
  CONFLICT,
  TABLE_FULL,
  TOO_MANY_SOCKETS,
  WIDE_STRICT,
  WEAK_SINGLE,
  SPLICE_FORM,
];
