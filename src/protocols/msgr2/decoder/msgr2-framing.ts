import { BANNER_TEXT_V2 } from '../../ceph/constants.js';
import { MODE_GUESSED, OPAQUE, RESYNCHRONISED } from '../../../base/capture-rules.js';
import { hex, hexNumber } from '../../../base/hex.js';
import { CLIENT, type Input, type Side } from '../../../base/input.js';
import { count } from '../../../base/text.js';
import { Framing, isFinal, LOST, TAKEN, WAIT, type Patience } from '../../../contract/framed-decoder.js';
import type { SkipReason } from '../../../contract/protocol.js';
import { LAST_TAG, MODE_CRC, MODE_SECURE, REVISION_1, TAG } from '../constants.js';
import { BANNER_FEATURES, PREAMBLE, type Revision } from '../layout.js';
import { Banner, DataFrame, type Frame, type Msgr2Message } from '../message.js';
import { plausiblePreamble, Preamble } from '../preamble.js';
import * as R from '../rules/index.js';
import type { KeyExchange } from '../secure/key-exchange.js';
import type { Transcript } from '../secure/transcript.js';
import type { Told } from '../told.js';
import { BANNER_TELLS, bannerKind, bannerLength, readBanner } from './banner.js';
import { CrcFrame } from './crc-frame.js';
import type { FrameReader } from './frame-reader.js';
import { provesItself, tellRevision } from './revision.js';
import { SecureFraming } from './secure-framing.js';

/** What it takes to decrypt secure mode. */
export interface Keys {
  readonly exchange: Pick<KeyExchange, 'keys' | 'firstOpaque'>;
  /** The transcript of this framing's own direction. */
  readonly transcript: Transcript;
}

/** What comes next. `sealed`: ciphertext, for which the keys must still be asked for. */
type Phase = 'banner' | 'frames' | 'sealed';

/**
 * Frames one direction: a banner, then frames in crc mode. After the switch to secure mode the bytes are ciphertext: if there are keys,
 * SecureFraming takes over and passes the decrypted frames to the same FrameReader; if not, they are skipped.
 */
export class Msgr2Framing<S extends Side = Side> extends Framing<Msgr2Message, S> {
  private readonly side: S;
  private readonly told: Told;
  private readonly peer: Readonly<Told>;
  private readonly reader: FrameReader;
  private readonly keys: Keys | null;
  /** Whether this is the first connection of the file that is reported as encrypted. */
  private readonly firstOpaque: () => boolean;
  private readonly crc: CrcFrame;
  private readonly preamble = new Preamble();
  private phase: Phase = 'banner';
  private revision: Revision | null = null;
  /** Whether the end of the last frame is a guess: the revision is not known, and the frame's length depends on it. */
  private endGuessed = false;
  /** Whether bytes were lost or unreadable before an unencrypted frame showed the mode, so that ciphertext may come unannounced. */
  private modeInDoubt = false;
  private plain = false;
  /** Bytes that are missing at the beginning of the ciphertext; 0: an unknown number; -1: none. */
  private sealedGap = -1;

  constructor(
    side: S,
    told: Told,
    peer: Readonly<Told>,
    reader: FrameReader,
    keys: Keys | null,
    firstOpaque: () => boolean,
  ) {
    super();
    this.side = side;
    this.told = told;
    this.peer = peer;
    this.reader = reader;
    this.keys = keys;
    this.firstOpaque = firstOpaque;
    this.crc = new CrcFrame(reader);
  }

  private get limit(): number {
    return this.frames.settings.limits.messageBytes - 64;
  }

  override frameAt(input: Input<S>, patience: Patience): number {
    if (this.phase === 'frames') return this.plainFrame(input, patience);
    return this.phase === 'banner' ? this.banner(input) : this.unseal(input, patience);
  }

  // ---- banner

  private banner(input: Input<S>): number {
    if (input.remaining < BANNER_TELLS) return BANNER_TELLS;
    const kind = bannerKind(input);
    if (kind === 'none') {
      if (this.frames.settings.fromStart) this.judgePrefix(input);
      return LOST;
    }
    const length = bannerLength(input, kind);
    if (input.remaining < length) return length;
    this.keys?.transcript.add(input.bytes, input.pos, input.pos + length);
    this.frames.take(readBanner(this.side, input, kind, this.frames.output), input);
    return TAKEN;
  }

