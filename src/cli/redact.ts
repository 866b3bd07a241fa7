import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OPAQUE } from '../base/capture-rules.js';
import { DEFAULT_LIMITS } from '../base/limits.js';
import { safeText } from '../base/text.js';
import { PROTOCOLS } from '../protocols/registry.js';
import { inputName, inputPaths } from '../engine/analysis.js';
import type { Finding } from '../engine/event.js';
import { FileOutput, TextOutput } from '../report/output.js';
import { KeptFindings } from '../rewrite/kept-findings.js';
import { PatchedFile } from '../rewrite/patched-file.js';
import { PcapWriter } from '../rewrite/pcap-writer.js';
import { PcapngWriter } from '../rewrite/pcapng-writer.js';
import { Pseudonyms, type NameTable } from '../rewrite/pseudonyms.js';
import { RedactedCapture } from '../rewrite/redacted-capture.js';
import type { Command } from './command.js';
import { complain } from './complain.js';
import { writeInClear, type Cleared } from './in-clear.js';
import { analyze, findingsTo } from './reading.js';
import { DescriptorFile } from './descriptor-file.js';
import { finishDestination, openDestination } from './destination.js';
import { Interrupt } from './interrupt.js';
import { INPUT_OPTIONS, single, type CommonArguments } from './options.js';
import { analysisOptions, Planner } from './plan.js';
import { systemWords, UsageError } from './usage-error.js';
import { version } from './version.js';

interface RedactArguments extends CommonArguments {
  readonly capture: string;
  readonly write: string;
  readonly map?: string;
  readonly 'keep-equal'?: boolean;
  readonly 'in-clear'?: boolean;
}

const { protocol, 'decode-as': decodeAs, rule, keyring, 'tls-keylog': tlsKeylog, config } = INPUT_OPTIONS;

export const redact: Command = {
  options: (yargs) =>
    yargs
      .positional('capture', { type: 'string', demandOption: true, describe: 'The capture to redact' })
      .options({
        write: {
          ...single,
          type: 'string',
          alias: 'w',
          demandOption: true,
          describe: 'The capture to write (.pcap or .pcapng)',
        },
        map: {
          ...single,
          type: 'string',
          describe: 'Private file for the key and the new names; if it exists, they are read from it',
        },
        'keep-equal': { type: 'boolean', describe: 'Keep equal blocks of data equal, and blocks of zeros zero' },
        'in-clear': {
          type: 'boolean',
          describe: 'Write decrypted streams (--tls-keylog, --keyring, secrets in the file) without their encryption',
        },
        ...{ protocol, 'decode-as': decodeAs, rule, keyring, 'tls-keylog': tlsKeylog, config },
      })
      .example('$0 redact bug.pcapng -w share.pcapng', 'zero the payloads, replace names and addresses')
      .example('$0 redact tls.pcapng -w b.pcapng --tls-keylog keys --in-clear', 'also keep the messages inside TLS')
      .example('$0 redact a.pcap -w b.pcap --map names.json', 'use the same new names in several captures'),

  async run(raw) {
    const args = raw as unknown as RedactArguments;
    const planner = await Planner.load(args);
    let wanted = analysisOptions(planner.for(inputName(args.capture)), 'none');
    const known = args.map === undefined ? null : readMap(args.map);
    const output = openDestination(args.write, { inputs: inputPaths(args.capture) });
    const interrupt = new Interrupt(true);
    const work = workFile(output, args.write);
    let cleared: Cleared | null = null;
    const fail = (status: number): number => {
      work.discard();
      return status;
    };
    try {
      const key = known === null ? randomBytes(32) : Buffer.from(known.key, 'hex');
      const names = new Pseudonyms(key, DEFAULT_LIMITS.redactNames, known?.names);
      if (args['in-clear'] === true) {
        const made = await writeInClear(args.capture, wanted, interrupt.signal, `wirelint ${version()}`);
        if (typeof made === 'number') return fail(made);
        cleared = made;
        wanted = { ...wanted, keyrings: [], tlsKeylogs: [] };
      }
      const run = { capture: cleared?.path ?? args.capture, signal: interrupt.signal };
      // encrypted streams stay encrypted: their content must not be written in plaintext
      const closed = { ...wanted, keyrings: [], tlsKeylogs: [], limits: CLOSED };
      const labels = PROTOCOLS.flatMap((p) => p.redaction?.labels ?? []);
      /** Writes the copy, and compares its findings with those of the capture. */
      const attempt = async (oneSided: ReadonlySet<number>): Promise<Attempt> => {
        const kept = new KeptFindings();
        const own: Finding[] = [];
        work.file.truncate(0);
        const copy = new RedactedCapture(
          new PatchedFile(work.file),
          (write) =>
            /\.pcap$/.test(args.write) ? new PcapWriter(write) : new PcapngWriter(write, `wirelint ${version()}`),
          names,
          args['keep-equal'] === true ? key : null,
          labels,
          oneSided,
          DEFAULT_LIMITS,
          (f) => own.push(f),
          (s, m) => kept.message(s, m, 1),
        );
        const whole = {
          ...closed,
          details: true,
          bytes: true,
          limits: { ...CLOSED, detailBytes: CLOSED.messageBytes },
        };
        const made = { kept, copy };
        let status = await analyze({ ...run, options: whole, reporter: copy, tee: copy.tee, tap: copy.tap });
        if (status !== 0 || interrupt.status !== null) return { ...made, status: interrupt.status ?? status };
        if (copy.problem !== null) {
          complain(`redact: ${copy.problem}`);
          return { ...made, status: 2 };
        }
        const opened = copy.left.secrets > 0 || wanted.keyrings.length > 0 || (wanted.tlsKeylogs ?? []).length > 0;
        if (opened)
          status = await analyze({
            ...run,
            options: wanted,
            reporter: findingsTo((f) => f.rule === OPAQUE || kept.add(f, 1)),
          });
        else for (const f of own) kept.add(f, 1);
        if (status === 0)
          status = await analyze({
            ...{ capture: work.path, signal: interrupt.signal, options: closed },
            reporter: {
              ...findingsTo((f) => {
                // streams that were opened with keys are not opened in the copy, so "opaque" findings are expected to differ
                if (!opened || f.rule !== OPAQUE) kept.add(f, -1);
              }),
              message: (s, m) => kept.message(s, m, -1),
            },
          });
        return { ...made, status: interrupt.status ?? status };
      };
      let { kept, copy, status } = await attempt(new Set());
      // some captures hold only one end of a connection; in the copy, a complete handshake would hide that
      if (status === 0 && !kept.same && copy.lonely.size > 0) ({ kept, copy, status } = await attempt(copy.lonely));
      if (status !== 0) return fail(status);
      const { lost, made } = kept;
      if (lost.length + made.length > 0) {
        complain(`redact: ${args.write} is not written, because its findings or messages would differ`);
        for (const line of lost.slice(0, SHOWN)) complain(`cannot be kept: ${safeText(line)}`);
        for (const line of made.slice(0, SHOWN)) complain(`would be new: ${safeText(line)}`);
        return fail(2);
      }
      if (args.map !== undefined) writeMap(args.map, key, names);
      work.finish();
      const report = new TextOutput(1);
      for (const line of [...copy.report(), ...(cleared?.lines ?? [])]) report.add(`${safeText(line)}\n`);
      finishDestination(report, undefined);
      return 0;
    } catch (error) {
      work.discard();
      throw error;
    } finally {
      cleared?.remove();
    }
  },
};

