import { CLIENT, SERVER } from '../../../base/input.js';
import { nanosBetween } from '../../../base/time.js';
import type { Json } from '../../../contract/annotation.js';
import type { Output } from '../../../contract/protocol.js';
import { ENTITY, IDENT_LOSSY, TAG } from '../constants.js';
import { MSG_ADDR2 } from '../features.js';
import { hexNumber } from '../../../base/hex.js';
import type { ControlFrame } from '../message.js';
import * as R from '../rules/index.js';
import type { Login } from './login.js';
import { pairKey, SessionRecord, type SharedSessions } from './shared.js';
import type { SideState } from './side-state.js';
import type { Traffic } from './traffic.js';

type Values = Readonly<Record<string, Json>>;
const ROUNDS = 64;
const big = (v: Json | undefined) => BigInt(typeof v === 'string' ? v : 0);

/** How a session gets its name: idents, or a reconnect and its rounds; and what links it to earlier connections. */
export class Naming {
  private readonly output: Output;
  private readonly sides: readonly [SideState, SideState];
  private readonly shared: SharedSessions;
  private readonly login: Login;
  private readonly traffic: Traffic;
  private readonly stream: number;
  private readonly asks: ControlFrame[] = [];
  private readonly answers: ControlFrame[] = [];
  /** The session that this connection carries, once both sides have agreed on it. */
  record: SessionRecord | null = null;
  /** Which side of the record the connecting side is. */
  private role: 0 | 1 = 0;
  resumed = false;
  reset = false;
  ident: Values | null = null;
  serverIdent: Values | null = null;
  private reconnect: Values | null = null;

  constructor(
    output: Output,
    sides: readonly [SideState, SideState],
    shared: SharedSessions,
    login: Login,
    traffic: Traffic,
    stream: number,
  ) {
    this.output = output;
    this.sides = sides;
    this.shared = shared;
    this.login = login;
    this.traffic = traffic;
    this.stream = stream;
  }

  get open(): boolean {
    const last = this.answers.at(-1);
    return last !== undefined && (last.tag === TAG.SERVER_IDENT || last.tag === TAG.SESSION_RECONNECT_OK);
  }

  /** The answer that turned the client away, or null. */
  get rejection(): ControlFrame | null {
    const last = this.answers.at(-1);
    return last !== undefined && (last.tag === TAG.WAIT || last.tag === TAG.IDENT_MISSING_FEATURES) ? last : null;
  }

  get unanswered(): boolean {
    return this.asks.length > this.answers.length;
  }

  /** CLIENT_IDENT or SESSION_RECONNECT. */
  ask(m: ControlFrame): void {
    if (this.asks.length >= ROUNDS) return;
    this.asks.push(m);
    if (m.values !== null) {
      if (m.tag === TAG.CLIENT_IDENT) this.judgeIdent(m, m.values);
      else this.judgeReconnect(m, m.values);
    }
    const i = this.asks.length - 1;
    this.judgeFollowUp(i);
    this.judgeRound(i);
  }

  answer(m: ControlFrame): void {
    if (this.answers.length >= ROUNDS) return;
    this.answers.push(m);
    const i = this.answers.length - 1;
    const asked = this.sides[CLIENT].whole ? this.asks[i] : undefined;
    if (asked !== undefined) {
      m.inReplyTo = asked.index;
      m.latency = nanosBetween(asked.seconds, asked.nanos, m.seconds, m.nanos);
    }
    if (m.tag === TAG.SERVER_IDENT && m.values !== null) this.judgeServerIdent(m, m.values);
    if (m.tag === TAG.SESSION_RESET) {
      this.reset = true;
      const full = m.values?.['full'] === true;
      const meaning = full
        ? 'full: the server knows nothing of the session; its client drops what was queued'
        : 'partial: only the half of the server is gone; kernel clients give up';
      this.output.raise(R.RESET_RECEIVED, { message: m, text: meaning });
    }
    if (m.tag === TAG.WAIT) {
      const text = 'WAIT: the server is connecting to this client itself, and its own attempt wins';
      this.output.raise(R.CONNECTION_RACE, { message: m, text });
    }
    this.judgeFollowUp(i + 1);
    this.judgeRound(i);
  }

  // ---- one frame

