import type { Rule, Step } from '../../../base/rule.js';
import {
  ALT,
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
  WEB,
} from '../build.js';

/** Rules for the course and the end of a connection, and for what connections to one server show about each other. */

const HANDLER = 'passt: conf.c, conf_handler()';
const NEXT: Step = { then: 'new connection' };

/** A connection in which pasta lists these rules, as after an update. */
function listed(...rules: readonly Uint8Array[]): Step[] {
  return [server(hello(), entry(1, rules), entry(3), END), ...CLOSE];
}

export const VERSION_SKEW_STALL: Rule = {
  id: 'pesto/version-skew-stall',
  severity: 'warning',
  party: 'client',
  needs: 'session',
  title: 'a client of version 2 waits for more bytes than a server of version 1 sends',
  meaning:
    'A client of version 2 accepts the hello of version 1 and then reads 56 bytes for each rule of 40 bytes. At the end of the list client and server wait for each other. The rule is raised after five seconds of silence that follow a list of version 1 with rules.',
  spec: 'passt: pesto.h, PESTO_PROTOCOL_VERSION',
  breaks: {
    text: 'six seconds of silence after a version 1 list',
    steps: () => [
      server(hello({ version: 1 }), entry(1, [forward({ version: 1, first: 8080 })], { caps: 0x2f }), END),
      { pause: 6 },
      ...CLOSE,
    ],
  },
  also: ['pesto/client-idle'],
  keeps: {
    text: 'the client leaves at once',
    steps: () => [
      server(hello({ version: 1 }), entry(1, [forward({ version: 1, first: 8080 })], { caps: 0x2f }), END),
      ...CLOSE,
    ],
  },
};

export const CLIENT_IDLE: Rule = {
  id: 'pesto/client-idle',
  severity: 'warning',
  party: 'client',
  needs: 'both',
  title: 'the client holds the connection without using it',
  meaning:
    'A server serves one client at a time; one other client can wait in its queue and gets no hello. A client that reads the list and then waits, perhaps for user input, blocks all others. Reported after five seconds.',
  spec: 'passt: conf.c, conf_listen_handler()',
  breaks: {
    text: 'six seconds between list and update',
    steps: () => [server(pastaList()), { pause: 6 }, client(section(1, [WEB, ALT]), section(3), END), ...CLOSE],
  },
  keeps: { text: 'the update follows at once', steps: () => sending(WEB, ALT) },
};

export const READ_ONLY_SESSION: Rule = {
  id: 'pesto/read-only-session',
  severity: 'note',
  off: true,
  party: 'client',
  needs: 'session',
  title: 'the client only reads the list',
  meaning:
    'No update was sent. `pesto` without options does that, but so does a client that rejects its options or the list. The rule is off by default.',
  spec: 'passt: pesto.c, main()',
  breaks: { text: 'the client closes after the list', steps: () => [server(pastaList()), ...CLOSE] },
  keeps: { text: 'an update', steps: () => sending(WEB, ALT) },
};

export const CLIENT_LEFT_EARLY: Rule = {
  id: 'pesto/client-left-early',
  severity: 'warning',
  party: 'client',
  needs: 'session',
  title: 'the client closes the connection before the list is complete',
  meaning:
    'The client closed while the server was still sending, so it does not know all tables. Not reported if the list contains something that makes clients close the connection.',
  spec: 'passt: pesto.c, read_pif_conf()',
  breaks: {
    text: 'the client closes after the hello',
    steps: () => [
      server(hello()),
      { from: 'client', end: 'fin' },
      server(entry(1, [WEB])),
      { from: 'server', end: 'fin' },
    ],
  },
  keeps: { text: 'the client closes after the list', steps: () => [server(pastaList()), ...CLOSE] },
};

export const SERVER_LEFT_OPEN: Rule = {
  id: 'pesto/server-left-open',
  severity: 'warning',
  party: 'server',
  needs: 'session',
  title: 'the server does not close the connection after an update',
  meaning:
    'A server closes the connection as soon as it has applied an update. If it has not done so after five seconds, it is opening a very large number of sockets, hangs, or is a development version that stored updates without applying them.',
  spec: HANDLER,
  breaks: {
    text: 'the server closes after six seconds',
    steps: () => [
      server(pastaList()),
      client(section(1, [WEB, ALT]), section(3), END),
      { from: 'client', end: 'fin' },
      { pause: 6 },
      { from: 'server', end: 'fin' },
    ],
  },
  keeps: { text: 'the server closes at once', steps: () => sending(WEB, ALT) },
};

