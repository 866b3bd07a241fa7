import { pathStat } from '../base/path-stat.js';
import { JsonDocument, Ndjson } from '../report/event-lines.js';
import { summaryEvent } from '../report/event-object.js';
import type { CheckReport } from '../report/check-report.js';
import type { TextOutput } from '../report/output.js';
import { render, type RenderedFormat } from './check/render.js';
import { reportOf } from './check/report-of.js';
import { linesOf, readPart, type ShardCapture, type ShardPart } from './check/shard-part.js';
import { terminalWidth, wantColors } from './colors.js';
import type { Command } from './command.js';
import { complain } from './complain.js';
import { finishDestination, openDestination } from './destination.js';
import { PRINT_OPTIONS } from './options.js';
import { UsageError } from './usage-error.js';
import { version } from './version.js';

interface MergeArguments {
  readonly report?: readonly string[];
  readonly output?: string;
  readonly color?: string;
}

/** A shard's report, with the shard's data. */
interface Given {
  readonly path: string;
  readonly part: ShardPart;
}

/** The shards in order, and the report that a run without shards would have made. */
interface Merged {
  readonly given: readonly Given[];
  readonly captures: readonly ShardCapture[];
  readonly report: CheckReport;
}

export const merge: Command = {
  options: (yargs) =>
    yargs
      .positional('report', {
        type: 'string',
        array: true,
        describe:
          'Reports of shards, all in one format (text, table, ndjson, json, sarif, junit or gitlab), or folders of tables',
      })
      .options({ output: PRINT_OPTIONS.output, color: PRINT_OPTIONS.color })
      .example('$0 merge shard-*.sarif -o all.sarif', 'after check --shard 1/4 -f sarif=shard-1.sarif captures/, ...')
      .example('$0 merge shards/* -o tables/', 'after check --shard 1/4 -f parquet=shards/1 captures/, ...'),

  async run(raw) {
    const args = raw as MergeArguments;
    const paths = args.report ?? [];
    if (paths.length === 0) throw new UsageError('merge: expected the reports of the shards');
    const given: Given[] = [];
    for (const path of paths) given.push({ path, part: await partAt(path) });
    given.sort((a, b) => a.part.shard - b.part.shard);
    checkFit(given);
    const missing = missingOf(given);
    const { report, captures } = whole(given, missing);
    const { format } = given[0]!.part;
    if (format === 'parquet') await writeTables(args.output, given, captures);
    else await writeReport(args, format, { given, captures, report });
    if (args.output !== undefined || (format !== 'text' && format !== 'table'))
      for (const reason of report.gate.reasons) complain(`check failed: ${reason}`);
    return report.gate.status;
  },
};

async function partAt(path: string): Promise<ShardPart> {
  if (pathStat(path)?.isDirectory() !== true) return readPart(path);
  const { readFolderPart } = await import('./merge-tables.js');
  return readFolderPart(path);
}

async function writeTables(
  folder: string | undefined,
  given: readonly Given[],
  captures: readonly ShardCapture[],
): Promise<void> {
  if (folder === undefined || folder === '-') throw new UsageError('merge: tables require -o FOLDER');
  const { mergeTables } = await import('./merge-tables.js');
  mergeTables(folder, given, captures);
}

type ReportFormat = Exclude<ShardPart['format'], 'parquet'>;

async function writeReport(args: MergeArguments, format: ReportFormat, merged: Merged): Promise<void> {
  const output = openDestination(args.output, { inputs: merged.given.map((g) => g.path) });
  try {
    await write(output, args, format, merged);
  } catch (error) {
    output.discard();
    throw error;
  }
  finishDestination(output, args.output);
}

/** What differs between the shards of a run; everything else must be equal. */
const OWN: ReadonlySet<keyof ShardPart> = new Set(['shard', 'captures']);

