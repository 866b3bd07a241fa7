import { MODE_GUESSED } from '../../../base/capture-rules.js';
import { CLIENT, otherSide, SERVER, type Side } from '../../../base/input.js';
import type { Origin } from '../../../base/origin.js';
import { duration } from '../../../base/time.js';
import { quote } from '../../../base/text.js';
import type { Json } from '../../../base/annotation.js';
import { LimitNotes } from '../../../contract/limit-notes.js';
import type { Output, Session, SessionContext } from '../../../contract/protocol.js';
import { KEPT_TABLES } from '../constants.js';
import { compareWithHistory, type Histories } from './history.js';
import { judgeEnds, type Ending } from '../checks/session.js';
import { badMagicText, judgeEntry, judgeHello, judgeListEnd } from '../checks/list.js';
import { RuleJudge } from '../checks/forwarding.js';
import { judgeRejection, judgeSection, judgeTableId, judgeUpdateEnd, judgeUpdateRule } from '../checks/update.js';
import { Draft, Hello, Pif, type PifEnd, RuleMessage, type PestoMessage } from '../messages.js';
import * as H from '../rules/hello.js';
import * as S from '../rules/session.js';
import * as U from '../rules/update.js';
import { Siblings } from './siblings.js';
import { describeTransaction, summarize } from './summary.js';
import type { Table } from './table.js';
import type { ClientTold, ServerTold } from '../told.js';
import { Transaction } from './transaction.js';

const NANOS = 1e9;
/** Silence that stops the whole server, when it lies inside an update. */
const STALL_NANOS = 1 * NANOS;
/** Silence that keeps others from being served. */
const IDLE_NANOS = 5 * NANOS;

/** For lists and updates whose layout is a guess: what is found in them says nothing of anybody. */
const UNHEARD: Output = {
  begin: () => undefined,
  message: () => undefined,
  skip: () => undefined,
  raise: () => undefined,
  wants: () => false,
};