  private judgeIdent(m: ControlFrame, v: Values): void {
    this.ident = v;
    const list = addressList(v);
    if (list.length === 0 || list[0] === '-') {
      this.output.raise(R.IDENT_ADDRS_EMPTY, {
        message: m,
        text: list.length === 0 ? 'no address' : 'a blank address',
      });
    }
    this.judgeAddr2(m, v);
    const lossy = isLossy(v);
    const cookie = big(v['cookie']);
    if (lossy !== (cookie === 0n)) {
      const text = lossy ? `LOSSY with cookie ${hexNumber(cookie)}` : 'neither LOSSY nor a cookie';
      this.output.raise(R.CLIENT_COOKIE, { message: m, text });
    }
    this.judgeGid(m, v);
    const before = this.answers.at(-1);
    const seen = this.shared.cookieSeen(cookie);
    if (before?.tag === TAG.SESSION_RESET && before.values?.['full'] === true && seen && this.sides[SERVER].whole) {
      const text = `cookie ${hexNumber(cookie)} again after a full reset`;
      this.output.raise(R.RESET_FULL_COOKIE, { message: m, related: [before], text });
    }
    // a server that takes a session over goes on with its numbers
    const fresh = !seen && !this.reset;
    this.expect(CLIENT, fresh ? 1 : -1);
    this.expect(SERVER, fresh ? 1 : -1);
    if (!fresh) this.forgetNumbers();
    this.judgeGlobalSeq(m, v, list);
  }

  private judgeGid(m: ControlFrame, v: Values): void {
    const type = this.sides[CLIENT].hello?.values?.['entityType'];
    const id = this.login.done?.values?.['globalId'];
    const gid = v['gid'] as string;
    if (type !== ENTITY.CLIENT || id === undefined || gid === id || gid.startsWith('-')) return;
    this.output.raise(R.IDENT_GID, { message: m, text: `gid ${gid} after a login as global id ${String(id)}` });
  }

  private judgeGlobalSeq(m: ControlFrame, v: Values, list: readonly string[]): void {
    const seq = big(v['globalSeq']);
    if (seq === 0n) {
      this.output.raise(R.GLOBAL_SEQ, { message: m, text: 'global_seq 0' });
      return;
    }
    const key = `${list[0] ?? ''} ${String(v['target'] ?? '')}`;
    const before = v['target'] === undefined ? null : this.shared.attempt(key, seq, this.stream);
    if (before !== null && seq <= before) {
      const text = `global_seq ${seq}, and ${before} on an earlier connection of the same client to the same server`;
      this.output.raise(R.GLOBAL_SEQ, { message: m, text, confidence: 'likely' });
    }
  }

  private judgeAddr2(m: ControlFrame, v: Values): void {
    if ((big(v['featuresSupported']) & MSG_ADDR2) === 0n) {
      const text = `supported features ${hexNumber(big(v['featuresSupported']), 16)} lack bit 59`;
      this.output.raise(R.IDENT_MSG_ADDR2, { message: m, text });
    }
  }

  private judgeServerIdent(m: ControlFrame, v: Values): void {
    this.serverIdent = v;
    this.judgeAddr2(m, v);
    const lossy = isLossy(v);
    const cookie = big(v['cookie']);
    this.traffic.lossy = lossy;
    if (lossy === (cookie === 0n)) return;
    const text = lossy ? `LOSSY with cookie ${hexNumber(cookie)}` : 'cookie 0 without LOSSY';
    this.output.raise(R.SERVER_COOKIE, { message: m, text });
  }

  private judgeReconnect(m: ControlFrame, v: Values): void {
    this.reconnect = v;
    this.resumed = true;
    this.traffic.resumed = true;
    const zero = ['clientCookie', 'serverCookie', 'connectSeq'].filter((name) => v[name] === '0');
    if (zero.length > 0) this.output.raise(R.RECONNECT_FIELDS, { message: m, text: `${zero.join(' and ')} is 0` });
    this.forgetNumbers();
    this.link(m, v, zero.length > 0);
  }

  /** Finds the session that is resumed among those that were seen to be named. */
  private link(m: ControlFrame, v: Values, hasZero: boolean): void {
    const name = addressName(addressList(v)[0] ?? '');
    const record = this.shared.find(big(v['clientCookie']), big(v['serverCookie']));
    if (record === null) {
      if (!hasZero) this.judgeUnknown(m, name);
      return;
    }
    this.carry(record, record.clientName === name ? 0 : 1);
    if (this.asks.length === 1) this.judgeConnectSeq(m, v, record);
    record.connectSeq[this.role] = Number(big(v['connectSeq']));
    const claimed = Number(big(v['msgSeq']));
    const sent = record.sent[this.role === 0 ? 1 : 0];
    if (record.whole && claimed > sent) {
      const text = `msg_seq ${claimed}; the highest number sent to it is ${sent}`;
      this.output.raise(R.RECONNECT_MSG_SEQ, { message: m, text });
    }
  }