  private judgePrefix(input: Input<S>): void {
    const n = BANNER_TEXT_V2.length;
    this.frames.output.raise(R.BANNER_PREFIX_RULE, {
      side: this.side,
      offset: input.offset,
      length: n,
      text: `the stream begins with ${hex(input.bytes, input.pos, input.pos + n)} instead of "ceph v2\\n"`,
    });
  }

  // ---- unencrypted frames

  private plainFrame(input: Input<S>, patience: Patience): number {
    if (input.remaining < PREAMBLE.size) return PREAMBLE.size;
    const p = this.preamble.read(input.bytes, input.view, input.pos);
    if (!p.framable) return this.notAFrame(input, p, patience);
    let { revision } = this;
    if (revision === null) {
      const verdict = tellRevision(input, p, this.limit);
      if (verdict.revision === null && verdict.need > 0 && !isFinal(patience)) return verdict.need;
      revision = verdict.revision ?? this.likelyRevision();
      if (verdict.proven) this.revision = revision;
    }
    const gathered = CrcFrame.gathers(p, revision, this.limit);
    if (input.remaining >= gathered) this.take(input, p, revision, gathered);
    else if (isFinal(patience)) this.takeCut(input, p, revision);
    else return gathered;
    return TAKEN;
  }

  private take(input: Input<S>, p: Preamble, revision: Revision, gathered: number): void {
    const { frames } = this;
    const frame = this.open(input, p, revision);
    // if the previous frame's end was a guess, this frame's beginning is inferred
    if (this.endGuessed && frames.unproven === 0) frames.unproven = 1;
    this.crc.begin(frame, input, p, gathered, (frames.hinted ? this.peer : this.told).algorithm);
    this.record(input, p, gathered, frame.length);
    frames.take(frame, input, gathered);
  }

  /** Handles a frame whose gathered part is cut off. It becomes a message only if it is a MESSAGE with its header there. */
  private takeCut(input: Input<S>, p: Preamble, revision: Revision): void {
    const { frames } = this;
    const frame = this.open(input, p, revision);
    this.crc.beginCut(frame, input, p);
    this.keys?.transcript.lose();
    if (!(frame instanceof DataFrame) || frame.headed) {
      frames.take(frame, input);
      return;
    }
    if (!this.plain) this.modeInDoubt = true;
    const rest = frame.length - input.remaining;
    frames.unproven = 0;
    frames.skip(input, input.remaining, 'undecoded');
    frames.passBy(rest, 'undecoded');
  }

  private open(input: Input<S>, p: Preamble, revision: Revision): Frame {
    this.endGuessed = this.revision === null && p.frameLength(0) !== p.frameLength(1);
    // the server chose the algorithm that a client compresses with
    this.frames.hinted = this.side === CLIENT && p.compressed;
    return this.reader.open(input, p, revision, 'crc', p.frameLength(revision));
  }

  /** Adds a frame of the login to the transcript, which the peer's signature covers. */
  private record(input: Input<S>, p: Preamble, gathered: number, length: number): void {
    const transcript = this.keys?.transcript;
    if (transcript === undefined) return;
    if (p.tag >= TAG.AUTH_SIGNATURE) transcript.close();
    else if (gathered === length) transcript.add(input.bytes, input.pos, input.pos + length);
    else transcript.lose();
  }

  override bodyPart(_message: Msgr2Message, bytes: Uint8Array, start: number, end: number): void {
    this.crc.digest(bytes, start, end);
  }

  override closing(message: Msgr2Message): void {
    if (message instanceof Banner) return;
    this.crc.end();
    this.reader.judge(message);
  }

