import { BANNER_TEXT_V1 } from '../ceph/constants.js';
import { RESYNCHRONISED } from '../../base/capture-rules.js';
import { hex, hexNumber } from '../../base/hex.js';
import { CLIENT, type Input, type Side } from '../../base/input.js';
import type { Rule } from '../../base/rule.js';
import { check, decode } from '../../base/structure/decode.js';
import { struct } from '../../base/structure/struct.js';
import { count } from '../../base/text.js';
import { Framing, isFinal, LOST, TAKEN, type Patience } from '../../contract/framed-decoder.js';
import type { Evidence } from '../../contract/protocol.js';
import { bodyOf } from '../ceph/bodies/bodies.js';
import { readRoster } from '../ceph/rosters.js';
import { readMapNews } from '../ceph/bodies/map-news.js';
import { MSG as TYPE, messageTypeName } from '../ceph/message-types.js';
import { readOp, readReplica, readReply } from '../ceph/operation-head.js';
import { address } from '../ceph/structures/address.js';
import {
  AUTHORIZER_MAX,
  DATA_MAX,
  FOOTER_COMPLETE,
  FOOTER_NOCRC,
  FRONT_MAX,
  isReply,
  isTraffic,
  MSG_AUTH,
  TAG,
} from './constants.js';
import { behindConnect, footerAt, headerCrc, provenHeader, storedCrc, uncheckedHeader } from './header.js';
import {
  ACK,
  ADDRESS_SIZE,
  BANNER,
  BARE,
  CONNECT,
  CONNECT_REPLY,
  FOOTER,
  FOOTER_OLD,
  KEEPALIVE,
  MSG,
  SEQ,
} from './layout.js';
import { Banner, Connect, ConnectReply, Control, DataMessage, Sequence, type Msgr1Message } from './messages.js';
import { footerOf, Parts } from './parts.js';
import * as R from './rules/frames.js';

/** The addresses after the banner. */
export const clientAddresses = struct({ myAddress: address });
export const serverAddresses = struct({ myAddress: address, peerAddress: address });

/** The most bytes of data that are kept for the names of the class and the method that an operation calls. */
const NAMES_KEPT = 512;

/** What comes next. `behind`: whatever a client sends after a connect, to be found from its bytes. */
type Phase = 'banner' | 'connect' | 'behind' | 'reply' | 'sequence' | 'traffic';

/** Checksums of a message's parts, in the order of the footer. */
const PARTS = [
  { part: 1, name: 'front', field: 'frontCrc', rule: R.FRONT_CRC },
  { part: 2, name: 'middle', field: 'middleCrc', rule: R.MIDDLE_CRC },
  { part: 3, name: 'data', field: 'dataCrc', rule: R.DATA_CRC },
] as const;

/**
 * Frames one direction of messenger v1. It never needs the other one: headers have checksums, and the bytes themselves show what a client
 * sends after a connect, and which of the two footers a side uses.
 */
export class Msgr1Framing<S extends Side> extends Framing<Msgr1Message, S> {
  private readonly side: S;
  private phase: Phase = 'banner';
  /** Size of this direction's footers; 0: not known yet. */
  private footerSize = 0;
  private readonly parts = new Parts();
  /** The decoding error in the current message's front, with its position in the message; null: none. */
  private frontProblem: { readonly at: number; readonly length: number; readonly text: string } | null = null;
  /** Rules about a habit of the sender that were raised already: once is enough. */
  private readonly said = new Set<Rule>();
  /** Whether what follows the connect was decided by too few bytes, as a gap follows them. */
  private guessed = false;

  constructor(side: S) {
    super();
    this.side = side;
  }

  private get limit(): number {
    return this.frames.settings.limits.messageBytes - 64;
  }

  override frameAt(input: Input<S>, patience: Patience): number {
    switch (this.phase) {
      case 'banner':
        return this.bannerAt(input, patience);
      case 'connect':
        return this.connectAt(input, patience);
      case 'behind': {
        const next = behindConnect(input, isFinal(patience));
        if (typeof next === 'number') return next;
        // the bytes before a gap may be too few to decide it for certain
        this.guessed ||= patience === 'gap';
        this.phase = next;
        return TAKEN;
      }
      case 'reply':
        return this.replyAt(input, patience);
      case 'sequence':
        if (input.remaining < SEQ.size) return SEQ.size;
        this.frames.take(new Sequence(this.side, input), input);
        return TAKEN;
      case 'traffic':
        return this.trafficAt(input, patience);
    }
  }

