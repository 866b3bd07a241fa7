import { hexNumber } from '../../../base/hex.js';
import { CLIENT, SERVER } from '../../../base/input.js';
import { count } from '../../../base/text.js';
import type { Severity } from '../../../base/rule.js';
import { confidenceThat } from '../../../contract/witness.js';
import {
  CMD_BLOCK_STATUS,
  CMD_CACHE,
  CMD_DISC,
  CMD_FLAG_DF,
  CMD_FLAG_FAST_ZERO,
  CMD_FLAG_FUA,
  CMD_FLAG_PAYLOAD_LEN,
  CMD_FLUSH,
  CMD_READ,
  CMD_RESIZE,
  CMD_TRIM,
  CMD_WRITE,
  CMD_WRITE_ZEROES,
  DEFAULT_MAX_PAYLOAD,
  NO_PAYLOAD_LIMIT,
  TFLAG_BLOCK_STATUS_PAYLOAD,
  TFLAG_READ_ONLY,
  TFLAG_SEND_CACHE,
  TFLAG_SEND_DF,
  TFLAG_SEND_FAST_ZERO,
  TFLAG_SEND_FLUSH,
  TFLAG_SEND_FUA,
  TFLAG_SEND_RESIZE,
  TFLAG_SEND_TRIM,
  TFLAG_SEND_WRITE_ZEROES,
} from '../constants.js';
import { cookieText, swap16, swappedName } from '../cookie.js';
import { field, type Facts, type FieldSpan } from '../session/facts.js';
import { EXTENDED_REQUEST, REQUEST, requestLayout, STATUS_QUERY } from '../layout.js';
import type { NbdMessage, Request } from '../messages.js';
import { commandFlags, commandName, shortCommand } from '../names.js';
import { show } from './options.js';
import {
  hasRange,
  isBeyond,
  isMisaligned,
  isWrite,
  maximumPayload,
  minimumBlock,
  rangeLength,
  rangeStart,
  strayFlags,
} from '../session/request-range.js';
import {
  BLOCK_STATUS_NOT_NEGOTIATED,
  BS_PAYLOAD_MALFORMED,
  BS_PAYLOAD_NOT_ADVERTISED,
  CACHE_NOT_ADVERTISED,
  CLIENT_TOLERATED_BAD_CHUNK,
  COMMAND_FLAG_NOT_APPLICABLE,
  COMMAND_FLAG_NOT_NEGOTIATED,
  COMMAND_NOT_NEGOTIATED,
  COOKIE_REUSED_IN_FLIGHT,
  DATA_AFTER_DISC,
  DISC_FIELDS_NONZERO,
  DISC_WITH_IN_FLIGHT,
  FLUSH_FIELDS_NONZERO,
  FUA_ON_NON_WRITE,
  PAYLOAD_LEN_IN_COMPACT,
  PAYLOAD_LEN_ZERO,
  PAYLOAD_OVER_MAX,
  READ_OVER_32_BIT,
  REQUEST_AFTER_ESHUTDOWN,
  REQUEST_BEYOND_EXPORT,
  REQUEST_HEADER_MODE,
  REQUEST_MISALIGNED,
  REQUEST_OVER_DEFAULT_PAYLOAD,
  REQUEST_OVER_MAX_PAYLOAD,
  REQUEST_UNALIGNED_PREFERRED,
  REQUEST_UNDER_512,
  RESIZE_OVERLAP,
  UNKNOWN_COMMAND,
  UNKNOWN_COMMAND_FLAG,
  WRITE_ON_READ_ONLY,
  WRITE_WITHOUT_PAYLOAD_LEN,
  ZERO_LENGTH_REQUEST,
} from '../rules/requests.js';
import type { RequestTable } from '../session/request-table.js';
import { decimal } from '../../../base/u64.js';

/** The most requests in flight that a finding names. Its text counts all of them. */
const NAMED = 8;

/** The transmission flag without which a command must not be used; 0: none. */
const GATES: readonly number[] = [
  0,
  0,
  0,
  TFLAG_SEND_FLUSH,
  TFLAG_SEND_TRIM,
  0,
  TFLAG_SEND_WRITE_ZEROES,
  0,
  TFLAG_SEND_RESIZE,
];

