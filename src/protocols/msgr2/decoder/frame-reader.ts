import { LIMIT } from '../../../base/capture-rules.js';
import type { Input, Side } from '../../../base/input.js';
import type { Rule } from '../../../base/rule.js';
import { check, decode } from '../../../base/structure/decode.js';
import { count } from '../../../base/text.js';
import type { DecoderSettings, Evidence, Output } from '../../../contract/protocol.js';
import { markBlamed } from '../blame.js';
import type { Opened } from '../compression.js';
import { entityName } from '../../ceph/constants.js';
import { LAST_TAG, MODE_SECURE, TAG, tagName, tagSenders } from '../constants.js';
import { bodyOf, objectOf } from '../../ceph/bodies/bodies.js';
import { readRoster } from '../../ceph/rosters.js';
import { readMapNews } from '../../ceph/bodies/map-news.js';
import { Banner, ControlFrame, DataFrame, type Frame, type FrameMode, type Msgr2Message } from '../message.js';
import { isMessageType, MSG } from '../../ceph/message-types.js';
import {
  authDone,
  authRequest,
  clientIdent,
  compressionDone,
  controlForm,
  hello,
  isSingleValue,
  serverIdent,
} from '../control-frames.js';
import { DESCRIPTOR, descriptorAt, MAX_SEGMENTS, MESSAGE_HEADER, PREAMBLE, type Revision } from '../layout.js';
import { readLead } from '../../ceph/leads.js';
import { readOp, readReplica, readReply } from '../../ceph/operation-head.js';
import { at, atLength, inHeader, inPreamble } from '../places.js';
import type { Preamble } from '../preamble.js';
import * as R from '../rules/index.js';
import type { KeyExchange } from '../secure/key-exchange.js';
import type { Told } from '../told.js';

/** The largest segments that kernel peers accept, in bytes. */
const FRONT_MAX = 16 << 20;
const DATA_MAX = 64 << 20;
/** Bytes at the beginning of the data that are kept to read an operation's class and method names. */
const NAMES_KEPT = 512;

/** The rule for each kind of problem in a payload. Other kinds (missing bytes, for example) depend on where they are; see judgeControl. */
const PROBLEMS: Readonly<Record<string, Rule>> = {
  'addr-marker': R.ADDR_MARKER,
  'addr-length': R.ADDR_LENGTH,
  'addr-type': R.ADDR_TYPE,
  'addrvec-marker': R.ADDRVEC_MARKER,
};

/**
 * Makes messages of frames that are not, or no longer, encrypted. The framing (crc mode, or decrypted secure mode) opens a frame by its
 * preamble, passes segment 0 and the front as contiguous bytes, and has the frame judged at its end. All rules about the contents of a
 * single frame are checked here.
 */
export class FrameReader {
  /** Whether this side, a client, has sent an AUTH_REQUEST, and whether that offers secure mode. */
  authSent = false;
  offersSecure = false;
  private readonly side: Side;
  private readonly told: Told;
  private readonly output: Output;
  private readonly settings: DecoderSettings;
  private readonly rolesKnown: boolean;
  /** The first problem in the current message's front, and where it is in the frame. */
  private frontProblem: { readonly at: number; readonly length: number; readonly text: string } | null = null;
  /** Gets the fronts of AUTH_REPLY messages, which hold tickets; null if there are no keys. */
  private readonly exchange: Pick<KeyExchange, 'authReply'> | null;
  /** Rules that were reported already and are reported once per direction: a sender with that habit would break them in every frame. */
  private readonly said = new Set<Rule>();
  /** The sender: the entity type of its HELLO, and the number in its ident. */
  private entityType = 0;
  private gid = '';

  constructor(
    side: Side,
    told: Told,
    output: Output,
    settings: DecoderSettings,
    rolesKnown: boolean,
    exchange: Pick<KeyExchange, 'authReply'> | null,
  ) {
    this.exchange = exchange;
    this.side = side;
    this.told = told;
    this.output = output;
    this.settings = settings;
    this.rolesKnown = rolesKnown;
  }

  /** Bytes of a message's data that are kept apart from its head, to print them or to read class and method names. */
  get dataKept(): number {
    return this.settings.details ? this.settings.limits.detailBytes : NAMES_KEPT;
  }

  /** Most nonces that are tried after a loss (limits.nonces). */
  get nonces(): number {
    return this.settings.limits.nonces;
  }

  /** Most bytes that a segment may grow to when it is decompressed. */
  get messageBytes(): number {
    return this.settings.limits.messageBytes;
  }

