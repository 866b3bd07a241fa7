import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { Analysis, type CaptureInput } from '../../src/engine/analysis.js';
import type { StreamRecord } from '../../src/engine/event.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import {
  READ,
  readAndLeave,
  request,
  simple,
  simpleSession,
  WRITE,
} from '../../src/protocols/nbd/rules/session-steps.js';
import { stepsOf } from '../kit/capture-steps.js';
import { SETTINGS } from '../kit/settings.js';

const FOLDER = 'captures/nbd/';
const scratch = mkdtempSync(join(tmpdir(), 'wirelint-raw-'));
afterAll(() => rmSync(scratch, { recursive: true }));

interface Heard {
  /** Messages by side: name, offset, length, whether complete. */
  readonly messages: [string[], string[]];
  readonly loud: string[];
  readonly guessed: number;
}

/** What is said of the first stream of an input. */
async function hear(input: CaptureInput): Promise<Heard> {
  const heard: Heard = { messages: [[], []], loud: [], guessed: 0 };
  let guessed = 0;
  let first: StreamRecord | null = null;
  const analysis = new Analysis(
    { ...SETTINGS, protocols: [nbd] },
    {
      capture: () => undefined,
      message: (record, m) => {
        first ??= record;
        if (record === first) heard.messages[m.side].push(`${m.name} ${m.offset}+${m.length} ${m.complete}`);
      },
      finding: (f) => {
        if (f.rule.id === 'capture/mode-guessed') guessed++;
        if (f.severity === 'error') heard.loud.push(`${f.rule.id} ${f.offset}+${f.length}`);
      },
      stream: () => undefined,
      summary: () => undefined,
    },
  );
  await analysis.run(input);
  return { ...heard, guessed };
}

/** The same bytes as two files without any order between them. */
function rawPair(name: string, steps: readonly Step[]): CaptureInput {
  const of = (side: 'client' | 'server'): string => {
    const path = join(scratch, `${name}.${side}`);
    writeFileSync(path, Buffer.concat(steps.flatMap((s) => ('bytes' in s && s.from === side ? [s.bytes] : []))));
    return path;
  };
  return { client: of('client'), server: of('server') };
}

interface Recorded {
  readonly file: string;
  readonly steps: readonly Step[];
}

/** Captures whose first stream is there from its beginning and without a hole. */
async function wholeCaptures(): Promise<Recorded[]> {
  const list: Recorded[] = [];
  for (const file of readdirSync(FOLDER).filter((f) => /\.(pcap|pcapng)$/.test(f))) {
    const [stream] = await stepsOf(FOLDER + file);
    if (stream?.connection.start !== 'captured' || stream.steps.some((s) => 'gap' in s)) continue;
    list.push({ file, steps: stream.steps });
  }
  return list;
}

const captures = await wholeCaptures();

describe('two files with the raw bytes of a connection', () => {
  it.each(captures)('say what $file says', async ({ file, steps }) => {
    const captured = await hear(FOLDER + file);
    const raw = await hear(rawPair(file, steps));
    expect(captured.messages.flat().length).toBeGreaterThan(0);
    expect(raw.messages).toEqual(captured.messages);
    expect(raw.guessed).toBe(captured.guessed);
  });

  it('do so where a long WRITE stands between requests, so that replies are read before their requests', async () => {
    const reads = [1, 2, 3].flatMap((n) => [request(READ, 10 + n, 0, 512 * n), simple(10 + n, 0, 512 * n)]);
    const steps = readAndLeave([...simpleSession(), request(WRITE, 9, 0, 300_000), simple(9), ...reads]);
    const raw = await hear(rawPair('long-write', steps));
    expect(raw.messages[1].filter((m) => m.startsWith('NBD_SIMPLE_REPLY'))).toHaveLength(5);
    expect(raw.loud).toEqual([]);
    expect(raw.guessed).toBe(0);
  });

  it('are one-sided where a file is empty', async () => {
    const steps = readAndLeave(simpleSession()).filter((s) => 'from' in s && s.from === 'server');
    const raw = await hear(rawPair('server-only', steps));
    expect(raw.messages[1].length).toBeGreaterThan(4);
    expect(raw.guessed).toBe(1);
  });
});
