import { MODE_GUESSED, OPAQUE, RESYNCHRONISED } from '../../base/capture-rules.js';
import type { Block } from '../../base/block.js';
import { hex, hexNumber } from '../../base/hex.js';
import { CLIENT, type Input, type Side } from '../../base/input.js';
import type { Origin } from '../../base/origin.js';
import { count } from '../../base/text.js';
import type { Decoder, DecoderSettings, Output } from '../../contract/protocol.js';
import { BANNER_TELLS, bannerKind, bannerLength, readBanner } from './banner-reader.js';
import { BANNER_PREFIX, MODE_CRC, MODE_SECURE, REVISION_1, TAG } from './constants.js';
import { CrcFrame } from './crc-frames.js';
import type { Announced } from './frame-reader.js';
import { FrameReader } from './frame-reader.js';
import type { PeerHints } from './hints.js';
import { DataFrame } from './message.js';
import { BANNER_FEATURES, PREAMBLE, type Revision } from './layout.js';
import { plausiblePreamble, Preamble } from './preamble.js';
import { provesItself, tellRevision } from './revision.js';
import * as R from './rules/index.js';
import type { KeyExchange } from './secure/key-exchange.js';
import { SecureFrames } from './secure/secure-frames.js';
import type { Transcript } from './secure/transcript.js';

const enum State {
  banner,
  frames,
  /** Looking for a preamble. */
  scan,
  /** Ciphertext, whose keys are still to be asked for. */
  sealed,
  /** Ciphertext that is opened. */
  secure,
  /** Ciphertext, or another protocol: counted only. */
  opaque,
}

/** What a decoder needs where keys are at hand. */
export interface Keys {
  readonly exchange: KeyExchange;
  /** Of its own direction. */
  readonly transcript: Transcript;
}

/**
 * Decodes one direction: banner, then frames. In crc mode they go through CrcFrame; from the switch to secure mode on, the bytes
 * are ciphertext: SecureFrames takes over where there are keys, and drives the same FrameReader.
 */
export class Msgr2Decoder implements Decoder {
  need = BANNER_TELLS;
  body = 0;
  wantsBody = true;
  waiting = false;

  readonly announced: Announced;
  private readonly side: Side;
  private readonly output: Output;
  private readonly hints: PeerHints;
  private readonly limit: number;
  private readonly reader: FrameReader;
  private readonly frames: CrcFrame;
  private readonly preamble = new Preamble();
  private state: State;
  private readonly fromStart: boolean;
  private revision: Revision | null = null;
  /** Where a scan began, and what it has passed over. */
  private scanFrom = 0;
  private scanned = 0;
  /** Whether the last frame has another length in the other revision, so that the next one may begin elsewhere. */
  private endGuessed = false;
  /** Whether the next frame is only believed to be one, and has to prove it by its checksum. */
  private tentative = false;
  /** A frame whose tail is not captured or still to come, without a message: its header was lost. */
  private headless = false;
  /** Bytes of a cut frame that were not seen yet, while the pump gathers nothing for it. */
  private cut = 0;
  /** Whether bytes were lost before a frame in plain showed which mode was chosen: then ciphertext may come without notice. */
  private modeInDoubt = false;
  private plain = false;
  private opaqueReason: 'opaque' | 'undecoded' = 'opaque';
  private readonly keys: Keys | null;
  /** Whether nothing encrypted was told of in this file so far. */
  private readonly firstOpaque: () => boolean;
  private secure: SecureFrames | null = null;
  /** Bytes that are missing at the beginning of the ciphertext; -1: none are. */
  private sealedGap = -1;

  constructor(
    side: Side,
    announced: Announced,
    output: Output,
    settings: DecoderSettings,
    hints: PeerHints,
    rolesKnown: boolean,
    keys: Keys | null = null,
    firstOpaque: () => boolean = () => true,
  ) {
    this.firstOpaque = firstOpaque;
    this.side = side;
    this.keys = keys;
    this.announced = announced;
    this.output = output;
    this.hints = hints;
    this.limit = settings.limits.messageBytes - 64;
    this.reader = new FrameReader(side, announced, output, settings, rolesKnown);
    this.details = settings.details;
    if (keys !== null) this.reader.authReply = (front, seconds) => keys.exchange.authReply(front, seconds);
    this.frames = new CrcFrame(this.reader);
    this.fromStart = settings.fromStart;
    this.state = State.banner;
  }