  // ---- handshake

  private bannerAt(input: Input<S>, patience: Patience): number {
    const { bytes, pos, remaining } = input;
    const n = Math.min(remaining, BANNER.size);
    let same = 0;
    while (same < n && bytes[pos + same] === BANNER_TEXT_V1.charCodeAt(same)) same++;
    if (same < n) {
      if (this.frames.settings.fromStart) this.judgeBanner(input);
      return LOST;
    }
    const total = BANNER.size + ADDRESS_SIZE * (this.side === CLIENT ? 1 : 2);
    if (remaining < BANNER.size) return BANNER.size;
    if (remaining < total && !isFinal(patience)) return total;
    const m = new Banner(this.side, input);
    m.length = total;
    const form = this.side === CLIENT ? clientAddresses : serverAddresses;
    const { partial } = decode(form, bytes, pos + BANNER.size, pos + Math.min(total, remaining), this.frames.settings);
    m.addresses = Object.values(partial).filter((a) => a !== undefined) as Banner['addresses'];
    this.frames.take(m, input);
    return TAKEN;
  }

  private judgeBanner(input: Input<S>): void {
    const n = Math.min(BANNER.size, input.remaining);
    const text = `the stream begins with ${hex(input.bytes, input.pos, input.pos + n)} instead of "ceph v027"`;
    this.raise(R.BANNER_RULE, { side: this.side, offset: input.offset, length: n, text });
  }

  private connectAt(input: Input<S>, patience: Patience): number {
    if (input.remaining < CONNECT.size) return CONNECT.size;
    const m = new Connect(this.side, input);
    return this.authorized(input, patience, m, CONNECT.size, CONNECT.where(m, 'authorizerLength'));
  }

  private replyAt(input: Input<S>, patience: Patience): number {
    if (input.remaining < CONNECT_REPLY.size) return CONNECT_REPLY.size;
    const m = new ConnectReply(this.side, input);
    if (!isReply(m.tag)) {
      const text = `a connect reply with tag ${m.tag}`;
      this.raise(R.REPLY_TAG, { side: this.side, offset: m.offset, length: 1, text });
      return LOST;
    }
    return this.authorized(input, patience, m, CONNECT_REPLY.size, CONNECT_REPLY.where(m, 'authorizerLength'));
  }

  /** Takes a header with the authorizer that follows it. */
  private authorized(
    input: Input<S>,
    patience: Patience,
    m: Connect | ConnectReply,
    header: number,
    place: Pick<Evidence, 'offset' | 'length'>,
  ): number {
    const gathered = m.length <= this.limit ? m.length : header;
    if (input.remaining < gathered && !isFinal(patience) && m.authorizerLength < AUTHORIZER_MAX) return gathered;
    if (m.authorizerLength >= AUTHORIZER_MAX) {
      const text = `${m.name} announces an authorizer of ${m.authorizerLength} bytes; receivers take fewer than ${AUTHORIZER_MAX}`;
      this.raise(R.AUTHORIZER_LENGTH, { message: m, ...place, text });
    }
    this.frames.take(m, input, m.authorizerLength < AUTHORIZER_MAX ? gathered : header);
    return TAKEN;
  }

  override after(message: Msgr1Message): void {
    if (message instanceof Banner) {
      this.phase = this.side === CLIENT ? 'connect' : 'reply';
    } else if (message instanceof Connect) {
      if ((message.features & MSG_AUTH) === 0n) this.footerSize = FOOTER_OLD.size;
      this.phase = 'behind';
    } else if (message instanceof ConnectReply) {
      if (message.tag === TAG.READY || message.tag === TAG.SEQ) {
        if ((message.features & MSG_AUTH) === 0n) this.footerSize = FOOTER_OLD.size;
        this.phase = message.tag === TAG.SEQ ? 'sequence' : 'traffic';
      }
    } else {
      this.phase = 'traffic';
    }
  }

  // ---- traffic

