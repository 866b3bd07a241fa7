import { getCiphers } from 'node:crypto';
import { lazy } from '../base/lazy.js';
import { suiteName } from './suite-names.js';

/** How records are protected: an AEAD, a block cipher in CBC mode with a MAC beside it, or a MAC alone. */
export type Protection = 'gcm' | 'ccm' | 'chacha20' | 'cbc' | 'null';

export interface Suite {
  readonly id: number;
  readonly name: string;
  /** Suites of TLS 1.3 name no key exchange. */
  readonly tls13: boolean;
  readonly protection: Protection;
  /** The cipher's name for node:crypto; empty for `null`. */
  readonly cipher: string;
  readonly keyLength: number;
  /** Bytes of the authentication tag; 0 where it is no AEAD. */
  readonly tagLength: number;
  /** Bytes of a cipher block; 0 where the mode is not CBC. */
  readonly blockLength: number;
  /** Hash of HKDF or of the PRF. */
  readonly hash: 'sha256' | 'sha384';
  /** Hash of the record MAC of CBC and NULL suites. */
  readonly mac: 'md5' | 'sha1' | 'sha256' | 'sha384';
}

const PARTS = /^TLS_(?:(?:.*_WITH_)(?<old>.+)|(?<new>(?:AES|CHACHA20|ARIA|CAMELLIA).+))$/;
const CIPHER =
  /^(?<family>AES|ARIA|CAMELLIA|CHACHA20_POLY1305|3DES_EDE|NULL)(?:_(?<bits>128|256))?(?:_(?<mode>GCM|CCM|CBC))?(?<short>_8)?(?:_(?<hash>SHA256|SHA384|SHA|MD5))?$/;
const MACS = { SHA: 'sha1', SHA256: 'sha256', SHA384: 'sha384', MD5: 'md5' } as const;

/** How a suite protects its records, by its name; null where node:crypto, or this program, has no such cipher. */
export function suiteOf(id: number): Suite | null {
  const name = suiteName(id);
  const parts = PARTS.exec(name)?.groups;
  const tls13 = parts?.['new'] !== undefined;
  const found = CIPHER.exec(parts?.['new'] ?? parts?.['old'] ?? '')?.groups;
  if (found === undefined) return null;
  const hashName = (found['hash'] ?? 'SHA256') as keyof typeof MACS;
  const hash = hashName === 'SHA384' ? 'sha384' : 'sha256';
  const base = { id, name, tls13, hash, mac: MACS[hashName] } as const;
  switch (found['family']) {
    case 'NULL':
      return { ...base, protection: 'null', cipher: '', keyLength: 0, tagLength: 0, blockLength: 0 };
    case 'CHACHA20_POLY1305':
      return usable({
        ...base,
        protection: 'chacha20',
        cipher: 'chacha20-poly1305',
        keyLength: 32,
        tagLength: 16,
        blockLength: 0,
      });
    case '3DES_EDE':
      return usable({
        ...base,
        protection: 'cbc',
        cipher: 'des-ede3-cbc',
        keyLength: 24,
        tagLength: 0,
        blockLength: 8,
      });
  }
  const mode = found['mode']?.toLowerCase() as 'gcm' | 'ccm' | 'cbc' | undefined;
  if (mode === undefined || found['bits'] === undefined) return null;
  return usable({
    ...base,
    protection: mode,
    cipher: `${found['family']!.toLowerCase()}-${found['bits']}-${mode}`,
    keyLength: Number(found['bits']) / 8,
    tagLength: mode === 'cbc' ? 0 : found['short'] === undefined ? 16 : 8,
    blockLength: mode === 'cbc' ? 16 : 0,
  });
}

const ciphers = lazy(() => new Set(getCiphers()));

function usable(suite: Suite): Suite | null {
  return ciphers().has(suite.cipher) ? suite : null;
}

/** Suites of TLS 1.3 with secrets of that length, most usual first. */
export function tls13Suites(secretLength: number): Suite[] {
  return [0x1301, 0x1302, 0x1303, 0x1304, 0x1305]
    .map(suiteOf)
    .filter((s): s is Suite => s !== null && HASH_LENGTH[s.hash] === secretLength);
}

export const HASH_LENGTH = { md5: 16, sha1: 20, sha256: 32, sha384: 48 } as const;
