import { statSync } from 'node:fs';
import { systemPath } from '../../../base/file-name.js';
import { readSmallFile } from '../../../base/small-file.js';
import { ByteReader } from './byte-reader.js';
import { AES_KEY_BYTES, KEY_AES, KEY_AES256KRB5, KRB5_KEY_BYTES, readCryptoKey, type CryptoKey } from './cephx-seal.js';

/** One key of a keyring, with the entity that has it (`client.admin`). */
export interface KeyringEntry {
  readonly entity: string;
  readonly key: CryptoKey;
}

/** Why a keyring cannot be used, in one line that names the file and, where possible, the line, and never quotes a key. */
export class KeyringError extends Error {
  override readonly name = 'KeyringError';
}

/** Larger files are refused; a real keyring has a few hundred bytes for each entity. */
const KEYRING_BYTES = 4 << 20;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const ENTITY = /^[a-z][a-z0-9-]*\.[^\s[\]]*$/;
/** Names of the values, other than keys, that a section may have. */
const OTHER = /^(?:caps\s+\S+|auid)$/;

/** Keyrings that were read from pipes, by path: a pipe can be read only once, but every input of the process may need it. */
const piped = new Map<string, KeyringEntry[]>();

/** Reads a keyring file. Throws a KeyringError, or an error of the file system. */
export function readKeyring(path: string): KeyringEntry[] {
  const known = piped.get(path);
  if (known !== undefined) return known;
  const stat = statSync(systemPath(path));
  if (stat.isDirectory()) throw new KeyringError(`${path}: a directory, and no keyring`);
  const text = readSmallFile(path, KEYRING_BYTES);
  if (text === null) throw new KeyringError(`${path}: too large for a keyring`);
  const entries = parseKeyring(text, path);
  if (!stat.isFile()) piped.set(path, entries);
  return entries;
}

/**
 * Parses Ceph's keyring format (src/auth/KeyRing.cc): sections `[ENTITY]` with a line `key = BASE64` and lines `caps SERVICE = "..."`;
 * comments begin with `#` or `;`.
 */
export function parseKeyring(text: string, file: string): KeyringEntry[] {
  const entries: KeyringEntry[] = [];
  let entity: string | null = null;
  let number = 0;
  const fail = (what: string): never => {
    throw new KeyringError(`${file}:${number}: ${what}`);
  };
  for (const raw of text.replace(/^\uFEFF/, '').split('\n')) {
    number++;
    const line = raw.trim();
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const section = /^\[\s*([^\]]*?)\s*\]\s*(?:[#;].*)?$/.exec(line);
    if (section !== null) {
      if (!ENTITY.test(section[1]!)) fail('the section is not named after an entity such as [client.admin]');
      entity = section[1]!;
      continue;
    }
    const at = line.indexOf('=');
    if (at < 0) fail('neither a section [ENTITY] nor NAME = VALUE; this is no keyring');
    const name = line
      .slice(0, at)
      .trim()
      .replace(/[\s_]+/g, ' ');
    if (entity === null) fail('a value in front of the first section [ENTITY]');
    if (OTHER.test(name)) continue;
    if (name !== 'key' && name !== 'pending key') fail('only key, caps and auid are known in a keyring');
    const key = decodeKey(line.slice(at + 1));
    if (typeof key === 'string') fail(`the key of ${entity} ${key}`);
    else entries.push({ entity: entity!, key });
  }
  if (entries.length === 0) fail('the file ends without a key; this is no keyring');
  return entries;
}

/** The key, or what is wrong with it. */
function decodeKey(text: string): CryptoKey | string {
  const value = text
    .replace(/\s[#;].*$/, '')
    .trim()
    .replace(/^"(.*)"$/, '$1');
  if (value === '') return 'is empty';
  if (!BASE64.test(value)) return 'is not base64';
  const r = new ByteReader(Buffer.from(value, 'base64'));
  const key = readCryptoKey(r);
  if (r.failed || r.left > 0) return 'is not a key of Ceph: its lengths do not fit';
  const size = key.type === KEY_AES ? AES_KEY_BYTES : key.type === KEY_AES256KRB5 ? KRB5_KEY_BYTES : key.bytes.length;
  if (key.bytes.length !== size) return `has ${key.bytes.length} bytes instead of ${size}`;
  return key;
}