  private trafficAt(input: Input<S>, patience: Patience): number {
    const tag = input.bytes[input.pos]!;
    if (tag === TAG.MSG) return this.messageAt(input, patience);
    if (!isTraffic(tag)) {
      const text = `tag ${tag} where the next item begins`;
      // where bytes of the direction are missing, it is an inference that an item begins here
      if (!this.frames.lossy && !this.guessed)
        this.raise(R.TAG_UNKNOWN, { side: this.side, offset: input.offset, length: 1, text });
      return LOST;
    }
    const bare = tag === TAG.CLOSE || tag === TAG.KEEPALIVE;
    const size = bare ? BARE.size : tag === TAG.ACK ? ACK.size : KEEPALIVE.size;
    if (input.remaining < size) return size;
    this.frames.take(new Control(this.side, input, size), input);
    return TAKEN;
  }

  private messageAt(input: Input<S>, patience: Patience): number {
    const { bytes, view, pos, remaining } = input;
    if (remaining < MSG.size) return MSG.size;
    const stored = storedCrc(view, pos);
    const computed = headerCrc(bytes, pos);
    const unchecked = stored !== computed && uncheckedHeader(bytes, view, pos, FRONT_MAX);
    if (stored !== computed && !unchecked) {
      const text = `crc of the header: ${hexNumber(stored, 8)} stored, ${hexNumber(computed, 8)} computed`;
      this.raise(R.HEADER_CRC, { side: this.side, offset: input.offset, length: MSG.size, text });
      return LOST;
    }
    const u32 = (at: number): number => view.getUint32(pos + at, true);
    const front = u32(MSG.at.frontLength);
    const whole = MSG.size + front + u32(MSG.at.middleLength) + u32(MSG.at.dataLength);
    const need = this.needs(whole, front);
    if (remaining < need && !isFinal(patience)) return need;
    if (this.footerSize === 0 && remaining > whole) this.footerSize = footerAt(bytes, pos + whole, remaining - whole);
    const m = new DataMessage(this.side, input, this.footerSize === 0 ? FOOTER.size : this.footerSize);
    if (unchecked) this.disabled(m, 'header');
    this.judgeLengths(m);
    const gathered = MSG.size + front <= this.limit ? MSG.size + front : MSG.size;
    const from = pos + MSG.size;
    const to = pos + Math.min(gathered, remaining);
    this.frontProblem = null;
    if (to - from === front && front > 0) this.readFront(m, bytes, from, to);
    this.parts.begin(m);
    this.parts.take(bytes, from, to);
    this.frames.take(m, input, gathered);
    return TAKEN;
  }

  /** How many bytes are needed in one piece: the header and the front, or the whole message as long as the size of footers is not known. */
  private needs(whole: number, front: number): number {
    if (this.footerSize === 0 && whole + FOOTER.size <= this.limit) return whole + FOOTER.size;
    return MSG.size + front <= this.limit ? MSG.size + front : MSG.size;
  }

  private judgeLengths(m: DataMessage): void {
    for (const { part, name } of PARTS) {
      const n = m.plainLength(part);
      const most = part === 3 ? DATA_MAX : FRONT_MAX;
      if (n <= most) continue;
      const field = part === 1 ? 'frontLength' : part === 2 ? 'middleLength' : 'dataLength';
      const text = `${name} of ${what(m)} has ${n} bytes; kernel peers take up to ${most}`;
      this.raise(R.LENGTH_TOO_LARGE, { ...MSG.where(m, field), text });
    }
  }

  /** Reads the front, which is contiguous. */
  private readFront(m: DataMessage, bytes: Uint8Array, start: number, end: number): void {
    const { settings } = this.frames;
    const { limits } = settings;
    if (settings.details && MSG.size + end - start > limits.detailBytes) m.front = bytes.slice(start, end);
    const { type, version } = m;
    if (type === TYPE.OSD_OP) m.operation = readOp(version, bytes, start, end);
    else if (type === TYPE.OSD_OPREPLY) m.answer = readReply(version, bytes, start, end);
    else if (type === TYPE.OSD_MAP) m.mapNews = readMapNews(version, bytes, start, end, limits);
    else if (type === TYPE.OSD_REPOP || type === TYPE.OSD_REPOPREPLY)
      m.replica = readReplica(type, version, bytes, start, end);
    else m.roster = readRoster(type, version, bytes, start, end, limits);
    const call = m.operation?.call ?? null;
    if (call !== null) {
      const n = Math.min(m.dataLength, call.at + call.classLength + call.methodLength);
      if (n <= NAMES_KEPT) m.data = new Uint8Array(n);
    }
    const body = bodyOf(type, version);
    if (body === null || !body.strict) return;
    const problem = check(body.form, bytes, start, end, { limits, version })[0];
    // a front that only newer readers can decode is nobody's fault
    if (problem === undefined || problem.kind === 'compat') return;
    this.frontProblem = { at: problem.at - start + MSG.size, length: problem.length, text: problem.text };
  }

