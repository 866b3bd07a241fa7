import { MODE_CRC } from '../constants.js';
import { ENTITY_KEY_256, exampleKeys, OTHER_KEY, sealedScript, SESSION_KEY_256 } from '../secure/sealed-script.js';
import { rule } from './rule.js';

const ONWIRE = 'src/msg/async/crypto_onwire.cc';
const CEPHX = 'src/auth/cephx/CephxProtocol.cc';
const knows = () => exampleKeys();
const EXPIRED = 1_600_000_000;
const open = () => sealedScript().openSealed();
const plainLogin = () => sealedScript().sealedLogin({ mode: MODE_CRC }).plainSignatures();
const atOsd = () => sealedScript().ticketLogin().plainSignatures();
const compressed = (enabled: boolean) => sealedScript().openSealed({}, enabled ? 'enabled' : 'refused');

export const GCM_TAG_RULE = rule('gcm-tag', {
  severity: 'error',
  party: 'either',
  needs: 'session',
  title: 'the authentication tag of an encrypted frame is wrong',
  meaning:
    'In secure mode every frame is sealed by AES-128-GCM; the tag after it proves that nothing was changed on the way. The rule is raised only where the key is known. As the nonces count up from known values, a wrong tag means that the sender sealed other bytes or lost count of its nonces, or that the bytes were changed on the way. The receiver closes the connection at once.',
  spec: `${ONWIRE}, authenticated_decrypt_update_final`,
  knows,
  breaks: ['the tag of a message is wrong by one bit', () => open().sealedMessage('client', {}, { wrongTag: 0 })],
  keeps: ['the tag is right', () => open().sealedMessage('client')],
});

export const GCM_PADDING = rule('gcm-padding', {
  severity: 'warning',
  party: 'either',
  needs: 'session',
  title: 'padding of an encrypted frame is not zero',
  meaning:
    'Segments are padded to 16 bytes and the inline part of revision 1 to 48, and the epilogue carries 15 filler bytes; all of them are zero. Receivers do not check this. Anything else is memory of the sender that leaks to the peer.',
  spec: 'src/msg/async/frames_v2.cc, asm_secure_rev0 and asm_secure_rev1',
  knows,
  breaks: ['a byte after the header of a message is 1', () => open().sealedMessage('client', {}, { padding: 1 })],
  keeps: ['all padding is zero', () => open().sealedMessage('client')],
});

export const SIGNATURE_MISMATCH = rule('signature-mismatch', {
  severity: 'error',
  party: 'either',
  needs: 'session',
  title: 'AUTH_SIGNATURE does not match the bytes that its sender received',
  meaning:
    "AUTH_SIGNATURE is an HMAC-SHA256, keyed with the session key, over every byte that its sender received, from the banner to the peer's last frame of the login. It ties the unprotected beginning of the connection to the login. A mismatch means that a banner or an auth frame was changed on the way (for instance to talk the sides down to crc mode), or that one side computes the signature over other bytes. The receiver closes the connection.",
  spec: 'src/msg/async/ProtocolV2.cc, handle_auth_signature',
  knows,
  breaks: [
    "the client's signature is wrong by one bit",
    () => sealedScript().sealedLogin({ mode: MODE_CRC }).plainSignatures(true),
  ],
  keeps: ['both signatures are right', plainLogin],
});

export const CEPHX_PROOF = rule('cephx-proof', {
  severity: 'error',
  party: 'client',
  needs: 'session',
  title: "the proof of a login does not fit the entity's key",
  meaning:
    'A client proves that it has its key by sealing the two challenges with it. An error where the server accepted a proof that was not made with the key that opens its reply. A note where the server refused the login and the proof was not made with any key in the given keyrings: the client has another key than the cluster.',
  spec: `${CEPHX}, cephx_calc_client_server_challenge`,
  knows,
  breaks: [
    'the proof was made with another key',
    () => sealedScript().sealedLogin({ mode: MODE_CRC, proofKey: OTHER_KEY }).plainSignatures(),
  ],
  keeps: ['the proof was made with the key', plainLogin],
});

export const CEPHX_MAGIC = rule('cephx-magic', {
  severity: 'error',
  party: 'server',
  needs: 'session',
  title: 'a sealed structure does not open with the right key',
  meaning:
    'Everything that cephx seals begins with a version byte and a magic word, by which a receiver notices a wrong key. The rule is raised only where the key is known to be right, because it opened another part of the same login or belongs to the ticket that was shown. The client cannot open the structure and gives up the login.',
  spec: `${CEPHX}, decode_decrypt`,
  knows,
  breaks: [
    'the connection secret is sealed with another key',
    () => sealedScript().sealedLogin({ secretKey: OTHER_KEY }),
  ],
  keeps: ['it is sealed with the session key', open],
});

