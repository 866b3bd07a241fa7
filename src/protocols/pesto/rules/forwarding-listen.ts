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
  'The server closes the connection at the first rule that fails and applies nothing. In a list the finding is a warning, because clients show whatever the server sends.';

/** A session: a server with the given capabilities and no rules, and a client that sends these rules for HOST. */
function offering(caps: number, ...rules: readonly Uint8Array[]) {
  return [server(hello(), entry(1, [], { caps }), END), client(section(1, rules), END), ...CLOSE];
}

export const IFNAME_UNTERMINATED: Rule = {
  id: 'pesto/rule-ifname-unterminated',
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'an interface name does not end with NUL',
  meaning: `The last byte of the name must be NUL, so names have at most 15 bytes. ${ON_BREACH}`,
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
  title: 'an interface name has bytes after its end',
  meaning:
    'The tools fill the rest of the field with zeros. Rules are compared byte by byte: a rule with other bytes after the NUL is printed like a rule without them, but cannot be deleted by it.',
  spec: 'passt: fwd_rule.c, fwd_rule_match()',
  breaks: {
    text: 'letters after the NUL',
    steps: () => sending(forward({ addr: '192.0.2.5', first: 8100, ifname: 'eth0\0old' })),
  },
  keeps: {
    text: 'NULs after the name',
    steps: () => sending(forward({ addr: '192.0.2.5', first: 8100, ifname: 'eth0' })),
  },
};

export const IFNAME_INVALID: Rule = {
  id: 'pesto/rule-ifname-invalid',
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'an interface name is not possible',
  meaning:
    'The kernel allows no interface that is called "." or "..", nor one with a slash, white space or control characters in its name. The server does not check the name; binding to the interface fails later, without a message to the client.',
  spec: STRUCT,
  breaks: {
    text: 'a slash in the name',
    steps: () => sending(forward({ addr: '192.0.2.5', first: 8100, ifname: 'eth/0' })),
  },
  keeps: {
    text: 'a possible name',
    steps: () => sending(forward({ addr: '192.0.2.5', first: 8100, ifname: 'eth.0' })),
  },
};

export const IFNAME_NOT_CAPABLE: Rule = {
  id: 'pesto/rule-ifname-not-capable',
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'an interface is given although the server cannot bind to one',
  meaning:
    'Without the capability IFNAME (Linux before 5.7) the server cannot bind to an interface. It accepts the rule and fails when it opens the sockets. Clients check this before they send.',
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
  meaning: `A port range goes from the first to the last port, both included. ${ON_BREACH}`,
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
  meaning: `Port 0 would mean any free port, which is of no use for forwarding. ${ON_BREACH}`,
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
  meaning: `The target of the first port must not be 0; without a translation it equals the first port. ${ON_BREACH}`,
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
  meaning: `Port p is forwarded to port to + (p - first). The target of the last port must not exceed 65535. ${ON_BREACH}`,
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
  title: 'a rule has undefined flags',
  meaning: `Three flags are defined: DUAL_STACK_ANY, WEAK and SCAN. ${ON_BREACH}`,
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
  title: 'a rule is for neither TCP nor UDP',
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
  title: 'a rule is for a protocol that the server has disabled',
  meaning: `A rule for TCP requires the capability TCP, a rule for UDP the capability UDP. ${ON_BREACH}`,
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
  title: 'a rule has an address of a family that the server has disabled',
  meaning: `An IPv4 address requires the capability IPV4, any other address IPV6. ${ON_BREACH}`,
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
  title: 'DUAL_STACK_ANY is set together with an address',
  meaning: `The flag means any address of both families, so the address field must be all zeros. ${ON_BREACH}`,
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
  title: 'DUAL_STACK_ANY is used on a server with one family',
  meaning: `The flag requires the capabilities IPV4 and IPV6. On a server with one family, use 0.0.0.0 or :: without the flag. ${ON_BREACH}`,
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
  title: 'SCAN is set on a server that cannot scan',
  meaning:
    'Only pasta can detect which ports are bound on the other side. The server does not check the flag, but clients do; in passt such a rule never opens a socket.',
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