  override bodyPart(message: Msgr1Message, bytes: Uint8Array, start: number, end: number): void {
    if (message instanceof DataMessage && this.parts.take(bytes, start, end)) this.verify(message);
  }

  /** The footer has come: compares the checksums. */
  private verify(m: DataMessage): void {
    const footer = footerOf(m)!;
    if ((footer.footerFlags & FOOTER_COMPLETE) === 0) {
      m.aborted = true;
      this.raise(R.MESSAGE_ABORTED, {
        message: m,
        text: `${what(m)} was given up by its sender and counts as not sent`,
      });
      return;
    }
    for (const { part, name, field, rule } of PARTS) {
      if (part === 3 && (footer.footerFlags & FOOTER_NOCRC) !== 0) continue;
      const stored = footer[field];
      const computed = this.parts.crcs[part];
      if (stored === computed) continue;
      if (stored === 0) {
        this.disabled(m, name);
        continue;
      }
      m.damaged = true;
      const n = m.plainLength(part);
      const text = `${name} of ${what(m)}: crc ${hexNumber(stored, 8)} stored, ${hexNumber(computed, 8)} computed over ${count(n, 'byte')}`;
      // an empty part has no bytes to point at, so the finding points at its checksum
      const place =
        n > 0
          ? { message: m, offset: m.offset + m.partAt(part), length: n }
          : FOOTER.where(m, field, field, m.partAt(4));
      this.raise(rule, { ...place, text });
    }
    const p = this.frontProblem;
    if (m.damaged || p === null) return;
    const text = `the front does not decode: ${p.text}`;
    this.raise(R.MESSAGE_PAYLOAD, { message: m, offset: m.offset + p.at, length: p.length, text });
  }

  private disabled(m: DataMessage, part: string): void {
    if (this.said.has(R.CRC_DISABLED)) return;
    this.said.add(R.CRC_DISABLED);
    this.raise(R.CRC_DISABLED, { message: m, text: `0 in place of the crc of the ${part}` });
  }

  private raise(rule: Rule, evidence: Evidence): void {
    this.frames.output.raise(rule, evidence);
  }

  // ---- losses

  override findAgain(input: Input<S>): number {
    const { bytes, view } = input;
    const last = input.end - MSG.size;
    let at = input.pos;
    while (at <= last && !provenHeader(bytes, view, at)) at++;
    this.frames.pass(input, at - input.pos);
    if (at > last) return MSG.size;
    this.phase = 'traffic';
    return TAKEN;
  }

  override found(from: number, passed: number): void {
    const text = `a message was found at offset ${from + passed}, after ${count(passed, 'byte')} that are part of none`;
    this.raise(RESYNCHRONISED, { side: this.side, offset: from, length: passed, text });
  }

  override ended(how: 'fin' | 'reset' | 'open', cut: Msgr1Message | null, missing: number): void {
    if (how === 'open' || cut === null || cut.missing > missing) return;
    // a client sends its address only after it has received the server's banner, and may close before that
    if (cut instanceof Banner && this.side === CLIENT && cut.length - missing === BANNER.size) return;
    // an impossible authorizer length was reported: that its end never comes is only a consequence
    if ((cut instanceof Connect || cut instanceof ConnectReply) && cut.authorizerLength >= AUTHORIZER_MAX) return;
    this.raise(R.FRAME_TRUNCATED, {
      message: cut,
      // a reset may come from the network, if it lets nothing through
      ...(how === 'reset' ? { party: 'either' as const } : {}),
      text: `the connection was ${how === 'fin' ? 'closed' : 'reset'} inside ${cut instanceof DataMessage ? what(cut) : cut.name}; ${count(missing, 'byte')} of it are missing`,
    });
  }
}

/** `MSG_OSD_OP seq 4 tid 12`. */
function what(m: DataMessage): string {
  return `${messageTypeName(m.type)} seq ${m.seq} tid ${m.tid}`;
}
