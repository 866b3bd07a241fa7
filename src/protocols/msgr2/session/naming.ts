import { CLIENT, SERVER } from '../../../base/input.js';
import type { LimitNotes } from '../../../contract/limit-notes.js';
import type { Output } from '../../../contract/protocol.js';
import { ENTITY } from '../../ceph/constants.js';
import { TAG } from '../constants.js';
import { missingFeatureNames, MSG_ADDR2 } from '../../ceph/features.js';
import { hexNumber } from '../../../base/hex.js';
import {
  authDone,
  clientIdent,
  isLossy,
  serverIdent,
  sessionReconnect,
  sessionReset,
  type ClientIdent,
  type ServerIdent,
  type SessionReconnect,
} from '../control-frames.js';
import type { ControlFrame } from '../message.js';
import * as R from '../rules/index.js';
import { daemonText } from '../../ceph/directory.js';
import { addressText } from '../../ceph/structures/address.js';
import type { Login } from './login.js';
import type { Lineage } from './lineage.js';
import type { SideState } from './side-state.js';
import type { Traffic } from './traffic.js';

/** How a session is named: by idents, or by a reconnect and its retries; and its links to earlier connections. */
export class Naming {
  private readonly output: Output;
  private readonly limits: LimitNotes;
  private readonly sides: readonly [SideState, SideState];
  private readonly login: Login;
  private readonly traffic: Traffic;
  readonly lineage: Lineage;
  /** Most frames of one side that are judged (limits.namingFrames). */
  private readonly most: number;
  private readonly asks: ControlFrame[] = [];
  private readonly answers: ControlFrame[] = [];
  resumed = false;
  reset = false;
  ident: ClientIdent | null = null;
  serverIdent: ServerIdent | null = null;
  reconnect: SessionReconnect | null = null;

  constructor(
    output: Output,
    limits: LimitNotes,
    sides: readonly [SideState, SideState],
    login: Login,
    traffic: Traffic,
    lineage: Lineage,
    most: number,
  ) {
    this.output = output;
    this.limits = limits;
    this.sides = sides;
    this.login = login;
    this.traffic = traffic;
    this.lineage = lineage;
    this.most = most;
  }

  get open(): boolean {
    const last = this.answers.at(-1);
    return last !== undefined && (last.tag === TAG.SERVER_IDENT || last.tag === TAG.SESSION_RECONNECT_OK);
  }

  /** The answer that rejected the client (WAIT or IDENT_MISSING_FEATURES), or null. */
  get rejection(): ControlFrame | null {
    const last = this.answers.at(-1);
    return last !== undefined && (last.tag === TAG.WAIT || last.tag === TAG.IDENT_MISSING_FEATURES) ? last : null;
  }

  get unanswered(): boolean {
    return this.asks.length > this.answers.length;
  }

  /** CLIENT_IDENT or SESSION_RECONNECT. */
  ask(m: ControlFrame): void {
    if (this.asks.length >= this.most) return this.flooded(m);
    this.asks.push(m);
    const ident = m.as(clientIdent);
    const reconnect = m.as(sessionReconnect);
    if (ident !== null) this.judgeIdent(m, ident);
    if (reconnect !== null) this.judgeReconnect(m, reconnect);
    const i = this.asks.length - 1;
    this.judgeFollowUp(i);
    this.judgeRound(i);
  }

  private flooded(m: ControlFrame): void {
    this.limits.hit(
      'namingFrames',
      `more than ${this.most} frames of one side that name a session; later ones are not judged`,
      'note',
      m,
    );
  }