  /** The entity that sends here, as far as its own frames have shown. */
  private get source(): string {
    if (this.entityType === 0) return '';
    const name = entityName(this.entityType);
    if (this.gid === '') return name;
    return `${name}.${this.gid.startsWith('-') ? '?' : this.gid}`;
  }

  raise(rule: Rule, evidence: Evidence): void {
    markBlamed(rule, evidence);
    this.output.raise(rule, evidence);
  }

  once(rule: Rule, evidence: Evidence): void {
    if (this.said.has(rule)) return;
    this.said.add(rule);
    this.raise(rule, evidence);
  }

  /** Begins a frame at the input's position. `length`: its bytes on the wire. */
  open(input: Input, p: Preamble, revision: Revision, mode: FrameMode, length: number): Frame {
    const frame =
      p.tag === TAG.MESSAGE
        ? new DataFrame(this.side, input, p, revision, mode, length, this.source)
        : new ControlFrame(this.side, input, p, revision, mode, length);
    this.frontProblem = null;
    this.judgePreamble(frame, p);
    return frame;
  }

  private judgePreamble(frame: Frame, p: Preamble): void {
    const name = frame.name;
    if (p.tag === 0 || p.tag > LAST_TAG) {
      this.raise(R.TAG_UNKNOWN, inPreamble(frame, `tag ${p.tag} is not one of 1..${LAST_TAG}`, 'tag'));
      frame.garbled = true;
    } else if (this.rolesKnown && (tagSenders(p.tag) & (1 << this.side)) === 0) {
      const who = this.side === 0 ? 'client' : 'server';
      const text = `the ${who} sent ${name}, which only the other side may send`;
      this.raise(R.WRONG_DIRECTION, inPreamble(frame, text, 'tag'));
      frame.garbled = true;
    }
    if (p.count > 1 && p.lengths[p.count - 1] === 0) {
      const text = `${name} counts ${p.count} segments and the last one is empty`;
      this.raise(R.LAST_SEGMENT_EMPTY, inPreamble(frame, text, 'segmentCount'));
    }
    if (p.tag !== TAG.MESSAGE && p.count !== 1 && !frame.garbled) {
      this.raise(R.CONTROL_SEGMENT_COUNT, inPreamble(frame, `${name} has ${p.count} segments`, 'segmentCount'));
      frame.garbled = true;
    }
    for (let i = p.count; i < MAX_SEGMENTS; i++) {
      if (p.lengths[i] !== 0) {
        const text = `segment ${i} of ${p.count} is not used and has length ${p.lengths[i]}`;
        this.raise(R.UNUSED_DESCRIPTOR_LENGTH, at(frame, descriptorAt(i), DESCRIPTOR.size, text));
      }
    }
    if (p.flags > 1 || p.reserved !== 0) {
      const text = `flags ${p.flags}, reserved byte ${p.reserved}`;
      this.once(R.PREAMBLE_RESERVED_BITS, inPreamble(frame, text, 'flags', 'reserved'));
    }
    for (let i = 0; i < p.count; i++) {
      const max = p.tag === TAG.MESSAGE && i === 3 ? DATA_MAX : FRONT_MAX;
      if (p.lengths[i]! <= max) continue;
      frame.endless = true;
      if (p.tag !== TAG.MESSAGE) {
        const text = `segment ${i} of ${name} announces ${p.lengths[i]} bytes; a control frame has at most ${max}`;
        this.raise(R.CONTROL_TOO_LARGE, atLength(frame, i, text));
      } else {
        const text = `segment ${i} of ${name} has ${p.lengths[i]} bytes; kernel peers take up to ${max}`;
        this.raise(R.SEGMENT_TOO_LARGE, atLength(frame, i, text));
      }
    }
    // the session must learn of such a frame now, since its end may never come
    if (frame.endless) this.output.begin(frame);
  }

  /** Segment 0, decrypted and decompressed; called once, before the frame is judged. `start` is at offset `inFrame` of the frame. */
  segment0(frame: Frame, bytes: Uint8Array, view: DataView, start: number, end: number, inFrame: number): void {
    if (frame instanceof DataFrame) {
      if (end - start >= MESSAGE_HEADER.size) frame.readHeader(bytes, view, start);
      return;
    }
    const control = frame as ControlFrame;
    if (isSingleValue(frame.tag) && end - start >= 8) {
      control.valueLow = view.getUint32(start, true);
      control.valueHigh = view.getUint32(start + 4, true);
      if (end - start > 8 && !frame.garbled) this.trailing(frame, end - start - 8, inFrame + 8);
      return;
    }
    control.payload = bytes.slice(start, end);
  }

  /** Reports that a compressed frame was not decompressed, and why. */
  unopened(frame: Frame, why: string): void {
    this.once(LIMIT, { message: frame, text: `compressed frames are not opened: ${why}`, severity: 'note' });
  }

