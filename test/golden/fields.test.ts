/**
 * What is known of messages without a capture, and what is made of it. `schema/fields.json`: the fields that messages have, with types and examples, as all captures and all examples of rules show them. It is
 * what `wirelint fields` lists, what expressions are checked against, and what tells of a field that nobody meant to add. `npm run golden`
 * writes it anew, and from it the schema of the events, their types, and the lists of docs/events.md.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Ajv } from 'ajv';
import { expect, it } from 'vitest';
import { NotACapture } from '../../src/capture/packet.js';
import type { Annotation, Json } from '../../src/base/annotation.js';
import { Analysis } from '../../src/engine/analysis.js';
import type { Reporter, StreamRecord } from '../../src/engine/event.js';
import { CLIENT } from '../../src/base/input.js';
import type { Example, Step } from '../../src/base/rule.js';
import type { Protocol } from '../../src/contract/protocol.js';
import { playSteps, settingOf } from '../../src/engine/example.js';
import type { Message } from '../../src/contract/message.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import type { MessageEvent } from '../../src/report/event-object.js';
import { EventReporter } from '../../src/report/event-reporter.js';
import type { FieldEntry } from '../../src/select/field-catalogue.js';
import { EVENTS, eventsSchema, type Schema } from '../kit/event-schema.js';
import { eventTable, messageLists } from '../kit/event-pages.js';
import { messageTypes } from '../kit/event-types.js';
import { expectGolden } from '../kit/golden-lines.js';
import { SETTINGS } from '../kit/settings.js';

const PATH = 'schema/fields.json';
/** Objects within objects that are described. */
const DEPTH = 2;
/** Fields of one message: what is named by the wire itself is no field. */
const MOST = 600;
/** Bytes of a message in which its header has ended. */
const LONGEST_HEADER = 128;

interface Seen {
  readonly types: Set<string>;
  /** Types of what its lists hold. */
  readonly items: Set<string>;
  example: Json;
  /** How often it was there, and how often as an object. */
  times: number;
  objects: number;
}

interface SeenMessage {
  times: number;
  readonly fields: Map<string, Seen>;
}

/** protocol -> message -> field -> what was seen. */
type Catalogue = Map<string, Map<string, SeenMessage>>;

function within<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}

function typeOf(value: Json, wide: boolean): string {
  if (wide) return 'uint64';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'double';
  if (typeof value === 'boolean') return 'bool';
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'list';
  return typeof value === 'object' ? 'map' : 'string';
}

/** An example short enough for a line. */
function short(value: Json): Json {
  if (typeof value === 'string') return value.length > 40 ? `${value.slice(0, 40)}...` : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).slice(0, 2).map(short);
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, 3)
      .map(([k, v]) => [k, short(v)]),
  );
}

function isEmpty(value: Json): boolean {
  return value === '' || value === null || (Array.isArray(value) && value.length === 0);
}

/** What `fields` has of one field, and the rows below it, which say how wide the numbers in a structure are. */
interface Shown {
  readonly value: Json;
  readonly wide?: true;
  readonly children?: readonly Annotation[];
}

function note(fields: Map<string, Seen>, path: string, shown: Shown, depth: number): void {
  const { value, wide = false, children = [] } = shown;
  if (fields.size >= MOST && !fields.has(path)) return;
  const seen = within(fields, path, () => ({
    ...{ types: new Set<string>(), items: new Set<string>() },
    ...{ example: short(value), times: 0, objects: 0 },
  }));
  const type = typeOf(value, wide);
  seen.types.add(type);
  seen.times++;
  if (isEmpty(seen.example) && !isEmpty(value)) seen.example = short(value);
  if (Array.isArray(value)) for (const item of value as readonly Json[]) seen.items.add(typeOf(item, false));
  if (type !== 'map') return;
  seen.objects++;
  if (depth === 0) return;
  for (const [name, part] of Object.entries(value!))
    note(fields, `${path}.${name}`, { ...children.find((c) => c.name === name), value: part }, depth - 1);
}

/** Whether a field can be missing from its message, or from the object that it lies in. */
function isOptional({ times, fields }: SeenMessage, path: string): boolean {
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('.')));
  return fields.get(path)!.times < (parent === '' ? times : fields.get(parent)!.objects);
}

