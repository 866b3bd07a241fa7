import type { Hello, Pif, PifEnd, PestoMessage } from '../messages.js';
import { snapshot, Table, type Snapshot } from './table.js';
import { isReleased, KEPT_TABLES, pifName } from '../constants.js';
import { DraftSteps } from './draft-steps.js';

/** One hello, its list, and at most one update: all that happens in a connection. */
export class Transaction {
  hello: Hello | null = null;
  /** Tables of the list, in the order of the list. */
  readonly list: Table[] = [];
  listEnd: PifEnd | null = null;
  /** Whether the list is known from its hello to its end, with nothing lost in between. */
  listWhole = true;
  /** What makes a client leave when it reads the list. */
  refusal = '';

  /** First message of the update. */
  updateStart: PestoMessage | null = null;
  /** First section for each table id, in the order in which they were sent, and how many sections there were. */
  readonly sections = new Map<number, Pif>();
  sectionCount = 0;
  /** What the sections fill, by table id. */
  readonly pending = new Map<number, Table>();
  updateEnd: PifEnd | null = null;
  updateWhole = true;
  /** The first check of the server that the update fails. */
  failure = '';
  failedAt: PestoMessage | null = null;
  /** Whether it was said already that the update is refused. */
  rejected = false;
  /** Whether the update's rules have the wrong size. */
  skewed = false;
  /** Whether the client's end of stream inside the update was seen. */
  truncated = false;
  /** Whether there were more tables than are kept. */
  overflowed = false;
  /** Runs of bytes behind list and update. */
  readonly draft = new DraftSteps();
  /** What the list showed of an earlier update. */
  verdict = '';

  /** The table of that id in the list. */
  listed(id: number): Table | undefined {
    return this.list.find((t) => t.id === id);
  }

  get listedRules(): number {
    return this.list.reduce((n, t) => n + t.rules.length, 0);
  }

  /** The version in force, 0 where it is not known. */
  get version(): number {
    return Math.max(this.hello?.version ?? 0, 0);
  }

  /** Whether list and update are decoded by a layout that is only guessed: nothing in them is judged. */
  get guessed(): boolean {
    return this.hello !== null && this.hello.layout === 'released' && !isReleased(this.hello.version);
  }

  get caps(): number {
    return this.list[0]?.caps ?? -1;
  }

  /** Notes a section, and makes the table that it fills. */
  addSection(header: Pif): void {
    const id = header.pif;
    this.sectionCount++;
    if (!this.sections.has(id)) this.sections.set(id, header);
    if (this.pending.has(id)) return;
    if (this.pending.size >= KEPT_TABLES) {
      this.overflowed = true;
      this.updateWhole = false;
    } else {
      const listed = this.listed(id);
      this.pending.set(id, new Table(id, listed?.name ?? pifName(id), listed?.caps ?? -1, header));
    }
  }

  /** Notes an entry of the list; returns the table that it opens. */
  addEntry(header: Pif): Table {
    const table = new Table(header.pif, header.pifName, header.caps, header);
    if (this.list.length >= KEPT_TABLES) {
      this.overflowed = true;
      this.listWhole = false;
    } else {
      this.list.push(table);
    }
    return table;
  }

  /** Notes the first failing check. */
  fail(why: string, at: PestoMessage | null): void {
    if (this.failure !== '') return;
    this.failure = why;
    this.failedAt = at;
  }

  before(): Snapshot {
    return snapshot(this.version, this.caps, this.list);
  }

  /** The state that the update asks for. */
  after(): Snapshot {
    return snapshot(this.version, this.caps, this.pending.values());
  }
}