/** Judges requests by themselves, by what was negotiated, and by what is in flight. */
export class RequestChecks {
  private readonly facts: Facts;
  private readonly table: RequestTable;
  /** Whether the first request has an extended header; null: there was none. */
  private extended: boolean | null = null;
  private modeJudged = false;
  private metaJudged = false;
  /** By request in flight: a later request with its cookie, until it is known whether the earlier one was answered before. */
  private suspects: Map<Request, Request> | null = null;
  resize: Request | null = null;
  /** The first chunk that no client can have understood. */
  badChunk: NbdMessage | null = null;
  private toleranceJudged = false;
  private shutdownIgnored = false;
  private behindDisc = false;

  constructor(facts: Facts, table: RequestTable) {
    this.facts = facts;
    this.table = table;
  }

  /**
   * Judges a request whose header was decoded, and which is not in the table yet. `answersKnown`: all replies so far have found their
   * requests.
   */
  header(r: Request, disc: Request | null, shutdown: NbdMessage | null, answersKnown: boolean): void {
    if (disc !== null) {
      if (!this.behindDisc)
        this.facts.raise(DATA_AFTER_DISC, { message: r, related: [disc], text: `${shortCommand(r.type)} after DISC` });
      this.behindDisc = true;
      return;
    }
    if (r.extended !== this.extended) this.mode(r);
    if (r.flags !== 0 || r.extended) this.flags(r);
    if (r.type !== CMD_READ && r.type !== CMD_WRITE) this.command(r);
    else if ((r.lengthLo === 0 && r.lengthHi === 0) || (r.extended && r.type === CMD_READ && r.lengthHi !== 0))
      this.length(r);
    if (this.facts.flags >= 0) this.export(r);
    if (this.table.size > 0 && answersKnown) this.inFlight(r);
    if (shutdown !== null && r.type !== CMD_DISC) this.afterShutdown(r, shutdown);
    if (this.badChunk !== null) this.afterBadChunk(r, this.badChunk);
  }

  /** Judges the list of contexts of a request that was decoded completely. */
  complete(r: Request): void {
    if (r.query === null || !r.complete) return;
    const { facts } = this;
    const list = r.query;
    const malformed = r.payload < 12 || (r.payload - 8) % 4 !== 0;
    if (malformed && r.payload > 0) {
      facts.raise(BS_PAYLOAD_MALFORMED, {
        ...field(r, EXTENDED_REQUEST.size, r.payload),
        text: `payload of ${r.payload} bytes; 8 + 4n expected, n at least 1`,
      });
    }
    const seen = new Set<number>();
    for (let at = 8; at + 4 <= list.length; at += 4) {
      const id = list.u32(at);
      const unknown = facts.contextsKnown && facts.negotiationSeen && !facts.contexts.has(id);
      if (seen.has(id) || unknown) {
        const why = seen.has(id) ? 'is listed again' : 'was not handed out by the server';
        facts.raise(BS_PAYLOAD_MALFORMED, {
          ...field(r, EXTENDED_REQUEST.size + at, 4),
          text: `context id ${id} ${why}`,
        });
      }
      seen.add(id);
    }
    if (!malformed && rangeLength(r) === 0)
      facts.raise(ZERO_LENGTH_REQUEST, {
        ...STATUS_QUERY.where(r, 'effectLength', 'effectLength', EXTENDED_REQUEST.size),
        text: 'BLOCK_STATUS with an effect length of 0',
      });
    // a malformed payload has no valid effect length
    if (facts.flags >= 0 && !malformed) this.range(r);
  }

  /** `reply` completes the answer to `r`: a request that reused its cookie before was too early. */
  answered(r: Request, reply: NbdMessage): void {
    if (this.suspects === null) return;
    const later = this.suspects.get(r);
    if (later === undefined) return;
    this.suspects.delete(r);
    if (later.peerSeen >= 0 && later.peerSeen < reply.endOffset) this.reused(later, r, 'certain');
  }

