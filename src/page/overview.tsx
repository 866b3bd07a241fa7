import type { JSX } from 'preact';
import { byteSize, safeText } from '../base/safe-text.js';
import { duration } from '../base/time.js';
import type { ViewProps } from './view.js';
import { byRule, RuleGroup } from './findings.js';
import type { Model, Stream } from './model.js';
import { Sign } from './parts.js';
import { Canvas, type Colours } from './canvas.js';
import { absoluteText, counted, countsText, grouped } from './words.js';

/** Most streams that are listed. */
const MOST_STREAMS = 200;

/** The first view: what was judged, the verdict, and where to look. */
export function Overview({ model, go, select }: ViewProps): JSX.Element {
  const groups = byRule(model.findings);
  return (
    <>
      <Verdict model={model} />
      <NotHere model={model} />
      {groups.length > 0 && (
        <section aria-labelledby="found">
          <h2 id="found">Findings by rule</h2>
          {groups.map((g) => (
            <RuleGroup key={`${g.severity} ${g.rule}`} model={model} group={g} select={select} />
          ))}
        </section>
      )}
      <Streams model={model} open={(s) => go({ view: 'messages', stream: s.number, row: null })} />
      <Captures model={model} />
    </>
  );
}

/** The verdict in one line, with the totals of what was seen. */
function Verdict({ model }: { readonly model: Model }): JSX.Element {
  const { totals: t, gate, command } = model.head;
  const failed = gate !== null ? gate.status !== 0 : t.findings.error > 0;
  const blind = t.messages === 0;
  const state = failed ? 'error' : t.findings.warning > 0 ? 'warning' : blind ? 'note' : 'ok';
  const words = failed
    ? gate !== null
      ? 'The check failed'
      : countsText(t.findings)
    : state === 'warning'
      ? countsText(t.findings)
      : blind
        ? 'Nothing was decoded'
        : command === 'check'
          ? 'The check passed'
          : t.findings.note > 0
            ? `No violations; ${countsText(t.findings)}`
            : 'No violations';
  const protocols = new Map<string, number>();
  for (const s of model.streams) {
    const name = s.event.protocol ?? 'unknown';
    protocols.set(name, (protocols.get(name) ?? 0) + 1);
  }
  return (
    <section class={`verdict ${state}`} aria-label="verdict">
      <p class="big">
        <Sign severity={state} /> {words}
      </p>
      {gate?.reasons.map((reason) => (
        <p key={reason} class="reason">
          {safeText(reason)}
        </p>
      ))}
      <dl class="totals">
        <Total of={t.files} one="capture" />
        <Total of={t.packets} one="packet" />
        <Total of={t.streams} one="stream" />
        <Total of={t.messages} one="message" />
        <Total of={t.findings.error} one="error" />
        <Total of={t.findings.warning} one="warning" />
        <Total of={t.findings.note} one="note" />
        {gate !== null && gate.suppressed > 0 && <Total of={gate.suppressed} one="suppressed" many="suppressed" />}
      </dl>
      <p class="muted">
        {[...protocols]
          .map(([name, n]) => `${counted(n, 'stream')} of ${name === 'unknown' ? 'no known protocol' : name}`)
          .join(', ')}
        {lossWords(model)}
      </p>
    </section>
  );
}

function Total(p: { readonly of: number; readonly one: string; readonly many?: string }): JSX.Element {
  return (
    <div class={p.of === 0 ? 'none' : ''}>
      <dt>{p.of === 1 ? p.one : (p.many ?? `${p.one}s`)}</dt>
      <dd>{grouped(p.of)}</dd>
    </div>
  );
}

function lossWords(model: Model): string {
  let bytes = 0;
  let late = 0;
  for (const { event } of model.streams) {
    bytes += event.missing['client-to-server'] + event.missing['server-to-client'];
    if (event.start === 'missed') late++;
  }
  if (model.streams.length === 0) return '';
  const words = [bytes === 0 ? 'nothing missing in the recording' : `${byteSize(bytes)} missing in the recording`];
  if (late > 0) words.push(`${counted(late, 'stream')} joined late`);
  return `; ${words.join('; ')}.`;
}

