import type { Json } from '../../../base/annotation.js';
import { CLIENT, otherSide, SERVER, type Side } from '../../../base/input.js';
import type { Origin } from '../../../base/origin.js';
import type { LimitNotes } from '../../../contract/limit-notes.js';
import type { DecoderSettings, Output, Session, SessionContext, SkipReason } from '../../../contract/protocol.js';
import { Witness } from '../../../contract/witness.js';
import { judgeForwardingRule } from '../checks/forwarding.js';
import { judgeHello, judgeNoHello } from '../checks/hello.js';
import { judgeEntry, judgeListEnd } from '../checks/list.js';
import { judgeDelay, judgeEnds } from '../checks/session.js';
import {
  judgeGreeting,
  judgeGuess,
  judgePause,
  judgeRejection,
  judgeSection,
  judgeStart,
  judgeTableId,
  judgeUpdateEnd,
  judgeUpdateRule,
} from '../checks/update.js';
import { Draft, Hello, Pif, type PifEnd, RuleMessage, type PestoMessage } from '../messages.js';
import * as H from '../rules/hello.js';
import * as S from '../rules/session.js';
import type { ClientTold, ServerTold } from '../told.js';
import { ending, type Ending } from './ending.js';
import { compareWithHistory, type Histories } from './history.js';
import { Siblings } from './siblings.js';
import { describeTransaction, summarize } from './summary.js';
import type { Table } from './table.js';
import { Transaction } from './transaction.js';

/** For lists and updates whose layout is only guessed: drops all findings about them. */
const UNHEARD: Output = {
  begin: () => undefined,
  message: () => undefined,
  skip: () => undefined,
  raise: () => undefined,
  wants: () => false,
};

/** Joins hello, list and update of a connection, and compares connections to the same server. */
export class PestoSession implements Session<PestoMessage> {
  private readonly context: SessionContext<Histories>;
  private readonly output: Output;
  private readonly server: ServerTold;
  private readonly client: ClientTold;
  private readonly siblings: Siblings;
  private readonly limits: LimitNotes;
  /** Whether one stream of the recording may hold several connections, one after the other. */
  private readonly several: boolean;
  private readonly witness: Witness;
  private t: Transaction;
  /** Messages of the client that wait for the list before they are judged. */
  private waiting: PestoMessage[] = [];
  private serverOver = false;
  private readonly ends: [Ending | null, Ending | null] = [null, null];
  private transactions = 1;
  private saidOld = false;
  private saidMagic = false;
  private saidGreeting = false;
  private saidGuess = false;
  private table: Table | null = null;

  constructor(
    context: SessionContext<Histories>,
    output: Output,
    settings: readonly [DecoderSettings, DecoderSettings],
    told: { readonly client: ClientTold; readonly server: ServerTold },
    limits: LimitNotes,
    several: boolean,
  ) {
    this.context = context;
    this.output = output;
    this.limits = limits;
    this.server = told.server;
    this.client = told.client;
    this.several = several;
    this.witness = new Witness(context, settings);
    this.t = new Transaction(this.witness, context.limits);
    this.siblings = new Siblings(context, output, limits);
  }

  /** Receives findings about the list and the update. */
  private get verdicts(): Output {
    return this.t.guessed ? UNHEARD : this.output;
  }

  message(m: PestoMessage): void {
    if (m instanceof Draft) {
      const peer = m.side === SERVER ? this.client : this.server;
      this.t.draft.add(m, peer.strayed, !this.context.present(otherSide(m.side)));
      return;
    }
    if (m.side === SERVER) this.fromServer(m);
    else this.fromClient(m);
  }

  gap(side: Side, offset: number): void {
    this.witness.lose(side, offset);
    this.siblings.history.expectation = 'unknown';
  }

  /** Bytes that a search skipped are lost. Others are an incomplete message, or follow something that cannot be read: that is in `told`. */
  skip(side: Side, offset: number, _length: number, reason: SkipReason): void {
    if (reason === 'resynchronised') this.witness.lose(side, offset);
    if (side === SERVER && this.server.badMagic && !this.saidMagic && this.t.hello === null) {
      this.saidMagic = true;
      judgeNoHello(this.output, this.server.firstBytes);
    }
    if (side === CLIENT && this.client.greeting !== '' && !this.saidGreeting) {
      this.saidGreeting = true;
      judgeGreeting(this.output, this.client.greeting);
      this.t.garbled = true;
    }
  }

