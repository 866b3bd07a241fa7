import { count } from '../../../base/text.js';
import {
  CHUNK_BLOCK_STATUS,
  CHUNK_BLOCK_STATUS_EXT,
  CHUNK_ERROR,
  CHUNK_ERROR_OFFSET,
  CHUNK_OFFSET_DATA,
  CHUNK_OFFSET_HOLE,
  CMD_BLOCK_STATUS,
  CMD_FLAG_DF,
  CMD_FLAG_REQ_ONE,
  CMD_FLUSH,
  CMD_READ,
  CMD_RESIZE,
  EOVERFLOW,
  NO_PAYLOAD_LIMIT,
} from '../constants.js';
import { type Facts } from './facts.js';
import { CHUNK, CONTEXT_ID, ERROR_DATA, EXTENDED_CHUNK, STATUS_HEAD, STATUS_QUERY } from '../layout.js';
import type { Chunk, Request } from '../messages.js';
import { isKnownChunk, shortChunk, shortCommand } from '../names.js';
import { show } from '../checks/options.js';
import { hasRange, maximumPayload, rangeLength, rangeStart } from './request-range.js';
import {
  BLOCK_STATUS_DUPLICATE_CONTEXT,
  BLOCK_STATUS_EXTRA_CONTEXT,
  BLOCK_STATUS_MISSING_CONTEXT,
  BLOCK_STATUS_PAST_EXPORT,
  BLOCK_STATUS_SURPLUS_EXTENTS,
  REQ_ONE_EXTENT_TOO_LONG,
  REQ_ONE_MULTIPLE_EXTENTS,
} from '../rules/block-status.js';
import {
  CHUNK_NOT_512_ALIGNED,
  CHUNK_OUT_OF_BOUNDS,
  CHUNK_OVERLAP,
  CHUNK_TYPE_FOR_COMMAND,
  CHUNKS_MERGEABLE,
  CONTENT_AFTER_ERROR_OFFSET,
  DF_FRAGMENTED,
  DF_REFUSAL_WITH_CONTENT,
  ERROR_MIXED,
  ERROR_OFFSET_OUT_OF_BOUNDS,
  ERROR_OFFSET_REPEATED,
  ERROR_OFFSETS_SHARE_CHUNK,
  ERROR_REPEATED,
  READ_INCOMPLETE,
} from '../rules/chunks.js';
import { EXTENDED_OFFSET_MISMATCH } from '../rules/headers.js';

/** From here on a double cannot tell neighbouring bytes apart. */
const EXACT = 2 ** 53;

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly chunk: Chunk;
}

/** The chunks that have answered one request so far: what they cover, which errors they report, and what is wrong between them. */
export class ReplyProgress {
  private readonly facts: Facts;
  private readonly request: Request | null;
  /** Content so far, sorted by position and not overlapping. */
  private readonly pieces: Piece[] = [];
  private errorsAt: number[] | null = null;
  private errorChunk: Chunk | null = null;
  private contexts: Set<number> | null = null;
  private lastContent: Chunk | null = null;
  private contents = 0;
  /** An error was reported. */
  failed = false;
  /** Whether the answer is complete cannot be judged: part of it was not captured, exceeds a limit, or is malformed. */
  partial = false;

  /** `request` is null where only the server's bytes are known. */
  constructor(facts: Facts, request: Request | null) {
    this.facts = facts;
    this.request = request;
  }

  add(m: Chunk): void {
    if (!m.complete) this.partial = true;
    const { request } = this;
    if (request !== null) this.fits(m, request);
    if (m.type === CHUNK_OFFSET_DATA || m.type === CHUNK_OFFSET_HOLE) this.content(m);
    else if (m.type === CHUNK_BLOCK_STATUS || m.type === CHUNK_BLOCK_STATUS_EXT) this.status(m);
    else if (m.isError) this.error(m);
    // an unknown chunk may have brought what seems to be missing
    else if (!isKnownChunk(m.type)) this.partial = true;
  }

  /** The chunk with DONE was added: judges whether the answer is complete. */
  done(m: Chunk): void {
    const { request } = this;
    if (request === null || this.failed || this.partial) return;
    if (request.type === CMD_READ) this.coverage(m, request);
    else if (request.type === CMD_BLOCK_STATUS) this.missing(m, request);
  }

