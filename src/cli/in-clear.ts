import { mkdtempSync, openSync, rmSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OPAQUE } from '../base/capture-rules.js';
import type { Side } from '../base/input.js';
import { DEFAULT_LIMITS } from '../base/limits.js';
import { count } from '../base/text.js';
import type { Message } from '../contract/message.js';
import type { AnalysisOptions } from '../engine/analysis-options.js';
import type { Finding } from '../engine/event.js';
import { ClearCapture, OpenedStreams } from '../rewrite/clear-capture.js';
import { PcapngWriter } from '../rewrite/pcapng-writer.js';
import { complain } from './complain.js';
import { DescriptorFile } from './descriptor-file.js';
import { analyze, findingsTo } from './reading.js';

/** A temporary capture in which encrypted streams are written in plaintext. */
export interface Cleared {
  readonly path: string;
  /** Lines for people that say what was written. */
  readonly lines: readonly string[];
  remove(): void;
}

/**
 * Writes the plaintext capture to the system's folder for temporary files, readable by its owner only. Returns an exit status if it cannot
 * be made.
 */
export async function writeInClear(
  capture: string,
  options: AnalysisOptions,
  signal: AbortSignal,
  application: string,
): Promise<Cleared | number> {
  const opened = new OpenedStreams();
  let status = await analyze({ capture, signal, options, reporter: opened });
  if (status !== 0) return status;
  if (opened.ids.size === 0) {
    complain('redact --in-clear: no stream of this capture was decrypted (--tls-keylog, --keyring)');
    return 2;
  }
  const folder = mkdtempSync(join(tmpdir(), 'wirelint-'));
  const path = join(folder, 'clear');
  const fd = openSync(path, 'wx+', 0o600);
  const remove = (): void => {
    closeSync(fd);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const kept = new KeptInClear();
    const file = new DescriptorFile(fd, path);
    const writer = new PcapngWriter((bytes) => file.write(file.length, bytes), application);
    const clear = new ClearCapture(
      ...([writer, opened, DEFAULT_LIMITS] as const),
      (m, stays) => {
        if (stays) kept.message(m, 1);
      },
      (f) => kept.finding(f, 1),
    );
    const whole = { details: true, bytes: true };
    const limits = { ...options.limits, detailBytes: options.limits.messageBytes };
    status = await analyze({
      ...{ capture, signal, options: { ...options, ...whole, limits }, reporter: clear },
      ...{ tee: clear.tee, tap: clear.tap },
    });
    const { problem } = clear;
    if (problem !== null) complain(`redact: ${problem}`);
    if (status === 0 && problem === null) {
      const closed = { ...options, keyrings: [], tlsKeylogs: [] };
      const after = {
        ...findingsTo((f) => kept.finding(f, -1)),
        message: (_: unknown, m: Message) => kept.message(m, -1),
      };
      status = await analyze({ capture: path, signal, options: closed, reporter: after });
    }
    if (status === 0 && problem === null && kept.differences.length === 0)
      return { path, lines: kept.lines(opened), remove };
    for (const line of kept.differences) complain(`the copy in clear would differ: ${line}`);
    remove();
    return status === 0 ? 2 : status;
  } catch (error) {
    remove();
    throw error;
  }
}

/** Findings about encryption cannot occur in a stream without encryption. */
function isOfEncryption(id: string): boolean {
  return id.includes('tls') || id === OPAQUE.id;
}

/**
 * Compares messages and findings of a capture with those of its plaintext copy by counting them, since offsets and stream numbers differ.
 */
class KeptInClear {
  private readonly counts = new Map<string, number>();
  private readonly left = new Map<string, number>();

  message(m: Message, by: 1 | -1): void {
    this.add(`${m.name} ${SIDES[m.side]}`, by);
  }

  finding(f: Finding, by: 1 | -1): void {
    if (f.stream === null) return;
    const { id } = f.rule;
    if (!isOfEncryption(id)) this.add(`${f.severity} ${id} (${f.party})`, by);
    else if (by === 1) this.left.set(id, (this.left.get(id) ?? 0) + 1);
  }

  get differences(): string[] {
    return [...this.counts].map(([what, n]) => `${Math.abs(n)} ${n > 0 ? 'fewer' : 'more'} of ${what}`);
  }

  lines(opened: OpenedStreams): string[] {
    const out = [`${count(opened.ids.size, 'stream')} in clear`];
    if (opened.left > 0)
      out.push(
        `${count(opened.left, 'opened stream')} not in clear: it is not TCP, or other streams have the same ports`,
      );
    for (const [id, n] of this.left)
      out.push(`omitted, because it is about encryption: ${id}${n > 1 ? `, ${n} times` : ''}`);
    return out;
  }

  private add(what: string, by: number): void {
    const n = (this.counts.get(what) ?? 0) + by;
    if (n === 0) this.counts.delete(what);
    else this.counts.set(what, n);
  }
}

const SIDES: Readonly<Record<Side, string>> = ['of the client', 'of the server'];
