import { unhex } from '../../../base/hex.js';
import type { Rule, Step } from '../../../base/rule.js';
import {
  ALT,
  bytesOf,
  client,
  CLOSE,
  END,
  entry,
  hello,
  pastaList,
  rule as forward,
  section,
  sending,
  server,
  SERVER_CLOSE,
  updating,
  WEB,
} from '../build.js';

/** Rules for what a client sends. */

const RECV = 'passt: conf.c, conf_recv_rules()';
const SEND = 'passt: pesto.c, send_conf()';
const REJECTED = ['pesto/update-rejected'] as const;

/** An update that adds a port to what pasta listed. */
function goodUpdate(): Step[] {
  return sending(WEB, ALT);
}

export const CLIENT_BEFORE_LIST: Rule = {
  id: 'pesto/client-before-list',
  severity: 'warning',
  party: 'client',
  needs: 'both',
  title: 'the client sends an update before it has the list',
  meaning:
    'An update replaces all tables, so it should be based on the list that the server sent in this connection. An update that was sent earlier overwrites whatever changed in between. The server does not detect this: it reads the update when it arrives.',
  spec: 'passt: pesto.c, main()',
  breaks: {
    text: 'the update comes when only the hello was received',
    steps: () => [
      server(hello()),
      client(section(1, [ALT]), section(3), END),
      server(pastaList().subarray(20)),
      ...CLOSE,
    ],
  },
  keeps: { text: 'the update comes after the list', steps: goodUpdate },
};

export const CLIENT_HELLO: Rule = {
  id: 'pesto/client-hello',
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the client sends a greeting',
  meaning:
    'A client has no magic. The first draft had one; it was dropped before the first release, because the server can raise its version if a magic is ever needed. A server takes the first byte of it for a table id and closes the connection.',
  spec: RECV,
  breaks: {
    text: 'the magic of the draft',
    steps: () => [server(pastaList()), client(unhex('626173696c3a6300')), ...SERVER_CLOSE],
  },
  keeps: { text: 'an update at once', steps: goodUpdate },
};

export const CLIENT_UNKNOWN_PIF: Rule = {
  id: 'pesto/client-unknown-pif',
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'an update has a section for a table that the server does not have',
  meaning:
    'Sections may refer only to tables of the list. At another id the server closes the connection without reading on, and applies nothing.',
  spec: RECV,
  breaks: {
    text: 'a section for TAP',
    steps: () => updating(section(1, [WEB]), section(3), section(2), END),
  },
  also: REJECTED,
  keeps: { text: 'sections for HOST and SPLICE', steps: goodUpdate },
};

export const CLIENT_DUPLICATE_PIF: Rule = {
  id: 'pesto/client-duplicate-pif',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'an update has two sections for one table',
  meaning:
    'The server adds the rules of the second section to those of the first. This works, but no released client does it. A client that expects the second section to replace the first gets a conflict or too many rules.',
  spec: RECV,
  breaks: {
    text: 'HOST in two sections',
    steps: () => updating(section(1, [WEB]), section(1, [ALT]), section(3), END),
  },
  keeps: { text: 'HOST in one section', steps: goodUpdate },
};

export const CLIENT_OMITS_PIF: Rule = {
  id: 'pesto/client-omits-pif',
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'an update omits a listed table',
  meaning:
    'An update is not a delta: the server first empties all its tables, and a table without a section stays empty. The finding is an error if the table had rules, which are lost without a message, and a warning if it was empty. Clients must send every listed table, changed or not.',
  spec: SEND,
  breaks: { text: 'only SPLICE is sent, HOST had a rule', steps: () => updating(section(3), END) },
  also: ['pesto/update-clears-all'],
  keeps: { text: 'both are sent', steps: goodUpdate },
};

export const CLIENT_ORDER: Rule = {
  id: 'pesto/client-order',
  severity: 'note',
  party: 'client',
  needs: 'both',
  title: 'the sections are in another order than the list',
  meaning:
    'The released client sends tables in the order of the list. Nothing depends on it, but another order indicates another implementation.',
  spec: SEND,
  breaks: { text: 'SPLICE before HOST', steps: () => updating(section(3), section(1, [WEB, ALT]), END) },
  keeps: { text: 'HOST before SPLICE', steps: goodUpdate },
};

export const UPDATE_TRUNCATED: Rule = {
  id: 'pesto/update-truncated',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'the client closes the connection inside its update',
  meaning:
    'The server applies an update only when it has read the zero byte after the last section. If the stream ends before, it discards all of the update and leaves the tables unchanged. Where the recording cannot show the end of a connection (process probes, raw files), the finding is only a note, because the rest may just not have been recorded.',
  spec: RECV,
  breaks: {
    text: 'the second rule is incomplete',
    steps: () => [server(pastaList()), client(section(1, [WEB], 2), ALT.subarray(0, 20)), ...CLOSE],
  },
  keeps: { text: 'the update is complete', steps: goodUpdate },
};

export const CLIENT_DATA_AFTER_UPDATE: Rule = {
  id: 'pesto/client-data-after-update',
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the client sends data after its update',
  meaning:
    'A connection carries one update. The server closes after its zero byte; if it has not read everything by then, the connection is reset, and the client may lose the end of what the server sent.',
  spec: 'passt: conf.c, conf_handler()',
  breaks: {
    text: 'three bytes more',
    steps: () => updating(section(1, [WEB, ALT]), section(3), END, Uint8Array.of(1, 2, 3)),
  },
  keeps: { text: 'nothing after the update', steps: goodUpdate },
};

