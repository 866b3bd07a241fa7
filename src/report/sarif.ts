import type { Artifact, Location, Log, ReportingDescriptor, Result } from 'sarif';
import type { Severity } from '../base/rule.js';
import { uriPath } from '../base/file-name.js';
import { safeJson } from '../base/text.js';
import { rulesOf, type CheckedFinding, type CheckReport, type FileReport, type RuleFacts } from './check-report.js';
import { shortHash } from './fingerprint.js';
import { exactPath, placeOf, repositoryPath, whereWords } from './location.js';
import { blame, markdown } from './rule-page.js';
import { printable } from './words.js';

/** GitHub refuses a run with more results. */
const MAX_RESULTS = 25_000;
/** GitHub keeps this many characters of a description. */
const MAX_DESCRIPTION = 1024;
const ROOT = '%SRCROOT%';

export interface SarifOptions {
  readonly version: string;
}

/** A SARIF 2.1.0 log with the properties that GitHub code scanning expects. */
export function sarif(report: CheckReport, options: SarifOptions): string {
  return `${safeJson(JSON.stringify(new SarifLog(report, options).log(), null, 2))}\n`;
}

class SarifLog {
  private readonly artifacts: Artifact[] = [];
  private readonly artifactIndex = new Map<string, number>();
  private readonly rules: ReportingDescriptor[] = [];
  private readonly facts: ReadonlyMap<string, RuleFacts>;
  private readonly ruleIndex = new Map<string, number>();
  private readonly report: CheckReport;
  private readonly options: SarifOptions;

  constructor(report: CheckReport, options: SarifOptions) {
    this.report = report;
    this.options = options;
    this.facts = rulesOf(report);
  }

  log(): Log {
    const { report, options } = this;
    const chosen = this.chosen();
    const results = chosen.map(({ file, finding }) => this.result(file, finding));
    const all = report.files.reduce((n, f) => n + f.findings.length, 0);
    const left = all - results.length;
    const notes = report.gate.reasons.map((text) => notification('error', printable(text)));
    if (left > 0)
      notes.push(
        notification('warning', `${left} further findings are left out: more than ${MAX_RESULTS} are not accepted`),
      );
    return {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: {
            driver: {
              name: 'wirelint',
              version: options.version,
              semanticVersion: options.version,
              rules: this.rules,
            },
          },
          columnKind: 'utf16CodeUnits',
          invocations: [
            {
              executionSuccessful: report.gate.status !== 2,
              exitCode: report.gate.status,
              ...(notes.length > 0 ? { toolExecutionNotifications: notes } : {}),
            },
          ],
          artifacts: this.artifacts,
          results,
        },
      ],
    };
  }

  /** As many findings as are accepted, in the order of the report. If there are too many, the worst are kept. */
  private chosen(): { file: FileReport; finding: CheckedFinding }[] {
    const all = this.report.files.flatMap((file) => file.findings.map((finding) => ({ file, finding })));
    if (all.length <= MAX_RESULTS) return all;
    const rank: Record<Severity, number> = { error: 0, warning: 1, note: 2 };
    const kept = new Set(
      [...all].sort((a, b) => rank[a.finding.severity] - rank[b.finding.severity]).slice(0, MAX_RESULTS),
    );
    return all.filter((entry) => kept.has(entry));
  }

  private result(file: FileReport, f: CheckedFinding): Result {
    const { path, line } = placeOf(file, f);
    const target = this.artifact(path);
    return {
      ruleId: f.rule,
      ruleIndex: this.rule(f.rule),
      level: f.severity,
      ...(f.times > 1 && { occurrenceCount: f.times }),
      message: { text: `${printable(f.text)} (${printable(whereWords(f))})` },
      locations: [
        { physicalLocation: { artifactLocation: { ...location(path), index: target }, region: { startLine: line } } },
      ],
      relatedLocations: this.bytes(file, f),
      partialFingerprints: {
        'wirelint/v1': f.fingerprint,
        primaryLocationLineHash: `${shortHash(`${repositoryPath(file.file)}\0${f.fingerprint}`)}:1`,
      },
      properties: {
        capture: printable(repositoryPath(file.file)),
        stream: f.stream,
        protocol: f.protocol,
        direction: f.direction,
        message: f.message,
        messageName: f.messageName === null ? null : printable(f.messageName),
        packet: f.packet,
        time: f.time,
        offset: f.offset,
        length: f.length,
        party: f.party,
        confidence: f.confidence,
      },
    };
  }

  /** The bytes of the evidence, in the capture file or in a stream in it. */
  private bytes(file: FileReport, f: CheckedFinding): Location[] {
    if (f.length <= 0) return [];
    const path = exactPath(file, file.file);
    const capture = this.artifact(path);
    const inside = `stream-${f.stream}/${f.direction}`;
    const artifactLocation =
      f.stream === null
        ? { ...location(path), index: capture }
        : { uri: inside, index: this.artifact(inside, capture) };
    return [
      {
        id: 1,
        message: {
          text: f.stream === null ? 'bytes of the capture file' : `bytes of stream ${f.stream}, ${f.direction}`,
        },
        physicalLocation: { artifactLocation, region: { byteOffset: f.offset, byteLength: f.length } },
      },
    ];
  }

  private artifact(path: string, parentIndex?: number): number {
    const key = `${parentIndex ?? ''}\0${path}`;
    const known = this.artifactIndex.get(key);
    if (known !== undefined) return known;
    this.artifacts.push(
      parentIndex === undefined ? { location: location(path) } : { location: { uri: path }, parentIndex },
    );
    this.artifactIndex.set(key, this.artifacts.length - 1);
    return this.artifacts.length - 1;
  }

  private rule(id: string): number {
    const known = this.ruleIndex.get(id);
    if (known !== undefined) return known;
    const rule = this.facts.get(id)!;
    const facts = `Blames ${blame(rule)}. ${rule.spec}. See \`wirelint explain ${id}\`.`;
    this.rules.push({
      id,
      name: id
        .split(/[/-]/)
        .map((w) => w.charAt(0).toUpperCase() + w.slice(1))
        .join(''),
      shortDescription: { text: clip(rule.title) },
      fullDescription: { text: clip(rule.meaning) },
      ...(rule.specUrl !== null && { helpUri: rule.specUrl }),
      help: {
        text: `${rule.title}\n\n${rule.meaning}\n\n${facts}`,
        markdown: `**${markdown(rule.title)}**\n\n${markdown(rule.meaning)}\n\n${markdown(facts)}`,
      },
      defaultConfiguration: { level: rule.severity },
      properties: {
        tags: [...new Set([id.slice(0, id.indexOf('/')), rule.party])],
        precision: 'high',
        'problem.severity': rule.severity === 'note' ? 'recommendation' : rule.severity,
      },
    });
    this.ruleIndex.set(id, this.rules.length - 1);
    return this.rules.length - 1;
  }
}

function clip(text: string): string {
  return text.length > MAX_DESCRIPTION ? `${text.slice(0, MAX_DESCRIPTION - 1)}…` : text;
}

function notification(
  level: 'error' | 'warning',
  text: string,
): { level: 'error' | 'warning'; message: { text: string } } {
  return { level, message: { text } };
}

function location(path: string): { uri: string; uriBaseId?: string } {
  if (path.startsWith('/')) return { uri: `file://${uriPath(path)}` };
  return { uri: uriPath(path), uriBaseId: ROOT };
}