  private readonly details: boolean;

  decode(input: Input, patient: boolean): void {
    while (input.remaining >= this.need && this.body === 0 && !this.waiting) {
      if (this.state === State.frames) this.nextFrame(input, patient);
      else if (this.state === State.scan) this.scan(input);
      else if (this.state === State.banner) this.banner(input);
      else if (this.state === State.secure) this.opened(input);
      else if (this.state === State.sealed) this.unseal(input, patient);
      else return;
    }
  }

  // ---- banner

  private banner(input: Input): void {
    const kind = bannerKind(input);
    if (kind === 'none') {
      if (this.fromStart) this.judgePrefix(input);
      this.startScan(input.offset);
      return;
    }
    if (!this.wants(input, bannerLength(input, kind)) || !this.wants(input, bannerLength(input, kind))) return;
    const start = input.pos;
    const banner = readBanner(this.side, input, kind, this.details, this.output);
    this.keys?.transcript.add(input.bytes, start, input.pos);
    if (kind === 'v1') {
      this.enterOpaque('undecoded');
      return;
    }
    if (banner.payloadLength >= BANNER_FEATURES.size) this.announced.supported = banner.supported;
    this.state = State.frames;
    this.need = PREAMBLE.size;
  }

  private judgePrefix(input: Input): void {
    const n = BANNER_PREFIX.length;
    this.output.raise(R.BANNER_PREFIX_RULE, {
      side: this.side,
      offset: input.offset,
      length: n,
      text: `the stream begins with ${hex(input.bytes, input.pos, input.pos + n)} instead of "ceph v2\\n"`,
    });
  }

  // ---- frames

  private nextFrame(input: Input, patient: boolean): void {
    const p = this.preamble.read(input.bytes, input.view, input.pos);
    if (!p.framable) {
      this.notAFrame(input, p, patient);
      return;
    }
    let revision = this.revision;
    let proven = true;
    if (revision === null) {
      const verdict = tellRevision(input, p, this.limit);
      if (verdict.revision === null && verdict.need > 0) {
        this.need = verdict.need;
        return;
      }
      proven = verdict.proven;
      revision = verdict.revision ?? this.likelyRevision();
    }
    const gather = CrcFrame.gathers(p, revision, this.limit);
    if (input.remaining < gather) {
      this.need = gather;
      return;
    }
    if (this.tentative && !provesItself(input, p, revision)) {
      this.tentative = false;
      this.resume(input);
      return;
    }
    if (proven) this.revision = revision;
    this.begin(input, p, revision, gather);
  }

  private begin(input: Input, p: Preamble, revision: Revision, gathered: number): void {
    if (this.tentative) this.found(input.offset);
    let algorithm = this.announced.algorithm;
    const hinted = this.side === CLIENT && (p.flags & 1) !== 0;
    if (hinted) algorithm = this.hints.algorithm();
    const rest = this.frames.begin(input, p, revision, gathered, algorithm);
    const frame = this.frames.current!;
    this.guess(p);
    frame.inferred = this.tentative || this.endGuessed;
    frame.hinted = hinted;
    this.tentative = false;
    this.record(input, p, gathered, rest);
    this.need = PREAMBLE.size;
    const here = Math.min(rest, input.remaining);
    if (here > 0) {
      this.frames.bytes(input.bytes, input.pos, input.pos + here);
      input.pos += here;
    }
    if (here < rest) this.body = rest - here;
    else this.endFrame(input.originAt(input.pos - 1));
  }

  private guess(p: Preamble): void {
    this.endGuessed = this.revision === null && p.frameLength(0) !== p.frameLength(1);
  }

