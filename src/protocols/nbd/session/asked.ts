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

/** None; never added to. */
export const NO_REPLIES: OptionReply[] = [];
const NO_QUERIES: readonly string[] = [];

/** An option, what it asks for, and what answered it so far. A server may answer before it has read all of the data. */
export class Asked {
  readonly option: Option;
  info: InfoRequest | null = null;
  meta: MetaRequest | null = null;
  /** The queries of a metadata context option (latin1). */
  queries = NO_QUERIES;
  /** The export that it names, as the bytes are (latin1), or null. */
  exportName: string | null = null;
  /** All of its data were seen and read. */
  parsed = false;
  replies = NO_REPLIES;
  /** Bytes of their data, and whether there were more replies than are kept. */
  replyBytes = 0;
  overflowed = false;
  /** The reply that ended the answer. */
  final: OptionReply | null = null;
  /** An option that was sent while this one was unanswered, where that is yet to be judged. */
  follower: Option | null = null;
  /** Whether structured replies or extended headers had been acknowledged when it was sent. */
  readonly chunksAgreed: boolean;

  constructor(option: Option, chunksAgreed: boolean) {
    this.option = option;
    this.chunksAgreed = chunksAgreed;
  }

  /** How many items it lists, as far as that is told; those beyond the limit were not read. */
  get items(): number {
    return this.info?.count ?? Math.max(this.meta?.count ?? 0, 0);
  }

  /** Reads the data; at most `maxItems` items of a list. */
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

  /** It is judged, and only its place and its end matter from now on. `details`: its data may still be printed. */
  forget(details: boolean): void {
    this.info = null;
    this.queries = NO_QUERIES;
    if (!details) this.option.forgetData();
  }
}

/** An answer as the server alone shows it: the replies that echo one option, up to the final one. */
export class Answer {
  readonly option: number;
  replies = NO_REPLIES;
  /** Bytes of their data, and whether there were more replies than are kept. */
  replyBytes = 0;
  overflowed = false;
  sizeHi = 0;
  sizeLo = 0;
  /** Transmission flags; -1: none given. */
  flags = -1;
  blockSizes: BlockSizes | null = null;
  name: string | null = null;
  description: string | null = null;
  /** Information by type, as it was on the wire. */
  infos: Map<number, Prefix> | null = null;
  contexts: Map<number, string> | null = null;
  /** Names of a listing. */
  exports: Set<string> | null = null;

  constructor(option: number) {
    this.option = option;
  }
}
