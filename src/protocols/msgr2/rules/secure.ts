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
  title: 'an encrypted frame does not carry the tag that its key and nonce give',
  meaning:
    'In secure mode every frame is sealed by AES-128-GCM, and the tag behind it proves that nothing was changed on the way. The key is known here and the nonces count up from known values, so a tag that does not hold means that the sender sealed other bytes, lost count of its nonces, or that the bytes were changed after it. The receiver closes the connection at once.',
  spec: `${ONWIRE}, authenticated_decrypt_update_final`,
  knows,
  breaks: ['the tag of a message is wrong by one bit', () => open().sealedMessage('client', {}, { wrongTag: 0 })],
  keeps: ['the tag holds', () => open().sealedMessage('client')],
});

export const GCM_PADDING = rule('gcm-padding', {
  severity: 'warning',
  party: 'either',
  needs: 'session',
  title: 'padding of an encrypted frame is not zero',
  meaning:
    'Segments are padded to 16 bytes, the inline part of revision 1 to 48, and the epilogue carries 15 filler bytes; all of it is zero. Receivers do not look at it: something else there is memory of the sender that leaves its process.',
  spec: 'src/msg/async/frames_v2.cc, asm_secure_rev0 and asm_secure_rev1',
  knows,
  breaks: ['a byte behind the header of a message is 1', () => open().sealedMessage('client', {}, { padding: 1 })],
  keeps: ['all padding is zero', () => open().sealedMessage('client')],
});

export const SIGNATURE_MISMATCH = rule('signature-mismatch', {
  severity: 'error',
  party: 'either',
  needs: 'session',
  title: 'AUTH_SIGNATURE does not fit what its sender had received',
  meaning:
    "AUTH_SIGNATURE is an HMAC-SHA256, keyed with the session key, over every byte that its sender received from the banner on to the peer's last frame of the login. It binds the unprotected beginning of the connection to the login. A mismatch means that somebody changed a banner or an auth frame on the way (to talk the sides down to crc mode, for instance), or that one side counts other bytes. The receiver closes the connection.",
  spec: 'src/msg/async/ProtocolV2.cc, handle_auth_signature',
  knows,
  breaks: [
    "the client's signature is wrong by one bit",
    () => sealedScript().sealedLogin({ mode: MODE_CRC }).plainSignatures(true),
  ],
  keeps: ['both signatures hold', plainLogin],
});

export const CEPHX_PROOF = rule('cephx-proof', {
  severity: 'error',
  party: 'client',
  needs: 'session',
  title: "the proof of a login was not made with the entity's key",
  meaning:
    'A client proves its key by sealing the two challenges with it. An error where the server accepted a proof that the key of its own reply does not give. A note where the server refused the login and none of the keys in the keyrings gives that proof either: then the client simply has another key than the cluster.',
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
  title: 'a sealed structure does not open with the key that it has to be sealed with',
  meaning:
    'Everything that cephx seals begins with a version byte and a magic word, so that a wrong key is noticed. Here the key is known to be the right one, since it opened another part of the same login or comes with the very ticket that was shown; what was sealed with it has to open.',
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
    'The client seals a random nonce with the session key. Only a service that could open the ticket knows that key, and it proves that by sealing the nonce plus one. With any other number the client refuses the service.',
  spec: `${CEPHX}, CephXTicketHandler and verify_reply`,
  knows,
  breaks: [
    'the nonce comes back as it was',
    () => sealedScript().ticketLogin({ nonceReply: 0x1122n }).plainSignatures(),
  ],
  keeps: ['the nonce comes back plus one', atOsd],
});

export const CEPHX_CHALLENGE_REPLY = rule('cephx-challenge-reply', {
  severity: 'error',
  party: 'client',
  needs: 'session',
  title: 'the answer to the challenge is not the challenge plus one',
  meaning:
    'A daemon answers the first sight of a ticket with a sealed challenge, and the client shows the ticket again with the challenge plus one. Any other number may be a replay of an older login; the daemon has to refuse it.',
  spec: `${CEPHX}, cephx_verify_authorizer; CVE-2018-1128`,
  knows,
  breaks: [
    'the challenge comes back as it was',
    () => sealedScript().ticketLogin({ challengeReply: 0x3344n }).plainSignatures(),
  ],
  keeps: ['the challenge comes back plus one', atOsd],
});

export const CEPHX_TICKET_EXPIRED = rule('cephx-ticket-expired', {
  severity: 'warning',
  party: 'client',
  needs: 'session',
  title: 'a ticket was shown after it had run out',
  meaning:
    'A ticket comes with the seconds that it is good for. Clients renew it in time; one that has run out is refused by the service once its rotating secret is forgotten. Counted by the clock of the recorder, from the packet that brought the ticket.',
  spec: `${CEPHX}, CephXTicketHandler::need_key`,
  knows: () => exampleKeys(EXPIRED),
  breaks: ['a ticket that ran out long ago', atOsd],
  keeps: [
    'a ticket that a login has just brought',
    () => sealedScript().sealedLogin({ mode: MODE_CRC }).plainSignatures().reconnected(),
  ],
});

export const CONNECTION_SECRET_LENGTH = rule('connection-secret-length', {
  severity: 'error',
  party: 'server',
  needs: 'session',
  title: 'the connection secret has the wrong length for the connection mode',
  meaning:
    'Secure mode takes a key of 16 bytes and two nonces of 12 bytes from the connection secret, which has 64 bytes as sent today and must not have fewer than 40. In crc mode nobody uses one: it is empty (a warning).',
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
  title: 'an encrypted connection is compressed',
  meaning:
    'Compressing before encrypting lets the lengths of frames tell about their contents. Servers enable it on encrypted connections only where ms_compress_secure says so.',
  spec: 'src/msg/compressor_registry.cc, get_mode',
  knows,
  breaks: ['zlib is enabled', () => compressed(true)],
  keeps: ['compression is refused', () => compressed(false)],
});

export const CEPHX_DOWNGRADE = rule('cephx-downgrade', {
  severity: 'note',
  party: 'server',
  needs: 'session',
  title: 'a login with a key of 256 bits yields a session key of 128',
  meaning:
    'Keys of type aes256k (AES256KRB5; Ceph 19.2.6, 20.2.4 and newer) were made because those of type aes can be forged and replayed (CVE-2025-30156). While a cluster still lets clients with old keys in, its monitors may hand out session keys and tickets of the old type to everybody; the new key of the entity then protects its login only. It ends when the cipher of services is changed and the old one is no longer allowed.',
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