export const UPDATE_VERSION_SKEW: Rule = {
  id: 'pesto/update-version-skew',
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'an update has rules of another version than the server announced',
  meaning:
    'The server splits the update into rules of the size of its own version: 40 bytes in version 1, 56 bytes in version 2. It misreads rules of the other size, and then refuses the update or waits for the rest. A client of version 2 does not notice that a server has version 1 as long as no table has rules.',
  spec: 'passt: pesto.h, PESTO_PROTOCOL_VERSION',
  breaks: {
    text: 'a rule of version 1 for a server of version 2',
    steps: () => updating(section(1, [forward({ version: 1, addr: '192.0.2.5', first: 8100 })]), section(3), END),
  },
  keeps: { text: 'a rule of version 2', steps: goodUpdate },
};

/** An update that fits both rule sizes: the interface name of the long rule contains the ports of a short one. */
function twofold(): Uint8Array {
  const ifname = unhex('00 50 00 50 00 50 06 00 01 00 00 00 00 03 00 00');
  return bytesOf(section(1, [forward({ addr: '192.0.2.5', first: 80, ifname })]), END);
}

export const VERSION_AMBIGUOUS: Rule = {
  id: 'pesto/version-ambiguous',
  severity: 'note',
  party: 'capture',
  needs: 'client',
  title: 'the size of the rules is not known',
  meaning:
    'Only the hello of the server tells how long rules are. Without it both sizes are tried, and usually only one of them gives plausible rules; here both do. What is shown for this update may be wrong.',
  spec: 'passt: pesto.h, PESTO_PROTOCOL_VERSION',
  breaks: {
    text: 'an update alone, made to fit both sizes',
    steps: () => [client(twofold()), { from: 'client', end: 'fin' }],
  },
  keeps: {
    text: 'an update alone, as clients write them',
    steps: () => [client(section(1, [WEB]), section(3), END), { from: 'client', end: 'fin' }],
  },
};

export const PARTIAL_UPDATE_STALL: Rule = {
  id: 'pesto/partial-update-stall',
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the client pauses inside its update',
  meaning:
    'The server reads an update with blocking calls in its only loop. While it waits for the rest, it forwards nothing for anybody. A client should have the whole update ready before it sends the first byte. The rule is raised for a pause of one second or more.',
  spec: 'passt: conf.c, conf_handler()',
  breaks: {
    text: 'two seconds between the sections',
    steps: () => [server(pastaList()), client(section(1, [WEB, ALT])), { pause: 2 }, client(section(3), END), ...CLOSE],
  },
  keeps: {
    text: 'two seconds before the update',
    steps: () => [server(pastaList()), { pause: 2 }, client(section(1, [WEB, ALT]), section(3), END), ...CLOSE],
  },
};

export const UPDATE_NO_CHANGE: Rule = {
  id: 'pesto/update-no-change',
  severity: 'note',
  party: 'client',
  needs: 'both',
  title: 'an update changes nothing',
  meaning:
    'The client sent the same tables that were listed. The server nevertheless closes all its listening sockets and opens them again; connections that arrive in between are refused.',
  spec: 'passt: fwd.c, fwd_listen_switch()',
  breaks: { text: 'the listed tables are sent unchanged', steps: () => sending(WEB) },
  keeps: { text: 'a rule is added', steps: goodUpdate },
};

export const UPDATE_CLEARS_ALL: Rule = {
  id: 'pesto/update-clears-all',
  severity: 'warning',
  party: 'client',
  needs: 'both',
  title: 'an update removes every rule',
  meaning:
    'All tables are empty after the update although the list had rules. This is valid, even as a single zero byte, but it is also what a client sends that does not yet know its rules.',
  spec: SEND,
  breaks: { text: 'both tables are emptied', steps: () => sending() },
  keeps: { text: 'one rule is left', steps: () => sending(ALT) },
};

export const UPDATE_SUMMARY: Rule = {
  id: 'pesto/update-summary',
  severity: 'note',
  off: true,
  party: 'client',
  needs: 'both',
  title: 'changes that a complete update makes',
  meaning:
    'Lists the rules that the update adds, removes and keeps in each table, compared with the list of the same connection. The server does not say whether it accepted the update; the next list on the same path shows it. The rule is off by default.',
  spec: SEND,
  breaks: { text: 'one rule is added', steps: goodUpdate },
  keeps: {
    text: 'no update',
    steps: () => [server(hello(), entry(1, [], { caps: 0x2f }), END), ...CLOSE],
  },
};

export const UPDATE_REJECTED: Rule = {
  id: 'pesto/update-rejected',
  severity: 'warning',
  party: 'client',
  needs: 'session',
  title: 'the server cannot have accepted this update',
  meaning:
    'A server sends no report: it closes the connection in the same way whether it applied an update or discarded it. This update fails a check that all released servers make, or the server closed the connection before it had all of it; the tables are unchanged. The drafts had an answer and a rollback, which were not released.',
  spec: RECV,
  breaks: {
    text: 'the server closes before the second section',
    steps: () => [server(pastaList()), client(section(1, [WEB, ALT])), ...SERVER_CLOSE],
  },
  keeps: { text: 'the server closes after the update', steps: goodUpdate },
};

export const UPDATE_RULES: readonly Rule[] = [
  CLIENT_BEFORE_LIST,
  CLIENT_HELLO,
  CLIENT_UNKNOWN_PIF,
  CLIENT_DUPLICATE_PIF,
  CLIENT_OMITS_PIF,
  CLIENT_ORDER,
  UPDATE_TRUNCATED,
  UPDATE_VERSION_SKEW,
  VERSION_AMBIGUOUS,
  PARTIAL_UPDATE_STALL,
  CLIENT_DATA_AFTER_UPDATE,
  UPDATE_NO_CHANGE,
  UPDATE_CLEARS_ALL,
  UPDATE_SUMMARY,
  UPDATE_REJECTED,
];
