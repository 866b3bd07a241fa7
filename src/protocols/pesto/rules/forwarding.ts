import type { Rule } from '../../../base/rule.js';
import {
  client,
  CLOSE,
  END,
  entry,
  hello,
  rule as forward,
  section,
  sending,
  server,
  updating,
  WEB,
} from '../build.js';

/**
 * What a forwarding rule may say. A client that breaks one of the checks of the server loses its whole update (error); a server
 * that lists such a rule should not hold it, but clients show it without complaint (warning).
 */

const ADD = 'passt: fwd_rule.c, fwd_rule_add()';
const STRUCT = 'passt: fwd_rule.h, struct fwd_rule';
const REJECTED = ['pesto/update-rejected'] as const;
const ON_BREACH =
  'The server closes at the first rule that fails and applies nothing. In a list it is a warning: clients show what they are sent.';

/** A server with the given capabilities and no rules, and a client that sends these for HOST. */
function offering(caps: number, ...rules: readonly Uint8Array[]) {
  return [server(hello(), entry(1, [], { caps }), END), client(section(1, rules), END), ...CLOSE];
}

export const IFNAME_UNTERMINATED: Rule = {
  id: 'pesto/rule-ifname-unterminated',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'an interface name without NUL',
  meaning: `The last byte of the name must be NUL: names have at most 15 bytes. ${ON_BREACH}`,
  spec: 'passt: conf.c, conf_recv_rules()',
  breaks: {
    text: 'sixteen letters',
    steps: () => sending(forward({ addr: '192.0.2.5', first: 8100, ifname: 'abcdefghijklmnop' })),
  },
  also: REJECTED,
  keeps: {
    text: 'fifteen letters',
    steps: () => sending(forward({ addr: '192.0.2.5', first: 8100, ifname: 'abcdefghijklmno' })),
  },
};

export const IFNAME_PADDING: Rule = {
  id: 'pesto/rule-ifname-padding',
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'bytes after the end of an interface name',
  meaning:
    'The tools zero the field. Rules are compared byte by byte: one with something behind the NUL prints like another but can never be deleted by it.',
  spec: 'passt: fwd_rule.c, fwd_rule_match()',
  breaks: {
    text: 'letters behind the NUL',
    steps: () => sending(forward({ addr: '192.0.2.5', first: 8100, ifname: 'eth0\0old' })),
  },
  keeps: {
    text: 'NULs behind the name',
    steps: () => sending(forward({ addr: '192.0.2.5', first: 8100, ifname: 'eth0' })),
  },
};

export const IFNAME_INVALID: Rule = {
  id: 'pesto/rule-ifname-invalid',
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'no interface can have this name',
  meaning:
    'The kernel has no interface called "." or "..", nor one with a slash, blanks or control characters in its name. The server does not look at the name; binding to the device fails later, without a word to the client.',
  spec: STRUCT,
  breaks: {
    text: 'a slash in the name',
    steps: () => sending(forward({ addr: '192.0.2.5', first: 8100, ifname: 'eth/0' })),
  },
  keeps: {
    text: 'a name that can exist',
    steps: () => sending(forward({ addr: '192.0.2.5', first: 8100, ifname: 'eth.0' })),
  },
};

export const IFNAME_NOT_CAPABLE: Rule = {
  id: 'pesto/rule-ifname-not-capable',
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'an interface although the server cannot bind to one',
  meaning:
    'Without IFNAME among its capabilities (Linux before 5.7) the server cannot bind to a device. It accepts the rule and fails when it opens the sockets; clients check this before they send.',
  spec: 'passt: fwd_rule.h, FWD_CAP_IFNAME',
  breaks: {
    text: 'eth0 without IFNAME',
    steps: () => offering(0x0f, forward({ addr: '192.0.2.5', first: 8100, ifname: 'eth0' })),
  },
  keeps: {
    text: 'eth0 with IFNAME',
    steps: () => offering(0x2f, forward({ addr: '192.0.2.5', first: 8100, ifname: 'eth0' })),
  },
};

export const RANGE_INVERTED: Rule = {
  id: 'pesto/rule-range-inverted',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the first port is above the last',
  meaning: `A range goes from first to last, both included. ${ON_BREACH}`,
  spec: ADD,
  breaks: { text: '90-80', steps: () => sending(forward({ first: 90, last: 80 })) },
  also: REJECTED,
  keeps: { text: '80-90', steps: () => sending(forward({ first: 80, last: 90 })) },
};

export const PORT_ZERO: Rule = {
  id: 'pesto/rule-port-zero',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a rule listens on port 0',
  meaning: `Port 0 would mean any free port, which forwarding has no use for. ${ON_BREACH}`,
  spec: ADD,
  breaks: { text: 'from port 0', steps: () => sending(forward({ first: 0, to: 5 })) },
  also: REJECTED,
  keeps: { text: 'from port 1', steps: () => sending(forward({ first: 1, to: 5 })) },
};

