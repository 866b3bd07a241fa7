/**
 * `schema/fields.json`: the fields that messages have, with types and examples, as all captures and all examples of rules show them. It is
 * what `wirelint fields` lists, what expressions are checked against, and what tells of a field that nobody meant to add. `npm run golden`
 * writes it anew.
 */
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { NotACapture } from '../../src/capture/packet.js';
import type { Annotation, Json } from '../../src/contract/annotation.js';
import { Analysis } from '../../src/engine/analysis.js';
import type { Reporter, StreamRecord } from '../../src/engine/event.js';
import { playSteps, settingOf } from '../../src/engine/example.js';
import type { Message } from '../../src/contract/message.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { is64Bits } from '../../src/select/values.js';
import { expectGolden } from '../kit/golden-lines.js';
import { SETTINGS } from '../kit/settings.js';

const PATH = 'schema/fields.json';
/** Objects within objects that are described. */
const DEPTH = 2;
/** Fields of one message: what is named by the wire itself is no field. */
const MOST = 200;

interface Seen {
  readonly types: Set<string>;
  example: Json;
}

/** protocol -> message -> field -> what was seen. */
type Catalogue = Map<string, Map<string, Map<string, Seen>>>;

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

function note(fields: Map<string, Seen>, path: string, value: Json, wide: boolean, depth: number): void {
  if (fields.size >= MOST && !fields.has(path)) return;
  const seen = within(fields, path, () => ({ types: new Set<string>(), example: short(value) }));
  seen.types.add(typeOf(value, wide));
  if (isEmpty(seen.example) && !isEmpty(value)) seen.example = short(value);
  if (depth > 0 && value !== null && typeof value === 'object' && !Array.isArray(value))
    for (const [k, v] of Object.entries(value)) note(fields, `${path}.${k}`, v, false, depth - 1);
}

/** Messages without a name of their own are shown as family and number: no two captures have the same. */
const NAMELESS = /_\d+$|^type \d+$/;

function collector(catalogue: Catalogue): Reporter {
  return {
    capture() {},
    message(stream: StreamRecord, message: Message) {
      if (NAMELESS.test(message.name)) return;
      const protocol = stream.protocol!;
      const messages = within(catalogue, protocol.name, () => new Map<string, Map<string, Seen>>());
      const fields = within(messages, message.name, () => new Map<string, Seen>());
      for (const a of protocol.annotate(message) as Annotation[])
        if (a.value !== undefined) note(fields, a.name, a.value, is64Bits(a), DEPTH);
    },
    finding() {},
    stream() {},
    summary() {},
  };
}

async function everything(): Promise<Catalogue> {
  const catalogue: Catalogue = new Map();
  const reporter = collector(catalogue);
  const captures = readdirSync('captures', { recursive: true, withFileTypes: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name))
    .sort();
  const keyrings = captures.filter((path) => path.endsWith('.keyring'));
  for (const path of captures) {
    const analysis = new Analysis({ ...SETTINGS, details: true, bytes: true, keyrings }, reporter);
    try {
      await analysis.run(path);
    } catch (error) {
      if (!(error instanceof NotACapture)) throw new Error(`${relative('.', path)}: ${String(error)}`);
    }
  }
  for (const protocol of PROTOCOLS)
    for (const rule of protocol.rules)
      for (const example of [rule.breaks, rule.keeps])
        if (example !== undefined)
          playSteps(protocol, example.steps(), { ...settingOf(example), details: true }, reporter);
  return catalogue;
}

it('knows the fields of all messages', async () => {
  const catalogue = await everything();
  const rows: string[] = [];
  const sorted = <V>(map: Map<string, V>): [string, V][] => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [protocol, messages] of sorted(catalogue))
    for (const [message, fields] of sorted(messages))
      for (const [name, { types, example }] of fields)
        rows.push(JSON.stringify({ protocol, message, name, type: [...types].sort().join(' or '), example }));
  expect(rows.length).toBeGreaterThan(100);
  expectGolden(PATH, `[\n${rows.join(',\n')}\n]\n`);
}, 120_000);