/** Tells what is not in the page. */
function NotHere({ model }: { readonly model: Model }): JSX.Element | null {
  const sum = (pick: (left: (typeof model.head.parts)[number]['left']) => number): number =>
    model.head.parts.reduce((n, p) => n + pick(p.left), 0);
  const where = [...new Set(model.head.parts.flatMap((p) => p.left.where))];
  const lines: string[] = [];
  for (const text of where) lines.push(`Only messages for which ${safeText(text)} is true are in this page.`);
  const [messages, findings, streams] = [sum((l) => l.messages), sum((l) => l.findings), sum((l) => l.streams)];
  const fields = sum((l) => l.fields);
  if (messages > 0)
    lines.push(
      `${counted(messages, 'message')} of ${grouped(model.count + messages)} ${messages === 1 ? 'is' : 'are'} not in this page (limit pageMessages): it has the first ones, and those around findings.`,
    );
  if (findings > 0)
    lines.push(
      `${counted(findings, 'finding')} counted above ${findings === 1 ? 'is' : 'are'} not in this page (limit pageFindings).`,
    );
  if (streams > 0)
    lines.push(`${counted(streams, 'stream')} ${streams === 1 ? 'is' : 'are'} not in this page (limit pageStreams).`);
  if (fields > 0)
    lines.push(
      `${counted(fields, 'message')} ${fields === 1 ? 'is' : 'are'} in this page without fields (limit pageFieldCharacters).`,
    );
  if (lines.length === 0) return null;
  return (
    <section class="nothere" aria-label="what is not in this page">
      {lines.map((line) => (
        <p key={line}>
          <Sign severity="note" /> {line}
        </p>
      ))}
    </section>
  );
}

function Streams({
  model,
  open,
}: {
  readonly model: Model;
  readonly open: (stream: Stream) => void;
}): JSX.Element | null {
  if (model.streams.length === 0) return null;
  const weight = (s: Stream): number =>
    s.event.findings.error * 1e6 + s.event.findings.warning * 1e3 + s.event.findings.note;
  const many = model.streams.length > MOST_STREAMS;
  const listed = many ? [...model.streams].sort((a, b) => weight(b) - weight(a)).slice(0, MOST_STREAMS) : model.streams;
  return (
    <section aria-labelledby="streams">
      <h2 id="streams">Streams {many && <span class="muted">the {MOST_STREAMS} with the gravest findings</span>}</h2>
      <ol class="streams">
        {listed.map((s) => (
          <StreamCard key={s.number} model={model} stream={s} open={() => open(s)} />
        ))}
      </ol>
    </section>
  );
}

function StreamCard({ model, stream, open }: { model: Model; stream: Stream; open: () => void }): JSX.Element {
  const { event } = stream;
  const { findings } = event;
  const missing = event.missing['client-to-server'] + event.missing['server-to-client'];
  return (
    <li class="stream">
      <div class="who">
        <p>
          {stream.rows.length > 0 ? (
            <button type="button" class="link" onClick={open}>
              stream {stream.id}
            </button>
          ) : (
            `stream ${stream.id}`
          )}{' '}
          <span class="proto">{event.protocol ?? safeText(stream.relative ?? 'unknown protocol')}</span>
          {model.captures.length > 1 && <span class="muted"> {stream.of.short}</span>}
        </p>
        <p class="ends">
          {stream.client} {stream.rolesKnown ? '→' : '↔'} {stream.server}
        </p>
        <p class="muted">
          {counted(event.messages, 'message')}, {byteSize(event.bytes['client-to-server'])} to server,{' '}
          {byteSize(event.bytes['server-to-client'])} to client, {event.end}
          {event.start === 'missed' && ', joined late'}
          {missing > 0 && `, ${byteSize(missing)} missing`}
        </p>
      </div>
      <div class="life">
        <Strip model={model} stream={stream} />
        {stream.lines.map((line, i) => (
          <p key={i} class="muted">
            {line}
          </p>
        ))}
      </div>
      <p class="found">
        {(['error', 'warning', 'note'] as const)
          .filter((severity) => findings[severity] > 0)
          .map((severity) => (
            <span key={severity} class={`level ${severity}`}>
              <Sign severity={severity} /> {counted(findings[severity], severity)}
            </span>
          ))}
        {findings.error + findings.warning + findings.note === 0 && event.protocol !== null && (
          <span class="level ok">
            <Sign severity="ok" /> clean
          </span>
        )}
      </p>
    </li>
  );
}

