import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { CLIENT, SERVER, type Side } from '../base/input.js';
import { DEFAULT_LIMITS } from '../base/limits.js';
import { safeText } from '../base/text.js';
import { inputPaths, type CaptureInput } from '../engine/analysis.js';
import type { Finding } from '../engine/event.js';
import { findingEvent } from '../report/event-object.js';
import { FileOutput, TextOutput } from '../report/output.js';
import { DirectionExtract, DiskExtract, ObjectExtract, type Extract } from '../rewrite/extract.js';
import type { Command } from './command.js';
import { complain } from './complain.js';
import { DescriptorFile } from './descriptor-file.js';
import { openDestination, finishDestination } from './destination.js';
import { Interrupt } from './interrupt.js';
import { INPUT_OPTIONS, RAW_OPTION, single, type CommonArguments } from './options.js';
import { Planner } from './plan.js';
import { rawInput, runInputs } from './run.js';
import { systemWords, UsageError } from './usage-error.js';

interface ExtractArguments extends CommonArguments {
  readonly capture?: string;
  readonly raw?: readonly string[];
  readonly direction?: string;
  readonly disk?: boolean;
  readonly objects?: string;
  readonly format?: string;
}

/** The lines of a finding, in the form of a transcript. */
function findingLines(f: Finding): string[] {
  const place = `stream ${f.stream!.id} #${f.message!.index} at packet ${f.packet}`;
  return [
    `! ${f.severity} ${f.rule.id} (${f.party}, ${f.confidence}) ${place}`,
    `  ${f.text}   see: wirelint explain ${f.rule.id}`,
  ];
}

export const extract: Command = {
  options: (yargs) =>
    yargs
      .positional('capture', { type: 'string', describe: 'A capture; - is standard input' })
      .options({
        direction: { ...single, choices: ['client', 'server'], describe: 'Extract what this side of the stream sent' },
        disk: { type: 'boolean', describe: 'Extract the disk that NBD sessions wrote and read, as a sparse image' },
        objects: {
          ...single,
          type: 'string',
          describe: 'Extract the objects that Ceph clients wrote, into this folder',
        },
        format: {
          ...single,
          alias: 'f',
          choices: ['text', 'ndjson'],
          default: 'text',
          describe: 'ndjson: print only finding events, for reads that contradict earlier writes',
        },
        output: { ...single, type: 'string', alias: 'o', describe: 'The file to write' },
        ...INPUT_OPTIONS,
        ...RAW_OPTION,
      })
      .example('$0 extract -s 2 --direction server -o bytes.bin x.pcap', 'as plaintext if TLS could be decrypted')
      .example('$0 extract --disk -o image.raw x.pcap', 'the disk; reads that contradict writes are reported')
      .example('$0 extract --objects folder x.pcap', 'one file for each object'),

  async run(raw) {
    const args = raw as ExtractArguments;
    const inputs: CaptureInput[] = [
      ...(args.capture === undefined ? [] : [args.capture]),
      ...(args.raw ?? []).map(rawInput),
    ];
    if (inputs.length !== 1) throw new UsageError('extract: expected one capture, or - for standard input');
    const ways = [args.direction, args.disk === true ? 'disk' : undefined, args.objects].filter((w) => w !== undefined);
    if (ways.length !== 1)
      throw new UsageError('extract: expected one of --direction client|server, --disk and --objects FOLDER');
    if (args.direction !== undefined && args.stream?.length !== 1)
      throw new UsageError(
        'extract --direction: name the stream with -s N; `wirelint analyze -f table` lists the streams',
      );
    const planner = await Planner.load(args);
    const interrupt = new Interrupt(true);
    const report = new TextOutput(1);
    const made = args.objects === undefined ? toFile(args, inputs) : toFolder(args.objects);
    const status = await runInputs(inputs, {
      ...{ planner, reporter: made.work, output: report, signal: interrupt.signal },
      // payload that the protocol itself encrypts is only available in decoded messages
      ...(args.objects === undefined ? { detail: 'lines' as const } : { detail: 'bytes' as const, limits: WHOLE }),
      tap: made.work.tap,
      join: args.join !== 'never',
    });
    const wrong = made.work.problem();
    if (wrong !== null && status === 0) complain(`extract: ${wrong}`);
    if (interrupt.status !== null || status !== 0 || wrong !== null) {
      made.discard();
      return interrupt.status ?? (status === 0 ? 2 : status);
    }
    const lines = made.work.report();
    made.finish();
    const json = args.format === 'ndjson';
    const found = made.work.findings?.() ?? [];
    if (json) for (const f of found) report.add(`${JSON.stringify(findingEvent(f))}\n`);
    else {
      for (const line of lines) report.add(`${safeText(line)}\n`);
      for (const f of found) for (const line of findingLines(f)) report.add(`${safeText(line)}\n`);
    }
    finishDestination(report, undefined);
    return 0;
  },
};

/** Limits under which messages keep all of their bytes. */
const WHOLE = { ...DEFAULT_LIMITS, detailBytes: DEFAULT_LIMITS.messageBytes };

interface Working {
  readonly work: Extract;
  finish(): void;
  discard(): void;
}

function toFile(args: ExtractArguments, inputs: readonly CaptureInput[]): Working {
  const path = args.output;
  if (path === undefined || path === '-')
    throw new UsageError('extract: -o FILE is required (the image is not written in order)');
  const output = openDestination(path, { inputs: inputs.flatMap(inputPaths) });
  if (!(output instanceof FileOutput) || !output.isRegular)
    throw new UsageError(`extract: ${path} is not a regular file`);
  const file = new DescriptorFile(output.fd, path);
  const side: Side = args.direction === 'server' ? SERVER : CLIENT;
  return {
    work: args.disk === true ? new DiskExtract(file, DEFAULT_LIMITS) : new DirectionExtract(file, side, DEFAULT_LIMITS),
    finish: () => finishDestination(output, path),
    discard: () => output.discard(),
  };
}

function toFolder(folder: string): Working {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new UsageError(`cannot write ${folder}: ${systemWords(error)}`);
  }
  const work = new ObjectExtract(DEFAULT_LIMITS, (name, then) => {
    // file descriptors are limited and objects may be many, so each file is opened only while it is written to
    const path = join(folder, name);
    let fd: number;
    try {
      fd = openSync(path, 'a+', 0o666);
      closeSync(fd);
      fd = openSync(path, 'r+');
    } catch (error) {
      throw new UsageError(`cannot write ${path}: ${systemWords(error)}`);
    }
    try {
      then(new DescriptorFile(fd, path));
    } finally {
      closeSync(fd);
    }
  });
  return { work, finish: () => undefined, discard: () => undefined };
}