  override after(message: Msgr2Message): void {
    if (message instanceof Banner) {
      if (message.legacy) {
        this.frames.swallow('undecoded');
        return;
      }
      if (message.payloadLength >= BANNER_FEATURES.size) this.told.supported = message.supported;
      this.phase = 'frames';
      return;
    }
    const { tag } = message;
    if (this.revision === null && message.complete && !message.damaged && message.length0 > 0)
      this.revision = message.revision;
    if (tag === TAG.AUTH_DONE && !message.damaged && this.told.connectionMode === MODE_SECURE) {
      this.enterSecure(message.endOffset);
    } else if (tag === TAG.AUTH_REQUEST || tag === TAG.AUTH_REQUEST_MORE) {
      this.reader.authSent = true;
    } else if (tag >= TAG.AUTH_SIGNATURE && tag <= LAST_TAG) {
      this.plain = true;
      this.modeInDoubt = false;
    }
    // a frame that cannot be read may be the one that chose the mode
    if ((!message.complete || message.damaged || message.garbled) && !this.plain) this.modeInDoubt = true;
  }

  /** The revision that the banners suggest, for when the bytes themselves do not show it. */
  private likelyRevision(): Revision {
    const older = (told: Readonly<Told>): boolean => told.supported !== null && (told.supported & REVISION_1) === 0n;
    return older(this.told) || older(this.peer) ? 0 : 1;
  }

  /** Handles 32 bytes that should be a preamble but are none. */
  private notAFrame(input: Input<S>, p: Preamble, patience: Patience): number {
    if (!p.crcHolds && !this.plain && (this.reader.authSent || this.modeInDoubt)) {
      const mode = (this.side === CLIENT ? this.peer : this.told).connectionMode;
      if (mode === MODE_SECURE || (mode === 0 && (this.reader.offersSecure || this.modeInDoubt))) {
        if (mode === 0 && patience === 'patient' && this.side === CLIENT) return WAIT;
        if (mode === 0) {
          this.frames.output.raise(MODE_GUESSED, {
            side: this.side,
            offset: input.offset,
            text: 'no preamble follows the login, which may have chosen secure mode: the rest is taken to be encrypted',
          });
        }
        this.enterSecure(input.offset);
        return TAKEN;
      }
    }
    if (!this.endGuessed || this.revision !== null) this.judgeNotAFrame(input, p);
    return LOST;
  }

  private judgeNotAFrame(input: Input<S>, p: Preamble): void {
    const { output } = this.frames;
    const place = { side: this.side, offset: input.offset, length: PREAMBLE.size };
    if (p.crcHolds && p.tag === 0 && p.count === 0) {
      output.raise(R.PREAMBLE_CRC, { ...place, text: '32 zero bytes where a preamble is due' });
    } else if (p.crcHolds) {
      const text = `a preamble with tag ${p.tag} counts ${p.count} segments; 1 to 4 are possible`;
      output.raise(R.SEGMENT_COUNT, { ...place, offset: input.offset + 1, length: 1, text });
    } else {
      const found = `${hexNumber(p.crc, 8)} stored, ${hexNumber(p.computed, 8)} computed`;
      output.raise(R.PREAMBLE_CRC, { ...place, text: `crc of the preamble: ${found}` });
    }
  }

  // ---- losses

  override findAgain(input: Input<S>, patience: Patience): number {
    const { bytes, view } = input;
    const last = input.end - PREAMBLE.size;
    for (;;) {
      let at = input.pos;
      while (at <= last && !plausiblePreamble(bytes, view, at)) at++;
      this.passOver(input, at - input.pos);
      if (at > last) {
        if (patience === 'end' && this.mayBeSealed) this.frames.skip(input, input.remaining, 'opaque');
        return PREAMBLE.size;
      }
      const needed = this.proof(input, patience);
      if (needed > 0) return needed;
      if (needed === TAKEN) {
        this.phase = 'frames';
        this.frames.unproven = 1;
        return TAKEN;
      }
      this.passOver(input, 1);
    }
  }

  private passOver(input: Input<S>, n: number): void {
    if (n > 0) this.keys?.transcript.lose();
    this.frames.pass(input, n);
  }

