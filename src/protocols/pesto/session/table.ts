import { quote } from '../../../base/text.js';
import { ruleKey, ruleText } from '../forward.js';
import type { Pif, RuleMessage } from '../messages.js';

/** One table with its rules, from a list or an update. */
export class Table {
  readonly id: number;
  /** The name in the server's list; if there is none, the known name of the id. */
  readonly name: string;
  /** Capabilities; -1: not known from a list. */
  readonly caps: number;
  readonly rules: RuleMessage[] = [];
  /** Number of listening sockets of all rules. */
  sockets = 0;
  /** The first header with its id. */
  readonly pif: Pif | null;

  constructor(id: number, name: string, caps: number, pif: Pif | null) {
    this.id = id;
    this.name = name;
    this.caps = caps;
    this.pif = pif;
  }

  /** The name, safe to print. */
  get label(): string {
    return tableLabel(this.name);
  }

  /** Whether the server is known to lack that capability. */
  lacks(cap: number): boolean {
    return this.caps >= 0 && (this.caps & cap) === 0;
  }
}

/** A table's name, safe to print: simple names as they are, all others in quotes. */
export function tableLabel(name: string): string {
  return /^\w[\w .-]*$/.test(name) && name.length <= 32 ? name : quote(name, 32);
}

/** The tables of a server at one time: for each id, the rules by their bytes. Small enough to be kept between connections. */
export interface Snapshot {
  readonly version: number;
  readonly caps: number;
  readonly tables: readonly SnapshotTable[];
}

export interface SnapshotTable {
  readonly id: number;
  readonly name: string;
  readonly rules: readonly SnapshotRule[];
}

export interface SnapshotRule {
  readonly key: string;
  readonly text: string;
}

export function snapshot(version: number, caps: number, tables: Iterable<Table>): Snapshot {
  return {
    version,
    caps,
    tables: [...tables].map((t) => ({
      id: t.id,
      name: t.name,
      rules: t.rules.map((r) => ({ key: ruleKey(r), text: ruleText(r) })),
    })),
  };
}

/** How one table has changed. */
export interface TableChange {
  readonly id: number;
  readonly name: string;
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly kept: number;
}

/** The changes between two states of a server, for every table that either has. The order within a table does not matter. */
export function compare(before: Snapshot, after: Snapshot): TableChange[] {
  const ids = new Set([...before.tables, ...after.tables].map((t) => t.id));
  return [...ids].map((id) => {
    const old = before.tables.find((t) => t.id === id);
    const now = after.tables.find((t) => t.id === id);
    const left = new Map<string, number>();
    for (const r of old?.rules ?? []) left.set(r.key, (left.get(r.key) ?? 0) + 1);
    const added: string[] = [];
    let kept = 0;
    for (const r of now?.rules ?? []) {
      const n = left.get(r.key) ?? 0;
      if (n > 0) {
        left.set(r.key, n - 1);
        kept++;
      } else {
        added.push(r.text);
      }
    }
    const removed: string[] = [];
    for (const r of old?.rules ?? []) {
      const n = left.get(r.key) ?? 0;
      if (n === 0) continue;
      left.set(r.key, n - 1);
      removed.push(r.text);
    }
    return { id, name: now?.name ?? old?.name ?? '', added, removed, kept };
  });
}

export function isChange(change: TableChange): boolean {
  return change.added.length + change.removed.length > 0;
}

/** `HOST +1 -0 =2, SPLICE unchanged`. */
export function changeText(changes: readonly TableChange[]): string {
  return changes
    .map((c) =>
      isChange(c)
        ? `${tableLabel(c.name)} +${c.added.length} -${c.removed.length} =${c.kept}`
        : `${tableLabel(c.name)} unchanged`,
    )
    .join(', ');
}

/** The changed rules one by one, at most `max` of them: `HOST + TCP [*]:9090 => 9090`. */
export function changeLines(changes: readonly TableChange[], max: number): string[] {
  const all = changes.flatMap((c) => [
    ...c.removed.map((r) => `${tableLabel(c.name)} - ${r}`),
    ...c.added.map((r) => `${tableLabel(c.name)} + ${r}`),
  ]);
  return all.length <= max ? all : [...all.slice(0, max), `and ${all.length - max} more`];
}

/** Whether two states hold the same rules. */
export function equalStates(a: Snapshot, b: Snapshot): boolean {
  return !compare(a, b).some(isChange);
}