interface Attempt {
  readonly kept: KeptFindings;
  readonly copy: RedactedCapture;
  readonly status: number;
}

/** The most findings that are named when they are not kept. */
const SHOWN = 20;
/** Secrets inside the file are not used either. */
const CLOSED = { ...DEFAULT_LIMITS, tlsSecretBlocks: 0 };

interface NamesFile {
  readonly key: string;
  readonly names: NameTable;
}

/** The key and names of an earlier copy; null if the file does not exist yet. */
function readMap(path: string): NamesFile | null {
  if (!existsSync(path)) return null;
  try {
    const read = JSON.parse(readFileSync(path, 'utf8')) as Partial<NamesFile> | null;
    const { key, names } = read ?? {};
    if (typeof key !== 'string' || !/^[0-9a-f]{64}$/.test(key) || typeof names !== 'object' || names === null)
      throw new Error('not a map written by redact');
    return { key, names };
  } catch (error) {
    throw new UsageError(
      `--map ${path}: ${'code' in (error as object) ? systemWords(error) : (error as Error).message}`,
    );
  }
}

/** Only its owner may read the file, since it allows the original names to be recovered. */
function writeMap(path: string, key: Uint8Array, names: Pseudonyms): void {
  try {
    const file = FileOutput.create(path, false, 0o600);
    file.add(`${JSON.stringify({ key: Buffer.from(key).toString('hex'), names: names.table }, null, 1)}\n`);
    file.finish();
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${systemWords(error)}`);
  }
}

interface WorkFile {
  readonly file: DescriptorFile;
  readonly path: string;
  finish(): void;
  discard(): void;
}

/**
 * A file that can be written at any position: the temporary file beside OUT or, if OUT is a pipe or the like, one that is copied to it at
 * the end.
 */
function workFile(output: TextOutput, path: string): WorkFile {
  if (output instanceof FileOutput && output.working !== null)
    return {
      ...{ file: new DescriptorFile(output.fd, path), path: output.working },
      finish: () => finishDestination(output, path),
      discard: () => output.discard(),
    };
  const folder = mkdtempSync(join(tmpdir(), 'wirelint-'));
  const copy = join(folder, 'copy');
  const fd = openSync(copy, 'wx+', 0o600);
  const file = new DescriptorFile(fd, path);
  const remove = (): void => {
    closeSync(fd);
    rmSync(folder, { recursive: true, force: true });
  };
  return {
    ...{ file, path: copy },
    finish: () => {
      for (let at = 0; at < file.length; at += PIECE) output.addBytes(file.read(at, Math.min(PIECE, file.length - at)));
      remove();
      finishDestination(output, path);
    },
    discard: () => {
      remove();
      output.discard();
    },
  };
}

const PIECE = 1 << 20;