/** Joins hello, list and update of a connection, and the connections to one server. */
export class PestoSession implements Session<PestoMessage> {
  private readonly context: SessionContext<Histories>;
  private readonly output: Output;
  private readonly server: ServerTold;
  private readonly client: ClientTold;
  private readonly siblings: Siblings;
  private readonly limits: LimitNotes;
  /** Whether one stream of the recording may hold several connections, one after the other. */
  private readonly several: boolean;
  private t = new Transaction();
  /** Messages of the client that wait for the list. */
  private waiting: PestoMessage[] = [];
  private serverOver = false;
  private readonly lossy: [boolean, boolean] = [false, false];
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
    server: ServerTold,
    client: ClientTold,
    several: boolean,
  ) {
    this.context = context;
    this.output = output;
    this.limits = new LimitNotes(output);
    this.server = server;
    this.client = client;
    this.several = several;
    this.siblings = new Siblings(context, output, this.limits);
  }

  /** Where findings about list and update go. */
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

  gap(side: Side): void {
    this.lossy[side] = true;
    if (side === SERVER) this.t.listWhole = this.t.listWhole && this.t.listEnd !== null;
    else this.t.updateWhole = this.t.updateWhole && this.t.updateEnd !== null;
    this.siblings.history.expectation = 'unknown';
  }

  skip(side: Side): void {
    if (side === SERVER && this.server.badMagic && !this.saidMagic && this.t.hello === null) {
      this.saidMagic = true;
      this.output.raise(H.BAD_MAGIC, {
        side: SERVER,
        offset: 0,
        length: 8,
        text: badMagicText(this.server.firstBytes),
      });
    }
    if (side === CLIENT && this.client.greeting !== '' && !this.saidGreeting) {
      this.saidGreeting = true;
      const text = `the client begins with ${quote(this.client.greeting, 16)} instead of a table id`;
      this.output.raise(U.CLIENT_HELLO, { side: CLIENT, offset: 0, length: 8, text });
      this.t.truncated = true;
    }
  }

  end(side: Side, how: 'fin' | 'reset' | 'open', origin: Origin): void {
    if (side === SERVER) this.serverOver = true;
    if (how !== 'open') {
      const { packet, seconds, nanos, peerSeen } = origin;
      this.ends[side] = { how, packet, seconds, nanos, peerSeen };
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
      lossy: this.lossy,
      clientSilent: !this.context.present(CLIENT),
      ordered: this.context.connection.ordered,
      socket: this.context.connection.transport === 'unix',
      reset: how === 'reset',
    });
    this.siblings.leave(this.t, this.lossy[CLIENT], this.ends);
  }

  summary(): Record<string, Json> {
    return summarize(this.t, this.transactions, this.firstToLeave, this.context.limits.listItems);
  }

  describe(): string[] {
    return describeTransaction(this.t, this.transactions, this.firstToLeave);
  }

  /** The side that closed first; null where the recording does not show it. */
  private get firstToLeave(): Side | null {
    const [client, server] = this.ends;
    if (client === null) return server === null ? null : SERVER;
    return server !== null && server.packet < client.packet ? SERVER : CLIENT;
  }

  /** A reader has nothing to say: where all of the list is there, a silent client is no client that was not recorded. */
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
      this.siblings.leave(this.t, this.lossy[CLIENT], this.ends);
      this.transactions++;
      this.t = new Transaction();
    }
    this.t.hello = m;
    this.t.listWhole = true;
    judgeHello(this.output, this.t, m, this.saidOld);
    this.saidOld ||= m.version === 1;
    this.siblings.greeted(m);
  }

  private takeEntry(m: Pif): void {
    const { t } = this;
    if (t.hello === null || (m.inferred && !t.guessed)) t.listWhole = false;
    judgeEntry(this.verdicts, t, m);
    this.table = t.addEntry(m);
    this.judgeRoom(m);
  }

  private takeListed(m: RuleMessage): void {
    if (this.table === null) return;
    if (m.inferred && !this.t.guessed) this.t.listWhole = false;
    new RuleJudge(this.verdicts, m, this.table).judge();
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
    const verdict = compareWithHistory(this.siblings.history, t.before(), this.context.connection.id);
    if (verdict === null) return;
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
      this.t.listWhole = false;
      this.judgeWaiting(true);
    }
    this.judgeClient(m);
  }

  private judgeRoom(m: Pif): void {
    if (!this.t.overflowed) return;
    this.limits.hit('listItems', `more than ${KEPT_TABLES} tables; what needs all of them is not judged`, 'warning', m);
  }

  /** Judges what waited for the list, if it is there; `all`: also if it will not come. */
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
      // a further update in one stream: of a connection whose list was not recorded
      this.siblings.leave(this.t, this.lossy[CLIENT], this.ends);
      this.transactions++;
      this.t = new Transaction();
      this.t.listWhole = false;
    }
    const { t } = this;
    if (m.inferred && !this.context.present(SERVER)) t.updateWhole = t.updateWhole && !this.client.lossy;
    if (t.updateStart === null) {
      t.updateStart = m;
      this.siblings.history.expectation = 'unknown';
      this.judgeStart(m);
    } else {
      this.judgePause(m);
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
      const size = `rules of ${m.length} bytes (version ${m.layout.at.taddr < 0 ? 1 : 2})`;
      if (this.client.ambiguous) {
        this.verdicts.raise(U.VERSION_AMBIGUOUS, {
          message: m,
          text: `${size} are shown; the other size fits about as well`,
        });
      } else {
        this.verdicts.raise(MODE_GUESSED, { message: m, text: `${size}, as the rules themselves show` });
      }
    }
    judgeUpdateRule(this.verdicts, this.t, m);
  }

  private judgeEnd(m: PifEnd): void {
    const { t } = this;
    t.updateEnd = m;
    if (this.lossy[CLIENT]) t.updateWhole = false;
    const server = this.ends[SERVER];
    judgeUpdateEnd(this.verdicts, t, m, server !== null && server.packet < m.firstPacket);
    judgeRejection(this.verdicts, t);
    this.siblings.updated(t);
  }

  /** The first message of an update: did the client know the list, and did it take its time? */
  private judgeStart(m: PestoMessage): void {
    const { listEnd } = this.t;
    if (listEnd === null) return;
    const { connection } = this.context;
    const idle = (m.startSeconds - listEnd.seconds) * NANOS + (m.startNanos - listEnd.nanos);
    if (idle >= IDLE_NANOS) this.idle(idle, m);
    const listed = listEnd.endOffset;
    let early: 'certain' | 'likely' | 'weak' | null = null;
    if (m.peerSeen >= 0) early = m.peerSeen < listed ? 'certain' : null;
    else if (m.firstPacket < listEnd.packet && idle <= 0) early = connection.ordered ? 'likely' : 'weak';
    if (early === null) return;
    const how =
      m.peerSeen >= 0
        ? `when it had ${m.peerSeen} of the ${listed} bytes of hello and list`
        : 'before the end of the list';
    const doubt = connection.ordered
      ? ''
      : '; this kind of recording does not show the order between the directions for sure';
    this.verdicts.raise(U.CLIENT_BEFORE_LIST, {
      message: m,
      related: [listEnd],
      confidence: early,
      text: `the client began its update ${how}${doubt}`,
    });
  }

  private judgePause(m: PestoMessage): void {
    if (m.pause < STALL_NANOS) return;
    this.verdicts.raise(U.PARTIAL_UPDATE_STALL, {
      message: m,
      confidence: this.context.connection.ordered ? 'certain' : 'likely',
      text: `${duration(m.pause)} of silence before or inside ${m.name} at byte ${m.offset} of the update; the server forwarded nothing meanwhile`,
    });
  }

  private idle(nanos: number, m: PestoMessage | null): void {
    const then = m === null ? 'left without sending' : 'sent its update';
    this.verdicts.raise(S.CLIENT_IDLE, {
      message: m ?? this.t.listEnd,
      text: `the client ${then} ${duration(nanos)} after the list; no other client was served meanwhile`,
    });
  }

  /** An id at the very end of the client's stream: the count is missing, but the server has judged the id by then. */
  private judgeLoneId(): void {
    const { client } = this;
    if (client.phase !== 'table' || client.cutPresent === 0) return;
    judgeTableId(this.verdicts, this.t, client.cutBytes[0]!, null, client.cutOffset);
  }
}