  /** Replies may be missing: whether a suspected cookie was reused too early cannot be decided any more. */
  forget(): void {
    this.suspects = null;
  }

  private mode(r: Request): void {
    // a request that was found by a search may be part of a recording in the data, and shows nothing
    if (r.inferred) return;
    const { facts } = this;
    if (this.extended === null) this.extended = r.extended;
    const known = facts.negotiationSeen;
    if (this.modeJudged || (known ? r.extended === facts.extended : r.extended === this.extended)) return;
    this.modeJudged = true;
    const form = r.extended ? 'an extended' : 'a compact';
    facts.raise(REQUEST_HEADER_MODE, {
      ...REQUEST.where(r, 'magic'),
      text: known
        ? `${form} header, although extended headers were ${facts.extended ? '' : 'not '}agreed on`
        : `${form} header after requests with the other one`,
    });
  }

  private flags(r: Request): void {
    const { facts } = this;
    const at = REQUEST.where(r, 'flags');
    const unknown = r.flags & 0xffc0;
    if (unknown !== 0) {
      facts.raise(UNKNOWN_COMMAND_FLAG, {
        ...at,
        text: `flags ${hexNumber(r.flags, 4)} on ${shortCommand(r.type)}; bits 6 to 15 are not defined`,
      });
    }
    const payload = (r.flags & CMD_FLAG_PAYLOAD_LEN) !== 0;
    let stray = strayFlags(r);
    if (payload && !r.extended) {
      stray &= ~CMD_FLAG_PAYLOAD_LEN;
      facts.raise(PAYLOAD_LEN_IN_COMPACT, { ...at, text: `PAYLOAD_LEN on a compact ${shortCommand(r.type)}` });
    }
    if (stray !== 0) {
      facts.raise(COMMAND_FLAG_NOT_APPLICABLE, {
        ...at,
        text: `${commandFlags(stray).join(' ')} on ${shortCommand(r.type)}`,
      });
    }
    if ((r.flags & CMD_FLAG_FUA) !== 0 && r.type !== CMD_WRITE && r.type !== CMD_TRIM && r.type !== CMD_WRITE_ZEROES) {
      facts.raise(FUA_ON_NON_WRITE, { ...at, text: `FUA on ${shortCommand(r.type)}` });
    }
    if (!r.extended) return;
    if (r.type === CMD_WRITE && !payload) {
      const data = r.payload > 0 ? '; its data follow all the same' : '';
      facts.raise(WRITE_WITHOUT_PAYLOAD_LEN, {
        ...at,
        severity: r.payload > 0 ? 'warning' : 'error',
        text: `WRITE of ${decimal(r.lengthHi, r.lengthLo)} bytes without PAYLOAD_LEN${data}`,
      });
    }
    if (payload && r.type !== CMD_WRITE && r.payload === 0) {
      facts.raise(PAYLOAD_LEN_ZERO, {
        ...EXTENDED_REQUEST.where(r, 'length'),
        text: `PAYLOAD_LEN on ${shortCommand(r.type)} with length 0`,
      });
    }
  }

  private command(r: Request): void {
    const { facts } = this;
    if (r.type > CMD_RESIZE) {
      const hint = swappedName(swap16(r.type), (type) => type <= CMD_RESIZE, commandName);
      facts.raise(UNKNOWN_COMMAND, { ...REQUEST.where(r, 'type'), text: `command ${r.type}${hint}` });
      return;
    }
    if (r.type === CMD_FLUSH || r.type === CMD_DISC) {
      if (r.offsetHi !== 0 || r.offsetLo !== 0 || r.lengthHi !== 0 || r.lengthLo !== 0) {
        facts.raise(r.type === CMD_FLUSH ? FLUSH_FIELDS_NONZERO : DISC_FIELDS_NONZERO, {
          ...requestLayout(r).where(r, 'offset', 'length'),
          text: `offset ${decimal(r.offsetHi, r.offsetLo)}, length ${decimal(r.lengthHi, r.lengthLo)}`,
        });
      }
      return;
    }
    if (r.type !== CMD_CACHE && r.type !== CMD_RESIZE && r.query === null) this.length(r);
  }

