import type { Side } from '../../../base/input.js';
import type { Witness } from '../../../contract/witness.js';
import { entityName } from '../../ceph/constants.js';
import { TAG } from '../constants.js';
import { hello } from '../control-frames.js';
import type { Banner, ControlFrame, Frame } from '../message.js';

/** How far one side has come in its own order of frames. The peer's frames do not change it. */
export type Phase =
  'banner' | 'hello' | 'auth' | 'sign' | 'signed' | 'session' | 'named' | 'ready' | 'rejected' | 'opaque' | 'unknown';

/** What one side has sent so far. */
export class SideState {
  readonly side: Side;
  phase: Phase;
  banner: Banner | null = null;
  hello: ControlFrame | null = null;
  first: Frame | null = null;
  last: Frame | null = null;
  /** How it ended, or null. */
  ended: 'fin' | 'reset' | 'open' | null = null;
  /** Position in the order in which the sides ended; 0 while open. */
  endOrder = 0;
  frames = 0;
  bytes = 0;
  messages = 0;
  data = 0;
  /** Number of its last message; -1 if not known. */
  lastSeq = -1;
  /** The number of its last message if that was out of order, and the number before it; else -1. */
  oddSeq = -1;
  seqBeforeOdd = -1;
  /**
   * Highest number sent, aborted and incomplete frames included. -1 if messages may have been missed, or if the session is not known to be
   * new.
   */
  maxSeq = -1;
  /** The number that its first message must have; -1: any. */
  expectedSeq = -1;
  /** Highest number that it has acknowledged. */
  acked = 0;
  /** The peer's address in its HELLO, if that differs from the captured one: address translation or a proxy is in between. Else empty. */
  sees = '';
  /** Whether its HELLO was reported as wrong, so that consequences of that are not reported again. */
  strangeHello = false;
  /** Whether a frame was out of order. Until the session is open it is then not known which frame is due. */
  disordered = false;
  /** Whether an early frame of this side was reported. */
  saidEarly = false;
  saidAckOnLossy = false;
  saidAckBeyond = false;
  saidUnanswered = false;
  private readonly witness: Witness;

  constructor(side: Side, fromStart: boolean, witness: Witness) {
    this.side = side;
    this.witness = witness;
    this.phase = fromStart ? 'banner' : 'unknown';
  }

  /** The number in its ident; empty if there is none or it was not seen. */
  gid = '';

  /** Whether all that it has sent so far became messages: its start was captured, and nothing is missing or was skipped. */
  get whole(): boolean {
    return this.witness.intact(this.side);
  }

  /** Such as `osd.2`; empty if not known. */
  get entity(): string {
    const type = this.entityType;
    return type === null || this.gid === '' || this.gid.startsWith('-') ? '' : `${entityName(type)}.${this.gid}`;
  }

  /** The entity type in its HELLO, or null. */
  get entityType(): number | null {
    return this.hello?.as(hello)?.entityType ?? null;
  }

  /** Notes a number that is out of order, and the number before it. */
  noteOdd(seq: number, before: number): void {
    this.oddSeq = seq;
    this.seqBeforeOdd = before;
  }

  /** Bytes of this side were lost: order, numbers and counts prove nothing across the gap. */
  lose(): void {
    this.lastSeq = -1;
    this.oddSeq = -1;
    this.maxSeq = -1;
    this.expectedSeq = -1;
    if (this.phase !== 'opaque') this.phase = 'unknown';
  }
}

export function isTraffic(tag: number): boolean {
  return tag >= TAG.MESSAGE && tag <= TAG.ACK;
}

/** The frames that each state of the connecting side allows next. `signed`: compression is negotiated first if both banners offer it. */
const CLIENT_NEXT: Readonly<Partial<Record<Phase, readonly number[]>>> = {
  hello: [TAG.HELLO],
  auth: [TAG.AUTH_REQUEST],
  sign: [TAG.AUTH_REQUEST, TAG.AUTH_REQUEST_MORE, TAG.AUTH_SIGNATURE],
  signed: [TAG.COMPRESSION_REQUEST, TAG.CLIENT_IDENT, TAG.SESSION_RECONNECT],
  session: [TAG.CLIENT_IDENT, TAG.SESSION_RECONNECT],
  named: [TAG.CLIENT_IDENT, TAG.SESSION_RECONNECT, 17, 18, 19, 20],
  ready: [17, 18, 19, 20],
};

const SERVER_NEXT: Readonly<Partial<Record<Phase, readonly number[]>>> = {
  hello: [TAG.HELLO],
  auth: [TAG.AUTH_BAD_METHOD, TAG.AUTH_REPLY_MORE, TAG.AUTH_DONE],
  sign: [TAG.AUTH_SIGNATURE],
  signed: [TAG.COMPRESSION_DONE, 9, 10, 12, 13, 14, 15, 16],
  session: [9, 10, 12, 13, 14, 15, 16],
  named: [17, 18, 19, 20],
  ready: [17, 18, 19, 20],
  rejected: [],
};

/** The state after a frame, whatever the state before it. */
const AFTER: Readonly<Record<number, Phase>> = {
  [TAG.HELLO]: 'auth',
  [TAG.AUTH_REQUEST]: 'sign',
  [TAG.AUTH_REQUEST_MORE]: 'sign',
  [TAG.AUTH_BAD_METHOD]: 'auth',
  [TAG.AUTH_REPLY_MORE]: 'auth',
  [TAG.AUTH_DONE]: 'sign',
  [TAG.AUTH_SIGNATURE]: 'signed',
  [TAG.COMPRESSION_REQUEST]: 'session',
  [TAG.COMPRESSION_DONE]: 'session',
  [TAG.CLIENT_IDENT]: 'named',
  [TAG.SESSION_RECONNECT]: 'named',
  [TAG.SERVER_IDENT]: 'named',
  [TAG.SESSION_RECONNECT_OK]: 'named',
  [TAG.SESSION_RESET]: 'session',
  [TAG.SESSION_RETRY]: 'session',
  [TAG.SESSION_RETRY_GLOBAL]: 'session',
  [TAG.IDENT_MISSING_FEATURES]: 'rejected',
  [TAG.WAIT]: 'rejected',
};

/** The tags that the side may send now; null: any. */
export function allowedTags(side: Side, phase: Phase): readonly number[] | null {
  return (side === 0 ? CLIENT_NEXT : SERVER_NEXT)[phase] ?? null;
}

export function phaseAfter(tag: number): Phase {
  return AFTER[tag] ?? 'ready';
}

const STATE_NAMES: Readonly<Record<Phase, string>> = {
  banner: 'BANNER',
  hello: 'HELLO',
  auth: 'AUTH',
  sign: 'AUTH or SIGN',
  signed: 'COMPRESSION or SESSION',
  session: 'SESSION',
  named: 'IDENT',
  ready: 'READY',
  rejected: 'turned away',
  opaque: 'secure',
  unknown: 'unknown',
};

export function stateName(phase: Phase): string {
  return STATE_NAMES[phase];
}
