import { useEffect, useMemo, useState } from 'preact/hooks';
import { Expression, ExpressionError } from '../select/expression.js';
import { expressionFields, type ExpressionValue } from '../select/values.js';
import { VARIABLES } from '../select/variables.js';
import { GRAVITY, type Finding, type Model, type Stream } from './model.js';

/** Rows that are examined before the page may redraw. */
const STEP = 4000;

export interface Found {
  /** Rows that match the expression, in order; null: there is no expression. */
  readonly rows: Uint32Array | null;
  /** What is wrong with the expression; empty: nothing. */
  readonly problem: string;
  /** How many rows were examined so far. */
  readonly done: number;
  /** How many rows were examined whose fields the expression needs but the page does not have. */
  readonly blind: number;
}

const ALL: Found = { rows: null, problem: '', done: 0, blind: 0 };

/** Finds the messages that match an expression of `--where`, without blocking the page. */
export function useFind(model: Model, text: string): Found {
  const compiled = useMemo(() => compile(text), [text]);
  const [found, setFound] = useState<Found>(ALL);
  useEffect(() => {
    if (compiled === null || typeof compiled === 'string') {
      setFound(compiled === null ? ALL : { ...ALL, problem: compiled });
      return;
    }
    const view = new RowView(model);
    const rows: number[] = [];
    let row = 0;
    let blind = 0;
    let timer = 0;
    const step = (): void => {
      const end = Math.min(model.count, row + STEP);
      for (; row < end; row++) {
        if (compiled.holds(view.of(row))) rows.push(row);
        if (view.blind) blind++;
      }
      setFound({ rows: Uint32Array.from(rows), problem: '', done: row, blind });
      if (row < model.count) timer = window.setTimeout(step);
    };
    step();
    return () => clearTimeout(timer);
  }, [model, compiled]);
  return found;
}

/** The expression; null if there is none; a text if it is invalid. */
function compile(text: string): Expression | string | null {
  const trimmed = text.trim();
  if (trimmed === '') return null;
  try {
    return new Expression(trimmed);
  } catch (error) {
    return error instanceof ExpressionError ? error.message : String(error);
  }
}

/** A row with the variables of an expression as properties (see VARIABLES). */
class RowView {
  /** Whether the expression has read fields that the page does not have. */
  blind = false;
  private readonly model: Model;
  private row = 0;

  constructor(model: Model) {
    this.model = model;
  }

  of(row: number): this {
    this.row = row;
    this.blind = false;
    return this;
  }

  private get on(): Stream {
    return this.model.streamOf(this.row);
  }
  get file(): string {
    return this.on.of.file;
  }
  get stream(): bigint {
    return BigInt(this.on.id);
  }
  get protocol(): string {
    return this.on.event.protocol ?? '';
  }
  get client(): string {
    return this.on.event.client;
  }
  get server(): string {
    return this.on.event.server;
  }
  get direction(): string {
    if (!this.on.rolesKnown) return 'unknown';
    return this.model.side[this.row] === 0 ? 'client-to-server' : 'server-to-client';
  }
  get index(): bigint {
    return BigInt(this.model.index[this.row]!);
  }
  get name(): string {
    return this.model.name(this.row);
  }
  get offset(): bigint {
    return BigInt(this.model.offset[this.row]!);
  }
  get length(): bigint {
    return BigInt(this.model.length[this.row]!);
  }
  get packet(): bigint {
    return BigInt(this.model.packet[this.row]!);
  }
  get time(): Date {
    const { seconds, nanos } = this.on.of;
    return new Date(seconds * 1000 + Math.floor((nanos + this.model.time[this.row]!) / 1e6));
  }
  get fields(): Record<string, ExpressionValue> {
    const fields = this.model.fields(this.row);
    this.blind ||= fields === null;
    return expressionFields(fields ?? []);
  }
  get context(): string {
    return this.model.is(this.row, 'hinted') ? 'peer' : 'own';
  }
  get complete(): boolean {
    return this.model.is(this.row, 'complete');
  }
  get inReplyTo(): bigint | null {
    const index = this.model.repliesTo[this.row]!;
    return index === 0 ? null : BigInt(index);
  }
  get latency(): number | null {
    const nanos = this.model.latency(this.row);
    return nanos < 0 ? null : nanos / 1e9;
  }
  get request(): object | null {
    return this.other(this.model.request[this.row]!);
  }
  get reply(): object | null {
    return this.other(this.model.reply[this.row]!);
  }
  get finding(): object | null {
    const about = this.model.findingsOf.get(this.row) ?? [];
    const gravest = [...about].sort((a, b) => GRAVITY[a.severity] - GRAVITY[b.severity])[0];
    return gravest === undefined ? null : findingValue(gravest, this.model);
  }
  get findings(): object[] {
    return (this.model.findingsOf.get(this.row) ?? []).map((f) => findingValue(f, this.model));
  }

  /** Another message as a plain object, since CEL reads own properties. */
  private other(row: number): object | null {
    if (row < 0) return null;
    const view = new RowView(this.model).of(row);
    const object = {};
    for (const { name, ofMessage } of VARIABLES) {
      if (ofMessage) Object.defineProperty(object, name, { enumerable: true, get: () => view[name as 'name'] });
    }
    return object;
  }
}

function findingValue(f: Finding, model: Model): object {
  const { rule, severity, party, confidence, direction, offset, length, packet, text } = f;
  const spec = model.head.rules.find((r) => r.id === rule)?.spec ?? '';
  const numbers = { offset: BigInt(offset), length: BigInt(length), packet: BigInt(packet) };
  return { rule, severity, party, confidence, direction, ...numbers, text, spec };
}
