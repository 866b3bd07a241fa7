import { DEFAULT_LIMITS } from '../../base/limits.js';
import { readSmallFile } from '../../base/small-file.js';
import type { Severity } from '../../base/rule.js';
import type { Finding, Reporter, StreamRecord, Summary } from '../../engine/event.js';
import { parseKeyring } from '../../protocols/msgr2/secure/keyring.js';
import { KeyLog } from '../../tls/key-log.js';

/** The largest file that is examined for keys: real key files are smaller. */
const KEY_FILE_BYTES = 1 << 20;

/** Collects what a folder holds, for the configuration to be written. */
export class Survey implements Reporter {
  readonly captures: string[] = [];
  readonly messages = new Map<string, number>();
  /** Findings by rule, without notes. */
  readonly findings = new Map<string, { readonly severity: Severity; times: number }>();
  /** Servers of streams that no protocol claimed, with the number of such streams. */
  readonly unknown = new Map<string, number>();

  capture(file: string): void {
    this.captures.push(file);
  }

  message(): void {}

  finding({ rule, severity }: Finding): void {
    if (severity === 'note') return;
    const known = this.findings.get(rule.id);
    if (known === undefined) this.findings.set(rule.id, { severity, times: 1 });
    else known.times++;
  }

  stream({ protocol, connection, clientEnd, relative, bytes }: StreamRecord): void {
    if (protocol !== null || relative !== null || bytes[0] + bytes[1] === 0) return;
    const server = connection.endpoints[1 - clientEnd]!;
    this.unknown.set(server, (this.unknown.get(server) ?? 0) + 1);
  }

  summary({ messagesByProtocol }: Summary): void {
    for (const [name, n] of Object.entries(messagesByProtocol)) if (n > 0) this.messages.set(name, n);
  }
}

/** Those of `paths` that hold keys, told apart by their content. */
export function keysAmong(paths: readonly string[]): { keyrings: string[]; tlsKeylogs: string[] } {
  const keyrings: string[] = [];
  const tlsKeylogs: string[] = [];
  for (const path of paths) {
    const text = textOf(path);
    if (text === null) continue;
    if (isKeyring(text)) keyrings.push(path);
    else if (isKeyLog(text, path)) tlsKeylogs.push(path);
  }
  return { keyrings, tlsKeylogs };
}

function textOf(path: string): string | null {
  try {
    const text = readSmallFile(path, KEY_FILE_BYTES);
    return text === null || text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}

function isKeyring(text: string): boolean {
  try {
    return parseKeyring(text, '').length > 0;
  } catch {
    return false;
  }
}

function isKeyLog(text: string, path: string): boolean {
  const log = new KeyLog(DEFAULT_LIMITS.tlsSessions);
  log.add(text, path);
  return log.size > 0 && log.badLines.size === 0;
}