  /** Frames of the login are what the peer signs. */
  private record(input: Input, p: Preamble, gathered: number, rest: number): void {
    const transcript = this.keys?.transcript;
    if (transcript === undefined) return;
    if (p.tag >= TAG.AUTH_SIGNATURE) transcript.close();
    else if (rest === 0) transcript.add(input.bytes, input.pos - gathered, input.pos);
    else transcript.lose();
  }

  private endFrame(origin: Origin | null): void {
    const frame = this.frames.end(origin);
    if (this.revision === null && frame.complete && !frame.damaged && frame.length0 > 0) this.revision = frame.revision;
    if (frame.tag === TAG.AUTH_DONE && !frame.damaged && this.announced.connectionMode === MODE_SECURE) {
      this.enterSecure(frame.endOffset);
    } else if (frame.tag === TAG.AUTH_REQUEST || frame.tag === TAG.AUTH_REQUEST_MORE) {
      this.announced.authSent = true;
    } else if (frame.tag >= TAG.AUTH_SIGNATURE) {
      this.plain = true;
      this.modeInDoubt = false;
    }
    if (!frame.complete && !this.plain) this.modeInDoubt = true;
  }

  private wants(input: Input, n: number): boolean {
    if (input.remaining >= n) return true;
    this.need = n;
    return false;
  }

  /** Where the bytes do not tell: what the banners let expect. */
  private likelyRevision(): Revision {
    if (this.announced.supported !== null && (this.announced.supported & REVISION_1) === 0n) return 0;
    return this.hints.revision1() === false ? 0 : 1;
  }

  /** 32 bytes where a preamble is due that are none. */
  private notAFrame(input: Input, p: Preamble, patient: boolean): void {
    if (this.tentative) {
      this.tentative = false;
      this.resume(input);
      return;
    }
    if (!p.crcHolds && !this.plain && (this.announced.authSent || this.modeInDoubt)) {
      const mode = this.side === CLIENT ? this.hints.connectionMode() : this.announced.connectionMode;
      if (mode === MODE_SECURE || (mode === 0 && (this.announced.offersSecure || this.modeInDoubt))) {
        if (mode === 0 && patient && this.side === CLIENT) {
          this.waiting = true;
          return;
        }
        if (mode === 0) {
          this.output.raise(MODE_GUESSED, {
            side: this.side,
            offset: input.offset,
            text: 'no preamble follows the login, which may have chosen secure mode: the rest is taken to be encrypted',
          });
        }
        this.enterSecure(input.offset);
        return;
      }
    }
    if (!this.endGuessed || this.revision !== null) this.judgeNotAFrame(input, p);
    input.pos += 1;
    this.startScan(input.offset - 1);
    this.scanned = 1;
    this.output.skip(this.side, input.offset - 1, 1, 'resynchronised');
  }

  private judgeNotAFrame(input: Input, p: Preamble): void {
    const place = { side: this.side, offset: input.offset, length: PREAMBLE.size };
    if (p.crcHolds && p.tag === 0 && p.count === 0) {
      this.output.raise(R.PREAMBLE_CRC, { ...place, text: '32 zero bytes where a preamble is due' });
    } else if (p.crcHolds) {
      const text = `a preamble with tag ${p.tag} counts ${p.count} segments; 1 to 4 are possible`;
      this.output.raise(R.SEGMENT_COUNT, { ...place, offset: input.offset + 1, length: 1, text });
    } else {
      const found = `${hexNumber(p.crc, 8)} stored, ${hexNumber(p.computed, 8)} computed`;
      this.output.raise(R.PREAMBLE_CRC, { ...place, text: `crc of the preamble: ${found}` });
    }
  }

  // ---- searching

  private startScan(offset: number): void {
    this.state = State.scan;
    this.need = PREAMBLE.size;
    this.scanFrom = offset;
    this.scanned = 0;
  }

  /** A candidate was none: go on behind its first byte. */
  private resume(input: Input): void {
    this.state = State.scan;
    this.need = PREAMBLE.size;
    this.pass(input, 1);
  }

