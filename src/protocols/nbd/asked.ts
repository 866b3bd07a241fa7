import type { BlockSizes } from './facts.js';
import { OPT_EXPORT_NAME, OPT_GO, OPT_INFO, OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT } from './constants.js';
import type { Option, OptionReply } from './messages.js';
import {
  parseInfoRequest,
  parseMetaRequest,
  rawText,
  type InfoRequest,
  type MetaRequest,
  type Span,
} from './option-data.js';

/** An option, what it asks for, and what answered it so far. */
export class Asked {
  readonly option: Option;
  readonly info: InfoRequest | null;
  readonly meta: MetaRequest | null;
  /** The queries of a metadata context option (latin1). */
  readonly queries: readonly string[];
  /** The export that it names, as the bytes are (latin1), or null. */
  readonly exportName: string | null;
  readonly replies: OptionReply[] = [];
  /** An option that was sent while this one was unanswered, where that is yet to be judged. */
  follower: Option | null = null;
  /** Whether structured replies or extended headers had been acknowledged when it was sent. */
  chunksAgreed = false;

  constructor(option: Option, maxItems: number) {
    this.option = option;
    const number = option.option;
    this.info = number === OPT_INFO || number === OPT_GO ? parseInfoRequest(option, maxItems) : null;
    const meta = number === OPT_LIST_META_CONTEXT || number === OPT_SET_META_CONTEXT;
    this.meta = meta ? parseMetaRequest(option, maxItems) : null;
    this.queries = this.meta?.queries.map((q) => rawText(option.data, q)) ?? [];
    const span: Span | null =
      number === OPT_EXPORT_NAME ? { at: 0, length: option.dataLength } : (this.info?.name ?? this.meta?.name ?? null);
    this.exportName = span === null ? null : rawText(option.data, span);
  }
}

/** An answer as the server alone shows it: the replies that echo one option, up to the final one. */
export class Answer {
  readonly option: number;
  readonly replies: OptionReply[] = [];
  sizeHi = 0;
  sizeLo = 0;
  /** Transmission flags; -1: none given. */
  flags = -1;
  blockSizes: BlockSizes | null = null;
  name: string | null = null;
  description: string | null = null;
  /** Information by type, as it was on the wire (latin1). */
  readonly infos = new Map<number, string>();
  readonly contexts = new Map<number, string>();
  /** Names of a listing. */
  readonly exports = new Set<string>();

  constructor(option: number) {
    this.option = option;
  }
}
