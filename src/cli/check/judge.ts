import type { Job } from './job.js';
import { FileCollector } from './file-collector.js';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { shownPath, systemPath } from '../../base/file-name.js';
import { pathStat } from '../../base/path-stat.js';
import { NotACapture } from '../../capture/packet.js';
import { Analysis, inputName, inputPaths } from '../../engine/analysis.js';
import type { RunHooks } from '../../engine/analysis-options.js';
import type { Finding } from '../../engine/event.js';
import type { CheckedFinding, FileReport, GoldenResult } from '../../report/check-report.js';
import { Fingerprints } from '../../report/fingerprint.js';
import { FileOutput, TextOutput } from '../../report/output.js';
import { Transcript } from '../../report/transcript.js';
import { analysisOptions } from '../plan.js';
import { inputError } from '../run.js';
import { tellShapesApart, watchHeap } from '../thrift.js';
import { transcriptDiff } from './transcript-diff.js';
import { transcriptPath } from './transcript-path.js';

/**
 * Judges one file. Problems with the file are part of the result and never thrown. `line` receives the events, unless the job names a file
 * for them.
 */
export async function judge(job: Job, hooks: RunHooks = {}, line?: (json: string) => void): Promise<FileReport> {
  const name = inputName(job.input);
  const spool = job.events === null ? null : new TextOutput(openSync(job.events, 'w', 0o600));
  const take = spool === null ? line : (json: string) => spool.add(`${json}\n`);
  const options = analysisOptions(
    job.plan,
    job.hex || job.page !== null ? 'bytes' : take !== undefined ? 'lines' : 'none',
  );
  const page = job.page === null ? null : new (await import('../../report/page/collector.js')).PageCollector(job.page);
  const collector = new FileCollector(name, options, job, take, page);
  const analysis = new Analysis({ ...options, suppress: (f) => collector.suppresses(f) }, collector);
  collector.analysis = analysis;
  let state: FileReport['state'] = 'judged';
  let problem: string | null = null;
  try {
    const batch = (): void | Promise<void> => {
      watchHeap();
      return hooks.batch?.();
    };
    tellShapesApart();
    await analysis.run(job.input, { ...hooks, batch, doubt: job.doubt, content: job.content });
  } catch (error) {
    const foreign = error instanceof NotACapture;
    state = foreign && !job.named ? 'skipped' : 'failed';
    problem = foreign ? error.message : inputError(job.input, error).slice(name.length + 2);
  } finally {
    if (spool !== null) {
      spool.finish();
      closeSync(spool.fd);
    }
  }
  const report = { ...collector.report(state, problem), internalErrors: analysis.internalErrors };
  if (state !== 'judged' || hooks.signal?.aborted) return report;
  return { ...report, ...(await beside(job, report.findings, hooks.signal)) };
}

/** What is compared with, or looked up in, the transcript beside the capture. */
async function beside(
  job: Job,
  findings: readonly CheckedFinding[],
  signal: AbortSignal | undefined,
): Promise<Pick<FileReport, 'transcript' | 'golden' | 'findings'>> {
  const none = { transcript: null, golden: null, findings };
  if (job.input === '-' || (typeof job.input !== 'string' && !('parts' in job.input))) return none;
  const path = transcriptPath(inputPaths(job.input)[0]!);
  const committed = pathStat(path)?.isFile() ? readFileSync(systemPath(path), 'utf8') : null;
  if (job.golden === null && (!job.lines || committed === null || findings.length === 0))
    return { ...none, transcript: committed === null ? null : shownPath(path) };
  const { text, lines } = await transcriptOf(job, signal);
  if (signal?.aborted) return none;
  const golden = job.golden === null ? null : compareGolden(path, committed, text, job.golden === 'update');
  const now = golden?.state === 'written' ? text : committed;
  return {
    transcript: now === null ? null : shownPath(path),
    golden,
    findings: now === null ? findings : locate(findings, lines, text, now),
  };
}

/** The transcript as `analyze -o` writes it, and the line of each finding in it. */
async function transcriptOf(
  { input, doubt, content, plan }: Job,
  signal: AbortSignal | undefined,
): Promise<{ text: string; lines: Map<string, number> }> {
  const parts: string[] = [];
  const lines = new Map<string, number>();
  const fingerprints = new Fingerprints();
  const prints = new WeakMap<Finding, string>();
  const transcript = new Transcript((part) => parts.push(part), {
    colors: false,
    verbose: false,
    hex: false,
    digest: basename,
    nameOf: (file) => basename(file),
    located: (finding, line) => lines.set(prints.get(finding)!, line),
  });
  const suppress = (finding: Finding): boolean => {
    prints.set(finding, fingerprints.of(finding));
    return false;
  };
  const analysis = new Analysis({ ...analysisOptions(plan, 'lines'), suppress }, transcript);
  await analysis.run(input, { doubt, signal, content });
  analysis.finish();
  return { text: parts.join(''), lines };
}

function compareGolden(path: string, committed: string | null, text: string, update: boolean): GoldenResult {
  const shown = shownPath(path);
  if (committed === text) return { path: shown, state: 'same', diff: '' };
  if (update) {
    const output = FileOutput.create(path, false);
    output.add(text);
    output.finish();
    return { path: shown, state: 'written', diff: '' };
  }
  if (committed === null) return { path: shown, state: 'missing', diff: '' };
  return { path: shown, state: 'different', diff: transcriptDiff(committed, text, shown, `${shown} (now)`) };
}

/** Adds to findings their lines in the committed transcript, which may be older than the capture's present transcript. */
function locate(
  findings: readonly CheckedFinding[],
  lines: ReadonlyMap<string, number>,
  text: string,
  committed: string,
): CheckedFinding[] {
  const now = text.split('\n');
  const then = committed === text ? now : committed.split('\n');
  return findings.map((f) => {
    const line = lines.get(f.fingerprint);
    if (line === undefined) return f;
    return { ...f, line: then === now ? line : nearest(then, now[line - 1]!, line) };
  });
}

/** The number of the line with this text that is nearest to `wanted`; if no line has it, `wanted` or the last line. */
function nearest(lines: readonly string[], text: string, wanted: number): number {
  let best = -1;
  for (let i = 0; i < lines.length; i++)
    if (lines[i] === text && (best < 0 || Math.abs(i + 1 - wanted) < Math.abs(best - wanted))) best = i + 1;
  return best > 0 ? best : Math.min(wanted, Math.max(1, lines.length - 1));
}
