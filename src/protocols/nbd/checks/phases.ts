import { SERVER } from '../../../base/input.js';
import type { Facts } from '../session/facts.js';
import type { Haggling } from '../session/haggling.js';
import type { NbdMessage, Request } from '../messages.js';
import { shortCommand } from '../names.js';
import { DATA_AFTER_ABORT } from '../rules/options.js';
import { REQUEST_WHILE_HAGGLING } from '../rules/phases.js';

/**
 * Judges whether the client sends requests only in the transmission phase. Its decoder takes a request wherever its magic is found, as it
 * must for recordings that began late. Whether the session had come so far is decided by what the server had sent by then.
 */
export class PhaseChecks {
  private readonly facts: Facts;
  private readonly haggling: Haggling;
  /** The first request, while it is not certain yet what the client had received when it sent it. */
  private suspect: Request | null = null;
  /** The request that came while haggling went on. */
  early: Request | null = null;

  constructor(facts: Facts, haggling: Haggling) {
    this.facts = facts;
    this.haggling = haggling;
  }

  firstRequest(r: Request): void {
    const { facts, haggling } = this;
    if (facts.greeting === null || facts.oldstyle || r.inferred || !this.serverIsClear) return;
    // NBD_OPT_EXPORT_NAME ends haggling by itself; TLS has rules of its own
    if (haggling.nameAsked !== null || haggling.exportInfoSeen || haggling.agreed.startTlsAck !== null) return;
    if (haggling.abort !== null) {
      const text = `${shortCommand(r.type)} after NBD_OPT_ABORT`;
      facts.raise(DATA_AFTER_ABORT, { message: r, related: [haggling.abort], text });
      this.early = r;
      return;
    }
    const nothingToCome = haggling.agreed.goAck === null && haggling.arriving === null;
    if (nothingToCome && facts.witness.sawAllBefore(r) === 'yes') this.raise(r, 'certain');
    else this.suspect = r;
  }

  /** The session is over: judges the first request, if that is still open. */
  finish(): void {
    const r = this.suspect;
    this.suspect = null;
    if (r === null || !this.serverIsClear) return;
    const { goAck } = this.haggling.agreed;
    if (goAck === null) this.raise(r, r.peerSeen >= 0 ? 'certain' : 'likely');
    else if (r.peerSeen >= 0 && r.peerSeen < goAck.endOffset) this.raise(r, 'certain');
  }

  /**
   * Whether all of the server's answers were captured and are valid. A malformed acknowledgement may have been meant, and accepted, as one.
   */
  private get serverIsClear(): boolean {
    const { facts } = this;
    return facts.witness.bothWhole && !facts.breached[SERVER] && !facts.agreementInDoubt;
  }

  private raise(r: Request, confidence: 'certain' | 'likely'): void {
    this.early = r;
    const command = shortCommand(r.type);
    const { goAsked, infoAsked } = this.haggling;
    const related: NbdMessage[] = [];
    let text = `${command} without NBD_OPT_GO or NBD_OPT_EXPORT_NAME before`;
    if (goAsked !== null) {
      const { final } = goAsked;
      const answered = final !== null && (r.peerSeen < 0 || r.peerSeen >= final.endOffset);
      related.push(answered ? final : goAsked.option);
      text = answered
        ? `${command} after NBD_OPT_GO was refused with ${final.name}`
        : `${command} before NBD_OPT_GO was answered`;
    } else if (infoAsked !== null) {
      related.push(infoAsked.final ?? infoAsked.option);
      text = `${command} after NBD_OPT_INFO, which does not end haggling; NBD_OPT_GO does`;
    }
    this.facts.raise(REQUEST_WHILE_HAGGLING, { message: r, related, confidence, text });
  }
}
