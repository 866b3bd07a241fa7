import type { Rule } from '../../../base/rule.js';
import { END, entry, hello, reading, server, CLOSE, pastaList, rule as forward } from '../build.js';
import { unhex } from '../../../base/hex.js';

const SPEC = 'passt: pesto.h, struct pesto_hello';

export const BAD_MAGIC: Rule = {
  id: 'pesto/bad-magic',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'the stream does not begin with the magic',
  meaning:
    'The first eight bytes of a server are the ASCII text "basil:s" and a NUL. A client compares all eight and closes the connection if one differs. The draft also had a magic for the client ("basil:c"), which was dropped; a stream that begins with it was connected the wrong way round or comes from an experiment.',
  spec: `${SPEC}, magic`,
  breaks: {
    text: 'the magic ends in x instead of s',
    steps: () => reading(hello({ magic: unhex('626173696c3a7800') }), entry(1), entry(3), END),
  },
  keeps: { text: 'the magic as it should be', steps: () => reading(hello(), entry(1, [], { caps: 0x2f }), END) },
};

export const HELLO_TRUNCATED: Rule = {
  id: 'pesto/hello-truncated',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'the server closes the connection inside its hello',
  meaning:
    'The hello has 20 bytes: magic, version, size of pif names, size of interface names. The client reads all of them first and fails if the stream ends before. Hellos of 12 and 16 bytes with version 1 come from development builds and are reported as pesto/prerelease-hello instead.',
  spec: SPEC,
  breaks: {
    text: 'the stream ends two bytes into the version',
    steps: () => [server(hello().subarray(0, 10)), { from: 'server', end: 'fin' }],
  },
  keeps: { text: 'a complete hello and a list', steps: () => reading(pastaList()) },
};

export const PRERELEASE_HELLO: Rule = {
  id: 'pesto/prerelease-hello',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'the server sends a hello of a development version',
  meaning:
    'Before the first release the version was already 1 while the hello grew: first it had only magic and version (12 bytes, no list), then also the size of pif names (16 bytes, a list of names without rules), then also the size of interface names. Servers of the first two kinds never read an update. Released clients cannot communicate with them.',
  spec: SPEC,
  breaks: {
    text: 'magic and version only',
    steps: () => [server(hello({ version: 1 }).subarray(0, 12)), ...CLOSE],
  },
  keeps: { text: 'a released hello', steps: () => reading(pastaList()) },
};

export const EXPERIMENTAL_VERSION: Rule = {
  id: 'pesto/experimental-version',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'the server uses the experimental version 0',
  meaning:
    'Version 0 means that client and server must come from the same build. No public commit sends it, and released clients refuse it. Its differences are not known: what follows is decoded with the layout of the newest version and the size of a rule that the rules suggest, is marked as guessed, and is not checked.',
  spec: 'passt: pesto.h, PESTO_PROTOCOL_VERSION',
  breaks: {
    text: 'version 0',
    steps: () => reading(hello({ version: 0 }), entry(1, [], { caps: 0x2f }), END),
  },
  keeps: { text: 'version 2', steps: () => reading(hello(), entry(1, [], { caps: 0x2f }), END) },
};

export const UNSUPPORTED_VERSION: Rule = {
  id: 'pesto/unsupported-version',
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'the version is not known',
  meaning:
    'The version determines the length of a rule, and nothing else in the stream does. Clients refuse a server that is newer than themselves without sending anything. What follows is decoded with the layout of the newest known version, is marked as guessed, and is not checked. If the version changed more than that, the decoded values are wrong.',
  spec: 'passt: pesto.h, PESTO_PROTOCOL_VERSION',
  breaks: { text: 'version 3', steps: () => reading(hello({ version: 3 })) },
  keeps: { text: 'version 2', steps: () => reading(pastaList()) },
};

export const VERSION_OBSOLETE: Rule = {
  id: 'pesto/version-obsolete',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'the server uses the obsolete version 1',
  meaning:
    'Version 1 was in the releases of May and June 2026. Its rules have 40 bytes and no target address. A client of version 2 accepts the hello of version 1, reads 56 bytes for each rule, and fails at the first table that has rules. The server has to be updated together with the client.',
  spec: 'passt: pesto.h, PESTO_PROTOCOL_VERSION',
  breaks: {
    text: 'version 1',
    steps: () => reading(hello({ version: 1 }), entry(1, [forward({ version: 1, first: 8080 })], { caps: 0x2f }), END),
  },
  keeps: { text: 'version 2', steps: () => reading(pastaList()) },
};

export const PIF_NAME_SIZE_WRONG: Rule = {
  id: 'pesto/pif-name-size',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'the announced size of pif names is not 128',
  meaning:
    'The hello announces sizes that are compiled into the server, so that a client can refuse a build that differs from its own. All releases use 128, and a client closes the connection at any other value. wirelint decodes with the announced size if it is plausible.',
  spec: `${SPEC}, pif_name_size`,
  breaks: {
    text: 'names of 64 bytes',
    steps: () => reading(hello({ pifNameSize: 64 }), entry(1, [], { nameSize: 64, caps: 0x2f }), END),
  },
  keeps: { text: 'names of 128 bytes', steps: () => reading(pastaList()) },
};

export const IFNAMSIZ_WRONG: Rule = {
  id: 'pesto/ifnamsiz',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'the announced size of interface names is not 16',
  meaning:
    'IFNAMSIZ is 16 on Linux. An interface name is part of every rule, so another value changes the size of the rules; a client closes the connection if the values differ. wirelint decodes with the announced size if it is plausible.',
  spec: `${SPEC}, ifnamsiz`,
  breaks: {
    text: 'interface names of 32 bytes',
    steps: () =>
      reading(hello({ ifnamsiz: 32 }), entry(1, [forward({ first: 8080, ifnamsiz: 32 })], { caps: 0x2f }), END),
  },
  keeps: { text: 'interface names of 16 bytes', steps: () => reading(pastaList()) },
};

export const HELLO_REPEATED: Rule = {
  id: 'pesto/hello-repeated',
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a connection contains a second hello',
  meaning:
    'A connection carries one transaction: hello, list, at most one update. A second hello means that the server continued a connection that it should have closed. A recording that cannot distinguish connections (two process ids, a pair of raw files) holds several transactions in one stream; there a hello marks the next connection, and nothing is reported.',
  spec: 'passt: conf.c, conf_accept()',
  breaks: {
    text: 'hello and list are sent twice',
    steps: () => [server(pastaList(), pastaList()), ...CLOSE],
  },
  keeps: {
    text: 'a second connection',
    steps: () => [server(pastaList()), ...CLOSE, { then: 'new connection' }, server(pastaList()), ...CLOSE],
  },
};

export const HELLO_RULES: readonly Rule[] = [
  BAD_MAGIC,
  HELLO_TRUNCATED,
  PRERELEASE_HELLO,
  EXPERIMENTAL_VERSION,
  UNSUPPORTED_VERSION,
  VERSION_OBSOLETE,
  PIF_NAME_SIZE_WRONG,
  IFNAMSIZ_WRONG,
  HELLO_REPEATED,
];
