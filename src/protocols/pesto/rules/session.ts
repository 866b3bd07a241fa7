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
  title: 'a newer client waits for bytes that never come',
  meaning:
    'A version 2 client accepts the hello of version 1 and then reads 56 bytes for each rule of 40. At the end of the list it still waits, and the server waits for it. Silence of five seconds and more after a version 1 list with rules looks like that.',
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
  title: 'the client held the connection without using it',
  meaning:
    'A server serves one client at a time; others wait in the queue of one place and get no hello. A client that reads the list and then waits, for a person perhaps, locks everybody out. The limit here is five seconds.',
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
  title: 'the client only read the list',
  meaning:
    'No update was sent. It is what `pesto` without options does, but also what is seen when a client found fault with its options or with the list.',
  spec: 'passt: pesto.c, main()',
  breaks: { text: 'list, and the client leaves', steps: () => [server(pastaList()), ...CLOSE] },
  keeps: { text: 'an update', steps: () => sending(WEB, ALT) },
};

export const CLIENT_LEFT_EARLY: Rule = {
  id: 'pesto/client-left-early',
  severity: 'warning',
  party: 'client',
  needs: 'session',
  title: 'the client left before the list was complete',
  meaning:
    'The client closed while the server was still sending and cannot know the tables. Not reported where the list holds something that makes clients leave.',
  spec: 'passt: pesto.c, read_pif_conf()',
  breaks: {
    text: 'the client leaves after the hello',
    steps: () => [
      server(hello()),
      { from: 'client', end: 'fin' },
      server(entry(1, [WEB])),
      { from: 'server', end: 'fin' },
    ],
  },
  keeps: { text: 'the client leaves after the list', steps: () => [server(pastaList()), ...CLOSE] },
};

export const SERVER_LEFT_OPEN: Rule = {
  id: 'pesto/server-left-open',
  severity: 'warning',
  party: 'server',
  needs: 'session',
  title: 'the server kept the connection after an update',
  meaning:
    'A server closes as soon as it has applied an update. One that is still there after five seconds is busy opening very many sockets, hangs, or is of the development version that stored updates without applying them.',
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
  title: 'the server closed inside its list',
  meaning:
    'The server left while the client was still there and waiting for the rest of the list: a crash, or a write that failed.',
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
  title: 'two clients were served at the same time',
  meaning:
    'A server greets the next client only when it is done with the one before; this is what makes an update atomic from list to tables. A hello while another connection to the same server is open breaks that, or two servers share a path.',
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
    'The update before was complete and passes all checks, so the next list on the same path should be what it said. It is not, and neither version nor capabilities hint at another server process. A restart in between resets the tables to the command line and looks the same.',
  spec: HANDLER,
  breaks: {
    text: 'the added rule is not there',
    steps: () => [...sending(WEB, ALT), NEXT, ...listed(WEB)],
  },
  keeps: { text: 'the added rule is there', steps: () => [...sending(WEB, ALT), NEXT, ...listed(WEB, ALT)] },
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
  title: 'an unfinished update changed the tables',
  meaning:
    'Tables are replaced when the zero byte at the end of an update was read, not before. After an update that was cut the next list must be the old one.',
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
  title: 'the tables changed without an update',
  meaning:
    'Two lists of the same path differ and no update lies between them in the recording: one was not recorded, or the server was restarted with other options.',
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
  title: 'the server reset the connection after an update without fault',
  meaning:
    'A reset instead of an end means that the server closed with bytes unread: it did not get to the end of the update. The checks that are published do not explain it.',
  spec: HANDLER,
  breaks: {
    text: 'a complete update and a reset',
    steps: () => [
      server(pastaList()),
      client(section(1, [WEB, ALT]), section(3), END),
      { from: 'server', end: 'reset' },
    ],
  },
  keeps: { text: 'a complete update and an end', steps: () => sending(WEB, ALT) },
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