  /** Judges whether the chunk belongs to the command. */
  private fits(m: Chunk, request: Request): void {
    const { facts } = this;
    const content = m.type === CHUNK_OFFSET_DATA || m.type === CHUNK_OFFSET_HOLE;
    const status = m.type === CHUNK_BLOCK_STATUS || m.type === CHUNK_BLOCK_STATUS_EXT;
    const wrong =
      (content && request.type !== CMD_READ) ||
      (status && request.type !== CMD_BLOCK_STATUS) ||
      (m.type === CHUNK_ERROR_OFFSET && (request.type === CMD_FLUSH || request.type === CMD_RESIZE));
    // which chunks answer an undefined command is not known
    if (wrong && request.type <= CMD_RESIZE) {
      facts.raise(CHUNK_TYPE_FOR_COMMAND, {
        ...CHUNK.where(m, 'type'),
        related: [request],
        text: `${shortChunk(m.type)} in answer to ${shortCommand(request.type)}`,
      });
    }
    if (m.extended && (m.requestOffsetHi !== request.offsetHi || m.requestOffsetLo !== request.offsetLo)) {
      facts.raise(EXTENDED_OFFSET_MISMATCH, {
        ...EXTENDED_CHUNK.where(m, 'requestOffset'),
        related: [request],
        text: `offset ${m.requestOffsetHi * 4294967296 + m.requestOffsetLo}; the request has ${rangeStart(request)}`,
      });
    }
  }

  private content(m: Chunk): void {
    const { facts, request } = this;
    if (m.dataLength <= 0) {
      this.partial ||= m.payload > 8;
      return;
    }
    const start = m.dataOffsetHi * 4294967296 + m.dataOffsetLo;
    const end = start + m.dataLength;
    this.contents++;
    if (request !== null && request.type === CMD_READ && !this.bounds(m, request, start, end)) return;
    const failed = this.errorsAt?.find((at) => at >= start && at < end);
    if (failed !== undefined) {
      facts.raise(CONTENT_AFTER_ERROR_OFFSET, {
        message: m,
        text: `content ${start}..${end} covers ${failed}, which was reported as failed`,
      });
    }
    if (this.lastContent !== null) this.mergeable(m, this.lastContent, start);
    this.lastContent = m;
    const most = facts.context.limits.answerPieces;
    if (end >= EXACT || this.pieces.length >= most) {
      this.partial = true;
      if (end < EXACT) {
        const what = `one answer in more than ${most} pieces; whether it is complete is not judged`;
        facts.limits.hit('answerPieces', what, 'note', m);
      }
      return;
    }
    this.insert({ start, end, chunk: m });
  }

  /** Whether the content is within the requested range. */
  private bounds(m: Chunk, request: Request, start: number, end: number): boolean {
    const { facts } = this;
    const from = rangeStart(request);
    const to = from + rangeLength(request);
    const related = [request];
    // if the request begins past the end of the export, no content could fit it, and the client is at fault
    const possible = facts.size < 0 || from < facts.size;
    let within = true;
    // a length over the maximum payload is reported by its own rule, and is not used further
    const maximum = maximumPayload(facts) ?? NO_PAYLOAD_LIMIT;
    if (m.type === CHUNK_OFFSET_DATA && m.dataLength > maximum) {
      this.partial = true;
    } else if (possible && (start < from || end > to)) {
      // that this content is then missing from the answer is only a consequence
      this.partial = true;
      facts.raise(CHUNK_OUT_OF_BOUNDS, {
        message: m,
        related,
        text: `content ${start}..${end}; the request is for ${from}..${to}`,
      });
      within = false;
    }
    if (this.contents === 2 && (request.flags & CMD_FLAG_DF) !== 0) {
      facts.raise(DF_FRAGMENTED, { message: m, related, text: 'a second content chunk for a READ with DF' });
    }
    const cut = (start !== from && start % 512 !== 0) || (end !== to && end % 512 !== 0);
    if (cut)
      facts.raise(CHUNK_NOT_512_ALIGNED, { message: m, related, text: `content ${start}..${end} of ${from}..${to}` });
    return within;
  }

  private mergeable(m: Chunk, last: Chunk, start: number): void {
    const lastEnd = last.dataOffsetHi * 4294967296 + last.dataOffsetLo + last.dataLength;
    if (last.type !== m.type || lastEnd !== start || !this.facts.wants(CHUNKS_MERGEABLE)) return;
    this.facts.raise(CHUNKS_MERGEABLE, {
      message: m,
      related: [last],
      text: `${shortChunk(m.type)} continues the one before at ${start}`,
    });
  }

