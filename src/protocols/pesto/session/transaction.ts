import { CLIENT, SERVER } from '../../../base/input.js';
import type { Limits } from '../../../base/limits.js';
import type { Witness } from '../../../contract/witness.js';
import { isStrange, pifName } from '../constants.js';
import type { Hello, Pif, PifEnd, PestoMessage } from '../messages.js';
import { DraftSteps } from './draft-steps.js';
import { snapshot, Table, type Snapshot } from './table.js';

/** One hello, its list, and at most one update: everything in one connection. */
export class Transaction {
  hello: Hello | null = null;
  /** Tables of the list, in the order of the list. */
  readonly list: Table[] = [];
  listEnd: PifEnd | null = null;
  /** Why a client closes when it reads the list, in words; empty: no reason. */
  refusal = '';

  /** First message of the update. */
  updateStart: PestoMessage | null = null;
  /** The first section for each table id, in the order in which they were sent; and the number of sections. */
  readonly sections = new Map<number, Pif>();
  sectionCount = 0;
  /** The tables that the sections fill, by id. */
  readonly pending = new Map<number, Table>();
  updateEnd: PifEnd | null = null;
  /** The first check of the server that the update fails. */
  failure = '';
  /** Whether the update has a section for a table that the server does not have. */
  strayed = false;
  failedAt: PestoMessage | null = null;
  /** Whether it was reported already that the update is refused. */
  rejected = false;
  /** Whether the update's rules have the wrong size. */
  skewed = false;
  /** Whether the client ended its stream inside the update. */
  truncated = false;
  /** Whether the client began with text instead of an update. */
  garbled = false;
  /** Whether there were more tables than are kept (`limits.tables`). */
  overflowed = false;
  /** Whether the update was judged before the list was there, because too much of it waited. */
  judgedEarly = false;
  /** Runs of bytes after the list and the update. */
  readonly draft = new DraftSteps();
  /** What the list shows about an earlier update, in words. */
  verdict = '';

  private readonly witness: Witness;
  private readonly limits: Readonly<Limits>;

  constructor(witness: Witness, limits: Readonly<Limits>) {
    this.witness = witness;
    this.limits = limits;
  }

  /** Whether the list was captured from its hello to its end, with nothing lost in between. */
  get listWhole(): boolean {
    if (this.hello === null || this.listEnd === null || this.overflowed || this.judgedEarly) return false;
    return this.witness.whole(SERVER, this.listEnd.endOffset);
  }

  /** Whether the update was captured from its first byte to its end. */
  get updateWhole(): boolean {
    return this.updateEnd !== null && !this.overflowed && this.witness.whole(CLIENT, this.updateEnd.endOffset);
  }

  /** The table of that id in the list. */
  listed(id: number): Table | undefined {
    return this.list.find((t) => t.id === id);
  }

  get listedRules(): number {
    return this.list.reduce((n, t) => n + t.rules.length, 0);
  }

  /** The version; 0: not known. */
  get version(): number {
    return Math.max(this.hello?.version ?? 0, 0);
  }

  /** Whether list and update are decoded by a guessed layout, so that nothing in them is judged. */
  get guessed(): boolean {
    return this.hello?.leavesLayoutOpen === true;
  }

  /** Whether the list has a table with an id that no server uses: it may be another table with a wrong id. */
  get hasStrangeTable(): boolean {
    return this.list.some((table) => isStrange(table.id));
  }

  get caps(): number {
    return this.list[0]?.caps ?? -1;
  }

  /** Adds a section, and the table that it fills. */
  addSection(header: Pif): void {
    const id = header.pif;
    this.sectionCount++;
    if (!this.sections.has(id)) this.sections.set(id, header);
    if (this.pending.has(id)) return;
    if (this.pending.size >= this.limits.tables) {
      this.overflowed = true;
    } else {
      const listed = this.listed(id);
      this.pending.set(id, new Table(id, listed?.name ?? pifName(id), listed?.caps ?? -1, header));
    }
  }

  /** Adds an entry of the list; returns its table. */
  addEntry(header: Pif): Table {
    const table = new Table(header.pif, header.pifName, header.caps, header);
    if (this.list.length >= this.limits.tables) {
      this.overflowed = true;
    } else {
      this.list.push(table);
    }
    return table;
  }

  /** Keeps the first check that fails. */
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