  private length(r: Request): void {
    if (r.lengthHi === 0 && r.lengthLo === 0) {
      const at = requestLayout(r).where(r, 'length');
      this.facts.raise(ZERO_LENGTH_REQUEST, { ...at, text: `${shortCommand(r.type)} of 0 bytes` });
    } else if (r.type === CMD_READ && r.lengthHi !== 0) {
      this.facts.raise(READ_OVER_32_BIT, {
        ...EXTENDED_REQUEST.where(r, 'length'),
        text: `READ of ${decimal(r.lengthHi, r.lengthLo)} bytes`,
      });
    }
  }

  /** Judges what depends on the export's flags and sizes. */
  private export(r: Request): void {
    const { type } = r;
    if (type !== CMD_READ && type !== CMD_WRITE) this.offeredCommand(r);
    if (r.flags !== 0) this.offeredFlags(r);
    if ((this.facts.flags & TFLAG_READ_ONLY) !== 0 && isWrite(type)) {
      this.facts.raise(WRITE_ON_READ_ONLY, {
        ...REQUEST.where(r, 'type'),
        text: `${shortCommand(type)} on a read-only export`,
      });
    }
    if (hasRange(type) && r.query === null) this.range(r);
    if (type === CMD_READ || type === CMD_WRITE || r.query !== null) this.payload(r);
  }

  /** Judges whether the server offers that command for the export. READ and WRITE need no offer. */
  private offeredCommand(r: Request): void {
    const { facts } = this;
    const { type } = r;
    const offered = facts.flags;
    const gate = GATES[type] ?? 0;
    if (gate !== 0 && (offered & gate) === 0) {
      facts.raise(COMMAND_NOT_NEGOTIATED, {
        ...REQUEST.where(r, 'type'),
        text: `${shortCommand(type)}, but the transmission flags are ${hexNumber(offered, 4)}`,
      });
    } else if (type === CMD_CACHE && (offered & TFLAG_SEND_CACHE) === 0) {
      facts.raise(CACHE_NOT_ADVERTISED, {
        ...REQUEST.where(r, 'type'),
        text: `CACHE, but the transmission flags are ${hexNumber(offered, 4)}`,
      });
    } else if (type === CMD_BLOCK_STATUS && facts.negotiationSeen) {
      this.contexts(r);
    }
  }

  private offeredFlags(r: Request): void {
    const { type, flags } = r;
    const offered = this.facts.flags;
    const missing =
      ((flags & CMD_FLAG_FUA) !== 0 && (offered & TFLAG_SEND_FUA) === 0 ? CMD_FLAG_FUA : 0) |
      ((flags & CMD_FLAG_DF) !== 0 && type === CMD_READ && (offered & TFLAG_SEND_DF) === 0 ? CMD_FLAG_DF : 0) |
      ((flags & CMD_FLAG_FAST_ZERO) !== 0 && type === CMD_WRITE_ZEROES && (offered & TFLAG_SEND_FAST_ZERO) === 0
        ? CMD_FLAG_FAST_ZERO
        : 0);
    if (missing !== 0) {
      this.facts.raise(COMMAND_FLAG_NOT_NEGOTIATED, {
        ...REQUEST.where(r, 'flags'),
        text: `${commandFlags(missing).join(' ')}, but the transmission flags are ${hexNumber(offered, 4)}`,
      });
    }
  }

  private contexts(r: Request): void {
    const { facts } = this;
    if ((!facts.structured && !facts.extended) || facts.contexts.size === 0) {
      facts.raise(BLOCK_STATUS_NOT_NEGOTIATED, {
        ...REQUEST.where(r, 'type'),
        text: 'no metadata context is selected',
      });
    } else if (
      !this.metaJudged &&
      facts.metaExport !== null &&
      facts.exportName !== null &&
      facts.metaExport !== facts.exportName
    ) {
      this.metaJudged = true;
      const linked = facts.metaExport === '' || facts.exportName === '' || facts.canonicalName === facts.metaExport;
      facts.raise(BLOCK_STATUS_NOT_NEGOTIATED, {
        ...REQUEST.where(r, 'type'),
        severity: linked ? 'note' : 'error',
        text: `contexts were selected for export ${show(facts.metaExport)}, but the session uses ${show(facts.exportName)}`,
      });
    }
    if (r.query !== null && (facts.flags & TFLAG_BLOCK_STATUS_PAYLOAD) === 0) {
      facts.raise(BS_PAYLOAD_NOT_ADVERTISED, {
        ...REQUEST.where(r, 'flags'),
        text: `BLOCK_STATUS with payload, but the transmission flags are ${hexNumber(facts.flags, 4)}`,
      });
    }
  }

