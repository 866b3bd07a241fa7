import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import { fieldsOf, type Annotation, type Json } from '../base/annotation.js';
import { safeJson, safeText } from '../base/safe-text.js';
import { duration } from '../base/time.js';
import { FindingCard } from './findings.js';
import type { Model } from './model.js';
import { Copy } from './parts.js';
import { unpacked } from './unpacked.js';
import { WayFigure } from './way.js';
import { absoluteText, commandFor, counted, directionWords, streamName, timeText } from './words.js';

interface Node {
  readonly field: Annotation;
  readonly depth: number;
  readonly parent: number;
  readonly children: number;
}

/** One message: facts about it, its fields and its bytes. A selected field is marked in the bytes, and vice versa. */
export function Detail({
  model,
  row,
  select,
}: {
  model: Model;
  row: number;
  select: (row: number) => void;
}): JSX.Element {
  const stream = model.streamOf(row);
  const name = model.name(row);
  const findings = model.findingsOf.get(row) ?? [];
  const fields = useMemo(() => model.fields(row), [model, row]);
  const bytes = useBytes(model, row);
  return (
    <article class="detail" aria-label={`message ${model.index[row]!}`}>
      <header>
        <h2>
          <span class="number">#{model.index[row]}</span> {name}
        </h2>
        <p class="words">{model.words(row)}</p>
      </header>
      <Facts model={model} row={row} />
      {findings.map((f) => (
        <FindingCard key={f.number} model={model} finding={f} select={select} here />
      ))}
      <Related model={model} row={row} select={select} />
      <WayFigure model={model} row={row} />
      <FieldsAndBytes
        key={row}
        fields={fields}
        bytes={bytes}
        length={model.length[row]!}
        marks={findings
          .filter((f) => f.length > 0 && f.length < model.length[row]!)
          .map((f) => [f.offset - model.offset[row]!, f.offset + f.length - model.offset[row]!] as const)}
        command={commandFor(model, row)}
      />
      <p class="copies" role="group" aria-label="copy">
        {bytes !== null && bytes.length > 0 && <Copy label="copy hex" text={() => hexText(bytes)} />}
        <Copy label="copy JSON" text={() => jsonText(model, row)} />
        <Copy label="copy command" text={() => commandFor(model, row)} />
      </p>
      <p class="muted">
        {streamName(model, stream)}: {stream.client} {stream.rolesKnown ? '→' : '↔'} {stream.server}
      </p>
    </article>
  );
}