export const SERVER_CLOSE_IN_LIST: Rule = {
  id: 'pesto/server-close-in-list',
  severity: 'error',
  party: 'server',
  needs: 'session',
  title: 'the server closes the connection inside its list',
  meaning:
    'The server closed while the client was still connected and waiting for the rest of the list. Usual causes are a crash and a failed write.',
  spec: 'passt: conf.c, conf_accept()',
  breaks: {
    text: 'the server closes after the first table',
    steps: () => [server(hello(), entry(1, [WEB])), ...SERVER_CLOSE],
  },
  keeps: { text: 'the list is complete', steps: () => [server(pastaList()), ...CLOSE] },
};

export const CONCURRENT_CLIENTS: Rule = {
  id: 'pesto/concurrent-clients',
  severity: 'error',
  party: 'server',
  needs: 'session',
  title: 'two clients are served at the same time',
  meaning:
    'A server sends its hello to the next client only when the previous connection is finished. This makes an update atomic from the list to the tables. The rule is raised for a hello while another connection to the same server is open; two servers that share a path look the same.',
  spec: 'passt: conf.c, conf_listen_handler()',
  breaks: {
    text: 'a second hello while the first connection is open',
    steps: () => [
      server(pastaList()),
      { then: 'new connection', meanwhile: true },
      server(pastaList()),
      ...CLOSE,
      { then: 'earlier connection' },
      { pause: 1 },
      ...CLOSE,
    ],
  },
  keeps: {
    text: 'one after the other',
    steps: () => [server(pastaList()), ...CLOSE, NEXT, server(pastaList()), ...CLOSE],
  },
};

export const UPDATE_NOT_REFLECTED: Rule = {
  id: 'pesto/update-not-reflected',
  severity: 'warning',
  party: 'server',
  needs: 'session',
  title: 'the next list does not show the last update',
  meaning:
    'The previous update was complete and passes all checks, so the next list on the same path should show it. It does not, although neither the version nor the capabilities suggest another server process. A restart in between resets the tables to those of the command line and looks the same.',
  spec: HANDLER,
  breaks: {
    text: 'the added rule is missing',
    steps: () => [...sending(WEB, ALT), NEXT, ...listed(WEB)],
  },
  keeps: { text: 'the added rule is listed', steps: () => [...sending(WEB, ALT), NEXT, ...listed(WEB, ALT)] },
};

/** An update that stops in its second rule. */
function truncated(): Step[] {
  return [server(pastaList()), client(section(1, [WEB, ALT]).subarray(0, 80)), ...CLOSE];
}

export const TRUNCATED_UPDATE_APPLIED: Rule = {
  id: 'pesto/truncated-update-applied',
  severity: 'error',
  party: 'server',
  needs: 'session',
  title: 'an incomplete update changes the tables',
  meaning:
    'The server must replace the tables only after it has read the zero byte at the end of an update. After an incomplete update the next list must be the old one.',
  spec: HANDLER,
  breaks: { text: 'the next list is empty', steps: () => [...truncated(), NEXT, ...listed()] },
  also: ['pesto/update-truncated'],
  keeps: {
    text: 'after a complete update the next list is new',
    steps: () => [...sending(ALT), NEXT, ...listed(ALT)],
  },
};

export const LIST_CHANGED: Rule = {
  id: 'pesto/list-changed-between-sessions',
  severity: 'note',
  party: 'server',
  needs: 'session',
  title: 'the tables change without an update',
  meaning:
    'Two lists of the same path differ although the recording contains no update between them: one was not recorded, or the server was restarted with other options.',
  spec: HANDLER,
  breaks: {
    text: 'two readers see different tables',
    steps: () => [...listed(WEB), NEXT, ...listed(ALT)],
  },
  keeps: { text: 'two readers see the same', steps: () => [...listed(WEB), NEXT, ...listed(WEB)] },
};

export const RESET_AFTER_UPDATE: Rule = {
  id: 'pesto/reset-after-update',
  severity: 'warning',
  party: 'server',
  needs: 'session',
  title: 'the server resets the connection after a valid update',
  meaning:
    'A reset instead of a regular end means that the server closed the connection without having read everything: it did not get to the end of the update. The published checks do not explain why.',
  spec: HANDLER,
  breaks: {
    text: 'a complete update and a reset',
    steps: () => [
      server(pastaList()),
      client(section(1, [WEB, ALT]), section(3), END),
      { from: 'server', end: 'reset' },
    ],
  },
  keeps: { text: 'a complete update and a regular end', steps: () => sending(WEB, ALT) },
};

export const SESSION_RULES: readonly Rule[] = [
  VERSION_SKEW_STALL,
  CLIENT_IDLE,
  READ_ONLY_SESSION,
  CLIENT_LEFT_EARLY,
  SERVER_LEFT_OPEN,
  SERVER_CLOSE_IN_LIST,
  CONCURRENT_CLIENTS,
  UPDATE_NOT_REFLECTED,
  TRUNCATED_UPDATE_APPLIED,
  LIST_CHANGED,
  RESET_AFTER_UPDATE,
];
