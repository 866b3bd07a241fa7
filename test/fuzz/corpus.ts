import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { Step } from '../../src/base/rule.js';
import type { Annotation } from '../../src/base/annotation.js';
import type { Protocol } from '../../src/contract/protocol.js';
import { runSteps, type StepOptions, settingOf } from '../../src/engine/example.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { collect } from '../kit/collect.js';
import { stepsOf } from '../kit/capture-steps.js';

/**
 * Bytes of a session that is played again and again; long ones are cut, so that many inputs fit into a second. A TLS handshake takes more
 * before anything is opened.
 */
const SESSION_BYTES = 800;
const TLS_SESSION_BYTES = 4000;
/** Examples about sizes are megabytes long. */
const MOST_BYTES = 2000;
const CAPTURE_BYTES = 2500;
const TEXT_BYTES = 2000;

/** Where a message, or one field of it, lies in the bytes that a side sends. */
export interface Span {
  readonly side: 0 | 1;
  readonly start: number;
  readonly length: number;
}

/** A session to be mutated. */
export interface Session {
  readonly name: string;
  readonly protocol: Protocol;
  readonly steps: readonly Step[];
  readonly options: StepOptions;
  readonly messages: readonly Span[];
  /** Numbers and lengths of the messages, where mutation hurts most. */
  readonly fields: readonly Span[];
}

export interface CaptureFile {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly text: boolean;
  /** Where records (or lines) begin. */
  readonly records: readonly number[];
}

export interface Corpus {
  readonly sessions: readonly Session[];
  readonly captures: readonly CaptureFile[];
}

export async function loadCorpus(folder = 'captures'): Promise<Corpus> {
  const paths = captureFiles(folder);
  const sessions = exampleSessions();
  for (const path of paths) sessions.push(...(await recordedSessions(path)));
  return {
    sessions: sessions.filter((s) => sizeOf(s.steps) <= MOST_BYTES),
    captures: paths.map((path) => captureFile(path)),
  };
}

/** The captures below a folder. */
export function captureFiles(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      if (statSync(path).isDirectory()) return captureFiles(path);
      if (/\.pcap(ng)?(\.gz)?$/.test(name)) return [path];
      return name.endsWith('.txt') && !/\.pcap(ng)?\.txt$/.test(name) ? [path] : [];
    });
}

/** The examples of all rules: short sessions that reach every corner of the protocols. */
function exampleSessions(): Session[] {
  return PROTOCOLS.flatMap((protocol) =>
    protocol.rules.flatMap((rule) =>
      [rule.breaks, rule.keeps].flatMap((example, i) => {
        if (example === undefined) return [];
        return [session(`${rule.id} ${i === 0 ? 'broken' : 'kept'}`, protocol, example.steps(), settingOf(example))];
      }),
    ),
  );
}

/** Beginnings of the streams of a capture, and pieces from further on, as if joined late. */
async function recordedSessions(path: string): Promise<Session[]> {
  const protocols = new Map<number, string | null>();
  for (const s of (await collect(path)).streams) protocols.set(s.stream, s.protocol);
  const keys = path.replace(/\.pcap$/, '.keylog');
  const keyLog = keys !== path && existsSync(keys) ? readFileSync(keys, 'utf8') : null;
  const out: Session[] = [];
  for (const { connection, steps } of await stepsOf(path)) {
    const protocol = PROTOCOLS.find((p) => p.name === protocols.get(connection.id));
    if (protocol === undefined) continue;
    const name = `${path} stream ${connection.id}`;
    const port = connection.ports[1];
    const late = connection.start === 'missed';
    if (keyLog === null) out.push(session(name, protocol, cut(steps, 0), { port, late }));
    else out.push(session(name, protocol, cut(steps, 0, TLS_SESSION_BYTES), { port, late, keyLog }));
    for (const part of [3, 7]) {
      const from = Math.floor((steps.length * part) / 10);
      if (from > 10) out.push(session(`${name} from step ${from}`, protocol, cut(steps, from), { port, late: true }));
    }
  }
  return out;
}

function sizeOf(steps: readonly Step[]): number {
  return steps.reduce((n, s) => n + ('bytes' in s ? s.bytes.length : 0), 0);
}

function cut(steps: readonly Step[], from: number, most = SESSION_BYTES): Step[] {
  const out: Step[] = [];
  let bytes = 0;
  for (const step of steps.slice(from)) {
    if ('bytes' in step) {
      bytes += step.bytes.length;
      const over = bytes - most;
      const plain = { from: step.from, bytes: over > 0 ? step.bytes.slice(0, step.bytes.length - over) : step.bytes };
      out.push(plain);
      if (over >= 0) break;
    } else {
      out.push(step);
    }
  }
  return out;
}

function session(name: string, protocol: Protocol, steps: readonly Step[], options: StepOptions): Session {
  const messages: Span[] = [];
  const fields: Span[] = [];
  if (!steps.some((s) => 'then' in s || 'gap' in s)) {
    for (const m of runSteps(protocol, steps, { ...options, details: true }).messages) {
      messages.push({ side: m.side, start: m.offset, length: m.length - m.missing });
      const walk = (list: readonly Annotation[]): void => {
        for (const a of list) {
          if (a.children !== undefined && a.children.length > 0) walk(a.children);
          else if (a.length > 0 && a.length <= 8)
            fields.push({ side: m.side, start: m.offset + a.at, length: a.length });
        }
      };
      walk(protocol.annotate(m));
    }
  }
  return { name, protocol, steps, options, messages, fields };
}

function captureFile(path: string): CaptureFile {
  const raw = readFileSync(path);
  const all = path.endsWith('.gz') ? gunzipSync(raw) : raw;
  const text = path.endsWith('.txt');
  const bytes = new Uint8Array(all.subarray(0, text ? TEXT_BYTES : CAPTURE_BYTES));
  return { name: path, bytes, text, records: text ? lines(bytes) : records(bytes) };
}

function lines(bytes: Uint8Array): number[] {
  const out = [0];
  for (let i = 0; i + 1 < bytes.length; i++) if (bytes[i] === 0x0a) out.push(i + 1);
  return out;
}

/** Offsets of the records of a classic pcap, of the blocks of a pcapng. */
function records(bytes: Uint8Array): number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const ng = view.getUint32(0) === 0x0a0d0d0a;
  const little = ng ? view.getUint32(8, true) === 0x1a2b3c4d : bytes[0] !== 0xa1;
  const out: number[] = [];
  for (let at = ng ? 0 : 24; at + 16 <= bytes.length;) {
    out.push(at);
    const length = ng ? view.getUint32(at + 4, little) : 16 + view.getUint32(at + 8, little);
    if (length < 12) break;
    at += length;
  }
  return out;
}