  /** Whether a preamble that was found by searching begins a frame: TAKEN, LOST, or how many bytes are needed to tell. */
  private proof(input: Input<S>, patience: Patience): number {
    const p = this.preamble.read(input.bytes, input.view, input.pos);
    let { revision } = this;
    if (revision === null) {
      const verdict = tellRevision(input, p, this.limit);
      if (verdict.revision === null && verdict.need > 0 && !isFinal(patience)) return verdict.need;
      revision = verdict.revision ?? this.likelyRevision();
    }
    const gathered = CrcFrame.gathers(p, revision, this.limit);
    if (input.remaining < gathered) return isFinal(patience) ? TAKEN : gathered;
    return provesItself(input, p, revision) ? TAKEN : LOST;
  }

  override found(from: number, passed: number): void {
    if (this.phase === 'sealed') return;
    const text = `a frame was found at offset ${from + passed}, after ${count(passed, 'byte')} that are part of no frame`;
    this.frames.output.raise(RESYNCHRONISED, { side: this.side, offset: from, length: passed, text });
  }

  override lost(length: number, offset: number): void {
    this.keys?.transcript.lose();
    if (this.phase === 'sealed') {
      this.sealedGap = length === 0 ? 0 : Math.max(0, this.sealedGap) + length;
      return;
    }
    if (!this.plain) this.modeInDoubt = true;
    if (this.reader.authSent && this.peer.connectionMode === MODE_SECURE) this.enterSecure(offset + length, length);
  }

  override startSearch(offset: number): void {
    // the search in ciphertext begins when SecureFraming takes over (see its `begins`)
    if (this.phase !== 'sealed') super.startSearch(offset);
  }

  override cutOff(input: Input<S>, patience: Patience): SkipReason {
    if (this.phase === 'sealed') {
      this.sealedGap = Math.max(0, this.sealedGap) + input.remaining;
      return 'opaque';
    }
    return patience === 'end' && this.mayBeSealed ? 'opaque' : 'undecoded';
  }

  /** Whether the last bytes of a client may be the first of its ciphertext. */
  private get mayBeSealed(): boolean {
    return this.reader.authSent && this.peer.connectionMode > MODE_CRC;
  }

  override ended(how: 'fin' | 'reset' | 'open', cut: Msgr2Message | null, missing: number): void {
    this.reader.ended(how, cut, missing);
  }

  // ---- ciphertext

  /** All bytes from that offset on are encrypted; `missing` bytes before it were lost (0: an unknown number, -1: none). */
  private enterSecure(offset: number, missing = -1): void {
    if (this.keys !== null) {
      this.keys.transcript.close();
      this.phase = 'sealed';
      this.sealedGap = missing;
      this.frames.endSearch();
      return;
    }
    if (this.firstOpaque()) {
      const text =
        "secure mode: everything after the login is encrypted, here and on the file's other connections in this mode; --keyring with the cluster's keys would open those whose login is in the capture";
      this.frames.output.raise(OPAQUE, { side: this.side, offset, text });
    }
    this.frames.swallow('opaque');
  }

  /** Asks for the keys once the first bytes of ciphertext are there; waits if the peer's part of the login may still come. */
  private unseal(input: Input<S>, patience: Patience): number {
    if (input.remaining < PREAMBLE.size) return PREAMBLE.size;
    if (this.sealedGap < 0 && plausiblePreamble(input.bytes, input.view, input.pos)) {
      // an unencrypted frame nevertheless: the session reports it (MODE_MISMATCH)
      this.phase = 'frames';
      return TAKEN;
    }
    const { frames } = this;
    const { exchange } = this.keys!;
    const answer = exchange.keys(this.side, patience === 'patient');
    if (answer === 'wait') return WAIT;
    if ('why' in answer) {
      if (exchange.firstOpaque()) {
        const text = `secure mode: this connection stays encrypted from here on, since ${answer.why}`;
        frames.output.raise(OPAQUE, { side: this.side, offset: input.offset, text });
      }
      frames.swallow('opaque');
      return TAKEN;
    }
    const chooses = this.side === CLIENT ? this.peer : this.told;
    const revision = this.revision ?? this.likelyRevision();
    const secure = new SecureFraming<S>(this.side, this.reader, answer, revision, chooses);
    frames.become(secure);
    if (this.sealedGap >= 0) secure.begins(this.sealedGap, input.offset);
    return TAKEN;
  }
}
