import { BANNER_TEXT_V1 } from '../../ceph/constants.js';
import * as E from '../encode.js';
import { script } from '../script.js';
import { rule } from './rule.js';

const SPEC = 'doc/dev/msgr2.rst, "Banner"; ProtocolV2.cc, _handle_peer_banner';
const PAYLOAD = 'doc/dev/msgr2.rst, "Banner"; ProtocolV2.cc, _handle_peer_banner_payload';

const greeted = () => script().banners().hellos();

export const BANNER_PREFIX_RULE = rule('banner-prefix', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the stream does not begin with the v2 banner',
  meaning:
    'Both sides begin with the eight bytes "ceph v2\\n", without waiting for each other. A receiver that reads anything else closes the connection, since it cannot know what the bytes are. The usual cause is a client of some other protocol on the monitor\'s port.',
  spec: SPEC,
  breaks: [
    'a client greets with another version',
    () =>
      script()
        .send('server', E.banner())
        .send('client', E.banner({ prefix: 'ceph v3\n' })),
  ],
  keeps: ['both sides greet with "ceph v2"', greeted],
});

export const BANNER_V1_PEER = rule('banner-v1-peer', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'one side speaks messenger v1, the other v2',
  meaning:
    'Messenger v1 greets with "ceph v027". Its banner agrees with that of v2 in the first six bytes only, and nothing after it is compatible: the side that speaks v2 logs the prefix and closes the connection. Monitors serve v2 on port 3300 and v1 on port 6789; the usual cause is a client that is configured with one port and the other protocol. The finding names the side that speaks v1.',
  spec: SPEC,
  breaks: [
    'a v1 client connects to the v2 port',
    () => script().send('server', E.banner()).send('client', E.ascii(BANNER_TEXT_V1)),
  ],
  keeps: ['both speak v2', greeted],
});

export const BANNER_LENGTH_SHORT = rule('banner-length-short', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the banner is too short for its two feature words',
  meaning:
    'The length after the prefix counts the bytes that follow it: two 64-bit words, 16 bytes. A shorter payload cannot hold them; the receiver fails to decode the banner and closes the connection.',
  spec: PAYLOAD,
  breaks: ['a payload of 8 bytes', () => script().send('server', E.banner({ extra: -8 }))],
  keeps: ['a payload of 16 bytes', () => script().send('server', E.banner())],
});

export const BANNER_LENGTH_EXTRA = rule('banner-length-extra', {
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'the banner has bytes after its two feature words',
  meaning:
    'A receiver reads as many bytes as the banner announces and uses the first 16; later versions of the protocol may append fields this way. No released version does so today, so the sender is newer than this tool, modified, or wrong about the length.',
  spec: PAYLOAD,
  breaks: ['four more bytes', () => script().banners({ extra: 4 }).hellos()],
  keeps: ['16 bytes', greeted],
});

export const BANNER_FEATURE_MISMATCH = rule('banner-feature-mismatch', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a side continues although the banners exclude each other',
  meaning:
    'Each side must support every feature that the other requires; otherwise both have to close the connection after the banners. The rule is raised where frames follow nevertheless: their sender does not check the banner of its peer. The kernel client requires revision 1.',
  spec: PAYLOAD,
  breaks: [
    'the server requires bit 1, which the client does not support',
    () => script().banners({}, { supported: 3n, required: 2n }).hellos(),
  ],
  keeps: ['the client requires bit 0, which the server supports', () => script().banners({ required: 1n }).hellos()],
});

export const BANNER_UNKNOWN_FEATURE = rule('banner-unknown-feature', {
  severity: 'note',
  party: 'either',
  needs: 'either',
  title: 'the banner sets an undefined feature bit',
  meaning:
    'Bit 0 stands for revision 1 of the frame format, bit 1 for the compression negotiation. Receivers ignore other bits in the supported features; another bit in the required features makes every released peer close the connection.',
  spec: PAYLOAD,
  breaks: ['bit 5 is set', () => script().banners({ supported: 0x21n }).hellos()],
  keeps: ['only bit 0', greeted],
});

export const REV0_NEGOTIATED = rule('rev0-negotiated', {
  off: true,
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'the connection uses msgr2.0',
  meaning:
    'A side did not offer revision 1, so both use the first frame layout: no checksum covers late_flags, a preamble in secure mode is used before it is authenticated, and the nonce counter has only 32 bits. Every release since Nautilus 14.2.11 and Octopus 15.2.5 and every kernel since 5.11 supports msgr2.1. The finding names the older side.',
  spec: 'frames_v2.h, comments on the revisions; crypto_onwire.cc',
  breaks: ['a server without bit 0', () => script(0).banners({ supported: 1n }, { supported: 0n }).hellos()],
  keeps: ['both offer bit 0', greeted],
});

export const BANNER_RULES = [
  BANNER_PREFIX_RULE,
  BANNER_V1_PEER,
  BANNER_LENGTH_SHORT,
  BANNER_LENGTH_EXTRA,
  BANNER_FEATURE_MISMATCH,
  BANNER_UNKNOWN_FEATURE,
  REV0_NEGOTIATED,
];