  end(side: Side, how: 'fin' | 'reset' | 'open', origin: Origin): void {
    if (side === SERVER) this.serverOver = true;
    if (how !== 'open') {
      this.ends[side] = ending(how, origin);
      if (side === CLIENT) this.siblings.history.clientSeen = true;
    }
    if (side === SERVER || this.t.hello === null) this.judgeWaiting(side === SERVER || !this.context.present(SERVER));
    if (side === SERVER && how !== 'open') this.siblings.closed(this.t.hello, this.ends[SERVER]);
  }

  finish(how: 'closed' | 'reset' | 'open'): void {
    this.serverOver = true;
    this.judgeWaiting(true);
    this.siblings.closed(this.t.hello, this.ends[SERVER]);
    this.judgeLoneId();
    judgeRejection(this.verdicts, this.t);
    judgeEnds(this.verdicts, {
      transaction: this.t,
      server: this.server,
      client: this.client,
      ends: this.ends,
      witness: this.witness,
      clientSilent: !this.context.present(CLIENT),
      decodedUpTo: [this.context.decodedUpTo(CLIENT), this.context.decodedUpTo(SERVER)],
      ordered: this.context.connection.ordered,
      socket: this.context.connection.transport === 'unix',
      reset: how === 'reset',
      taken: this.context.connection.acknowledged?.[this.context.clientEnd === 1 ? 0 : 1] ?? -1,
    });
    this.siblings.leave(this.t, this.witness.whole(CLIENT), this.ends);
  }

  summary(): Record<string, Json> {
    return summarize(this.t, this.transactions, this.firstToLeave, this.context.limits.listItems);
  }

  describe(): string[] {
    return describeTransaction(this.t, this.transactions, this.firstToLeave);
  }

  /** The side that closed first; null: the recording does not show it. */
  private get firstToLeave(): Side | null {
    const [client, server] = this.ends;
    if (client === null) return server === null ? null : SERVER;
    return server !== null && server.packet < client.packet ? SERVER : CLIENT;
  }

  /** A client that only reads the list sends nothing: if all of the list was captured, its silence is no sign of a one-sided capture. */
  mayBeSilent(side: Side): boolean {
    return side === CLIENT && this.t.listEnd !== null;
  }

  // ---- the server's side

  private fromServer(m: PestoMessage): void {
    if (m instanceof Hello) this.takeHello(m);
    else if (m instanceof Pif) this.takeEntry(m);
    else if (m instanceof RuleMessage) this.takeListed(m);
    else this.takeListEnd(m as PifEnd);
  }

  private takeHello(m: Hello): void {
    if (this.t.hello !== null || this.t.list.length > 0 || this.t.listEnd !== null) {
      if (!this.several) {
        const text = `a hello at byte ${m.offset}, after ${m.offset} bytes of hello and list`;
        this.output.raise(H.HELLO_REPEATED, { message: m, text });
      }
      this.judgeWaiting(false);
      this.nextTransaction();
    }
    this.t.hello = m;
    this.witness.beginsAnew(SERVER);
    // the client sends only after the list: if it has sent nothing yet, or an earlier connection has ended, its next byte is the first one
    // of this connection
    if (this.transactions > 1 || !this.context.present(CLIENT)) this.witness.began(CLIENT);
    judgeHello(this.output, this.t, m, this.saidOld);
    this.saidOld ||= m.version === 1;
    this.siblings.greeted(m);
  }

  /** Begins another connection in the same stream. */
  private nextTransaction(): void {
    this.siblings.leave(this.t, this.witness.whole(CLIENT), this.ends);
    this.transactions++;
    this.t = new Transaction(this.witness, this.context.limits);
  }

  private takeEntry(m: Pif): void {
    const { t } = this;
    if (m.layout !== null) judgeEntry(this.verdicts, t, m, m.layout);
    this.table = t.addEntry(m);
    this.judgeRoom(m);
  }

  private takeListed(m: RuleMessage): void {
    if (this.table !== null) judgeForwardingRule(this.verdicts, m, this.table);
  }

  private takeListEnd(m: PifEnd): void {
    const { t } = this;
    t.listEnd = m;
    if (t.listWhole) {
      judgeListEnd(this.verdicts, t, m);
      this.compareList();
    }
    this.judgeWaiting(false);
  }

