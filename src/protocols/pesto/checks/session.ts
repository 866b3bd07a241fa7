import { CLIENT, SERVER, type Side } from '../../../base/input.js';
import { hex } from '../../../base/hex.js';
import { count } from '../../../base/text.js';
import { duration, nanosBetween } from '../../../base/time.js';
import type { Evidence, Output } from '../../../contract/protocol.js';
import type { Witness } from '../../../contract/witness.js';
import { pifName } from '../constants.js';
import type { PestoMessage, PifEnd } from '../messages.js';
import * as H from '../rules/hello.js';
import * as L from '../rules/list.js';
import * as S from '../rules/session.js';
import * as U from '../rules/update.js';
import type { ClientTold, ServerTold, Told } from '../told.js';
import type { Ending } from '../session/ending.js';
import type { Transaction } from '../session/transaction.js';

/** What is known about a connection when it is over. */
export interface Endings {
  readonly transaction: Transaction;
  readonly server: ServerTold;
  readonly client: ClientTold;
  /** By side: how it ended; null: the recording does not show it. */
  readonly ends: readonly [Ending | null, Ending | null];
  readonly witness: Witness;
  /** Whether no byte of the client was captured. */
  readonly clientSilent: boolean;
  readonly ordered: boolean;
  /** Whether the connection is a Unix socket. */
  readonly socket: boolean;
  /** Whether either side reset the connection. */
  readonly reset: boolean;
  /** By side: offset up to which its stream was decoded, which is its end if nothing is cut off. */
  readonly decodedUpTo: readonly [number, number];
  /** Offset of the server's stream up to which the client has acknowledged in the end; -1: not known. */
  readonly taken: number;
}

/** Nanoseconds of silence that is reported, because no other client is served meanwhile. */
const IDLE_NANOS = 5e9;

/** Reports a client that sent its update long after it had the list. */
export function judgeDelay(output: Output, listEnd: PifEnd, m: PestoMessage): void {
  const nanos = nanosBetween(listEnd.seconds, listEnd.nanos, m.startSeconds, m.startNanos);
  if (nanos >= IDLE_NANOS) raiseIdle(output, m, 'sent its update', nanos);
}

function raiseIdle(output: Output, message: PestoMessage, then: string, nanos: number): void {
  const text = `the client ${then} ${duration(nanos)} after the list; no other client was served meanwhile`;
  output.raise(S.CLIENT_IDLE, { message, text });
}

/** Judges how a connection ended. If the recording does not show its end, nothing counts as missing. */
export function judgeEnds(output: Output, e: Endings): void {
  judgeServerEnd(output, e);
  if (e.transaction.updateEnd === null) judgeUnfinished(output, e);
  else judgeAfterUpdate(output, e);
  judgeReader(output, e);
}

/** What is there of an unfinished message: `20 of 56 bytes`. */
function cutText(d: Told): string {
  if (d.cutPresent === 0) return 'nothing';
  return d.cutWanted > 0 ? `${d.cutPresent} of ${d.cutWanted} bytes` : count(d.cutPresent, 'byte');
}

/** The end of a side's stream, as the place of a finding: its unfinished message, or the end of the last one. */
function endOf(side: Side, told: Told, e: Endings): { side: Side; offset: number; length: number } {
  const { cutOffset, cutPresent } = told;
  return { side, offset: cutPresent > 0 ? cutOffset : e.decodedUpTo[side], length: cutPresent };
}

function judgeServerEnd(output: Output, e: Endings): void {
  const { server, transaction: t, ends, witness } = e;
  const end = ends[SERVER];
  const left = ends[CLIENT];
  if (!witness.whole(SERVER)) return;
  const inHello = server.phase === 'start' && server.cutPresent > 0;
  const inList = (server.phase === 'table' || server.phase === 'rules') && t.hello !== null && t.hello.layout !== 'd2';
  if (!inHello && !inList) return;
  const leftFirst = left !== null && !stillTook(e, left) && (end === null || left.packet < end.packet);
  if (leftFirst) {
    if (t.refusal !== '') return;
    const where = inHello
      ? 'the hello'
      : `the list, after ${count(t.list.length, 'table')} with ${count(t.listedRules, 'rule')}`;
    output.raise(S.CLIENT_LEFT_EARLY, {
      side: CLIENT,
      offset: 0,
      length: 0,
      text: `the client closed inside ${where}`,
    });
    return;
  }
  if (end === null) return;
  if (inHello) {
    const text = `${cutText(server)} of the hello: ${hex(server.cutBytes)}`;
    output.raise(H.HELLO_TRUNCATED, { side: SERVER, offset: server.cutOffset, length: server.cutPresent, text });
    return;
  }
  const table = t.list[t.list.length - 1];
  const place =
    server.phase === 'rules' && table !== undefined && server.table !== null
      ? `in rule ${server.table.count - server.left + 1} of ${server.table.count} of ${table.label}`
      : `after ${count(t.list.length, 'table')}`;
  const text = `the stream ends ${place}, with ${cutText(server)} of what comes next and without the end of the list`;
  const evidence: Evidence = { ...endOf(SERVER, server, e), text };
  if (left === null) output.raise(L.PIF_LIST_UNTERMINATED, evidence);
  else output.raise(S.SERVER_CLOSE_IN_LIST, { ...evidence, text: `${text}; the client was still there` });
}

