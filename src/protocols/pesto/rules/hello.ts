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
    'The first eight bytes of a server are the ASCII text "basil:s" and a NUL. A client compares all eight and leaves when one differs. The draft also had a magic for the client ("basil:c"); it was dropped, so a stream that begins with it was connected the wrong way round or comes from an experiment.',
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
  title: 'the server closed inside its hello',
  meaning:
    'The hello has 20 bytes: magic, version, size of a pif name, size of an interface name. The client reads all of them before it does anything else and fails when the stream ends before. Hellos of 12 and 16 bytes with version 1 come from development builds and are reported as such instead.',
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
  title: 'a hello of a development version',
  meaning:
    'Before the first release the version word was already 1 while the hello grew: first magic and version only (12 bytes, no list), then the pif name size (16 bytes, a list of names without rules), then the interface name size. Servers of the first two kinds never read an update. Released clients cannot talk to them.',
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
  title: 'version 0 is for experiments',
  meaning:
    'Version 0 says that client and server must come from the same build; no public commit ever sent it, and released clients refuse it. What it changed is not known: what follows is decoded by the layout of the newest version, with the size of a rule that the rules themselves show, marked as guessed, and not judged.',
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
  title: 'a version that is not known',
  meaning:
    'The version says how long a rule is, and nothing else in the stream does. Clients refuse a server that is newer than themselves without sending anything. What follows is decoded by the layout of the newest version that is known, marked as guessed, and not judged: a version that changed more shows nonsense there.',
  spec: 'passt: pesto.h, PESTO_PROTOCOL_VERSION',
  breaks: { text: 'version 3', steps: () => reading(hello({ version: 3 })) },
  keeps: { text: 'version 2', steps: () => reading(pastaList()) },
};

export const VERSION_OBSOLETE: Rule = {
  id: 'pesto/version-obsolete',
  severity: 'note',
  party: 'server',
  needs: 'server',
  title: 'version 1 was replaced',
  meaning:
    'Version 1 was in the releases of May and June 2026. Its rules have 40 bytes and no target address. A version 2 client does not notice the difference in the hello, reads 56 bytes for each rule, and fails on the first table that has any: update the server together with the client.',
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
    'The hello announces the sizes that are compiled into the server so that a client can refuse a build that differs from its own. All releases use 128; a client leaves on anything else. wirelint follows the announced size as far as it is sane.',
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
    'IFNAMSIZ is 16 on Linux. It is part of every rule, so a server with another value has rules of another size; a client leaves when the numbers differ. wirelint follows the announced size as far as it is sane.',
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
  title: 'a second hello in one connection',
  meaning:
    'A connection carries one transaction: hello, list, at most one update. A second hello means that the server went on in a connection that it should have closed. Recordings that cannot tell connections apart (two process ids, a pair of raw files) hold several transactions in one stream; there this is no finding but the mark of the next connection.',
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