  answer(m: ControlFrame): void {
    if (this.answers.length >= this.most) return this.flooded(m);
    this.answers.push(m);
    const i = this.answers.length - 1;
    const asked = this.sides[CLIENT].whole ? this.asks[i] : undefined;
    if (asked !== undefined) {
      m.answers(asked);
    }
    const ident = m.as(serverIdent);
    if (ident !== null) this.judgeServerIdent(m, ident);
    // also set when SESSION_RECONNECT was seen, but that may be lost
    if (m.tag === TAG.SESSION_RECONNECT_OK) this.traffic.resumed = true;
    if (m.tag === TAG.SESSION_RESET) {
      this.reset = true;
      const full = m.as(sessionReset)?.full === true;
      const meaning = full
        ? 'full: the server knows nothing of the session; its client drops what was queued'
        : 'partial: only the half of the server is gone; kernel clients give up';
      this.output.raise(R.RESET_RECEIVED, { message: m, text: meaning });
    }
    if (m.tag === TAG.IDENT_MISSING_FEATURES && !this.sides[CLIENT].whole && m.value !== 0n)
      this.output.raise(R.CLIENT_LACKS_FEATURES, { message: m, text: lackingText(m.value, 0n), confidence: 'likely' });
    if (m.tag === TAG.WAIT) {
      const text = 'WAIT: the server is connecting to this client itself, and its own attempt wins';
      this.output.raise(R.CONNECTION_RACE, { message: m, text });
    }
    this.judgeFollowUp(i + 1);
    this.judgeRound(i);
  }

  // ---- one frame

  private judgeIdent(m: ControlFrame, v: ClientIdent): void {
    this.ident = v;
    const list = v.addresses;
    if (list[0] === undefined || addressText(list[0]) === '-') {
      this.output.raise(R.IDENT_ADDRS_EMPTY, {
        message: m,
        text: list.length === 0 ? 'no address' : 'a blank address',
      });
    }
    this.judgeAddr2(m, v);
    const lossy = isLossy(v);
    const { cookie } = v;
    if (lossy !== (cookie === 0n)) {
      const text = lossy ? `LOSSY with cookie ${hexNumber(cookie)}` : 'neither LOSSY nor a cookie';
      this.output.raise(R.CLIENT_COOKIE, { message: m, text });
    }
    this.judgeGid(m, v);
    const before = this.answers.at(-1);
    const seen = this.lineage.cookieSeen(cookie);
    if (
      before?.tag === TAG.SESSION_RESET &&
      before.as(sessionReset)?.full === true &&
      seen &&
      this.sides[SERVER].whole
    ) {
      const text = `cookie ${hexNumber(cookie)} again after a full reset`;
      this.output.raise(R.RESET_FULL_COOKIE, { message: m, related: [before], text });
    }
    // with an unseen cookie the session is new, so the client's numbers begin at 1; but if the client is a daemon that restarted, the
    // server may continue the numbers of the old session
    const fresh = !seen && !this.reset;
    const daemon = !lossy && this.sides[CLIENT].entityType !== ENTITY.CLIENT;
    this.expect(CLIENT, fresh ? 1 : -1);
    this.expect(SERVER, fresh && !daemon ? 1 : -1);
    if (!fresh || daemon) this.forgetNumbers();
    else this.beginNumbers();
    this.lineage.attempt(m, v);
  }

  private judgeGid(m: ControlFrame, v: ClientIdent): void {
    const type = this.sides[CLIENT].entityType;
    const id = this.login.done?.as(authDone)?.globalId;
    const { gid } = v;
    if (type !== ENTITY.CLIENT || id === undefined || gid === id || gid < 0n) return;
    // it logs in to several monitors at once, gets an id from each, and keeps the first one
    if (this.sides[SERVER].entityType === ENTITY.MON) return;
    this.output.raise(R.IDENT_GID, { message: m, text: `gid ${gid} after a login as global id ${id}` });
  }

  private judgeAddr2(m: ControlFrame, v: ClientIdent | ServerIdent): void {
    if ((v.featuresSupported & MSG_ADDR2) === 0n) {
      const text = `supported features ${hexNumber(v.featuresSupported, 16)} lack bit 59`;
      this.output.raise(R.IDENT_MSG_ADDR2, { message: m, text });
    }
  }