export const TARGET_ZERO: Rule = {
  id: 'pesto/rule-target-zero',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a rule forwards to port 0',
  meaning: `The target of the first port must be a real port; without a translation it equals the first port. ${ON_BREACH}`,
  spec: ADD,
  breaks: { text: 'to port 0', steps: () => sending(forward({ first: 80, to: 0 })) },
  also: REJECTED,
  keeps: { text: 'to the same port', steps: () => sending(forward({ first: 80 })) },
};

export const TARGET_OVERFLOW: Rule = {
  id: 'pesto/rule-target-overflow',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the target range runs past port 65535',
  meaning: `Port p goes to to + (p - first); the last of them must still be a port. ${ON_BREACH}`,
  spec: ADD,
  breaks: { text: 'two ports to 65535', steps: () => sending(forward({ first: 100, last: 101, to: 65535 })) },
  also: REJECTED,
  keeps: { text: 'two ports to 65534', steps: () => sending(forward({ first: 100, last: 101, to: 65534 })) },
};

export const UNKNOWN_FLAGS: Rule = {
  id: 'pesto/rule-unknown-flags',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a rule flag without a meaning',
  meaning: `Three flags are defined: DUAL_STACK_ANY, WEAK, SCAN. ${ON_BREACH}`,
  spec: ADD,
  breaks: { text: 'flag 0x80', steps: () => sending(forward({ addr: '192.0.2.5', first: 80, flags: 0x80 })) },
  also: REJECTED,
  keeps: { text: 'WEAK', steps: () => sending(forward({ addr: '192.0.2.5', first: 80, last: 82, flags: 2 })) },
};

export const PROTO_UNSUPPORTED: Rule = {
  id: 'pesto/rule-proto-unsupported',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'neither TCP nor UDP',
  meaning: `Rules exist for protocols 6 (TCP) and 17 (UDP) only. ${ON_BREACH}`,
  spec: ADD,
  breaks: { text: 'SCTP', steps: () => sending(forward({ first: 80, proto: 132 })) },
  also: REJECTED,
  keeps: { text: 'UDP', steps: () => sending(forward({ first: 80, proto: 17 })) },
};

export const PROTO_NOT_CAPABLE: Rule = {
  id: 'pesto/rule-proto-not-capable',
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a protocol that the server has switched off',
  meaning: `TCP needs the capability TCP, UDP needs UDP. ${ON_BREACH}`,
  spec: ADD,
  breaks: { text: 'UDP without UDP', steps: () => offering(0x27, forward({ first: 53, proto: 17 })) },
  also: REJECTED,
  keeps: { text: 'UDP with UDP', steps: () => offering(0x2f, forward({ first: 53, proto: 17 })) },
};

export const FAMILY_NOT_CAPABLE: Rule = {
  id: 'pesto/rule-family-not-capable',
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'an address of a family that the server has switched off',
  meaning: `An IPv4 address needs the capability IPV4, any other address IPV6. ${ON_BREACH}`,
  spec: ADD,
  breaks: {
    text: 'IPv4 on a server with IPv6 only',
    steps: () => offering(0x2e, forward({ addr: '192.0.2.5', first: 80 })),
  },
  also: REJECTED,
  keeps: {
    text: 'IPv6 on a server with IPv6 only',
    steps: () => offering(0x2e, forward({ addr: '2001:db8::5', first: 80 })),
  },
};

export const DUAL_STACK_ADDRESS: Rule = {
  id: 'pesto/rule-dual-stack-address',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'DUAL_STACK_ANY together with an address',
  meaning: `The flag means any address of both families; the address field must be all zeros then. ${ON_BREACH}`,
  spec: ADD,
  breaks: {
    text: 'an IPv4 address with the flag',
    steps: () => sending(forward({ addr: '192.0.2.5', first: 80, flags: 1 })),
  },
  also: REJECTED,
  keeps: { text: 'zeros with the flag', steps: () => sending(forward({ first: 80 })) },
};

export const DUAL_STACK_NOT_CAPABLE: Rule = {
  id: 'pesto/rule-dual-stack-not-capable',
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'DUAL_STACK_ANY on a server with one family',
  meaning: `The flag needs IPV4 and IPV6. With one family, use 0.0.0.0 or :: without the flag. ${ON_BREACH}`,
  spec: ADD,
  breaks: { text: 'the flag on a server with IPv6 only', steps: () => offering(0x2e, forward({ first: 80 })) },
  also: REJECTED,
  keeps: {
    text: 'the IPv6 wildcard without the flag',
    steps: () => offering(0x2e, forward({ addr: '::', first: 80 })),
  },
};

