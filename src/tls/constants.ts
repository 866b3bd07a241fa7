/** Numbers of the TLS record and handshake protocols (RFC 8446, appendix B; RFC 5246, appendix A). */

/** Content types of records. */
export const CHANGE_CIPHER_SPEC = 20;
export const ALERT = 21;
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;
const HEARTBEAT = 24;

/** A record's header: content type (1 byte), version (2), length of the rest (2, big-endian). */
export const RECORD_HEADER = 5;
/** The longest record body: 2^14 bytes and what encryption may add (RFC 5246, 6.2.3). */
export const MAX_BODY = 16384 + 2048;

/** Handshake message types. */
const HELLO_REQUEST = 0;
export const CLIENT_HELLO = 1;
export const SERVER_HELLO = 2;
export const NEW_SESSION_TICKET = 4;
export const END_OF_EARLY_DATA = 5;
export const ENCRYPTED_EXTENSIONS = 8;
export const CERTIFICATE = 11;
export const CERTIFICATE_REQUEST = 13;
export const FINISHED = 20;
export const KEY_UPDATE = 24;
export const COMPRESSED_CERTIFICATE = 25;

export const TLS_1_2 = 0x0303;
export const TLS_1_3 = 0x0304;

export const CLOSE_NOTIFY = 0;
/** The alert level that ends a connection. */
export const FATAL = 2;

const VERSIONS = new Map<number, string>([
  [0x0300, 'SSL 3.0'],
  [0x0301, 'TLS 1.0'],
  [0x0302, 'TLS 1.1'],
  [TLS_1_2, 'TLS 1.2'],
  [TLS_1_3, 'TLS 1.3'],
]);

/** `TLS 1.3`. */
export function versionName(version: number): string {
  return VERSIONS.get(version) ?? `TLS version 0x${version.toString(16).padStart(4, '0')}`;
}

export function isKnownVersion(version: number): boolean {
  return VERSIONS.has(version);
}

/** Whether a TLS record may begin with the five bytes at `pos`. */
export function isTlsRecord(bytes: Uint8Array, pos: number): boolean {
  const length = bytes[pos + 3]! * 256 + bytes[pos + 4]!;
  const type = bytes[pos]!;
  return (
    type >= CHANGE_CIPHER_SPEC &&
    type <= HEARTBEAT &&
    bytes[pos + 1] === 3 &&
    bytes[pos + 2]! <= 4 &&
    length <= MAX_BODY
  );
}

const HANDSHAKE_NAMES: Readonly<Record<number, string>> = {
  [HELLO_REQUEST]: 'HelloRequest',
  [CLIENT_HELLO]: 'ClientHello',
  [SERVER_HELLO]: 'ServerHello',
  [NEW_SESSION_TICKET]: 'NewSessionTicket',
  [END_OF_EARLY_DATA]: 'EndOfEarlyData',
  [ENCRYPTED_EXTENSIONS]: 'EncryptedExtensions',
  [CERTIFICATE]: 'Certificate',
  12: 'ServerKeyExchange',
  [CERTIFICATE_REQUEST]: 'CertificateRequest',
  14: 'ServerHelloDone',
  15: 'CertificateVerify',
  16: 'ClientKeyExchange',
  [FINISHED]: 'Finished',
  22: 'CertificateStatus',
  23: 'SupplementalData',
  [KEY_UPDATE]: 'KeyUpdate',
  [COMPRESSED_CERTIFICATE]: 'CompressedCertificate',
};

/** `ClientHello`; a type without a name as `handshake message 99`. */
export function handshakeName(type: number): string {
  return HANDSHAKE_NAMES[type] ?? `handshake message ${type}`;
}

const ALERT_NAMES: Readonly<Record<number, string>> = {
  [CLOSE_NOTIFY]: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  21: 'decryption_failed_RESERVED',
  22: 'record_overflow',
  30: 'decompression_failure_RESERVED',
  40: 'handshake_failure',
  41: 'no_certificate_RESERVED',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  60: 'export_restriction_RESERVED',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  111: 'certificate_unobtainable_RESERVED',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
  121: 'ech_required',
};

/** `unknown_ca`; a description without a name as `alert 200`. */
export function alertName(description: number): string {
  return ALERT_NAMES[description] ?? `alert ${description}`;
}