/** Judges an update that is not complete. */
function judgeUnfinished(output: Output, e: Endings): void {
  const { client, transaction: t, ends, witness, clientSilent } = e;
  if (clientSilent || !witness.whole(CLIENT) || t.failure !== '' || t.rejected || t.skewed) return;
  if (t.updateStart === null && client.cutPresent === 0) return;
  if (client.greeting !== '' || client.phase === 'dead' || client.phase === 'start') return;
  const inRules = client.phase === 'rules' && client.table !== null;
  const place = inRules
    ? `in rule ${client.table!.count - client.left + 1} of ${client.table!.count} for ${pifName(client.table!.pif)}, with ${cutText(client)}`
    : `after ${count(t.sectionCount, 'section')}, with ${cutText(client)} of what comes next`;
  const evidence = endOf(CLIENT, client, e);
  const left = ends[CLIENT];
  const closed = ends[SERVER];
  // a FIN that acknowledges one byte more than the client has sent acknowledges the client's FIN, which was not captured
  const followed = closed?.how === 'fin' && closed.peerSeen === evidence.offset + evidence.length + 1;
  if (closed !== null && !followed && (left === null || closed.packet < left.packet)) {
    t.rejected = true;
    output.raise(U.UPDATE_REJECTED, {
      ...evidence,
      text: `the server closed before the end of the update, ${place}; nothing was applied`,
    });
  } else if (left !== null || followed) {
    t.truncated = true;
    output.raise(U.UPDATE_TRUNCATED, { ...evidence, text: `the client left ${place}; nothing was applied` });
  } else if (!e.ordered) {
    output.raise(U.UPDATE_TRUNCATED, {
      ...evidence,
      severity: 'note',
      confidence: 'weak',
      text: `what was recorded of the update stops ${place}; this kind of recording does not show whether the client left`,
    });
  }
}

function judgeAfterUpdate(output: Output, e: Endings): void {
  const { transaction: t, ends, witness, client } = e;
  const end = ends[SERVER];
  const done = t.updateEnd!;
  if (end === null || !witness.whole(CLIENT)) return;
  if (end.how === 'reset' && t.failure === '' && !t.skewed && !client.strayed) {
    output.raise(S.RESET_AFTER_UPDATE, {
      message: done,
      text: 'the server reset the connection after a complete update that passes the published checks',
    });
  }
  if (end.packet < done.firstPacket && t.failure === '' && !t.rejected) {
    t.rejected = true;
    output.raise(U.UPDATE_REJECTED, {
      message: done,
      confidence: 'likely',
      text: 'the server had closed before the last byte of the update was sent',
    });
  }
  const late = nanosBetween(done.seconds, done.nanos, end.seconds, end.nanos);
  if (late >= IDLE_NANOS && t.failure === '') {
    output.raise(S.SERVER_LEFT_OPEN, {
      message: done,
      text: `the server closed ${duration(late)} after the end of the update`,
    });
  }
}

/** Whether a client that had ended its stream acknowledged more bytes of the server after that: then it had not left. */
function stillTook(e: Endings, left: Ending): boolean {
  return left.how === 'fin' && left.peerSeen >= 0 && e.taken > left.peerSeen;
}

/** How it shows that a silent client did not read all of the list, in words; empty: it does not show. */
function unreadText(e: Endings, left: Ending, listed: number): string {
  if (left.how === 'reset') return 'the client closed with bytes of the server unread: it did not read all of the list';
  if (left.peerSeen < 0 || left.peerSeen >= listed || e.taken >= listed) return '';
  // a client that has only ended its own stream may go on reading; a closed socket answers later bytes with a reset
  if (!e.socket && !(e.reset && e.ends[SERVER]?.how !== 'reset')) return '';
  return `the client closed when it had ${left.peerSeen} of the ${listed} bytes of hello and list`;
}

/** Judges a client that sent nothing. */
function judgeReader(output: Output, e: Endings): void {
  const { transaction: t, ends, clientSilent, witness } = e;
  if (!clientSilent || t.listEnd === null || !witness.whole(SERVER)) return;
  const left = ends[CLIENT];
  if (left === null && ends[SERVER] === null) return;
  const why = t.refusal === '' ? '' : `; the list gives it reason to leave: ${t.refusal}`;
  const unread = left === null ? '' : unreadText(e, left, t.listEnd.endOffset);
  if (unread !== '') {
    if (t.refusal === '') output.raise(S.CLIENT_LEFT_EARLY, { message: t.hello ?? t.listEnd, text: unread });
    return;
  }
  if (left !== null) {
    output.raise(S.READ_ONLY_SESSION, {
      message: t.listEnd,
      text: `the client read ${count(t.list.length, 'table')} with ${count(t.listedRules, 'rule')} and sent nothing${why}`,
    });
    const silence = nanosBetween(t.listEnd.seconds, t.listEnd.nanos, left.seconds, left.nanos);
    if (silence < IDLE_NANOS) return;
    if (t.version === 1 && t.listedRules > 0) {
      output.raise(S.VERSION_SKEW_STALL, {
        message: t.listEnd,
        text: `version 1, ${count(t.listedRules, 'rule')} listed, and ${duration(silence)} of silence: a version 2 client waits for longer rules`,
      });
    }
    raiseIdle(output, t.listEnd, 'left without sending', silence);
  }
}
