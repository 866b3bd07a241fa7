import type { CheckReport } from '../../report/check-report.js';
import type { ReportFormat } from './formats.js';

export interface RenderOptions {
  readonly colors: boolean;
  readonly verbose: boolean;
  readonly version: string;
  /** Columns of the terminal that shows the text; null: it is not a terminal. */
  readonly width: number | null;
}

/** The formats that are written when everything is judged, not event by event. */
export type RenderedFormat = Exclude<ReportFormat, 'ndjson' | 'json'>;

/** The text of a report. Each format's module is loaded only when that format is wanted. */
export async function render(format: RenderedFormat, report: CheckReport, options: RenderOptions): Promise<string> {
  switch (format) {
    case 'html':
      return (await import('../page.js')).checkPage(report);
    case 'sarif':
      return (await import('../../report/sarif.js')).sarif(report, options);
    case 'junit':
      return (await import('../../report/junit.js')).junit(report);
    case 'github':
      return (await import('../../report/github.js')).github(report);
    case 'gitlab':
      return (await import('../../report/gitlab.js')).gitlab(report);
    case 'table':
      return (await import('../../report/check-table.js')).checkTable(report, options.colors, options.width);
    default:
      return (await import('../../report/check-text.js')).checkText(report, options);
  }
}