/** Height of a strip with the marks of findings. */
const STRIP = 34;

/** A stream from its first message to its last: how much each side sent, with its findings. */
function Strip({ model, stream }: { readonly model: Model; readonly stream: Stream }): JSX.Element | null {
  const { rows } = stream;
  const first = rows[0];
  const last = rows.at(-1);
  if (first === undefined || last === undefined) return null;
  const span = model.time[last]! - model.begun[first]!;
  return (
    <figure>
      <Canvas
        class="strip"
        height={STRIP}
        label={`the stream's life: ${counted(rows.length, 'message')}, ${countsText(stream.event.findings)}`}
        draw={(g, width, c) => drawStrip(g, width, c, stream, model)}
      />
      <figcaption class="muted">
        {stream.of.timed
          ? `${duration(Math.max(0, Math.round(span)))} from ${absoluteText(stream.of, model.begun[first]!).slice(11, 19)} UTC`
          : 'no times'}
      </figcaption>
    </figure>
  );
}

function drawStrip(
  g: CanvasRenderingContext2D,
  width: number,
  c: Colours,
  { rows, of, findings }: Stream,
  model: Model,
): void {
  const middle = 16;
  const begin = of.timed ? model.begun[rows[0]!]! : 0;
  const end = of.timed ? model.time[rows.at(-1)!]! : rows.length - 1;
  const x = (time: number): number => (end > begin ? 1 + ((time - begin) / (end - begin)) * (width - 10) : width / 2);
  const bins = [new Float64Array(width + 1), new Float64Array(width + 1)];
  rows.forEach((row, i) => {
    const at = Math.max(0, Math.min(width, Math.round(x(of.timed ? model.time[row]! : i))));
    bins[model.side[row]!]![at]! += Math.log2(2 + model.length[row]!);
  });
  const most = Math.max(...bins[0]!, ...bins[1]!, 1);
  g.fillStyle = c.line;
  g.fillRect(0, middle, width, 1);
  for (const side of [0, 1] as const) {
    g.fillStyle = side === 0 ? c.client : c.server;
    bins[side]!.forEach((n, at) => {
      if (n === 0) return;
      const h = 2 + (n / most) * 13;
      g.fillRect(at, side === 0 ? middle - h : middle + 1, 1.5, side === 0 ? h : h * 0.8);
    });
  }
  for (const f of findings) {
    const at = x(of.timed ? f.time : f.row >= 0 ? rows.indexOf(f.row) : 0);
    g.fillStyle = c[f.severity];
    g.beginPath();
    if (f.severity === 'warning') {
      g.moveTo(at - 4, STRIP);
      g.lineTo(at + 4, STRIP);
      g.lineTo(at, STRIP - 7);
    } else if (f.severity === 'error') g.rect(at - 3, STRIP - 6.5, 6, 6);
    else g.arc(at, STRIP - 3.5, 2.5, 0, 7);
    g.fill();
  }
}

function Captures({ model }: { readonly model: Model }): JSX.Element {
  return (
    <section aria-labelledby="captures">
      <h2 id="captures">Captures</h2>
      <div class="wide" tabIndex={0} role="region" aria-label="table of captures">
        <table>
          <thead>
            <tr>
              <th scope="col">file</th>
              <th scope="col">what</th>
              <th scope="col">first packet</th>
              <th scope="col" class="n">
                packets
              </th>
              <th scope="col" class="n">
                streams
              </th>
              <th scope="col">findings</th>
            </tr>
          </thead>
          <tbody>
            {model.captures.map((c) => {
              const own = model.streams.filter((s) => s.of === c);
              const counts = { error: 0, warning: 0, note: 0 };
              for (const f of model.findings) if (f.of === c) counts[f.severity]++;
              return (
                <tr key={c.number}>
                  <th scope="row">{c.file}</th>
                  <td>{c.problem === null ? c.words : safeText(c.problem)}</td>
                  <td class="time">{c.timed && c.packets > 0 ? absoluteText(c, 0).replace('T', ' ') : '–'}</td>
                  <td class="n">{grouped(c.packets)}</td>
                  <td class="n">{grouped(own.length)}</td>
                  <td>{countsText(counts)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      </div>
    </section>
  );
}
