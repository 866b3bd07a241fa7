import { basename } from 'node:path';
import { DEFAULT_LIMITS } from '../base/limits.js';
import type { CaptureInput } from '../engine/analysis.js';
import type { Divisible } from '../engine/divisible.js';
import type { Reporter } from '../engine/event.js';
import { EventReport, JsonDocument, Ndjson, type Framing } from '../report/event-lines.js';
import type { TextOutput } from '../report/output.js';
import { Transcript, type TranscriptOptions } from '../report/transcript.js';
import { terminalWidth, wantColors } from './colors.js';
import type { CommonArguments } from './options.js';
import { selecting, timeFormat, type SelectArguments } from './select-options.js';

export type ReporterArguments = CommonArguments & SelectArguments;

/** How text is laid out, given the terminal and the names of all inputs: plain data. */
export interface Look {
  readonly colors: boolean;
  /** Columns of the terminal, or null. */
  readonly width: number | null;
  /** Whether inputs are shown by the last part of their path only. */
  readonly shortNames: boolean;
}

export function lookOf(args: CommonArguments, inputs: readonly CaptureInput[]): Look {
  // a transcript should not depend on the folder it was made in; but two inputs may have the same name
  const names = inputs.filter((i) => typeof i === 'string').map((i) => basename(i));
  const ambiguous = new Set(names).size < names.length || names.length < inputs.length;
  return { colors: wantColors(args), width: terminalWidth(args), shortNames: !ambiguous };
}

/** A reporter, and how its work can be divided among threads. */
export interface OpenReporter {
  readonly reporter: Reporter;
  /** Null if a single thread has to see all captures. */
  readonly whole: Divisible<unknown> | null;
  /** For formats that write JSON, one event per line; otherwise null. */
  readonly framing: Framing | null;
  readonly needsFields: boolean;
}

/** Describes in words which part of the recording was asked for; empty if all of it. */
function chosen(args: SelectArguments): readonly string[] {
  const { where = [], findings, quiet, context } = args;
  const around = context === undefined ? '' : ` and ${context} messages around each`;
  return [
    ...where.map((text) => `${text}${around}`),
    ...(findings ? [`findings.size() > 0${around}`] : []),
    ...(quiet ? ['no notes'] : []),
  ];
}

/** The reporter for one of the formats that are written event by event, with the selection before it. */
export async function reporterFor(
  format: string,
  output: TextOutput,
  args: ReporterArguments,
  look: Look & Pick<TranscriptOptions, 'elsewhere'>,
): Promise<OpenReporter> {
  const { colors, width } = look;
  const undivided = { whole: null, framing: null };
  switch (format) {
    case 'ndjson':
    case 'json': {
      // a worker thread makes plain lines, which the main thread puts into the document
      const framing =
        format === 'ndjson' || look.elsewhere !== undefined ? new Ndjson(output) : new JsonDocument(output);
      const whole = new EventReport(framing, output);
      return { ...(await selecting(args, () => whole)), whole, framing };
    }
    case 'html': {
      const [{ PageCollector }, { page }] = await Promise.all([
        import('../report/page/collector.js'),
        import('./page.js'),
      ]);
      const collector = new PageCollector(DEFAULT_LIMITS, chosen(args), (totals) =>
        output.add(page({ command: 'analyze', parts: [collector.result()], totals })),
      );
      return { ...(await selecting(args, () => collector)), ...undivided };
    }
    case 'trace': {
      const { Trace } = await import('../report/trace.js');
      return { ...(await selecting(args, () => new Trace(output, DEFAULT_LIMITS))), ...undivided };
    }
    case 'table': {
      const { TableReporter } = await import('../report/table.js');
      const whole = new TableReporter(output, { colors, width });
      return { ...(await selecting(args, () => whole)), whole, framing: null };
    }
    default: {
      const options = {
        colors,
        verbose: args.verbose ?? false,
        hex: args.hex ?? false,
        ...{ width, elsewhere: look.elsewhere },
        time: timeFormat(args),
        // a transcript that is kept in a file must be the same wherever it is made
        zone: args.output !== undefined && args.time !== 'absolute' ? ('utc' as const) : ('local' as const),
        digest: args.output === undefined ? (file: string) => file : basename,
        nameOf: (file: string) => (look.shortNames ? basename(file) : file),
      };
      let whole: Transcript | null = null;
      const transcript = (leftOut: TranscriptOptions['leftOut']): Transcript =>
        (whole = new Transcript(output, { ...options, leftOut }, () => output.flush()));
      return { ...(await selecting(args, transcript, true)), whole, framing: null };
    }
  }
}