export const CEPHX_NONCE_REPLY = rule('cephx-nonce-reply', {
  severity: 'error',
  party: 'server',
  needs: 'session',
  title: "the reply to a ticket does not carry the client's nonce plus one",
  meaning:
    'The client seals a random nonce with the session key of its ticket. Only a service that could open the ticket knows that key; it proves this by returning the nonce plus one, sealed. With any other number the client refuses the service.',
  spec: `${CEPHX}, CephXTicketHandler and verify_reply`,
  knows,
  breaks: [
    'the nonce is returned unchanged',
    () => sealedScript().ticketLogin({ nonceReply: 0x1122n }).plainSignatures(),
  ],
  keeps: ['the nonce is returned plus one', atOsd],
});

export const CEPHX_CHALLENGE_REPLY = rule('cephx-challenge-reply', {
  severity: 'error',
  party: 'client',
  needs: 'session',
  title: 'the answer to the challenge is not the challenge plus one',
  meaning:
    'A daemon answers a ticket that is shown for the first time with a sealed challenge, and the client shows the ticket again with the challenge plus one. Any other number may come from a replay of an older login, and the daemon has to refuse it.',
  spec: `${CEPHX}, cephx_verify_authorizer; CVE-2018-1128`,
  knows,
  breaks: [
    'the challenge is returned unchanged',
    () => sealedScript().ticketLogin({ challengeReply: 0x3344n }).plainSignatures(),
  ],
  keeps: ['the challenge is returned plus one', atOsd],
});

export const CEPHX_TICKET_EXPIRED = rule('cephx-ticket-expired', {
  severity: 'warning',
  party: 'client',
  needs: 'session',
  title: 'the client shows an expired ticket',
  meaning:
    'Each ticket comes with its validity in seconds, and clients renew it in time. Once the service has forgotten the rotating secret, it refuses an expired ticket. The time is measured by the clock of the recorder, from the packet that brought the ticket. The usual cause is a client that could not reach a monitor in time.',
  spec: `${CEPHX}, CephXTicketHandler::need_key`,
  knows: () => exampleKeys(EXPIRED),
  breaks: ['a ticket that expired long ago', atOsd],
  keeps: [
    'a ticket from the login just before',
    () => sealedScript().sealedLogin({ mode: MODE_CRC }).plainSignatures().reconnected(),
  ],
});

export const CONNECTION_SECRET_LENGTH = rule('connection-secret-length', {
  severity: 'error',
  party: 'server',
  needs: 'session',
  title: 'the connection secret has the wrong length for the connection mode',
  meaning:
    'In secure mode, a key of 16 bytes and two nonces of 12 bytes are taken from the connection secret: it needs at least 40 bytes, and released versions send 64. With fewer, the two sides cannot derive their keys. In crc mode the secret is not used and is empty; one that is not empty is a warning.',
  spec: `${ONWIRE}, create_handler_pair; net/ceph/messenger_v2.c, setup_crypto`,
  knows,
  breaks: [
    'secure mode with a secret of 20 bytes',
    () => sealedScript().sealedLogin({ secret: new Uint8Array(20).fill(1) }),
  ],
  keeps: ['64 bytes', open],
});

export const COMPRESSION_IN_SECURE = rule('compression-in-secure', {
  severity: 'warning',
  party: 'server',
  needs: 'session',
  title: 'compression is enabled on an encrypted connection',
  meaning:
    'If data are compressed before they are encrypted, the lengths of the frames reveal something about their contents. Servers enable compression on encrypted connections only if ms_compress_secure is set.',
  spec: 'src/msg/compressor_registry.cc, get_mode',
  knows,
  breaks: ['zlib is enabled', () => compressed(true)],
  keeps: ['compression is refused', () => compressed(false)],
});

export const CEPHX_DOWNGRADE = rule('cephx-downgrade', {
  severity: 'note',
  party: 'server',
  needs: 'session',
  title: 'a login with a 256-bit key yields a 128-bit session key',
  meaning:
    'Keys of type aes256k (AES256KRB5; Ceph 19.2.6, 20.2.4 and newer) replace those of type aes, which can be forged and replayed (CVE-2025-30156). While a cluster still admits clients with old keys, its monitors may hand out session keys and tickets of the old type to all clients, and the new key of the entity protects its login only. This ends when the cipher of the services is changed and the old one is no longer allowed.',
  spec: `${CEPHX}, cephx_build_service_ticket_reply`,
  knows,
  breaks: [
    'a session key of type aes for a key of type aes256k',
    () => sealedScript().openSealed({ entityKey: ENTITY_KEY_256 }),
  ],
  keeps: [
    'both are of type aes256k',
    () => sealedScript().openSealed({ entityKey: ENTITY_KEY_256, sessionKey: SESSION_KEY_256 }),
  ],
});

export const SECURE_RULES = [
  GCM_TAG_RULE,
  GCM_PADDING,
  SIGNATURE_MISMATCH,
  CEPHX_PROOF,
  CEPHX_MAGIC,
  CEPHX_NONCE_REPLY,
  CEPHX_CHALLENGE_REPLY,
  CEPHX_TICKET_EXPIRED,
  CONNECTION_SECRET_LENGTH,
  COMPRESSION_IN_SECURE,
  CEPHX_DOWNGRADE,
];
