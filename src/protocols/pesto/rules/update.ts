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
  title: 'the client sent before it had the list',
  meaning:
    'An update replaces all tables, so it should be made from the list that the server sent in this connection. What is sent earlier is a guess at it and overwrites whatever changed in between. The server does not mind: it reads the update when it comes.',
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
  title: 'the client sent a greeting',
  meaning:
    'The first draft had a magic for the client, too; it was dropped before anything was shipped, because the server can raise its version if it ever needs one. A server takes the first byte for a table id and closes.',
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
  title: 'a section for a table that the server does not have',
  meaning:
    'Sections may only name tables of the list. At another id the server closes without reading on, and applies nothing.',
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
  title: 'two sections for one table',
  meaning:
    'The server adds the rules of the second section to those of the first. It works, but no shipped client does it, and a client that expects the second to replace the first gets a conflict or too much.',
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
  title: 'an update leaves out a listed table',
  meaning:
    'An update is no delta: the server empties all its tables first, and one without a section stays empty. An error where the table had rules, which are lost without a word; a warning where it was empty anyway. Clients send every listed table, changed or not.',
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
  title: 'sections in another order than the list',
  meaning:
    'The shipped client sends tables as they were listed. Nothing depends on it, but it tells another implementation.',
  spec: SEND,
  breaks: { text: 'SPLICE before HOST', steps: () => updating(section(3), section(1, [WEB, ALT]), END) },
  keeps: { text: 'HOST before SPLICE', steps: goodUpdate },
};

export const UPDATE_TRUNCATED: Rule = {
  id: 'pesto/update-truncated',
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'the client left inside its update',
  meaning:
    'Only the zero byte after the last section makes the server apply an update; an end of stream before discards all of it and leaves the tables as they were. Where the recording cannot show ends (process probes, raw files) this is only a note, because the rest may just not have been recorded.',
  spec: RECV,
  breaks: {
    text: 'the second rule is cut',
    steps: () => [server(pastaList()), client(section(1, [WEB], 2), ALT.subarray(0, 20)), ...CLOSE],
  },
  keeps: { text: 'the update is complete', steps: goodUpdate },
};

export const CLIENT_DATA_AFTER_UPDATE: Rule = {
  id: 'pesto/client-data-after-update',
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the client went on after its update',
  meaning:
    'A connection carries one update. The server closes after its zero byte; what is still unread then makes it a reset, which can cost the client the end of what the server sent.',
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
  title: 'rules of another version than the server announced',
  meaning:
    'The server cuts the update into rules of its own size: 40 bytes in version 1, 56 in version 2. Rules of the other size are misread, and the update is refused or never completes. A version 2 client takes a version 1 server for one of its own as long as no table has rules.',
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
  title: 'the size of the rules could not be told',
  meaning:
    'Only the hello of the server says how long rules are. Without it both sizes are tried, and a misread rule gives itself away; here both make sense. What is shown for this update may be wrong.',
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
  title: 'the client paused inside its update',
  meaning:
    'The server reads an update with blocking calls from its only loop. While it waits for the rest it forwards nothing for anybody. An update should be ready before its first byte is sent; this one had a pause of a second or more.',
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
  title: 'an update that changes nothing',
  meaning:
    'The tables that were sent are those that were listed. The server closes all its listening sockets and opens them again all the same; connections that arrive in between are refused.',
  spec: 'passt: fwd.c, fwd_listen_switch()',
  breaks: { text: 'the list comes back as it was', steps: () => sending(WEB) },
  keeps: { text: 'a rule was added', steps: goodUpdate },
};

export const UPDATE_CLEARS_ALL: Rule = {
  id: 'pesto/update-clears-all',
  severity: 'warning',
  party: 'client',
  needs: 'both',
  title: 'an update that removes every rule',
  meaning:
    'All tables are empty after it although the list had rules. It is valid, also as a single zero byte, and it is what a client does that sends before it knows what to send.',
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
  title: 'what a complete update changes',
  meaning:
    'Rules that the update adds, removes and keeps, by table, against the list of the same connection. Whether the server took it is not said on the wire; the next list on the same path shows it.',
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
  title: 'the server cannot have taken this update',
  meaning:
    'A server reports nothing: it closes in the same way whether it applied an update or dropped it. This one fails a check that all shipped servers make, or the server closed before it had all of it; the tables are as before. The drafts had an answer and a rollback, which were not shipped.',
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