/** Throws UsageError if the reports do not come from the same run. */
function checkFit(given: readonly Given[]): void {
  const [first, ...others] = given;
  const same = ({ part }: Given): string =>
    JSON.stringify(Object.entries(part).filter(([name]) => !OWN.has(name as keyof ShardPart)));
  for (const other of others) {
    const { part } = other;
    if (part.format !== first!.part.format)
      throw new UsageError(`merge: ${first!.path} is ${first!.part.format}, and ${other.path} is ${part.format}`);
    if (part.of !== first!.part.of)
      throw new UsageError(`merge: ${first!.path} is one of ${first!.part.of} shards, and ${other.path} of ${part.of}`);
    if (same(other) !== same(first!))
      throw new UsageError(
        `merge: ${first!.path} and ${other.path} come from runs with different options, dates or captures`,
      );
  }
  given.forEach(({ path, part }, i) => {
    const before = given[i - 1];
    if (before?.part.shard === part.shard)
      throw new UsageError(`merge: ${before.path} and ${path} are both shard ${part.shard} of ${part.of}`);
  });
}

function missingOf(given: readonly Given[]): number[] {
  const there = new Set(given.map((g) => g.part.shard));
  return Array.from({ length: given[0]!.part.of }, (_, i) => i + 1).filter((n) => !there.has(n));
}

/** The report of a run that judges all captures. */
function whole(
  given: readonly Given[],
  missing: readonly number[],
): { readonly report: CheckReport; readonly captures: readonly ShardCapture[] } {
  const { part } = given[0]!;
  const captures = given.flatMap((g) => g.part.captures).sort((a, b) => a.place - b.place);
  const files = captures.map((c) => c.report);
  const failOn = new Map(captures.map((c) => [c.report.file, c.failOn]));
  const gone = new Set(part.gone);
  const gate = {
    ...part.gate,
    require: new Map(part.gate.require),
    failOn: (file: string) => failOn.get(file) ?? part.failOn,
  };
  const suppressions = {
    ...{ all: part.suppressions, today: part.today },
    used: new Set(files.flatMap((f) => Object.keys(f.suppressed).map(Number))),
    judged: captures.filter((c) => c.report.state === 'judged').flatMap((c) => c.paths),
    exists: (path: string) => !gone.has(path),
    // a suppression that only the missing shard uses must not be called stale
    complete: part.complete && missing.length === 0,
  };
  const absent = missing.map((n) => `the report of shard ${n} of ${part.of} is missing`);
  const report = reportOf(files, part.failOn, gate, suppressions, {
    problems: [...absent, ...part.problems],
    empty: part.empty,
  });
  return { report, captures };
}

async function write(
  output: TextOutput,
  args: MergeArguments,
  format: ReportFormat,
  { given, captures, report }: Merged,
): Promise<void> {
  const { verbose } = given[0]!.part;
  if (format !== 'ndjson' && format !== 'json') {
    const options = {
      ...{ colors: wantColors(args), verbose, version: version() },
      width: terminalWidth({ output: args.output }),
    };
    output.add(await render(format satisfies RenderedFormat, report, options));
    return;
  }
  const framing = format === 'ndjson' ? new Ndjson(output) : new JsonDocument(output);
  const readers = new Map(given.map((g) => [g.part, new EventReader(g.path, format === 'json')]));
  const owner = new Map(given.flatMap((g) => g.part.captures.map((c) => [c, readers.get(g.part)!] as const)));
  for (const capture of captures)
    for (let i = 0; i < capture.lines; i++) framing.line(await owner.get(capture)!.next());
  framing.line(JSON.stringify(summaryEvent(report.summary)));
  framing.close();
}

/** Reads the events of a report one by one, without line ends. */
class EventReader {
  private readonly path: string;
  private readonly lines: AsyncGenerator<string>;
  private readonly document: boolean;

  constructor(path: string, document: boolean) {
    this.path = path;
    this.lines = linesOf(path);
    this.document = document;
  }

  async next(): Promise<string> {
    for (;;) {
      const next = await this.lines.next();
      if (next.done === true) throw new UsageError(`${this.path}: events of the shard are missing`);
      const { value } = next;
      // in a json document the events are preceded by a line of their own, and followed by commas
      if (!this.document) return value;
      if (value !== '{"events":[') return value.endsWith(',') ? value.slice(0, -1) : value;
    }
  }
}
