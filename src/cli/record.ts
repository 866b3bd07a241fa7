import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import type { Packet } from '../capture/packet.js';
import { Analysis } from '../engine/analysis.js';
import { addressName, parseAddress, type StreamAddress } from '../record/address.js';
import { Proxy } from '../record/proxy.js';
import { RecordFile } from '../record/record-file.js';
import { Recording, SERVER_PORT } from '../record/recording.js';
import type { TextOutput } from '../report/output.js';
import type { Command } from './command.js';
import { complain } from './complain.js';
import { finishDestination, openDestination } from './destination.js';
import { formatOption, INPUT_OPTIONS, PRINT_OPTIONS, single, type CommonArguments } from './options.js';
import { analysisOptions, checkKeylogs, checkKeyrings, Planner } from './plan.js';
import { lookOf, reporterFor } from './reporters.js';
import { systemWords, UsageError } from './usage-error.js';
import { version } from './version.js';

interface RecordArguments extends CommonArguments {
  readonly listen: string;
  readonly connect: string;
  readonly write?: string;
  readonly tail?: boolean;
  readonly port?: string;
  readonly format?: string;
  readonly program?: readonly string[];
  /** The command's name, and the words after `--`. */
  readonly _: readonly string[];
}

/** Milliseconds that connections have to end by themselves after the program has ended. */
const DRAIN_MS = 2000;

export const record: Command = {
  options: (yargs) =>
    yargs
      .positional('program', {
        type: 'string',
        array: true,
        describe: 'After --: a program to run; the recording ends with it',
      })
      .options({
        listen: {
          type: 'string',
          ...single,
          demandOption: true,
          describe: 'Address for clients: PATH or tcp:[HOST:]PORT',
        },
        connect: {
          type: 'string',
          ...single,
          demandOption: true,
          describe: 'Address of the server: PATH or tcp:[HOST:]PORT',
        },
        write: { type: 'string', alias: 'w', ...single, describe: 'Write a pcapng file (- is standard output)' },
        tail: { type: 'boolean', describe: 'Print the transcript while recording' },
        port: {
          type: 'string',
          ...single,
          describe: `Port of the server in the recording of a Unix socket (default ${SERVER_PORT}; with 10809, Wireshark recognises NBD)`,
        },
        ...formatOption(['text', 'ndjson']),
        ...PRINT_OPTIONS,
        ...INPUT_OPTIONS,
      })
      .example('$0 record --listen /tmp/p.sock --connect /run/nbd.sock -w s.pcapng', 'record until Ctrl-C')
      .example(
        '$0 record --listen p.sock --connect nbd.sock --tail -- nbdinfo nbd+unix:///?socket=p.sock',
        'run one program, and exit with its status',
      )
      .example(
        '$0 record --listen p.sock --connect nbd.sock -w s.pcapng -- make check && $0 check s.pcapng',
        'fail if the tests fail or the traffic breaks a rule',
      )
      .epilogue(
        'wirelint exits with the status of the program. The recording contains that status, so that an expectation of `wirelint check` can test it. The program finds the address to connect to in WIRELINT_SOCKET (a path) or WIRELINT_PORT. File descriptors passed over the socket (SCM_RIGHTS) do not get through the proxy, and the server sees the process id of wirelint.',
      ),

  async run(raw) {
    const args = raw as unknown as RecordArguments;
    const listen = address('--listen', args.listen);
    const connect = address('--connect', args.connect);
    if (sameAddress(listen, connect)) throw new UsageError('--listen and --connect must be different addresses');
    const program = [...(args.program ?? []), ...args._.slice(1).map(String)];
    if (args.write === undefined && !args.tail) throw new UsageError('record: expected -w FILE, --tail, or both');
    if (args.write === '-' && args.tail && (args.output ?? '-') === '-')
      throw new UsageError('record: -w - and --tail both write to standard output; use -o FILE for --tail');
    const port = portNumber(args.port);
    const stop = new StopSignals();
    const tail = args.tail ? await Tail.open(args) : null;
    let file: RecordFile | null = null;
    let unread = (): void => undefined;
    const readerGone = new Promise<void>((resolve) => (unread = resolve));
    const proxy = await startProxy(listen, connect, () => {
      if (args.write !== undefined) file = createFile(args.write, unread);
      const description = describe(listen, connect);
      tail?.begin(description);
      return new Recording((bytes) => file?.write(bytes), `wirelint ${version()}`, description, port, tail);
    });
    let status: number | null = null;
    if (program.length > 0) {
      status = await runProgram(program, proxy.address, stop);
      await Promise.race([proxy.drained(), stop.requested, delay(DRAIN_MS)]);
    } else await Promise.race([stop.requested, tail?.failed ?? readerGone]);
    await proxy.stop(status);
    (file as RecordFile | null)?.close();
    tail?.end(args.output);
    return status ?? 0;
  },
};

function address(option: string, text: string): StreamAddress {
  try {
    return parseAddress(text);
  } catch (error) {
    throw new UsageError(`${option} ${(error as Error).message}`);
  }
}

