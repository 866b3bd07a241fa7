import { parentPort, workerData } from 'node:worker_threads';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import { NotACapture } from '../../capture/packet.js';
import { Analysis } from '../../engine/analysis.js';
import type { Divisible } from '../../engine/divisible.js';
import type { Reporter } from '../../engine/event.js';
import { TextOutput } from '../../report/output.js';
import { EventTables } from '../../table/event-tables.js';
import { EncodingHere } from '../../table/table-rows.js';
import { analysisOptions } from '../plan.js';
import { reporterFor } from '../reporters.js';
import { inputError } from '../run.js';
import { selecting } from '../select-options.js';
import { measureFor } from '../stats-measure.js';
import { tellShapesApart, watchHeap } from '../thrift.js';
import { AHEAD, sizeOf, type CaptureDone, type CaptureJob, type Piece, type Work } from './pieces.js';

/** The data that a thread which reads captures is started with. */
interface ThreadData {
  readonly work: Work;
  /** A single number, shared with the main thread: bytes of pieces that were sent and not yet taken. */
  readonly ahead: Int32Array;
}

/** Output that is sent to the main thread. */
class PieceOutput extends TextOutput {
  private readonly ahead: Int32Array;

  constructor(ahead: Int32Array) {
    super(-1);
    this.ahead = ahead;
  }

  /** Sends a piece; waits first while more than AHEAD bytes were sent and not yet taken. */
  send(piece: Piece): void {
    const { ahead } = this;
    for (let n = Atomics.load(ahead, 0); n > AHEAD; n = Atomics.load(ahead, 0)) Atomics.wait(ahead, 0, n);
    Atomics.add(ahead, 0, sizeOf(piece));
    parentPort!.postMessage(piece, piece.kind === 'once' ? [] : [piece.bytes.buffer as ArrayBuffer]);
  }

  protected override write(bytes: Uint8Array): void {
    this.send({ kind: 'bytes', bytes: new Uint8Array(bytes) });
  }
}

/** Reads the captures that the main thread names, one at a time, and sends back the output. */
export function readWhatComes(): void {
  const { work, ahead } = workerData as ThreadData;
  parentPort!.on('message', (job: CaptureJob) => {
    void read(work, job, new PieceOutput(ahead)).then((done) => parentPort!.postMessage(done));
  });
}

async function read(work: Work, job: CaptureJob, output: PieceOutput): Promise<CaptureDone> {
  const { reporter, whole } = await reporterOf(work, output);
  const analysis = new Analysis(analysisOptions(job.base, work.detail), reporter);
  let problem: string | null = null;
  let foreign = false;
  try {
    const { doubt, content } = job;
    tellShapesApart();
    await analysis.run(job.input, { doubt, content, batch: watchHeap }, analysisOptions(job.own, work.detail));
  } catch (error) {
    problem = inputError(job.input, error);
    foreign = error instanceof NotACapture;
  }
  reporter.flush?.();
  output.flush();
  const { summary, lastStream, internalErrors } = analysis;
  return { kind: 'done', problem, foreign, summary, lastStream, internalErrors, gathered: whole.gathered() };
}

interface Made {
  readonly reporter: Reporter;
  readonly whole: Divisible<unknown>;
}

async function reporterOf(work: Work, output: PieceOutput): Promise<Made> {
  switch (work.kind) {
    case 'tables': {
      const encoding = new EncodingHere((table, bytes, group) => {
        output.send({ kind: 'rows', table, bytes: new Uint8Array(bytes), group });
      });
      const tables = new EventTables(encoding, DEFAULT_LIMITS);
      return { reporter: (await selecting(work.args, () => tables)).reporter, whole: tables };
    }
    case 'stats': {
      const measure = await measureFor(work.where, work.interval, work.start);
      return { reporter: measure, whole: measure };
    }
    default: {
      const { reporter, whole } = await reporterFor(work.format, output, work.args, {
        ...work.look,
        elsewhere: (key, first, again) => {
          output.flush();
          output.send({ kind: 'once', key, first, again });
        },
      });
      return { reporter, whole: whole! };
    }
  }
}
