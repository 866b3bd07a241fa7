import type { CheckReport } from '../../report/check-report.js';
import { JsonDocument, Ndjson, type Framing } from '../../report/event-lines.js';
import { summaryEvent } from '../../report/event-object.js';
import { FileOutput, type TextOutput } from '../../report/output.js';
import { terminalWidth, wantColors } from '../colors.js';
import { complain } from '../complain.js';
import { finishDestination, openDestination } from '../destination.js';
import { version } from '../version.js';
import type { ReportRequest } from './formats.js';
import type { FoundInputs } from './inputs.js';
import type { RenderedFormat } from './render.js';
import type { CheckSettings } from './settings.js';
import { shardLine, withPart, type ShardPart } from './shard-part.js';

export interface OpenReport {
  readonly request: ReportRequest;
  readonly output: TextOutput;
  /** For the formats ndjson and json, which write events one by one; null for all others. */
  readonly framing: Framing | null;
}

export function openReport(request: ReportRequest, found: FoundInputs): OpenReport {
  // a report that lies in a folder to be judged may be overwritten, so only named files are protected
  const inputs = found.inputs.filter((i) => i.named).map((i) => i.path);
  const output = openDestination(request.path, { inputs });
  const framing =
    request.format === 'ndjson' ? new Ndjson(output) : request.format === 'json' ? new JsonDocument(output) : null;
  return { request, output, framing };
}

export async function writeReports(
  reports: readonly OpenReport[],
  report: CheckReport,
  settings: CheckSettings,
  part: Omit<ShardPart, 'format'> | null,
): Promise<void> {
  // writing to a pipe may block, so files are completed first
  const files = reports.filter((r) => r.output instanceof FileOutput);
  for (const { request, output, framing } of [...files, ...reports.filter((r) => !files.includes(r))]) {
    const { format } = request;
    const colors = wantColors({ color: settings.args.color, output: request.path });
    if (framing !== null) {
      framing.line(JSON.stringify(summaryEvent(report.summary)));
      if (part !== null) framing.line(shardLine({ ...part, format }));
      framing.close();
    } else {
      const { render } = await import('./render.js');
      const options = {
        ...{ colors, verbose: settings.args.verbose ?? false, version: version() },
        width: terminalWidth({ output: request.path }),
      };
      const text = await render(format as RenderedFormat, report, options);
      // text that a terminal shows is never merged, so the shard's data is left out
      output.add(part === null || options.width !== null ? text : withPart(text, { ...part, format }));
    }
    finishDestination(output, request.path);
  }
  for (const f of report.files) {
    if (f.golden?.state === 'written') complain(`wrote ${f.golden.path}`);
  }
}