  private judgeUnknown(m: ControlFrame, name: string): void {
    const pair = this.shared.pair(pairKey(name, this.serverName()));
    const last = pair.records.at(-1);
    if (last === undefined) return;
    if (last.lossy) {
      const text = 'SESSION_RECONNECT although the last SERVER_IDENT between these addresses said LOSSY';
      this.output.raise(R.RECONNECT_LOSSY, { message: m, text });
      return;
    }
    const confidence = pair.records.length === 1 && !pair.unsettled && last.whole ? 'certain' : 'likely';
    const text = `the session between these addresses has cookies ${hexNumber(last.clientCookie)} and ${hexNumber(last.serverCookie)}`;
    this.output.raise(R.RECONNECT_COOKIE, { message: m, text, confidence });
  }

  private judgeConnectSeq(m: ControlFrame, v: Values, record: SessionRecord): void {
    const seq = Number(big(v['connectSeq']));
    const before = record.connectSeq[this.role];
    if (seq > before) return;
    const text = `connect_seq ${seq}; the session's last one was ${before}`;
    this.output.raise(R.RECONNECT_CONNECT_SEQ, { message: m, text });
  }

  // ---- question and answer

  private judgeRound(i: number): void {
    const asked = this.asks[i];
    const answer = this.answers[i];
    if (asked === undefined || answer === undefined || !this.bothWhole()) return;
    const v = asked.values;
    if (v === null) return;
    const raise = (rule: (typeof R)['IDENT_TARGET'], m: ControlFrame, text: string, related: ControlFrame): void =>
      this.output.raise(rule, { message: m, related: [related], text });
    switch (answer.tag) {
      case TAG.SERVER_IDENT:
        if (asked.tag === TAG.CLIENT_IDENT) this.judgeIdents(asked, answer);
        else this.unexpected(answer, asked);
        break;
      case TAG.IDENT_MISSING_FEATURES: {
        const offered = big(v['featuresSupported']);
        if (asked.tag === TAG.CLIENT_IDENT && (answer.value === 0n || (answer.value & offered) !== 0n)) {
          const text = `mask ${hexNumber(answer.value, 16)}, offered ${hexNumber(offered, 16)}`;
          raise(R.MISSING_FEATURES_BOGUS, answer, text, asked);
        }
        break;
      }
      case TAG.SESSION_RETRY:
        if (answer.value <= big(v['connectSeq'])) {
          raise(
            R.RETRY_NOT_HIGHER,
            answer,
            `${answer.value} in answer to connect_seq ${String(v['connectSeq'])}`,
            asked,
          );
        }
        break;
      case TAG.SESSION_RETRY_GLOBAL:
        if (answer.value <= big(v['globalSeq'])) {
          const text = `${answer.value} in answer to global_seq ${String(v['globalSeq'])}`;
          raise(R.RETRY_GLOBAL_NOT_HIGHER, answer, text, asked);
        }
        break;
      case TAG.SESSION_RECONNECT_OK:
        if (asked.tag === TAG.SESSION_RECONNECT) this.judgeTaken(asked, answer);
        else this.unexpected(answer, asked);
        break;
      case TAG.SESSION_RESET:
      case TAG.WAIT:
        this.shared.pair(this.pairKeyOf(v)).unsettled = true;
        break;
    }
  }

  private judgeIdents(asked: ControlFrame, answer: ControlFrame): void {
    const c = asked.values;
    const s = answer.values;
    if (c === null || s === null) return;
    const mine = addressList(s);
    const target = String(c['target']);
    if (!mine.includes(target)) {
      const text = `the target is ${target}, the server has ${mine.join(', ')}`;
      this.output.raise(R.IDENT_TARGET, { message: asked, related: [answer], text });
    }
    const lacking = big(s['featuresRequired']) & ~big(c['featuresSupported']);
    if (lacking !== 0n) {
      const text = `the client lacks required features ${hexNumber(lacking, 16)}`;
      this.output.raise(R.IDENT_FEATURE_MISMATCH, { message: answer, related: [asked], text });
    }
    const name = addressName(addressList(c)[0] ?? '');
    const record = new SessionRecord(big(c['cookie']), big(s['cookie']), name, isLossy(s));
    record.whole = this.bothWhole() && !this.reset;
    this.carry(record, 0);
    this.shared.remember(pairKey(name, this.serverName()), record);
  }

