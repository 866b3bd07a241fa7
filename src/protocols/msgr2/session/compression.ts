import { CLIENT, SERVER } from '../../../base/input.js';
import type { Output } from '../../../contract/protocol.js';
import { algorithmName, COMPRESSION, isAlgorithm, TAG } from '../constants.js';
import { compressionDone, compressionRequest } from '../control-frames.js';
import type { ControlFrame, Frame } from '../message.js';
import * as R from '../rules/index.js';
import type { SideState } from './side-state.js';

/** The compression negotiation between the signatures and the idents, and the use of compressed frames. */
export class Compression {
  private readonly output: Output;
  private readonly sides: readonly [SideState, SideState];
  private request: ControlFrame | null = null;
  private done: ControlFrame | null = null;
  private saidFlagged = false;

  constructor(output: Output, sides: readonly [SideState, SideState]) {
    this.output = output;
    this.sides = sides;
  }

  get negotiated(): boolean {
    return this.done !== null;
  }

  get requested(): boolean {
    return this.request !== null;
  }

  /** Number of the algorithm that was enabled, or 0. */
  get algorithm(): number {
    const done = this.done?.as(compressionDone);
    return done?.enabled === true ? done.algorithm : 0;
  }

  /** Whether both banners offer compression; null if one was not seen. */
  private get offered(): boolean | null {
    const [a, b] = [this.sides[CLIENT].banner, this.sides[SERVER].banner];
    if (a === null || b === null || a.legacy || b.legacy) return null;
    return (a.supported & b.supported & COMPRESSION) !== 0n;
  }

  frame(m: ControlFrame): void {
    if (this.offered === false) {
      const text = `${m.name} although a banner lacks feature bit 1`;
      this.output.raise(R.COMPRESSION_UNNEGOTIATED, { message: m, text });
    }
    const asked = m.as(compressionRequest);
    const answer = m.as(compressionDone);
    if (asked !== null) {
      this.request = m;
      if (asked.wanted && asked.algorithms.length === 0) {
        this.output.raise(R.COMPRESSION_INCONSISTENT, {
          message: m,
          text: 'compression is wanted, no algorithm listed',
        });
      }
    } else if (answer !== null) {
      this.done = m;
      if (this.request !== null) m.inReplyTo = this.request.index;
      const { enabled, algorithm } = answer;
      if (enabled && m.mode === 'secure') {
        const text = `${algorithmName(algorithm)} is enabled on an encrypted connection`;
        this.output.raise(R.COMPRESSION_IN_SECURE, { message: m, text });
      }
      if (enabled && !isAlgorithm(algorithm)) {
        this.output.raise(R.COMPRESSION_INCONSISTENT, { message: m, text: `enabled with algorithm ${algorithm}` });
      }
    }
    if (m.readable) this.judgeChoice();
  }

  private judgeChoice(): void {
    const listed = this.request?.as(compressionRequest)?.algorithms;
    const algorithm = this.algorithm;
    if (listed === undefined || this.done === null || !isAlgorithm(algorithm) || listed.includes(algorithm)) return;
    const text = `${algorithmName(algorithm)} is enabled, ${listed.map(algorithmName).join(', ') || 'nothing'} was offered`;
    this.output.raise(R.COMPRESSION_METHOD_UNOFFERED, { message: this.done, related: [this.request!], text });
  }

  /**
   * Judges the frame that a side sends after its signature, where the negotiation is due. A server that received no COMPRESSION_REQUEST has
   * nothing to answer: then only the client skipped the negotiation.
   */
  next(m: Frame): void {
    if (m.tag === TAG.COMPRESSION_REQUEST || m.tag === TAG.COMPRESSION_DONE || this.offered !== true) return;
    if (m.side === SERVER && this.request === null) return;
    const due = m.side === CLIENT ? 'COMPRESSION_REQUEST' : 'COMPRESSION_DONE';
    this.output.raise(R.COMPRESSION_SKIPPED, { message: m, text: `${m.name} where ${due} is due` });
  }

  /** Judges a frame that is flagged as compressed. */
  flagged(m: Frame): void {
    if (this.saidFlagged || this.algorithm > 0) return;
    // only if no COMPRESSION_DONE can have been missed
    if (!this.sides[CLIENT].whole || !this.sides[SERVER].whole) return;
    if (this.done === null && this.offered !== false) return;
    this.saidFlagged = true;
    const why = this.done === null ? 'a banner does not offer compression' : 'COMPRESSION_DONE did not enable it';
    this.output.raise(R.COMPRESSED_UNNEGOTIATED, { message: m, text: `a compressed ${m.name}: ${why}` });
  }
}