  private judgeServerIdent(m: ControlFrame, v: ServerIdent): void {
    this.serverIdent = v;
    this.lineage.answered(v, this.sides[SERVER].entityType);
    this.judgeAddr2(m, v);
    const lossy = isLossy(v);
    const { cookie } = v;
    this.traffic.lossy = lossy;
    if (lossy === (cookie === 0n)) return;
    const text = lossy ? `LOSSY with cookie ${hexNumber(cookie)}` : 'cookie 0 without LOSSY';
    this.output.raise(R.SERVER_COOKIE, { message: m, text });
  }

  private judgeReconnect(m: ControlFrame, v: SessionReconnect): void {
    this.reconnect = v;
    this.resumed = true;
    this.traffic.resumed = true;
    const zero = (['clientCookie', 'serverCookie', 'connectSeq'] as const).filter((name) => v[name] === 0n);
    if (zero.length > 0) this.output.raise(R.RECONNECT_FIELDS, { message: m, text: `${zero.join(' and ')} is 0` });
    this.forgetNumbers();
    this.lineage.resume(m, v, this.asks.length > 1, zero.length > 0);
  }

  // ---- requests and answers

  private judgeRound(i: number): void {
    const asked = this.asks[i];
    const answer = this.answers[i];
    if (asked === undefined || answer === undefined || !this.bothWhole()) return;
    const ident = asked.as(clientIdent);
    const reconnect = asked.as(sessionReconnect);
    const v = ident ?? reconnect;
    if (v === null) return;
    const raise = (rule: (typeof R)['IDENT_TARGET'], m: ControlFrame, text: string, related: ControlFrame): void =>
      this.output.raise(rule, { message: m, related: [related], text });
    switch (answer.tag) {
      case TAG.SERVER_IDENT:
        if (asked.tag === TAG.CLIENT_IDENT) this.judgeIdents(asked, answer);
        else this.unexpected(answer, asked);
        break;
      case TAG.IDENT_MISSING_FEATURES: {
        if (ident === null) break;
        const offered = ident.featuresSupported;
        if (answer.value === 0n || (answer.value & offered) !== 0n) {
          const text = `mask ${hexNumber(answer.value, 16)}, offered ${hexNumber(offered, 16)}`;
          raise(R.MISSING_FEATURES_BOGUS, answer, text, asked);
        } else raise(R.CLIENT_LACKS_FEATURES, answer, lackingText(answer.value, offered), asked);
        break;
      }
      case TAG.SESSION_RETRY:
        if (answer.value <= (reconnect?.connectSeq ?? 0n)) {
          const text = `${answer.value} in answer to connect_seq ${reconnect?.connectSeq ?? '-'}`;
          raise(R.RETRY_NOT_HIGHER, answer, text, asked);
        }
        break;
      case TAG.SESSION_RETRY_GLOBAL:
        if (answer.value <= v.globalSeq) {
          const text = `${answer.value} in answer to global_seq ${v.globalSeq}`;
          raise(R.RETRY_GLOBAL_NOT_HIGHER, answer, text, asked);
        }
        break;
      case TAG.SESSION_RECONNECT_OK:
        if (asked.tag === TAG.SESSION_RECONNECT) this.judgeTaken(asked, answer);
        else this.unexpected(answer, asked);
        break;
      case TAG.SESSION_RESET:
      case TAG.WAIT:
        this.lineage.unsettle(v);
        break;
    }
  }