/** A message of an example's only connection. */
interface Place {
  readonly protocol: Protocol;
  readonly example: Example;
  readonly side: 'client' | 'server';
  readonly offset: number;
  readonly length: number;
}

/** The steps of an example up to that many bytes of one side. */
function cutAt(steps: readonly Step[], side: 'client' | 'server', bytes: number): readonly Step[] {
  const out: Step[] = [];
  let left = bytes;
  for (const step of steps) {
    if (!('bytes' in step) || step.from !== side) out.push(step);
    else if (step.bytes.length < left) {
      out.push(step);
      left -= step.bytes.length;
    } else return [...out, { ...step, bytes: step.bytes.subarray(0, left) }];
  }
  return out;
}

/**
 * The same message again, cut off at every length: its header is there, and what stands behind it is not. What a message always has is
 * found out so.
 */
function* cutShort({ example, side, offset, length }: Place): Generator<readonly Step[]> {
  const steps = example.steps();
  for (let kept = 1; kept < Math.min(length, LONGEST_HEADER); kept++) yield cutAt(steps, side, offset + kept);
}

/** Messages without a name of their own are shown as family and number: no two captures have the same. */
const NAMELESS = /_\d+$|^type \d+$/;

function collector(catalogue: Catalogue, seenAt?: (message: Message) => void): Reporter {
  return {
    capture() {},
    message(stream: StreamRecord, message: Message) {
      if (NAMELESS.test(message.name)) return;
      seenAt?.(message);
      const protocol = stream.protocol!;
      const messages = within(catalogue, protocol.name, () => new Map<string, SeenMessage>());
      const seen = within(messages, message.name, () => ({ times: 0, fields: new Map<string, Seen>() }));
      const rows = (protocol.annotate(message) as Annotation[]).filter((a) => a.value !== undefined);
      seen.times++;
      // the last of two of one name is what `fields` has
      for (const a of new Map(rows.map((row) => [row.name, row])).values())
        note(seen.fields, a.name, { ...a, value: a.value! }, DEPTH);
    },
    finding() {},
    stream() {},
    summary() {},
  };
}

async function everyCapture(reporter: Reporter): Promise<void> {
  const captures = readdirSync('captures', { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name))
    .sort();
  const keyrings = captures.filter((path) => path.endsWith('.keyring'));
  const tlsKeylogs = captures.filter((path) => path.endsWith('.keylog'));
  for (const path of captures) {
    const analysis = new Analysis({ ...SETTINGS, details: true, bytes: true, keyrings, tlsKeylogs }, reporter);
    try {
      await analysis.run(path);
      analysis.finish();
    } catch (error) {
      if (!(error instanceof NotACapture)) throw new Error(`${relative('.', path)}: ${String(error)}`);
    }
  }
}

function play(protocol: Protocol, example: Example, steps: readonly Step[], reporter: Reporter): void {
  playSteps(protocol, steps, { ...settingOf(example), details: true }, reporter);
}

/** Notes where one message of each name is: in the example with the fewest steps before it. */
function placesOf(places: Map<string, Place>, protocol: Protocol, example: Example): (message: Message) => void {
  const steps = example.steps();
  if (steps.some((s) => 'then' in s || 'gap' in s)) return () => undefined;
  return ({ name, side, offset, length, complete, inferred }) => {
    const key = `${protocol.name} ${name}`;
    const known = places.get(key);
    if (!complete || inferred || (known !== undefined && known.offset <= offset)) return;
    places.set(key, { protocol, example, side: side === CLIENT ? 'client' : 'server', offset, length });
  };
}

async function everything(): Promise<Catalogue> {
  const catalogue: Catalogue = new Map();
  const reporter = collector(catalogue);
  await everyCapture(reporter);
  const places = new Map<string, Place>();
  for (const protocol of PROTOCOLS)
    for (const example of protocol.rules.flatMap((rule) => [rule.breaks, rule.keeps]))
      if (example !== undefined)
        play(protocol, example, example.steps(), collector(catalogue, placesOf(places, protocol, example)));
  for (const place of places.values())
    for (const steps of cutShort(place)) play(place.protocol, place.example, steps, reporter);
  return catalogue;
}

