import type { BlockSizes } from './facts.js';
import { OPT_EXPORT_NAME, OPT_GO, OPT_INFO, OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT } from '../constants.js';
import type { Prefix } from '../decoder/payload.js';
import type { Option, OptionReply } from '../messages.js';
import {
  parseInfoRequest,
  parseMetaRequest,
  rawText,
  type InfoRequest,
  type MetaRequest,
  type Span,
} from '../option-data.js';

/** Shared empty list; never added to. */
export const NO_REPLIES: OptionReply[] = [];
const NO_QUERIES: readonly string[] = [];

/** An option, what it asks for, and the replies to it so far. A server may reply before all of the option's data have come. */
export class Asked {
  readonly option: Option;
  info: InfoRequest | null = null;
  meta: MetaRequest | null = null;
  /** The queries of a metadata context option (latin1). */
  queries = NO_QUERIES;
  /** The export name in it, one character per byte (latin1), or null. */
  exportName: string | null = null;
  /** Its data were captured completely and parsed. */
  parsed = false;
  replies = NO_REPLIES;
  /** Bytes of data of all replies, and whether some of these replies are not kept. */
  replyBytes = 0;
  overflowed = false;
  /** The reply that ended the answer. */
  final: OptionReply | null = null;
  /** The next option, if it is still to be judged whether it was sent while this one was unanswered. */
  follower: Option | null = null;
  /** Whether structured replies or extended headers had been acknowledged when it was sent. */
  readonly chunksAgreed: boolean;

  constructor(option: Option, chunksAgreed: boolean) {
    this.option = option;
    this.chunksAgreed = chunksAgreed;
  }

  /** How many items its list announces, as far as that is known. Those beyond the limit were not parsed. */
  get items(): number {
    return this.info?.count ?? Math.max(this.meta?.count ?? 0, 0);
  }

  /** Parses the data, and at most `maxItems` items of a list. */
  parse(maxItems: number): void {
    const { option } = this;
    const number = option.option;
    if (number === OPT_INFO || number === OPT_GO) this.info = parseInfoRequest(option, maxItems);
    if (number === OPT_LIST_META_CONTEXT || number === OPT_SET_META_CONTEXT)
      this.meta = parseMetaRequest(option, maxItems);
    this.queries = this.meta?.queries.map((q) => rawText(option.data, q)) ?? NO_QUERIES;
    const span: Span | null =
      number === OPT_EXPORT_NAME ? { at: 0, length: option.dataLength } : (this.info?.name ?? this.meta?.name ?? null);
    this.exportName = span === null ? null : rawText(option.data, span);
    this.parsed = option.complete;
  }

  /** Drops what is not needed after it is judged. `details`: its data are kept, as they may still be printed. */
  forget(details: boolean): void {
    this.info = null;
    this.queries = NO_QUERIES;
    if (!details) this.option.forgetData();
  }
}

/** An answer as far as the server's own bytes show it: replies in a row that name one option, up to the final one. */
export class Answer {
  readonly option: number;
  replies = NO_REPLIES;
  /** Bytes of data of all replies, and whether some of these replies are not kept. */
  replyBytes = 0;
  overflowed = false;
  sizeHi = 0;
  sizeLo = 0;
  /** Transmission flags; -1: none given. */
  flags = -1;
  blockSizes: BlockSizes | null = null;
  name: string | null = null;
  description: string | null = null;
  /** Data of the NBD_REP_INFO replies, by type of information. */
  infos: Map<number, Prefix> | null = null;
  contexts: Map<number, string> | null = null;
  /** Export names of a listing (latin1). */
  exports: Set<string> | null = null;

  constructor(option: number) {
    this.option = option;
  }
}
