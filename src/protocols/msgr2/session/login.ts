import { CLIENT, SERVER } from '../../../base/input.js';
import type { LimitNotes } from '../../../contract/limit-notes.js';
import type { Output } from '../../../contract/protocol.js';
import { ENTITY, entityName, METHOD_CEPHX, METHOD_NONE, methodName, resultText } from '../../ceph/constants.js';
import { isMode, MODE_CRC, MODE_SECURE, modeName, TAG, tagName } from '../constants.js';
import {
  authBadMethod,
  authDone,
  authRequest,
  authRequestMore,
  authSignature,
  type AuthBadMethod,
  type AuthRequest,
} from '../control-frames.js';
import { at } from '../places.js';
import type { ControlFrame } from '../message.js';
import { PREAMBLE } from '../layout.js';
import * as R from '../rules/index.js';
import { authModeName, GET_AUTH_SESSION_KEY } from '../../ceph/structures/cephx.js';
import type { SideState } from './side-state.js';

/** Length of an HMAC-SHA256 in bytes. */
const SIGNATURE_BYTES = 32;

/** The authentication on one connection. The i-th request of the client and the i-th answer belong together, whichever is seen first. */
export class Login {
  private readonly output: Output;
  private readonly limits: LimitNotes;
  private readonly sides: readonly [SideState, SideState];
  readonly requests: ControlFrame[] = [];
  readonly answers: ControlFrame[] = [];
  private readonly signatures: [ControlFrame | null, ControlFrame | null] = [null, null];
  private readonly judgedSignature: [boolean, boolean] = [false, false];
  done: ControlFrame | null = null;
  /** Why the last login was refused, if the lists of both sides show it; else empty. */
  whyRefused = '';

  private readonly firstInFile: (what: string) => boolean;
  /** Most frames of one side that are judged (limits.authFrames). */
  private readonly most: number;

  constructor(
    output: Output,
    limits: LimitNotes,
    sides: readonly [SideState, SideState],
    firstInFile: (what: string) => boolean,
    most: number,
  ) {
    this.output = output;
    this.limits = limits;
    this.sides = sides;
    this.firstInFile = firstInFile;
    this.most = most;
  }

  /** The fields of the last AUTH_REQUEST. */
  get request(): AuthRequest | null {
    return this.requestBefore(this.requests.length - 1)?.as(authRequest) ?? null;
  }

  get method(): number {
    return this.request?.method ?? 0;
  }

  get mode(): number {
    return this.done?.as(authDone)?.connectionMode ?? 0;
  }

  /** Such as `client.admin`; empty if not known. */
  get entity(): string {
    const entity = this.request?.payload.entity;
    return entity === undefined ? '' : `${entityName(entity.type)}.${entity.id}`;
  }

  hello(): void {
    this.judgePeer();
  }

  /** AUTH_REQUEST or AUTH_REQUEST_MORE. */
  ask(m: ControlFrame): void {
    if (this.requests.length >= this.most) return this.flooded(m);
    this.requests.push(m);
    if (m.tag === TAG.AUTH_REQUEST) this.judgeRequest(m);
    else this.judgeMore(m);
    this.judgePeer();
    this.judgeRound(this.requests.length - 1);
    this.judgeNext(this.requests.length - 1);
  }

  private flooded(m: ControlFrame): void {
    this.limits.hit(
      'authFrames',
      `more than ${this.most} authentication frames of one side; later ones are not judged`,
      'note',
      m,
    );
  }

  /** AUTH_BAD_METHOD, AUTH_REPLY_MORE or AUTH_DONE. */
  answer(m: ControlFrame): void {
    if (this.answers.length >= this.most) return this.flooded(m);
    this.answers.push(m);
    const i = this.answers.length - 1;
    const asked = this.sides[CLIENT].whole ? this.requests[i] : undefined;
    if (asked !== undefined) {
      m.answers(asked);
    }
    if (m.tag === TAG.AUTH_BAD_METHOD) this.judgeRefusal(m);
    if (m.tag === TAG.AUTH_DONE) {
      this.done = m;
      this.judgeDone(m);
    }
    this.judgeRound(i);
    this.judgeNext(i + 1);
    this.judgeSignature(CLIENT);
    this.judgeSignature(SERVER);
  }