const words = (types: ReadonlySet<string>): string => [...types].sort().join(' or ');

it('knows the fields of all messages', async () => {
  const catalogue = await everything();
  const rows: string[] = [];
  const sorted = <V>(map: Map<string, V>): [string, V][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [protocol, messages] of sorted(catalogue))
    for (const [message, seen] of sorted(messages))
      for (const [name, { types, items, example }] of seen.fields)
        rows.push(
          JSON.stringify({
            ...{ protocol, message, name, type: words(types) },
            ...(items.size > 0 && { items: words(items) }),
            ...(isOptional(seen, name) && { optional: true }),
            example,
          }),
        );
  expect(rows.length).toBeGreaterThan(100);
  expectGolden(PATH, `[\n${rows.join(',\n')}\n]\n`);
}, 600_000);

const entries = (): FieldEntry[] => JSON.parse(readFileSync(PATH, 'utf8')) as FieldEntry[];

it('has a schema of the events', () => {
  expectGolden('schema/events.schema.json', `${JSON.stringify(eventsSchema(entries()), null, 1)}\n`);
});

it('has types of the messages', async () => {
  expectGolden('src/report/message-fields.ts', await messageTypes(entries(), PROTOCOLS));
});

it('is described in docs/events.md', () => {
  const page = readFileSync('docs/events.md', 'utf8');
  const marked = (name: string, text: string): ((page: string) => string) => {
    const [begin, end] = [`<!-- ${name}: generated by \`npm run golden\` -->\n`, `<!-- end of ${name} -->`];
    const from = page.indexOf(begin) + begin.length;
    expect(from, `${name} has its place in the page`).toBeGreaterThan(begin.length);
    return (whole) =>
      whole.slice(0, whole.indexOf(begin) + begin.length) + `\n${text}\n` + whole.slice(whole.indexOf(end));
  };
  const whole = [
    ...Object.keys(EVENTS).map((type) => marked(type, eventTable(type))),
    marked('messages', messageLists(entries())),
  ];
  expectGolden(
    'docs/events.md',
    whole.reduce((text, fill) => fill(text), page),
  );
});

/** The same schema, but nothing may occur in an event, or among the fields of a message, that it does not describe. */
function strict(schema: Schema): object {
  const closed = (s: Schema): Schema => ({ ...s, additionalProperties: false });
  const definitions = Object.entries(schema['definitions'] as Record<string, Schema>);
  const events = (schema['allOf'] as { if: Schema; then: Schema }[]).map((e) => ({ ...e, then: closed(e.then) }));
  return {
    ...schema,
    allOf: events,
    definitions: Object.fromEntries(definitions.map(([name, fields]) => [name, closed(fields)])),
  };
}

it('describes every event of every capture', async () => {
  const validate = new Ajv({ strict: false }).compile(strict(eventsSchema(entries())));
  const wrong = new Map<string, unknown>();
  let seen = 0;
  await everyCapture(
    new EventReporter((event) => {
      seen++;
      if (!validate(event)) wrong.set(JSON.stringify(validate.errors), event);
    }),
  );
  expect([...wrong]).toEqual([]);
  expect(seen).toBeGreaterThan(5_000);
}, 600_000);

it('tells what is wrong with an event', () => {
  const validate = new Ajv({ strict: false }).compile(eventsSchema(entries()));
  const good: MessageEvent = {
    ...{ type: 'message', file: '-', stream: 1, protocol: 'nbd', direction: 'client-to-server', index: 1 },
    ...{ name: 'NBD_CMD_42', offset: 0, length: 28, packet: 1, time: '2026-11-20T14:31:05.123456789Z', fields: {} },
    ...{ context: 'own', complete: true, inReplyTo: null },
  };
  expect(validate(good)).toBe(true);
  for (const bad of [
    { type: 'packet' },
    { inReplyTo: 'none' },
    { time: '2026-11-20 14:31' },
    { name: 'NBD_CMD_READ' },
    { name: 'NBD_CMD_READ', fields: { flags: [], type: 'NBD_CMD_READ', cookie: 1, offset: 0, length: 1 } },
  ])
    expect(validate({ ...good, ...bad }), JSON.stringify(bad)).toBe(false);
});
