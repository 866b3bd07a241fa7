import { nearest } from '../../base/nearest.js';
import { UsageError } from '../usage-error.js';

export const CHECK_FORMATS = ['text', 'table', 'ndjson', 'json', 'html', 'sarif', 'junit', 'github', 'gitlab'] as const;
export type CheckFormat = (typeof CHECK_FORMATS)[number];

/** One report of a run. */
export interface ReportRequest {
  readonly format: CheckFormat;
  /** Where it goes; undefined: standard output. */
  readonly path: string | undefined;
}

/** The reports that `-f FORMAT` and `-f FORMAT=FILE` ask for; `output` is where the one without a file goes. */
export function reportRequests(texts: readonly string[], output: string | undefined): ReportRequest[] {
  const requests = (texts.length === 0 ? ['text'] : texts).map((text): ReportRequest => {
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
  return requests;
}