  private compareList(): void {
    const { t } = this;
    if (t.hello === null || t.hello.layout !== 'released' || t.guessed) return;
    const { history } = this.siblings;
    const { connection } = this.context;
    // a connection whose start is lost is decoded later, and may have changed the tables in between
    const sure = connection.transport !== 'tcp' || history.isNextTo(connection.id);
    const verdict = compareWithHistory(history, t.before(), connection.id, t.listEnd!.packet);
    if (verdict === null || !sure) return;
    t.verdict = verdict.text;
    const rule =
      verdict.kind === 'not-reflected'
        ? S.UPDATE_NOT_REFLECTED
        : verdict.kind === 'truncated-applied'
          ? S.TRUNCATED_UPDATE_APPLIED
          : verdict.kind === 'changed'
            ? S.LIST_CHANGED
            : null;
    if (rule !== null) this.output.raise(rule, { message: t.listEnd, text: verdict.text });
  }

  // ---- the client's side

  private fromClient(m: PestoMessage): void {
    const history = this.siblings.history;
    history.clientSeen = true;
    if (!this.serverOver && (this.t.listEnd === null || this.t.updateEnd !== null || this.waiting.length > 0)) {
      if (this.waiting.length < this.context.limits.listItems) {
        this.waiting.push(m);
        return;
      }
      const most = this.context.limits.listItems;
      this.limits.hit(
        'listItems',
        `more than ${most} messages of the client before the list; they are judged without it`,
        'warning',
        m,
      );
      this.t.judgedEarly = true;
      this.judgeWaiting(true);
    }
    this.judgeClient(m);
  }

  private judgeRoom(m: Pif): void {
    if (!this.t.overflowed) return;
    const most = this.context.limits.tables;
    this.limits.hit('tables', `more than ${most} tables; what needs all of them is not judged`, 'warning', m);
  }

  /** Judges the messages that waited for the list, if it is complete. `all`: even if it will not come. */
  private judgeWaiting(all: boolean): void {
    while (this.waiting.length > 0) {
      if (!all && (this.t.listEnd === null || this.t.updateEnd !== null)) return;
      const now = this.waiting;
      this.waiting = [];
      for (let i = 0; i < now.length; i++) {
        this.judgeClient(now[i]!);
        if (this.t.updateEnd !== null && i + 1 < now.length && !all) {
          this.waiting = now.slice(i + 1);
          return;
        }
      }
    }
  }

  private judgeClient(m: PestoMessage): void {
    if (this.t.updateEnd !== null) {
      // another update in the same stream belongs to a connection whose list was not captured
      this.nextTransaction();
    }
    const { t } = this;
    if (t.updateStart === null) {
      t.updateStart = m;
      if (!this.siblings.isSuperseded(m.packet)) this.siblings.history.expectation = 'unknown';
      this.judgeStart(m);
    } else {
      judgePause(this.verdicts, m, this.context.connection.ordered);
    }
    if (m instanceof Pif) {
      judgeSection(this.verdicts, t, m);
      this.judgeRoom(m);
    } else if (m instanceof RuleMessage) this.judgeRule(m);
    else this.judgeEnd(m as PifEnd);
  }

  private judgeRule(m: RuleMessage): void {
    if (this.client.guessed && !this.saidGuess) {
      this.saidGuess = true;
      judgeGuess(this.verdicts, m, this.client.ambiguous);
    }
    judgeUpdateRule(this.verdicts, this.t, m);
  }

  private judgeEnd(m: PifEnd): void {
    const { t } = this;
    t.updateEnd = m;
    const server = this.ends[SERVER];
    judgeUpdateEnd(this.verdicts, t, m, server !== null && server.packet < m.firstPacket);
    judgeRejection(this.verdicts, t);
    this.siblings.updated(t);
  }

  /** Judges the first message of an update: whether the client had the list, and whether it took too long. */
  private judgeStart(m: PestoMessage): void {
    const { listEnd } = this.t;
    if (listEnd === null) return;
    judgeDelay(this.verdicts, listEnd, m);
    judgeStart(this.verdicts, this.witness, listEnd, m);
  }

  /** Judges a table id at the very end of the client's stream: its count is missing, but the server has judged the id by then. */
  private judgeLoneId(): void {
    const { client } = this;
    if (client.phase !== 'table' || client.cutPresent === 0) return;
    judgeTableId(this.verdicts, this.t, client.cutBytes[0]!, null, client.cutOffset);
  }
}