  signature(m: ControlFrame): void {
    if (m.length0 !== SIGNATURE_BYTES) {
      const text = `the signature has ${m.length0} bytes instead of ${SIGNATURE_BYTES}`;
      this.output.raise(R.SIGNATURE_LENGTH, at(m, PREAMBLE.size, m.length0, text));
      return;
    }
    this.signatures[m.side] = m;
    this.judgeSignature(m.side);
  }

  // ---- one frame

  private judgeRequest(m: ControlFrame): void {
    const v = m.as(authRequest);
    if (v === null) return;
    const { method, preferredModes: modes } = v;
    const strange = modes.filter((mode) => !isMode(mode));
    if (![1, 2, 4].includes(method) || strange.length > 0) {
      const what = strange.length > 0 ? `modes ${strange.join(', ')}` : `method ${method}`;
      this.output.raise(R.AUTH_VALUE_UNKNOWN, { message: m, text: `${what} offered` });
    }
    if (modes.length === 0)
      this.output.raise(R.AUTH_NO_MODES, { message: m, text: 'the list of connection modes is empty' });
    const first = firstPayloadByte(m, 8 + 4 * modes.length);
    if (first < 0 || authModeName(first) === 'unknown') {
      const text = first < 0 ? 'the payload is empty' : `the payload begins with byte ${first}; 1 to 19 are possible`;
      this.output.raise(R.AUTH_MODE_BYTE, { message: m, text });
    }
    const { entity } = v.payload;
    const { strangeHello, entityType: hello } = this.sides[m.side];
    // a daemon that starts fetches its map and configuration over a connection whose HELLO says client
    if (entity !== undefined && hello !== null && !strangeHello && entity.type !== hello && hello !== ENTITY.CLIENT) {
      const text = `HELLO says ${entityName(hello)}, the login ${this.entity}`;
      this.output.raise(R.AUTH_ENTITY_MISMATCH, { message: this.sides[m.side].hello, related: [m], text });
    }
  }

  private judgeMore(m: ControlFrame): void {
    const { proof, structVersion: version } = m.as(authRequestMore)?.payload ?? {};
    if (proof !== undefined && version !== undefined && version < 3) {
      this.output.raise(R.CEPHX_OLD_VERSION, { message: m, text: `CephXAuthenticate version ${version}` });
    }
  }

  private judgeRefusal(m: ControlFrame): void {
    const v = m.as(authBadMethod);
    if (v === null) return;
    const { method, result } = v;
    const allowed = v.allowedMethods.map(methodName).join(', ') || 'nothing';
    const modes = v.allowedModes.map(modeName).join(', ') || 'none';
    if (result >= 0) this.output.raise(R.AUTH_BAD_METHOD_RESULT, { message: m, text: `result ${result}` });
    this.whyRefused = this.noCommonMode(v);
    const why = this.whyRefused === '' ? '' : `: ${this.whyRefused}`;
    const text = `method ${methodName(method)} refused with ${resultText(result)}; allowed: ${allowed}, modes ${modes}${why}`;
    this.output.raise(R.AUTH_REFUSED, { message: m, text });
  }

  private judgeDone(m: ControlFrame): void {
    const v = m.as(authDone);
    if (v === null) return;
    const mode = v.connectionMode;
    if (!isMode(mode)) {
      this.output.raise(R.AUTH_DONE_MODE_UNKNOWN, { message: m, text: `connection mode ${mode}` });
    }
    const { requestType: type, status } = v.payload;
    if (type === undefined || status === undefined) return;
    if (status !== 0 || type !== GET_AUTH_SESSION_KEY) {
      const text = `request type 0x${type.toString(16)}, status ${resultText(status)}`;
      this.output.raise(R.CEPHX_STATUS, { message: m, text });
    }
  }