  /** Judges bounds and alignment. */
  private range(r: Request): void {
    const { facts } = this;
    if (this.resize !== null) this.resizing(r, this.resize, rangeLength(r));
    else if (isBeyond(r, facts)) this.beyond(r);
    const { blockSizes } = facts;
    if (blockSizes === null) {
      if (facts.negotiationSeen && isMisaligned(r, 512, facts) && facts.wants(REQUEST_UNDER_512)) {
        facts.raise(REQUEST_UNDER_512, { ...rangeFields(r), text: rangeText(r) });
      }
      return;
    }
    const minimum = minimumBlock(facts);
    const { preferred } = blockSizes;
    if (minimum > 1 && isMisaligned(r, minimum, facts)) {
      facts.raise(REQUEST_MISALIGNED, {
        ...rangeFields(r),
        severity: this.commitment,
        text: `${rangeText(r)}; the minimum block size is ${minimum}`,
      });
    } else if (
      preferred > minimum &&
      (preferred & (preferred - 1)) === 0 &&
      isMisaligned(r, preferred, facts) &&
      facts.wants(REQUEST_UNALIGNED_PREFERRED)
    ) {
      facts.raise(REQUEST_UNALIGNED_PREFERRED, {
        ...rangeFields(r),
        text: `${rangeText(r)}; the preferred block size is ${preferred}`,
      });
    }
  }

  private beyond(r: Request): void {
    const { facts } = this;
    facts.raise(REQUEST_BEYOND_EXPORT, {
      ...rangeFields(r),
      text: `${shortCommand(r.type)} with ${rangeText(r)}; the export has ${decimal(facts.sizeHi, facts.sizeLo)} bytes`,
    });
  }

  /** Severity of breaking the advertised sizes: a client that asked for them is bound by them. */
  private get commitment(): Severity {
    return this.facts.sizesRequested === true ? 'error' : 'warning';
  }

  private resizing(r: Request, resize: Request, length: number): void {
    const before = this.facts.size;
    const after = rangeStart(resize);
    const low = Math.min(before, after);
    const high = Math.max(before, after);
    const start = rangeStart(r);
    if (r === resize || start >= high || start + length <= low) return;
    this.facts.raise(RESIZE_OVERLAP, {
      message: r,
      related: [resize],
      text: `${shortCommand(r.type)} of ${count(length, 'byte')} at ${start} touches ${low}..${high}, which RESIZE is changing`,
    });
  }

  private payload(r: Request): void {
    const { facts } = this;
    const length = r.query !== null || r.type === CMD_WRITE ? r.payload : rangeLength(r);
    const maximum = maximumPayload(facts) ?? -1;
    if (length <= (maximum < 0 ? DEFAULT_MAX_PAYLOAD : maximum)) return;
    const at = requestLayout(r).where(r, 'length');
    if (r.extended && r.type !== CMD_READ) {
      if (
        maximum >= 0
          ? maximum !== NO_PAYLOAD_LIMIT && length > maximum
          : facts.negotiationSeen && length > DEFAULT_MAX_PAYLOAD
      ) {
        facts.raise(PAYLOAD_OVER_MAX, {
          ...at,
          severity: maximum >= 0 ? 'error' : 'warning',
          text: `payload of ${length} bytes; the maximum is ${maximum >= 0 ? maximum : DEFAULT_MAX_PAYLOAD}`,
        });
      }
      return;
    }
    if (maximum < 0) {
      if (facts.negotiationSeen && length > DEFAULT_MAX_PAYLOAD) {
        facts.raise(REQUEST_OVER_DEFAULT_PAYLOAD, {
          ...at,
          text: `${shortCommand(r.type)} of ${length} bytes; without size information ${DEFAULT_MAX_PAYLOAD} is the limit`,
        });
      }
      return;
    }
    if (maximum === NO_PAYLOAD_LIMIT || length <= maximum) return;
    if (r.type === CMD_READ && (facts.structured || facts.extended || !facts.negotiationSeen)) return;
    facts.raise(REQUEST_OVER_MAX_PAYLOAD, {
      ...at,
      severity: this.commitment,
      text: `${shortCommand(r.type)} of ${length} bytes; the maximum payload is ${maximum}`,
    });
  }