  private judgeIdents(asked: ControlFrame, answer: ControlFrame): void {
    const c = asked.as(clientIdent);
    const s = answer.as(serverIdent);
    if (c === null || s === null) return;
    const mine = s.addresses.map(addressText);
    const target = addressText(c.target);
    // an error in one of the idents, such as an invalid address, was reported by another rule
    if (!mine.includes(target) && !asked.blamed && !answer.blamed) {
      const restarted = mine.some((address) => withoutNonce(address) === withoutNonce(target));
      const where = restarted
        ? 'the same address with another nonce, so the daemon restarted since the client learned of it, or another one took its place'
        : this.lineage.elsewhere(target);
      const meant = asked.names?.daemon(target);
      const who = meant === undefined ? '' : ` (${daemonText(meant)})`;
      const text = `the target is ${target}${who}, the server has ${mine.join(', ')}${where === '' ? '' : `: ${where}`}`;
      this.output.raise(R.IDENT_TARGET, { message: asked, related: [answer], text });
    }
    const lacking = s.featuresRequired & ~c.featuresSupported;
    if (lacking !== 0n) {
      const text = `the client lacks required features ${hexNumber(lacking, 16)}`;
      this.output.raise(R.IDENT_FEATURE_MISMATCH, { message: answer, related: [asked], text });
    }
    this.lineage.named(c, s, this.bothWhole() && !this.reset);
  }

  private judgeTaken(asked: ControlFrame, answer: ControlFrame): void {
    this.lineage.taken(asked, answer);
    this.traffic.lossy = false;
    this.expect(CLIENT, Number(answer.value) + 1);
    this.expect(SERVER, Number(asked.as(sessionReconnect)?.msgSeq ?? 0n) + 1);
  }

  /** Judges whether the client's next frame does what the answer before it demands. */
  private judgeFollowUp(i: number): void {
    const next = this.asks[i];
    const before = this.answers[i - 1];
    const asked = this.asks[i - 1];
    if (next === undefined || before === undefined || !this.bothWhole()) return;
    const reconnect = next.as(sessionReconnect);
    if (!next.readable) return;
    const related = [before];
    if (before.tag === TAG.SESSION_RESET) {
      if (next.tag !== TAG.CLIENT_IDENT) {
        this.output.raise(R.RESET_IGNORED, { message: next, related, text: `${next.name} follows SESSION_RESET` });
      }
    } else if (before.tag === TAG.SESSION_RETRY) {
      const wanted = before.value + 1n;
      if (reconnect?.connectSeq !== wanted) {
        const text = `SESSION_RETRY ${before.value} is followed by ${next.name} with connect_seq ${reconnect?.connectSeq ?? '-'} instead of ${wanted}`;
        this.output.raise(R.RETRY_IGNORED, { message: next, related, text });
      }
    } else if (before.tag === TAG.SESSION_RETRY_GLOBAL) {
      if (reconnect === null || reconnect.globalSeq <= before.value) {
        const text = `SESSION_RETRY_GLOBAL ${before.value} is followed by ${next.name} with global_seq ${(reconnect ?? next.as(clientIdent))?.globalSeq ?? '-'}`;
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

  // ---- message numbers across connections

  private expect(side: 0 | 1, seq: number): void {
    const state = this.sides[side];
    if (state.messages > 0 || !state.whole) return;
    state.expectedSeq = seq;
    state.lastSeq = 0;
  }

  /** The session is new: the highest numbers sent begin at 0. */
  private beginNumbers(): void {
    for (const state of this.sides) if (state.messages === 0 && state.whole) state.maxSeq = 0;
  }

  /** The session may be older: the highest numbers sent so far are not known. */
  private forgetNumbers(): void {
    for (const state of this.sides) state.maxSeq = -1;
  }

  private bothWhole(): boolean {
    return this.sides[CLIENT].whole && this.sides[SERVER].whole;
  }
}

/** `offered`: the client's supported features; 0 if they were not seen. */
function lackingText(mask: bigint, offered: bigint): string {
  const names = missingFeatureNames(mask, offered).join(', ');
  return `the server requires ${names} (${hexNumber(mask, 16)}), which the client does not offer, and turns it away`;
}

/** `v2:10.0.0.1:6800/55` without the nonce, which changes with every start of a daemon. */
function withoutNonce(address: string): string {
  return address.slice(0, address.lastIndexOf('/'));
}