function portNumber(text: string | undefined): number {
  if (text === undefined) return SERVER_PORT;
  if (!/^\d{1,5}$/.test(text) || Number(text) < 1 || Number(text) > 65_535)
    throw new UsageError(`--port ${text}: expected a number from 1 to 65535`);
  return Number(text);
}

function sameAddress(a: StreamAddress, b: StreamAddress): boolean {
  if (a.kind === 'unix') return b.kind === 'unix' && resolve(a.path) === resolve(b.path);
  return b.kind === 'tcp' && a.host === b.host && a.port === b.port && a.port !== 0;
}

/** The description of the recording's interface. It tells readers that addresses and acknowledgements in the recording are made up. */
function describe(listen: StreamAddress, connect: StreamAddress): string {
  const path = connect.kind === 'unix' ? connect.path : listen.kind === 'unix' ? listen.path : null;
  if (path === null) return `tcp-proxy:${addressName(connect)}`;
  return `unix-stream:${path.startsWith('\0') ? `@${path.slice(1)}` : resolve(path)}`;
}

function createFile(path: string, unread: () => void): RecordFile {
  try {
    return RecordFile.create(path, (error) => {
      // a reader of our pipe that stops reading is not an error
      if ((error as NodeJS.ErrnoException).code === 'EPIPE') unread();
      else complain(`${path}: ${systemWords(error)}; the recording ends here, but connections stay open`);
    });
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${systemWords(error)}`);
  }
}

async function startProxy(listen: StreamAddress, connect: StreamAddress, make: () => Recording): Promise<Proxy> {
  try {
    return await Proxy.start({ listen, connect, record: make, complain });
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot listen at ${addressName(listen)}: ${systemWords(error)}`);
  }
}

/** Runs the program with wirelint's standard input, output and error, and returns its exit status, or 128 plus the signal that ended it. */
async function runProgram(program: readonly string[], where: StreamAddress, stop: StopSignals): Promise<number> {
  const name = where.kind === 'unix' ? { WIRELINT_SOCKET: addressName(where) } : { WIRELINT_PORT: String(where.port) };
  const child: ChildProcess = spawn(program[0]!, program.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, ...name },
  });
  stop.pass = (signal) => child.kill(signal);
  return new Promise((resolve) => {
    child.once('error', (error) => {
      complain(`cannot run ${program[0]}: ${systemWords(error)}`);
      resolve((error as NodeJS.ErrnoException).code === 'ENOENT' ? 127 : 126);
    });
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}

/** The first two signals ask for a clean stop, and are passed to the program that runs, if any; the third one ends everything at once. */
class StopSignals {
  readonly requested: Promise<void>;
  /** If set, receives the signal: a program runs and will end because of it. */
  pass: ((signal: NodeJS.Signals) => void) | null = null;

  constructor() {
    let caught = 0;
    this.requested = new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
        process.on(signal, () => {
          if (++caught > 2) process.exit(128 + constants.signals[signal]);
          // the terminal sends SIGINT to the program itself
          if (this.pass !== null && signal !== 'SIGINT') this.pass(signal);
          resolve();
        });
    });
  }
}

/** The live transcript of `--tail`. */
class Tail {
  interfaceDescription = '';
  readonly failed: Promise<void>;
  private fail: () => void = () => undefined;
  private readonly live: ReturnType<Analysis['live']>;
  private scheduled = false;

  private readonly analysis: Analysis;
  private readonly output: TextOutput;
  private readonly flush: () => void;

  private constructor(analysis: Analysis, output: TextOutput, flush: () => void, name: string) {
    this.analysis = analysis;
    this.output = output;
    this.flush = flush;
    this.live = analysis.live(name);
    this.failed = new Promise((resolve) => (this.fail = resolve));
  }

  static async open(args: RecordArguments): Promise<Tail> {
    const name = args.write ?? args.connect;
    const planner = await Planner.load(args);
    const plan = planner.for(name);
    const keyrings = planner.keyringsOf([name]);
    checkKeyrings(keyrings);
    const tlsKeylogs = planner.tlsKeylogsOf([name]);
    checkKeylogs(tlsKeylogs, true);
    const output = openDestination(args.output, { live: true, inputs: args.write === undefined ? [] : [args.write] });
    const { reporter } = await reporterFor(args.format ?? 'text', output, args, lookOf(args, [name]));
    const analysis = new Analysis(
      { ...analysisOptions({ ...plan, keyrings, tlsKeylogs }, 'lines'), tlsKeylogsGrow: true },
      reporter,
    );
    return new Tail(analysis, output, () => reporter.flush?.(), name);
  }

  begin(description: string): void {
    this.interfaceDescription = description;
    this.live.sink.info({ format: 'pcapng', linkTypes: [101], resolution: 'us' });
  }

  packet(packet: Packet): void {
    this.live.sink.packet(packet);
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.flush();
      if (this.output.stopped) this.fail();
    });
  }

  end(path: string | undefined): void {
    this.live.end();
    this.analysis.finish();
    finishDestination(this.output, path);
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