  private scan(input: Input): void {
    const { bytes, view } = input;
    const last = input.end - PREAMBLE.size;
    let at = input.pos;
    while (at <= last && !plausiblePreamble(bytes, view, at)) at++;
    this.pass(input, at - input.pos);
    if (at > last) return;
    this.tentative = true;
    this.state = State.frames;
  }

  private pass(input: Input, n: number): void {
    if (n === 0) return;
    this.keys?.transcript.lose();
    this.output.skip(this.side, input.offset, n, 'resynchronised');
    this.scanned += n;
    input.pos += n;
  }

  /** The search ended at a frame. */
  private found(offset: number): void {
    if (this.scanned === 0) return;
    const text = `a frame was found at offset ${offset}, after ${count(this.scanned, 'byte')} that are part of no frame`;
    this.output.raise(RESYNCHRONISED, { side: this.side, offset: this.scanFrom, length: this.scanned, text });
  }

  // ---- what cannot be read

  /** Everything from that offset on is encrypted; `missing` bytes before it were lost (0: nobody knows how many, -1: none). */
  private enterSecure(offset: number, missing = -1): void {
    if (this.keys !== null) {
      this.keys.transcript.close();
      this.state = State.sealed;
      this.sealedGap = missing;
      this.need = PREAMBLE.size;
      return;
    }
    if (this.firstOpaque()) {
      const text =
        "secure mode: everything behind the login is encrypted, here and on the file's other connections in this mode; --keyring with the cluster's keys would open those whose login is in the capture";
      this.output.raise(OPAQUE, { side: this.side, offset, text });
    }
    this.enterOpaque('opaque');
  }

  /** Asks for keys when the first bytes of ciphertext are there: the peer's part of the login may have been captured later. */
  private unseal(input: Input, patient: boolean): void {
    if (this.sealedGap < 0 && plausiblePreamble(input.bytes, input.view, input.pos)) {
      // in plain all the same: the session will say so
      this.state = State.frames;
      return;
    }
    const answer = this.keys!.exchange.keys(this.side, patient);
    if (answer === 'wait') {
      this.waiting = true;
    } else if ('why' in answer) {
      if (this.keys!.exchange.firstOpaque()) {
        const text = `secure mode: this connection stays encrypted from here on, since ${answer.why}`;
        this.output.raise(OPAQUE, { side: this.side, offset: input.offset, text });
      }
      this.enterOpaque('opaque');
    } else {
      const revision = this.revision ?? this.likelyRevision();
      const algorithm = () => (this.side === CLIENT ? this.hints.algorithm() : this.announced.algorithm);
      this.secure = new SecureFrames(this.side, this.reader, this.output, answer, revision, this.limit, algorithm);
      if (this.sealedGap >= 0) this.secure.gap(this.sealedGap, input.offset - this.sealedGap);
      this.state = State.secure;
      this.need = this.secure.need;
    }
  }

  /** Lets the opener of ciphertext take its bytes. */
  private opened(input: Input): void {
    const secure = this.secure!;
    secure.decode(input);
    this.follow();
  }

  private follow(): void {
    const secure = this.secure!;
    this.need = secure.need;
    this.body = secure.body;
  }

  private enterOpaque(reason: 'opaque' | 'undecoded'): void {
    this.state = State.opaque;
    this.opaqueReason = reason;
    this.body = Infinity;
  }

  // ---- bodies, gaps, ends

  bodyBytes(block: Block, start: number, end: number, offset: number, origin: Origin): void {
    if (this.state === State.secure) {
      this.secure!.bodyBytes(block, start, end, offset, origin);
    } else if (this.state === State.opaque) {
      this.output.skip(this.side, offset, end - start, this.opaqueReason);
    } else if (this.headless) {
      this.output.skip(this.side, offset, end - start, 'undecoded');
    } else {
      if (!this.frames.broken) this.frames.bytes(block.bytes, start, end);
      this.frames.current!.endAt(origin);
    }
  }

  bodyGap(length: number): void {
    if (this.state === State.secure) this.secure!.bodyGap(length);
    else if (this.state !== State.opaque && !this.headless) this.frames.lose(length);
  }