  /** Says that the sides have no connection mode in common, with both lists; empty if they do, or if the method is refused as well. */
  private noCommonMode(v: AuthBadMethod): string {
    const offered = this.request?.preferredModes;
    const allowed = v.allowedModes;
    const method = v.allowedMethods.includes(v.method);
    if (offered === undefined || !method || allowed.length === 0) return '';
    if (offered.some((mode) => allowed.includes(mode))) return '';
    const list = (modes: readonly number[]) => modes.map(modeName).join(', ') || 'none';
    return `no connection mode in common, the client offers ${list(offered)} and the server allows ${list(allowed)} (ms_mode of the kernel's mount; ms_client_mode, ms_mon_client_mode, ms_service_mode and their siblings)`;
  }

  // ---- request and answer

  /** Judges the i-th request with its answer, once both have been seen. */
  private judgeRound(i: number): void {
    const asked = this.requests[i];
    const answer = this.answers[i];
    if (asked === undefined || answer === undefined || !this.bothWhole()) return;
    if (answer.tag === TAG.AUTH_BAD_METHOD) this.judgeEcho(i, answer);
    if (answer.tag === TAG.AUTH_DONE) this.judgeChoice(i, asked, answer);
  }

  /** The AUTH_REQUEST that the i-th request is or continues. */
  private requestBefore(i: number): ControlFrame | null {
    for (let k = Math.min(i, this.requests.length - 1); k >= 0; k--) {
      if (this.requests[k]!.tag === TAG.AUTH_REQUEST) return this.requests[k]!;
    }
    return null;
  }

  private judgeEcho(i: number, answer: ControlFrame): void {
    const request = this.requestBefore(i);
    const asked = request?.as(authRequest)?.method;
    const refused = answer.as(authBadMethod)?.method;
    if (asked === undefined || refused === undefined || asked === refused) return;
    const text = `${methodName(refused)} is refused, ${methodName(asked)} was asked for`;
    this.output.raise(R.AUTH_BAD_METHOD_ECHO, { message: answer, related: [request!], text });
  }

  private judgeChoice(i: number, asked: ControlFrame, answer: ControlFrame): void {
    const request = this.requestBefore(i);
    const v = request?.as(authRequest) ?? null;
    const d = answer.as(authDone);
    if (v === null || d === null || request === null) return;
    const { method, preferredModes: modes, payload } = v;
    const mode = d.connectionMode;
    const related = [request];
    // unknown modes are reported by other rules
    if (modes.length > 0 && !modes.includes(mode) && [mode, ...modes].every(isMode)) {
      const text = `mode ${modeName(mode)} was chosen, ${modes.map(modeName).join(', ')} was offered`;
      this.output.raise(R.AUTH_DONE_MODE_UNOFFERED, { message: answer, related, text });
    }
    if (method === METHOD_NONE) {
      if (this.firstInFile('method none')) {
        const text = 'accepted with method none; further logins like this in the same file are not reported';
        this.output.raise(R.AUTH_NONE, { message: answer, related, text });
      }
      if (mode === MODE_SECURE) {
        this.output.raise(R.AUTH_NONE_SECURE, { message: answer, related, text: 'method none and mode secure' });
      }
    } else if (mode === MODE_CRC) {
      const text = `crc mode after a login with ${methodName(method)}`;
      this.output.raise(R.AUTH_CRC_MODE, { message: answer, related, text });
    }
    const wanted = payload.entity === undefined ? 0n : (payload.globalId ?? 0n);
    if (wanted !== 0n && wanted !== d.globalId) {
      const text = `global id ${d.globalId} was given, ${wanted} was asked for`;
      this.output.raise(R.AUTH_GLOBAL_ID_CHANGED, { message: answer, related, text });
    }
    if (method === METHOD_CEPHX && payload.service !== undefined && asked.tag === TAG.AUTH_REQUEST) {
      this.output.raise(R.CEPHX_NO_CHALLENGE, {
        message: answer,
        related,
        text: 'AUTH_DONE straight after AUTH_REQUEST',
      });
    }
  }

