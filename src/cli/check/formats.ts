import { nearest } from '../../base/nearest.js';
import { UsageError } from '../usage-error.js';

/** Report formats that write a single file. */
const REPORT_FORMATS = ['text', 'table', 'ndjson', 'json', 'html', 'sarif', 'junit', 'github', 'gitlab'] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];
export const CHECK_FORMATS = [...REPORT_FORMATS, 'parquet'] as const;
type CheckFormat = (typeof CHECK_FORMATS)[number];

/** One report of a run. */
export interface ReportRequest {
  readonly format: ReportFormat;
  /** The file to write; undefined: standard output. */
  readonly path: string | undefined;
}

/** Everything that a run of `check` is to write. */
export interface Requests {
  readonly reports: readonly ReportRequest[];
  /** The folder of the tables that `-f parquet` asks for, or null. */
  readonly tables: string | null;
}

/** The reports that `-f FORMAT` and `-f FORMAT=FILE` ask for. The one without a file goes to `output`. */
export function reportRequests(texts: readonly string[], output: string | undefined): Requests {
  const requests = (texts.length === 0 ? ['text'] : texts).map((text) => {
    const at = text.indexOf('=');
    const format = at < 0 ? text : text.slice(0, at);
    const path = at < 0 ? output : text.slice(at + 1);
    if (!(CHECK_FORMATS as readonly string[]).includes(format)) {
      const near = nearest(format, CHECK_FORMATS);
      const hint = near === null ? `known: ${CHECK_FORMATS.join(', ')}` : `did you mean ${near}?`;
      throw new UsageError(`unknown format ${JSON.stringify(format)}; ${hint}`);
    }
    if (path === '') throw new UsageError(`--format ${text}: the file name is missing`);
    return { format: format as CheckFormat, path: path === '-' ? undefined : path };
  });
  const places = requests.map((r) => r.path ?? '-');
  const twice = places.find((p, i) => places.indexOf(p) !== i);
  if (twice !== undefined)
    throw new UsageError(
      `two reports would go to ${twice === '-' ? 'standard output' : twice}; use -f FORMAT=FILE for all but one`,
    );
  const folders = requests.filter((r) => r.format === 'parquet');
  const folder = folders[0]?.path;
  if (folders.length > 1) throw new UsageError('-f parquet: expected a single folder');
  if (folders.length === 1 && folder === undefined) throw new UsageError('-f parquet: expected parquet=FOLDER');
  return { reports: requests.filter((r): r is ReportRequest => r.format !== 'parquet'), tables: folder ?? null };
}