  bodyEnd(origin: Origin): void {
    if (this.state === State.secure) {
      this.secure!.bodyEnd(origin);
      this.follow();
    } else if (this.headless) this.headless = false;
    else this.endFrame(this.frames.broken ? null : origin);
  }

  gap(length: number, offset: number): void {
    if (this.state === State.opaque) return;
    if (this.state === State.secure) {
      this.secure!.gap(length, offset);
      this.follow();
      return;
    }
    this.keys?.transcript.lose();
    if (this.state === State.sealed) {
      this.sealedGap = length === 0 ? 0 : Math.max(0, this.sealedGap) + length;
      return;
    }
    if (!this.plain) this.modeInDoubt = true;
    let rest = length;
    if (this.cut > 0) {
      const n = Math.min(this.cut, rest);
      if (!this.headless) this.frames.lose(n);
      this.cut -= n;
      rest -= n;
      if (this.cut > 0) {
        this.body = this.cut;
        this.cut = 0;
        return;
      }
      if (this.headless) this.headless = false;
      else this.endFrame(null);
      if (rest === 0) return;
    }
    if (this.announced.authSent && this.hints.connectionMode() === MODE_SECURE) {
      this.enterSecure(offset + length, length);
      return;
    }
    this.startScan(offset + length);
  }

  abandon(input: Input, why: 'gap' | 'end'): void {
    this.waiting = false;
    if (this.state === State.secure) {
      this.secure!.abandon(input);
      this.follow();
      return;
    }
    if (this.state === State.banner && input.remaining >= BANNER_TELLS) this.banner(input);
    while (input.remaining >= PREAMBLE.size && this.body === 0 && this.state === State.frames) {
      const p = this.preamble.read(input.bytes, input.view, input.pos);
      if (!p.framable) break;
      const revision = this.revision ?? this.likelyRevision();
      const gather = CrcFrame.gathers(p, revision, this.limit);
      const whole = input.remaining >= gather;
      if (whole && this.tentative && !provesItself(input, p, revision)) break;
      if (!whole) {
        this.cutFrame(input, p, revision);
        return;
      }
      this.begin(input, p, revision, gather);
    }
    const left = input.remaining;
    if (left === 0) return;
    if (this.state === State.sealed) {
      this.sealedGap = Math.max(0, this.sealedGap) + left;
      this.output.skip(this.side, input.offset, left, 'opaque');
      input.pos = input.end;
      return;
    }
    const secure = why === 'end' && this.announced.authSent && this.hints.connectionMode() > MODE_CRC;
    this.output.skip(this.side, input.offset, left, secure ? 'opaque' : 'undecoded');
    input.pos = input.end;
  }

  /** A frame whose gathered part is cut: it is a message if its header is there. */
  private cutFrame(input: Input, p: Preamble, revision: Revision): void {
    const have = input.remaining;
    this.cut = p.frameLength(revision) - have;
    this.need = PREAMBLE.size;
    if (this.tentative) this.found(input.offset);
    const last = input.originAt(input.end - 1);
    this.guess(p);
    const frame = this.frames.beginCut(input, p, revision);
    frame.inferred = this.tentative;
    this.tentative = false;
    if (frame instanceof DataFrame && !frame.headed) {
      this.frames.forget();
      this.headless = true;
      this.output.skip(this.side, input.offset, have, 'undecoded');
    } else {
      frame.endAt(last);
    }
    input.pos = input.end;
  }

  end(how: 'fin' | 'reset' | 'open'): void {
    if (this.state === State.opaque) return;
    if (this.state === State.secure) {
      this.secure!.body = this.body;
      this.secure!.end(how, this.body);
      return;
    }
    const missing = this.cut > 0 ? this.cut : this.body;
    if (missing === 0) return;
    const frame = this.frames.current;
    if (!this.headless && frame !== null) {
      const lost = frame.missing > 0;
      this.frames.lose(missing);
      this.endFrame(null);
      if (how !== 'open' && !lost) this.reader.truncated(frame, how, missing);
    }
    this.cut = 0;
    this.body = 0;
  }
}