  private judgeTaken(asked: ControlFrame, answer: ControlFrame): void {
    const claimed = Number(answer.value);
    const record = this.record;
    if (record !== null && record.whole && claimed > record.sent[this.role]) {
      const text = `msg_seq ${claimed}; the highest number sent to it is ${record.sent[this.role]}`;
      this.output.raise(R.RECONNECT_OK_SEQ, { message: answer, related: [asked], text });
    }
    this.traffic.lossy = false;
    this.expect(CLIENT, claimed + 1);
    this.expect(SERVER, Number(big(asked.values?.['msgSeq'])) + 1);
    if (record !== null) record.connections++;
  }

  /** Whether what the client sends next does what the answer before asked for. */
  private judgeFollowUp(i: number): void {
    const next = this.asks[i];
    const before = this.answers[i - 1];
    const asked = this.asks[i - 1];
    if (next === undefined || before === undefined || !this.bothWhole()) return;
    const v = next.values;
    if (v === null) return;
    const related = [before];
    if (before.tag === TAG.SESSION_RESET) {
      if (next.tag !== TAG.CLIENT_IDENT) {
        this.output.raise(R.RESET_IGNORED, { message: next, related, text: `${next.name} follows SESSION_RESET` });
      }
    } else if (before.tag === TAG.SESSION_RETRY) {
      const wanted = before.value + 1n;
      if (next.tag !== TAG.SESSION_RECONNECT || big(v['connectSeq']) !== wanted) {
        const text = `SESSION_RETRY ${before.value} is followed by ${next.name} with connect_seq ${String(v['connectSeq'] ?? '-')} instead of ${wanted}`;
        this.output.raise(R.RETRY_IGNORED, { message: next, related, text });
      }
    } else if (before.tag === TAG.SESSION_RETRY_GLOBAL) {
      if (next.tag !== TAG.SESSION_RECONNECT || big(v['globalSeq']) <= before.value) {
        const text = `SESSION_RETRY_GLOBAL ${before.value} is followed by ${next.name} with global_seq ${String(v['globalSeq'] ?? '-')}`;
        this.output.raise(R.RETRY_IGNORED, { message: next, related, text });
      }
    } else if (asked !== undefined && before.tag !== TAG.WAIT && before.tag !== TAG.IDENT_MISSING_FEATURES) {
      this.output.raise(R.UNEXPECTED_TAG, { message: next, related, text: `${next.name} on a session that is open` });
    }
  }

  private unexpected(answer: ControlFrame, asked: ControlFrame): void {
    const text = `${answer.name} in answer to ${asked.name}`;
    this.output.raise(R.UNEXPECTED_TAG, { message: answer, related: [asked], text });
  }

  // ---- numbers across connections

  private expect(side: 0 | 1, seq: number): void {
    const state = this.sides[side];
    if (state.messages > 0 || !state.whole) return;
    state.expectedSeq = seq;
    state.lastSeq = 0;
  }

  /** The session may have a past: what was sent before is not known here. */
  private forgetNumbers(): void {
    for (const state of this.sides) state.maxSeq = -1;
  }

  /** From now on what is sent counts for that session. `role`: which of its sides the connecting one is. */
  private carry(record: SessionRecord, role: 0 | 1): void {
    this.record = record;
    this.role = role;
    this.traffic.record = record;
    this.traffic.recordClient = role === 0 ? CLIENT : SERVER;
  }

  /** Bytes were lost: the counts of the session prove nothing any more. */
  lose(): void {
    if (this.record !== null) this.record.whole = false;
  }

  private serverNameText = '';

  /** `ip:port` of the accepting end, as the capture shows it. */
  serverAt(endpoint: string): void {
    this.serverNameText = endpoint;
  }

  private serverName(): string {
    return this.serverNameText;
  }

  private pairKeyOf(v: Values): string {
    return pairKey(addressName(addressList(v)[0] ?? ''), this.serverName());
  }

  private bothWhole(): boolean {
    return this.sides[CLIENT].whole && this.sides[SERVER].whole;
  }

  get reconnectValues(): Values | null {
    return this.reconnect;
  }
}

export function isLossy(v: Values): boolean {
  return (big(v['flags']) & BigInt(IDENT_LOSSY)) !== 0n;
}

export function addressList(v: Values): readonly string[] {
  const a = v['addresses'];
  return typeof a === 'string' ? [a] : ((a as readonly string[] | undefined) ?? []);
}

/** `v2:10.0.0.1:6800/55` as `10.0.0.1:6800`; with its nonce where there is no port to know it by. */
function addressName(text: string): string {
  const match = /^\w+:(.*)\/(\d+)$/.exec(text);
  if (match === null) return text;
  return match[1]!.endsWith(':0') ? `${match[1]}/${match[2]}` : match[1]!;
}
