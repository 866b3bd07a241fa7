import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import { Analysis } from '../../src/engine/analysis.js';
import { SETTINGS } from '../kit/settings.js';
import { SealedSession } from '../../src/tls/sealed-session.js';

const folder = mkdtempSync(join(tmpdir(), 'wirelint-key-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

function block(type: number, ...body: Uint8Array[]): Buffer {
  const content = Buffer.concat(body);
  const padded = Buffer.concat([content, Buffer.alloc(-content.length & 3)]);
  const edges = Buffer.alloc(8);
  edges.writeUInt32LE(type);
  edges.writeUInt32LE(padded.length + 12, 4);
  return Buffer.concat([edges, padded, edges.subarray(4)]);
}

/** A pcapng file that has only secrets: one block for each key log. */
function captureOf(keyLogs: readonly string[]): string {
  const path = join(folder, `secrets-${keyLogs.length}.pcapng`);
  const section = block(0x0a0d0d0a, Buffer.from('4d3c2b1a01000000ffffffffffffffff', 'hex'));
  // Ethernet
  const description = block(1, Buffer.from('0100000000000000', 'hex'));
  const secrets = keyLogs.map((text) => {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(0x544c534b);
    head.writeUInt32LE(text.length, 4);
    return block(0x0000000a, head, Buffer.from(text));
  });
  writeFileSync(path, Buffer.concat([section, description, ...secrets]));
  return path;
}

async function notes(capture: string, keyLog: string | null, limits: Partial<Limits>): Promise<string[]> {
  const texts: string[] = [];
  const tlsKeylogs = keyLog === null ? [] : [keyLog];
  const analysis = new Analysis(
    { ...SETTINGS, tlsKeylogs, limits: { ...DEFAULT_LIMITS, ...limits } },
    {
      capture: () => undefined,
      message: () => undefined,
      finding: (f) => texts.push(`${f.rule.id} ${f.text}`),
      stream: () => undefined,
      summary: () => undefined,
    },
  );
  await analysis.run(capture);
  analysis.finish();
  return texts;
}

describe('limits of key logs', () => {
  const sessions = [1, 2, 3, 4, 5].map((seed) => new SealedSession(seed).keyLog);
  const path = join(folder, 'keys.log');
  writeFileSync(path, sessions.join(''));

  it('tlsSessions: secrets of more sessions are not kept', async () => {
    const capture = captureOf([]);
    expect(await notes(capture, path, {})).toEqual([]);
    expect(await notes(capture, path, { tlsSessions: 2 })).toEqual([
      'tls/key-log tlsSessions: 15 secrets beyond those of 2 sessions not kept',
    ]);
  });

  it('tlsKeyLogBytes: a key log is read up to there', async () => {
    const capture = captureOf([]);
    // in a line: what is left of it is no bad line
    expect(await notes(capture, path, { tlsKeyLogBytes: sessions[0]!.length + 20 })).toEqual([
      `tls/key-log tlsKeyLogBytes: the key log ${path} is read up to byte ${sessions[0]!.length + 20} only`,
    ]);
    const whole = sessions.join('').length;
    expect(await notes(capture, path, { tlsKeyLogBytes: whole })).toEqual([]);
  });

  it('tlsSecretBlocks: as many blocks of secrets of one capture are taken', async () => {
    const capture = captureOf([...sessions, sessions[0]!]);
    expect(await notes(capture, null, {})).toEqual([]);
    expect(await notes(capture, null, { tlsSecretBlocks: 3 })).toEqual([
      'tls/key-log tlsSecretBlocks: 2 blocks of secrets beyond the first 3 are passed over',
    ]);
  });
});