function Facts({ model, row }: { readonly model: Model; readonly row: number }): JSX.Element {
  const stream = model.streamOf(row);
  const cut = model.missing.get(row);
  const lost = cut === undefined ? 0 : cut.missing - cut.unsent;
  const latency = model.latency(row);
  const sending = model.time[row]! - model.begun[row]!;
  const facts: [string, ComponentChildren][] = [
    ['direction', directionWords(stream, model.side[row]!)],
    ['packet', model.packet[row]!],
  ];
  if (stream.of.timed) {
    facts.push(['time', `${timeText(model.time[row]!)} s`], ['clock', absoluteText(stream.of, model.time[row]!)]);
    if (latency >= 0) facts.push(['latency', duration(latency)]);
    if (sending > 0) facts.push(['sent within', duration(sending)]);
  }
  facts.push(
    ['stream bytes', `${model.offset[row]!}..${model.offset[row]! + model.length[row]!}`],
    ['length', counted(model.length[row]!, 'byte')],
  );
  const error = model.error(row);
  if (error !== null) facts.push(['error', error]);
  if (model.is(row, 'hinted')) facts.push(['decoded', 'with the help of the other direction']);
  if (model.is(row, 'inferred')) facts.push(['framing', 'inferred']);
  if (model.is(row, 'tls')) facts.push(['layer', 'TLS; bytes count in the plaintext']);
  if (cut !== undefined && cut.unsent > 0) facts.push(['unfinished', `${counted(cut.unsent, 'byte')} never sent`]);
  if (lost > 0) facts.push(['cut', `${counted(lost, 'byte')} not captured`]);
  return (
    <dl class="facts">
      {facts.map(([term, value]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** The request, the replies, and messages that findings refer to. */
function Related({
  model,
  row,
  select,
}: {
  model: Model;
  row: number;
  select: (row: number) => void;
}): JSX.Element | null {
  const links: [string, number][] = [];
  const request = model.request[row]!;
  if (request >= 0) links.push(['answers', request]);
  if (model.reply[row]! >= 0) {
    const { rows } = model.streamOf(row);
    for (let i = rows.indexOf(model.reply[row]!); i >= 0 && i < rows.length && links.length < 6; i++)
      if (model.request[rows[i]!] === row) links.push(['answered by', rows[i]!]);
  }
  for (const f of model.findingsOf.get(row) ?? []) {
    for (const index of f.related.slice(0, 6)) {
      const other = model.rowOf(model.streamOf(row), index);
      if (other >= 0 && !links.some(([, r]) => r === other)) links.push(['see also', other]);
    }
  }
  const asked = model.requestOf(row);
  if (links.length === 0 && asked === undefined) return null;
  return (
    <ul class="related" aria-label="related messages">
      {links.map(([how, other]) => (
        <li key={other}>
          <span class="muted">{how}</span>{' '}
          <button type="button" class="link" onClick={() => select(other)}>
            #{model.index[other]} {model.name(other)}
          </button>
          {how !== 'see also' && model.latency(how === 'answers' ? row : other) >= 0 && (
            <span class="muted"> {duration(model.latency(how === 'answers' ? row : other))}</span>
          )}
        </li>
      ))}
      {links.length === 0 && <li class="muted">no answer in this recording</li>}
    </ul>
  );
}

/** The page's bytes of messages, which are unpacked once. */
let loading: Promise<Uint8Array> | null = null;

/** The bytes of a message that are in the page; null while they are unpacked. */
function useBytes(model: Model, row: number): Uint8Array | null {
  const [all, setAll] = useState<Uint8Array | null>(null);
  useEffect(() => {
    loading ??= unpacked('bytes');
    void loading.then(setAll);
  }, []);
  if (all === null) return null;
  const at = model.bytesAt[row]!;
  return all.subarray(at, at + model.bytesLength[row]!);
}

interface PaneProps {
  readonly fields: readonly Annotation[] | null;
  readonly bytes: Uint8Array | null;
  readonly length: number;
  readonly marks: readonly (readonly [number, number])[];
  readonly command: string;
}

function FieldsAndBytes({ fields, bytes, length, marks, command }: PaneProps): JSX.Element {
  const nodes = useMemo(() => flat(fields ?? []), [fields]);
  const [closed, setClosed] = useState<ReadonlySet<number>>(new Set());
  const [active, setActive] = useState(-1);
  const [cursor, setCursor] = useState(-1);
  const shown = nodes.map((_, i) => i).filter((i) => isOpen(nodes, closed, i));
  const chosen = active < 0 ? null : nodes[active]!.field;
  const range = chosen === null ? null : ([chosen.at, chosen.at + chosen.length] as const);
  const point = (at: number): void => {
    setCursor(at);
    setActive(deepest(nodes, at));
  };
  const toggle = (i: number, close: boolean): void => {
    const next = new Set(closed);
    if (close) next.add(i);
    else next.delete(i);
    setClosed(next);
  };
  const treeKey = (e: KeyboardEvent): void => {
    const at = shown.indexOf(active);
    const node = active < 0 ? undefined : nodes[active];
    const to = (i: number | undefined): void => {
      if (i !== undefined && i >= 0) setActive(i);
    };
    switch (e.key) {
      case 'ArrowDown':
        to(shown[Math.min(shown.length - 1, at + 1)]);
        break;
      case 'ArrowUp':
        to(shown[Math.max(0, at - 1)]);
        break;
      case 'Home':
        to(shown[0]);
        break;
      case 'End':
        to(shown.at(-1));
        break;
      case 'ArrowRight':
        if (node === undefined || node.children === 0) break;
        if (closed.has(active)) toggle(active, false);
        else to(active + 1);
        break;
      case 'ArrowLeft':
        if (node === undefined) return;
        if (node.children > 0 && !closed.has(active)) toggle(active, true);
        else to(node.parent);
        break;
      default:
        return;
    }
    e.preventDefault();
    e.stopPropagation();
  };
  return (
    <div class="panes">
      <section aria-label="fields">
        <h3>Fields</h3>
        {fields === null ? (
          <p class="muted">
            The fields of this message are not in the page (limit pageFieldCharacters). <code>{command}</code> shows
            them.
          </p>
        ) : nodes.length === 0 ? (
          <p class="muted">This message has no fields.</p>
        ) : (
          <div
            class="tree"
            role="tree"
            aria-label="fields"
            tabIndex={0}
            {...(active >= 0 && { 'aria-activedescendant': `field-${active}` })}
            onKeyDown={treeKey}
            onFocus={() => active < 0 && setActive(0)}
            onPointerLeave={() => setCursor(-1)}
          >
            {shown.map((i) => (
              <Field
                key={i}
                id={i}
                node={nodes[i]!}
                selected={i === active}
                open={!closed.has(i)}
                point={() => setActive(i)}
                toggle={() => toggle(i, !closed.has(i))}
              />
            ))}
          </div>
        )}
      </section>
      <section aria-label="bytes">
        <h3>
          Bytes{' '}
          {bytes !== null && bytes.length < length && (
            <span class="muted">
              the first {bytes.length} of {length}
            </span>
          )}
        </h3>
        {bytes === null ? null : bytes.length === 0 ? (
          <p class="muted">
            {length === 0 ? (
              'None.'
            ) : (
              <>
                The bytes of this message are not in the page (limit pageBytes). <code>{command}</code> shows them.
              </>
            )}
          </p>
        ) : (
          <Bytes bytes={bytes} range={range} cursor={cursor} marks={marks} point={point} />
        )}
      </section>
    </div>
  );
}

interface FieldProps {
  readonly id: number;
  readonly node: Node;
  readonly selected: boolean;
  readonly open: boolean;
  readonly point: () => void;
  readonly toggle: () => void;
}

function Field({ id, node, selected, open, point, toggle }: FieldProps): JSX.Element {
  const { field, depth, children } = node;
  return (
    <div
      id={`field-${id}`}
      role="treeitem"
      aria-level={depth + 1}
      aria-selected={selected}
      {...(children > 0 && { 'aria-expanded': open })}
      class="field"
      style={{ paddingLeft: `${0.4 + depth * 1.1}rem` }}
      onPointerEnter={point}
      onClick={() => (children > 0 ? toggle() : point())}
    >
      <span class="twist" aria-hidden="true">
        {children > 0 ? (open ? '▾' : '▸') : ''}
      </span>
      <span class="name">{safeText(field.name)}</span> <span class="value">{valueText(field)}</span>
    </div>
  );
}

interface BytesProps {
  readonly bytes: Uint8Array;
  readonly range: readonly [number, number] | null;
  readonly cursor: number;
  readonly marks: readonly (readonly [number, number])[];
  readonly point: (at: number) => void;
}

const ROW = 16;

function Bytes({ bytes, range, cursor, marks, point }: BytesProps): JSX.Element {
  const key = (e: KeyboardEvent): void => {
    const steps: Record<string, number> = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: ROW, ArrowUp: -ROW };
    const step = steps[e.key];
    if (step === undefined) return;
    e.preventDefault();
    e.stopPropagation();
    const from = cursor >= 0 ? cursor : (range?.[0] ?? 0) - step;
    point(Math.max(0, Math.min(bytes.length - 1, from + step)));
  };
  const classOf = (i: number): string => {
    const on = range !== null && i >= range[0] && i < range[1];
    const bad = marks.some(([a, b]) => i >= a && i < b);
    return `b${on ? ' on' : ''}${bad ? ' bad' : ''}${i === cursor ? ' at' : ''}`;
  };
  const over = (e: PointerEvent): void => {
    const at = (e.target as HTMLElement).dataset['at'];
    if (at !== undefined) point(Number(at));
  };
  const rows: JSX.Element[] = [];
  for (let at = 0; at < bytes.length; at += ROW) {
    const part = [...bytes.subarray(at, at + ROW)];
    rows.push(
      <div key={at} class="dump">
        <span class="at">{at.toString(16).padStart(4, '0')}</span>
        <span class="hex">
          {part.map((b, i) => (
            <span key={i} class={classOf(at + i)} data-at={at + i}>
              {b.toString(16).padStart(2, '0')}
            </span>
          ))}
        </span>
        <span class="ascii">
          {part.map((b, i) => (
            <span key={i} class={classOf(at + i)} data-at={at + i}>
              {b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '·'}
            </span>
          ))}
        </span>
      </div>,
    );
  }
  return (
    <div
      class="bytes"
      role="group"
      aria-label="bytes; arrow keys move from byte to byte"
      tabIndex={0}
      onKeyDown={key}
      onPointerOver={over}
    >
      {rows}
      {marks.length > 0 && (
        <p class="muted">
          <span class="b bad">underlined</span>: what a finding is about
        </p>
      )}
    </div>
  );
}

function flat(fields: readonly Annotation[], depth = 0, parent = -1, into: Node[] = []): Node[] {
  for (const field of fields) {
    const children = field.children ?? [];
    into.push({ field, depth, parent, children: children.length });
    if (children.length > 0) flat(children, depth + 1, into.length - 1, into);
  }
  return into;
}

function isOpen(nodes: readonly Node[], closed: ReadonlySet<number>, i: number): boolean {
  for (let p = nodes[i]!.parent; p >= 0; p = nodes[p]!.parent) if (closed.has(p)) return false;
  return true;
}

/** The innermost field that contains a byte, or -1. */
function deepest(nodes: readonly Node[], at: number): number {
  let best = -1;
  nodes.forEach(({ field, depth }, i) => {
    if (at >= field.at && at < field.at + field.length && (best < 0 || depth >= nodes[best]!.depth)) best = i;
  });
  return best;
}

function valueText(field: Annotation): string {
  if (field.text !== undefined) return safeText(field.text);
  const { value } = field;
  if (value === undefined || (field.children?.length ?? 0) > 0) return '';
  return safeText(clip(typeof value === 'object' ? JSON.stringify(value) : String(value)));
}

function clip(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function hexText(bytes: Uint8Array): string {
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
}

/** The message's event in the form of `-f ndjson`. */
function jsonText(model: Model, row: number): string {
  const stream = model.streamOf(row);
  const fields = model.fields(row);
  const event: Record<string, Json> = {
    type: 'message',
    file: stream.event.file,
    stream: stream.id,
    protocol: stream.event.protocol,
    direction: !stream.rolesKnown ? 'unknown' : model.side[row] === 0 ? 'client-to-server' : 'server-to-client',
    index: model.index[row]!,
    name: model.name(row),
    offset: model.offset[row]!,
    length: model.length[row]!,
    packet: model.packet[row]!,
    time: absoluteText(stream.of, model.time[row]!),
    ...(fields !== null && { fields: fieldsOf(fields) }),
    context: model.is(row, 'hinted') ? 'peer' : 'own',
    complete: model.is(row, 'complete'),
    inReplyTo: model.repliesTo[row] === 0 ? null : model.repliesTo[row]!,
    ...(model.is(row, 'tls') && { layer: 'tls' }),
  };
  return safeJson(JSON.stringify(event, null, 2));
}