  private insert(piece: Piece): void {
    const { pieces } = this;
    let low = 0;
    let high = pieces.length;
    // content mostly comes in order
    if (high > 0 && pieces[high - 1]!.end <= piece.start) low = high;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (pieces[mid]!.end <= piece.start) low = mid + 1;
      else high = mid;
    }
    const other = pieces[low];
    if (other !== undefined && other.start < piece.end) {
      this.facts.raise(CHUNK_OVERLAP, {
        message: piece.chunk,
        related: [other.chunk],
        text: `content ${piece.start}..${piece.end} overlaps ${other.start}..${other.end} of the same answer`,
      });
      this.widen(piece, low);
      return;
    }
    pieces.splice(low, 0, piece);
  }

  /** Merges overlapping content, so that it counts once. */
  private widen(piece: Piece, at: number): void {
    const { pieces } = this;
    let start = piece.start;
    let end = piece.end;
    let n = 0;
    while (at + n < pieces.length && pieces[at + n]!.start < piece.end) {
      start = Math.min(start, pieces[at + n]!.start);
      end = Math.max(end, pieces[at + n]!.end);
      n++;
    }
    pieces.splice(at, n, { start, end, chunk: piece.chunk });
  }

  private coverage(m: Chunk, request: Request): void {
    const from = rangeStart(request);
    const to = from + rangeLength(request);
    if (to >= EXACT) return;
    let at = from;
    const gaps: string[] = [];
    for (const piece of this.pieces) {
      if (piece.start > at && at < to) gaps.push(`${at}..${Math.min(piece.start, to)}`);
      at = Math.max(at, piece.end);
    }
    if (at < to) gaps.push(`${at}..${to}`);
    if (gaps.length === 0) return;
    request.answeredInPart = true;
    this.facts.raise(READ_INCOMPLETE, {
      message: m,
      related: [request],
      text: `no content for ${gaps.slice(0, 4).join(', ')}${gaps.length > 4 ? ', ...' : ''} of ${from}..${to}`,
    });
  }

  private error(m: Chunk): void {
    const { facts, request } = this;
    this.failed = true;
    const data = m.errorData;
    if (m.type === CHUNK_ERROR) {
      if (this.errorChunk !== null) {
        facts.raise(ERROR_REPEATED, {
          message: m,
          related: [this.errorChunk],
          text: 'a second ERROR chunk in one answer',
        });
      }
      if (this.errorsAt !== null)
        facts.raise(ERROR_MIXED, { message: m, text: 'ERROR after ERROR_OFFSET in one answer' });
      this.errorChunk ??= m;
    } else if (m.type === CHUNK_ERROR_OFFSET && data !== null && data.length >= 6) {
      if (this.errorChunk !== null) {
        facts.raise(ERROR_MIXED, {
          message: m,
          related: [this.errorChunk],
          text: 'ERROR_OFFSET after ERROR in one answer',
        });
      }
      const at = ERROR_DATA.size + data.u16(ERROR_DATA.at.messageLength);
      if (data.length >= at + 8) this.position(m, data.u32(at) * 4294967296 + data.u32(at + 4));
    }
    if (
      m.error === EOVERFLOW &&
      request !== null &&
      request.type === CMD_READ &&
      (request.flags & CMD_FLAG_DF) !== 0 &&
      this.contents > 0
    ) {
      facts.raise(DF_REFUSAL_WITH_CONTENT, {
        message: m,
        related: [request],
        text: `EOVERFLOW after ${count(this.contents, 'content chunk')}`,
      });
    }
  }

  private position(m: Chunk, at: number): void {
    const { facts, request } = this;
    // a command without a range has no positions; that the chunk does not belong to it is reported by its own rule
    if (request !== null && hasRange(request.type)) {
      const from = rangeStart(request);
      const length = rangeLength(request);
      if (length >= 0 && (at < from || at >= from + length)) {
        facts.raise(ERROR_OFFSET_OUT_OF_BOUNDS, {
          message: m,
          related: [request],
          text: `position ${at}; the request is for ${from}..${from + length}`,
        });
      }
    }
    this.errorsAt ??= [];
    if (this.errorsAt.includes(at)) {
      facts.raise(ERROR_OFFSET_REPEATED, { message: m, text: `position ${at} was reported before` });
    } else {
      const piece = this.pieces.find((p) => at >= p.start && at < p.end);
      const other = piece === undefined ? undefined : this.errorsAt.find((e) => e >= piece.start && e < piece.end);
      if (piece !== undefined && other !== undefined) {
        facts.raise(ERROR_OFFSETS_SHARE_CHUNK, {
          message: m,
          related: [piece.chunk],
          text: `positions ${other} and ${at} lie in one content chunk ${piece.start}..${piece.end}`,
        });
      }
    }
    if (this.errorsAt.length < 64) this.errorsAt.push(at);
  }

  private status(m: Chunk): void {
    const { facts, request } = this;
    const scan = m.extents;
    if (scan === null || !scan.headComplete) {
      this.partial = true;
      return;
    }
    const id = scan.contextId;
    const head = STATUS_HEAD.where(m, 'contextId', 'contextId', (m.extended ? EXTENDED_CHUNK : CHUNK).size);
    this.contexts ??= new Set();
    if (this.contexts.has(id)) {
      facts.raise(BLOCK_STATUS_DUPLICATE_CONTEXT, { ...head, text: `context id ${id} again in one answer` });
    }
    const most = this.facts.context.limits.answerPieces;
    if (this.contexts.size < most) this.contexts.add(id);
    else this.partial = true;
    if (request === null || request.type !== CMD_BLOCK_STATUS) return;
    const isKnown = !facts.contextsKnown || !facts.negotiationSeen || facts.contexts.has(id);
    // an id that the server never assigned is reported by its own rule, and may have been sent instead of a missing one
    if (!isKnown) this.partial = true;
    const listed = listedContexts(request);
    if (listed !== null && isKnown && !listed.includes(id)) {
      facts.raise(BLOCK_STATUS_EXTRA_CONTEXT, {
        ...head,
        related: [request],
        text: `context id ${id}; the request lists ${listed.join(', ')}`,
      });
    }
    const length = rangeLength(request);
    if (!m.complete || length < 0) return;
    const related = [request];
    if ((request.flags & CMD_FLAG_REQ_ONE) !== 0) {
      if (scan.count > 1)
        facts.raise(REQ_ONE_MULTIPLE_EXTENTS, {
          message: m,
          related,
          text: `${scan.count} extents; REQ_ONE asks for one`,
        });
      else if (scan.sum > length)
        facts.raise(REQ_ONE_EXTENT_TOO_LONG, {
          message: m,
          related,
          text: `an extent of ${scan.sum} bytes for a request of ${length}`,
        });
    } else if (scan.count > 1 && scan.sumButLast >= length && scan.sum < EXACT) {
      facts.raise(BLOCK_STATUS_SURPLUS_EXTENTS, {
        message: m,
        related,
        text: `all extents but the last add up to ${scan.sumButLast} bytes; the request is for ${length}`,
      });
    }
    const end = rangeStart(request) + scan.sum;
    // the answer to a request that reaches past the end of the export may do so as well
    const within = rangeStart(request) + length <= facts.size;
    if (facts.size >= 0 && within && end > facts.size && end < EXACT) {
      facts.raise(BLOCK_STATUS_PAST_EXPORT, {
        message: m,
        related,
        text: `extents up to ${end}; the export has ${facts.size} bytes`,
      });
    }
  }

  private missing(m: Chunk, request: Request): void {
    const { facts } = this;
    const listed = listedContexts(request);
    // a list that was not captured may have asked for fewer contexts than were selected
    if (listed === null && (request.payload > 0 || !facts.contextsKnown || !facts.negotiationSeen)) return;
    const wanted = listed ?? [...facts.contexts.keys()];
    const missing = wanted.filter((id) => this.contexts?.has(id) !== true);
    if (missing.length === 0) return;
    const named = missing
      .slice(0, 8)
      .map((id) => (facts.contexts.has(id) ? show(facts.contexts.get(id)!) : String(id)));
    facts.raise(BLOCK_STATUS_MISSING_CONTEXT, {
      message: m,
      related: [request],
      text: `nothing for ${named.join(', ')}`,
    });
  }
}

/** Context ids that a request with payload lists; null if it has no list, or the list was not captured completely. */
function listedContexts(request: Request): number[] | null {
  const { query } = request;
  if (query === null || query.length < request.payload) return null;
  const ids: number[] = [];
  for (let at = STATUS_QUERY.size; at + CONTEXT_ID.size <= query.length; at += CONTEXT_ID.size) ids.push(query.u32(at));
  return ids;
}