  /** Takes the result of decompressing a frame. */
  unpacked(frame: Frame, algorithm: number, opened: Opened): void {
    if (opened.failed !== null) {
      if (opened.unsupported) this.unopened(frame, opened.why);
      else this.raise(R.DECOMPRESS_FAILED, { message: frame, text: `segment ${opened.failed}: ${opened.why}` });
      return;
    }
    frame.unpacked(algorithm, opened.segments);
    const first = opened.segments[0]!;
    const view = new DataView(first.buffer, first.byteOffset, first.byteLength);
    this.segment0(frame, first, view, 0, first.length, PREAMBLE.size);
    if (frame instanceof DataFrame) {
      const front = opened.segments[1];
      const data = opened.segments[3];
      if (data !== undefined && data.length > 0) frame.data = data.slice(0, this.dataKept);
      if (front !== undefined && front.length > 0) this.front(frame, front, 0, front.length, PREAMBLE.size);
    }
  }

  /** Reports a frame whose epilogue says that its sender gave it up. */
  aborted(frame: Frame): void {
    const what = frame instanceof DataFrame && frame.headed ? ` seq ${frame.seq}` : '';
    this.raise(R.ABORTED_FRAME, {
      message: frame,
      text: `${frame.name}${what} was given up by its sender and counts as not sent`,
      severity: frame.tag === TAG.MESSAGE ? 'note' : 'warning',
    });
  }

  /** The direction ended. `cut`: the frame that it ended in, of which `missing` bytes did not come. */
  ended(how: 'fin' | 'reset' | 'open', cut: Msgr2Message | null, missing: number): void {
    if (how === 'open' || cut === null || cut instanceof Banner || cut.missing > missing) return;
    // the frame was reported as too large, and that its end is missing follows from that
    if (cut.endless) return;
    const what = how === 'fin' ? 'closed' : 'reset';
    cut.blamed = true;
    this.raise(R.FRAME_TRUNCATED, {
      message: cut,
      // a reset may also come from a firewall on the path
      ...(how === 'reset' ? { party: 'either' as const } : {}),
      text: `the connection was ${what} inside a ${cut.name} frame; ${count(missing, 'byte')} of it are missing`,
    });
  }

  /** Reads the front, decrypted, decompressed and contiguous, as far as rules need its fields, and checks that it decodes. */
  front(frame: DataFrame, bytes: Uint8Array, start: number, end: number, inFrame: number): void {
    if (!frame.headed) return;
    if (this.settings.details && (frame.compressed || inFrame + end - start > this.settings.limits.detailBytes)) {
      frame.front = bytes.slice(start, end);
    }
    this.readOperation(frame, bytes, start, end);
    if (frame.type === MSG.AUTH_REPLY) this.exchange?.authReply(bytes.subarray(start, end), frame.seconds);
    const body = bodyOf(frame.type, frame.version);
    if (body === null || !body.strict) return;
    const options = { limits: this.settings.limits, version: frame.version };
    const problem = check(body.form, bytes, start, end, options)[0];
    // a front that only newer readers can decode is not an error
    if (problem === undefined || problem.kind === 'compat') return;
    this.frontProblem = { at: problem.at - start + inFrame, length: problem.length, text: problem.text };
  }

  /** Makes room for the first bytes of the data if they hold class and method names; returns how many bytes. */
  wantNames(frame: DataFrame): number {
    const call = frame.operation?.call ?? null;
    if (call === null || frame.compressed || frame.length3 === 0) return 0;
    const n = Math.min(frame.length3, call.at + call.classLength + call.methodLength);
    if (n > NAMES_KEPT) return 0;
    frame.data = new Uint8Array(n);
    return n;
  }

  private readOperation(frame: DataFrame, bytes: Uint8Array, start: number, end: number): void {
    const { type, version } = frame;
    if (type === MSG.OSD_OP) frame.operation = readOp(version, bytes, start, end);
    else if (type === MSG.OSD_OPREPLY) frame.answer = readReply(version, bytes, start, end);
    else if (type === MSG.OSD_MAP) frame.mapNews = readMapNews(version, bytes, start, end, this.settings.limits);
    else if (type === MSG.OSD_REPOP || type === MSG.OSD_REPOPREPLY)
      frame.replica = readReplica(type, version, bytes, start, end);
    else {
      frame.lead = readLead(type, version, bytes, start, end, this.settings.limits);
      frame.roster = readRoster(type, version, bytes, start, end, this.settings.limits);
    }
  }

  /** The object that a front names, or empty. */
  objectOf(frame: DataFrame, front: Uint8Array): string {
    return objectOf(frame.type, frame.version, front, this.settings.limits);
  }