  /** Judges a request by the others in flight; called only if all replies so far have found their requests. */
  private inFlight(r: Request): void {
    const { facts } = this;
    if (!facts.context.present(SERVER)) return;
    if (r.type === CMD_DISC) {
      this.disconnecting(r);
      return;
    }
    let earlier = this.table.find(r.cookieHi, r.cookieLo);
    while (earlier !== null) {
      const next = this.table.sameCookie(earlier.next, r.cookieHi, r.cookieLo);
      if (next === null) break;
      earlier = next;
    }
    if (earlier === null || !this.table.isCertain(earlier)) return;
    const sure = confidenceThat(facts.witness.sawAll(r));
    if (sure !== null) this.reused(r, earlier, sure);
    else {
      this.suspects ??= new Map();
      if (this.suspects.size < facts.context.limits.listItems) this.suspects.set(earlier, r);
      else facts.limits.hit('listItems', 'too many cookies that may be reused; later ones are not judged', 'note', r);
    }
  }

  private reused(later: Request, earlier: Request, confidence: 'certain' | 'likely'): void {
    this.facts.raise(COOKIE_REUSED_IN_FLIGHT, {
      ...REQUEST.where(later, 'cookie'),
      related: [earlier],
      confidence,
      text: `cookie ${cookieText(later.cookieHi, later.cookieLo)} is that of a ${shortCommand(earlier.type)} in flight`,
    });
  }

  private disconnecting(disc: Request): void {
    const sure = confidenceThat(this.facts.witness.sawAll(disc));
    // before an export is selected, a server answers no requests
    if (sure === null || !this.facts.witness.whole(CLIENT) || !this.facts.transmission) return;
    const pending: Request[] = [];
    for (const r of this.table.inFlight()) {
      if (pending.length < NAMED && this.table.isCertain(r)) pending.push(r);
    }
    if (pending.length === 0) return;
    this.facts.raise(DISC_WITH_IN_FLIGHT, {
      message: disc,
      related: pending,
      confidence: sure,
      text: `${count(this.table.size, 'request')} in flight: cookies ${pending.map((r) => cookieText(r.cookieHi, r.cookieLo)).join(', ')}`,
    });
  }

  private afterShutdown(r: Request, shutdown: NbdMessage): void {
    if (this.shutdownIgnored || this.facts.hadReceived(r, shutdown) === null) return;
    this.shutdownIgnored = true;
    this.facts.raise(REQUEST_AFTER_ESHUTDOWN, {
      message: r,
      related: [shutdown],
      confidence: 'likely',
      text: `${shortCommand(r.type)} after the server had reported ESHUTDOWN`,
    });
  }

  private afterBadChunk(r: Request, chunk: NbdMessage): void {
    if (this.toleranceJudged || r.type === CMD_DISC || this.facts.hadReceived(r, chunk) === null) return;
    this.toleranceJudged = true;
    this.facts.raise(CLIENT_TOLERATED_BAD_CHUNK, {
      message: r,
      related: [chunk],
      confidence: 'likely',
      text: `${shortCommand(r.type)} after a chunk that cannot be understood`,
    });
  }
}

/** Offset and length of a request, as the place of a finding. */
function rangeFields(r: Request): FieldSpan {
  return requestLayout(r).where(r, 'offset', 'length');
}

function rangeText(r: Request): string {
  return `offset ${decimal(r.offsetHi, r.offsetLo)}, length ${rangeLength(r)}`;
}