  /** Judges whether the i-th request may follow the answer before it. */
  private judgeNext(i: number): void {
    const next = this.requests[i];
    const before = this.answers[i - 1];
    if (next === undefined || before === undefined || !this.bothWhole()) return;
    if (before.tag === TAG.AUTH_BAD_METHOD) {
      if (next.tag === TAG.AUTH_REQUEST_MORE) this.unexpected(next, before, 'error');
      else this.judgeRetry(next, before, i);
    } else if (before.tag === TAG.AUTH_REPLY_MORE && next.tag === TAG.AUTH_REQUEST) {
      this.unexpected(next, before, 'error');
    } else if (before.tag === TAG.AUTH_DONE) {
      this.unexpected(next, before, 'error');
    }
  }

  private judgeRetry(next: ControlFrame, before: ControlFrame, i: number): void {
    if (this.requests[i - 1]?.tag === TAG.AUTH_REQUEST_MORE) this.unexpected(next, before, 'note');
    const method = next.as(authRequest)?.method;
    const allowed = before.as(authBadMethod)?.allowedMethods;
    if (method === undefined || allowed === undefined || allowed.length === 0 || allowed.includes(method)) return;
    const text = `${methodName(method)} is tried, but only ${allowed.map(methodName).join(', ')} is allowed`;
    this.output.raise(R.AUTH_RETRY_DISALLOWED, { message: next, related: [before], text });
  }

  private unexpected(m: ControlFrame, before: ControlFrame, severity: 'error' | 'note'): void {
    const text = `${m.name} follows ${tagName(before.tag)}`;
    this.output.raise(R.UNEXPECTED_TAG, { message: m, related: [before], text, severity });
  }

  // ---- HELLO and signatures

  private judgePeer(): void {
    const greeting = this.sides[SERVER].hello;
    const hello = this.sides[SERVER].entityType;
    const request = this.requestBefore(this.requests.length - 1);
    if (hello === null || request === null || this.sides[SERVER].strangeHello) return;
    const { authMode, entity, service } = request.as(authRequest)?.payload ?? {};
    const login = entity !== undefined && authModeName(authMode ?? 0) === 'mon';
    const wanted = login ? ENTITY.MON : service;
    if (wanted === undefined || wanted === hello) return;
    this.sides[SERVER].strangeHello = true;
    const text = `the server greets as ${entityName(hello)}, but the client asks for ${entityName(wanted)}`;
    this.output.raise(R.HELLO_WRONG_PEER, { message: greeting, related: [request], text });
  }

  private judgeSignature(side: 0 | 1): void {
    const m = this.signatures[side];
    const request = this.request;
    const signature = m?.as(authSignature)?.signature;
    if (!m || signature === undefined || this.done === null || request === null || this.judgedSignature[side]) return;
    this.judgedSignature[side] = true;
    const zero = signature.every((byte) => byte === 0);
    const { method } = request;
    if (method === METHOD_CEPHX && zero) {
      this.output.raise(R.SIGNATURE_ZERO, { message: m, text: 'the signature is zero although cephx yields a key' });
    } else if (method === METHOD_NONE && !zero) {
      this.output.raise(R.SIGNATURE_ZERO, { message: m, text: 'a signature without a key: method none was accepted' });
    }
  }

  private bothWhole(): boolean {
    return this.sides[CLIENT].whole && this.sides[SERVER].whole;
  }
}

/** First byte of AUTH_REQUEST's payload blob, whose length is at offset `place`; -1 if the blob is empty. */
function firstPayloadByte(m: ControlFrame, place: number): number {
  return m.payload[place + 4] ?? -1;
}