  /** The frame is over, complete or not: judges its contents, and remembers what later frames need. */
  judge(frame: Frame): void {
    if (frame.damaged) return;
    if (frame instanceof DataFrame) this.judgeMessage(frame);
    else if (frame instanceof ControlFrame) this.judgeControl(frame);
  }

  private judgeMessage(frame: DataFrame): void {
    if (!frame.headed) {
      if (frame.complete && frame.isPlain) {
        const text = `segment 0 has ${frame.length0} bytes instead of ${MESSAGE_HEADER.size}`;
        this.raise(R.MESSAGE_HEADER_SIZE, atLength(frame, 0, text));
        frame.garbled = true;
      }
      return;
    }
    if (!frame.compressed && frame.length0 !== MESSAGE_HEADER.size) {
      const text = `segment 0 has ${frame.length0} bytes instead of ${MESSAGE_HEADER.size}`;
      this.raise(R.MESSAGE_HEADER_SIZE, atLength(frame, 0, text));
    }
    if (frame.aborted) return;
    if (frame.seqLow === 0 && frame.seqHigh === 0) {
      this.raise(R.MESSAGE_SEQ_ZERO, inHeader(frame, 'sequence number 0', 'seq'));
    }
    if (frame.dataPrePadding !== 0 || frame.reserved !== 0) {
      const text = `data_pre_padding_len ${frame.dataPrePadding}, reserved ${frame.reserved}`;
      this.once(R.MESSAGE_RESERVED, inHeader(frame, text, 'dataPrePadding', 'reserved'));
    }
    if (frame.compatVersion > frame.version) {
      const text = `compat_version ${frame.compatVersion} above version ${frame.version}`;
      this.raise(R.MESSAGE_COMPAT, inHeader(frame, text, 'compatVersion'));
    }
    if (!isMessageType(frame.type)) {
      this.raise(R.MESSAGE_TYPE_UNKNOWN, inHeader(frame, `message type ${frame.type} is not known`, 'type'));
    }
    const p = this.frontProblem;
    if (p === null) return;
    frame.garbled = true;
    this.raise(R.MESSAGE_PAYLOAD, at(frame, p.at, p.length, `the front does not decode: ${p.text}`));
  }

  private judgeControl(frame: ControlFrame): void {
    if (!frame.complete || frame.tag === 0 || frame.tag > LAST_TAG || frame.aborted) return;
    const single = isSingleValue(frame.tag);
    if (single && frame.length0 >= 8) return;
    if (!single && frame.payload.length === 0 && frame.length0 > 0) return;
    const form = controlForm(frame.tag);
    const { value, problems } = decode(form, frame.payload, 0, frame.payload.length, this.settings);
    const auth = frame.tag >= TAG.AUTH_REQUEST && frame.tag <= TAG.AUTH_DONE;
    // a frame with a wrong tag is read in the wrong form, so problems in its payload mean nothing
    const judged = frame.garbled ? [] : problems;
    for (const p of judged) {
      const inside = auth && p.path.startsWith('payload.');
      const rule =
        PROBLEMS[p.kind] ?? (inside ? R.AUTH_PAYLOAD : p.kind === 'count' ? R.VECTOR_COUNT : R.CONTROL_SHORT);
      this.raise(rule, at(frame, PREAMBLE.size + p.at, p.length, `${frame.name}: ${p.text}`));
    }
    if (value === null) {
      frame.garbled = true;
      return;
    }
    const rest = value.rest?.length ?? 0;
    if (rest > 0 && !frame.garbled) this.trailing(frame, rest, PREAMBLE.size + frame.payload.length - rest);
    frame.opened(form, value);
    this.learn(frame);
  }

  private trailing(frame: Frame, n: number, from: number): void {
    this.raise(
      R.CONTROL_TRAILING,
      at(frame, from, n, `${n} bytes follow the last known field of ${tagName(frame.tag)}`),
    );
  }

  /** Remembers what later frames of this direction, or the peer's framing, need. */
  private learn(frame: ControlFrame): void {
    const { told } = this;
    this.entityType = frame.as(hello)?.entityType ?? this.entityType;
    const request = frame.as(authRequest);
    if (request !== null) {
      this.authSent = true;
      this.offersSecure = request.preferredModes.includes(MODE_SECURE);
    }
    told.connectionMode = frame.as(authDone)?.connectionMode ?? told.connectionMode;
    const ident = frame.as(clientIdent) ?? frame.as(serverIdent);
    if (ident !== null) this.gid = String(ident.gid);
    const compression = frame.as(compressionDone);
    if (compression !== null) told.algorithm = compression.enabled ? compression.algorithm : 0;
  }
}