export const SCAN_NOT_CAPABLE: Rule = {
  id: 'pesto/rule-scan-not-capable',
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'SCAN on a server that cannot scan',
  meaning:
    'Only pasta can see which ports are bound on the other side. The server does not check the flag, clients do; in passt such a rule never opens a socket.',
  spec: 'passt: fwd_rule.h, FWD_CAP_SCAN',
  breaks: { text: 'SCAN with passt', steps: () => offering(0x2f, forward({ first: 80, last: 82, flags: 5 })) },
  keeps: { text: 'WEAK with passt', steps: () => offering(0x2f, forward({ first: 80, last: 82, flags: 3 })) },
};

export const TARGET_MULTICAST: Rule = {
  id: 'pesto/rule-target-multicast',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the target is a multicast address',
  meaning: `A target address must be one host: not multicast, not 255.255.255.255. ${ON_BREACH}`,
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
  title: 'a target address with DUAL_STACK_ANY',
  meaning: `A target has one family, so the listening side must have one, too: use 0.0.0.0 or ::. ${ON_BREACH}`,
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
  title: 'the families of listening and target address differ',
  meaning: `Nothing translates between IPv4 and IPv6. ${ON_BREACH}`,
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
  title: 'a target address in the SPLICE table',
  meaning:
    'Target addresses work for flows from HOST only. In SPLICE the address is stored and listed but has no effect.',
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
    'It means "no target address", which the tools write as all zeros. Rules are compared byte by byte, so this one can only be deleted by a rule written the same way.',
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
  meaning: `Rules of one table conflict when protocol and a port agree and the addresses match: both are equal, or one is a wildcard of the same family, or one has DUAL_STACK_ANY. Interface and target take no part: the same port on two interfaces is a conflict. ${ON_BREACH}`,
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
  title: 'the sections of a table hold more than 255 rules together',
  meaning:
    'A table that is named twice gets the rules of both sections. Each count may be right and the table still overflow; the server closes at the first rule too many and applies nothing.',
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
  meaning: `A table has room for five times 65536 listening sockets, one for each port of each rule. ${ON_BREACH}`,
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
  title: 'a wide range without best effort',
  meaning:
    'A rule without WEAK fails as a whole when one of its ports is taken, and the rules behind it in the table get no sockets either. Ranges of 1024 ports and more hardly ever find all of them free; the tools set WEAK or SCAN when they make such rules.',
  spec: 'passt: fwd.c, fwd_sync_one()',
  breaks: { text: '2000-4000, strict', steps: () => sending(forward({ first: 2000, last: 4000 })) },
  keeps: { text: '2000-4000, best effort', steps: () => sending(forward({ first: 2000, last: 4000, flags: 3 })) },
};

export const WEAK_SINGLE: Rule = {
  id: 'pesto/rule-weak-single',
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'best effort for a single port',
  meaning:
    'WEAK forgives single ports of a range, but at least one must be bound unless SCAN is set, too. With one port nothing is left to forgive: the flag has no effect.',
  spec: STRUCT,
  breaks: { text: 'port 80, best effort', steps: () => sending(forward({ first: 80, flags: 3 })) },
  keeps: { text: 'port 80', steps: () => sending(forward({ first: 80 })) },
};

export const SPLICE_FORM: Rule = {
  id: 'pesto/rule-splice-form',
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'a SPLICE rule that does not listen on loopback',
  meaning:
    'Rules of SPLICE take connections inside the namespace. The tools make them for the interface lo, or for 127.0.0.1 and ::1 where the kernel cannot bind to a device; others would also take what arrives from the network.',
  spec: 'passt: fwd_rule.c, fwd_rule_parse()',
  breaks: { text: 'any address on any interface', steps: () => updating(section(1), section(3, [WEB]), END) },
  keeps: {
    text: 'any address on lo',
    steps: () => updating(section(1, [WEB]), section(3, [forward({ first: 8000, ifname: 'lo' })]), END),
  },
};

export const FORWARDING_RULES: readonly Rule[] = [
  IFNAME_UNTERMINATED,
  IFNAME_PADDING,
  IFNAME_INVALID,
  IFNAME_NOT_CAPABLE,
  RANGE_INVERTED,
  PORT_ZERO,
  TARGET_ZERO,
  TARGET_OVERFLOW,
  UNKNOWN_FLAGS,
  PROTO_UNSUPPORTED,
  PROTO_NOT_CAPABLE,
  FAMILY_NOT_CAPABLE,
  DUAL_STACK_ADDRESS,
  DUAL_STACK_NOT_CAPABLE,
  SCAN_NOT_CAPABLE,
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
