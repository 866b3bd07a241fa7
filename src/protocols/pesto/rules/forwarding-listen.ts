import type { Rule } from '../../../base/rule.js';
import { client, CLOSE, END, entry, hello, rule as forward, section, sending, server } from '../build.js';

/**
 * Rules for what a forwarding rule may say about the listening side. A client that fails one of the server's checks loses its whole update
 * (error). A server that lists such a rule should not have it, but clients show it without complaint (warning).
 */

const ADD = 'passt: fwd_rule.c, fwd_rule_add()';
const STRUCT = 'passt: fwd_rule.h, struct fwd_rule';
const REJECTED = ['pesto/update-rejected'] as const;
const ON_BREACH =
  'The server closes at the first rule that fails and applies nothing. In a list it is a warning: clients show what they are sent.';

/** A session: a server with the given capabilities and no rules, and a client that sends these rules for HOST. */
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

export const LISTEN_RULES: readonly Rule[] = [
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
];
