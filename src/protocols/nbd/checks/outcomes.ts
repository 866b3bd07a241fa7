import { hexNumber } from '../../../base/hex.js';
import { SERVER } from '../../../base/input.js';
import {
  CMD_BLOCK_STATUS,
  CMD_CACHE,
  CMD_FLAG_DF,
  CMD_FLAG_FAST_ZERO,
  CMD_FLAG_FUA,
  CMD_FLUSH,
  CMD_READ,
  CMD_RESIZE,
  CMD_TRIM,
  CMD_WRITE,
  CMD_WRITE_ZEROES,
  DEFAULT_MAX_PAYLOAD,
  DF_GUARANTEED,
  EINVAL,
  ENOSPC,
  ENOTSUP,
  EOVERFLOW,
  EPERM,
  ESHUTDOWN,
  NO_PAYLOAD_LIMIT,
  TFLAG_READ_ONLY,
  TFLAG_SEND_CACHE,
  TFLAG_SEND_FAST_ZERO,
  TFLAG_SEND_FLUSH,
  TFLAG_SEND_FUA,
  TFLAG_SEND_TRIM,
  TFLAG_SEND_WRITE_ZEROES,
} from '../constants.js';
import type { Facts } from '../session/facts.js';
import type { Chunk, NbdMessage, Request } from '../messages.js';
import { errorName, shortCommand } from '../names.js';
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
import { DF_SMALL_REFUSED } from '../rules/chunks.js';
import {
  ALLOCATED_ENOSPC,
  BAD_REQUEST_ACCEPTED,
  CACHE_FLAG_ACCEPTED,
  ENOTSUP_MISUSED,
  ENOTSUP_WITHOUT_FAST_ZERO,
  OFFERED_COMMAND_REFUSED,
  EOVERFLOW_MISUSED,
  FAST_ZERO_EOVERFLOW,
  READ_ONLY_WRITE_SUCCEEDED,
  WRONG_ERROR_CODE,
} from '../rules/headers.js';

/** Why a server should refuse a request, and with which errors. */
interface Mistake {
  readonly what: string;
  readonly errors: readonly number[];
}

/** Judges how requests ended: success where refusal was due, and errors that do not fit. */
export class OutcomeChecks {
  private readonly facts: Facts;
  /** Areas [start, end) that were last reported as allocated, and not trimmed or zeroed since. */
  private allocated: { readonly start: number; readonly end: number; readonly chunk: Chunk }[] = [];
  /** Whether some of them were forgotten. */
  private forgotten = false;
  /** Whether the export was resized: from then on, any command beyond its end may fail with ENOSPC. */
  private wasResized = false;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  /** `m` completes the answer to `r`, which succeeded. */
  succeeded(r: Request, m: NbdMessage): void {
    if (this.allocated.length > 0 && (r.type === CMD_TRIM || r.type === CMD_WRITE_ZEROES)) this.forget(r);
    if (r.type === CMD_RESIZE) this.resized(r);
    const { facts } = this;
    if (facts.flags < 0 || !this.suspicious(r)) return;
    const related = [r];
    if (r.type !== CMD_RESIZE && (facts.flags & TFLAG_READ_ONLY) !== 0 && isWrite(r.type)) {
      facts.raise(READ_ONLY_WRITE_SUCCEEDED, {
        message: m,
        related,
        text: `${shortCommand(r.type)} succeeded on a read-only export`,
      });
      return;
    }
    if (r.type === CMD_CACHE && (facts.flags & TFLAG_SEND_CACHE) !== 0 && (r.flags & 0xffc0) !== 0) {
      facts.raise(CACHE_FLAG_ACCEPTED, { message: m, related, text: 'CACHE with an unknown flag succeeded' });
      return;
    }
    const mistake = this.mistake(r);
    // BLOCK_STATUS past the end may be answered for the part that exists
    if (mistake === null || (r.type === CMD_BLOCK_STATUS && mistake.what === BEYOND)) return;
    facts.raise(BAD_REQUEST_ACCEPTED, {
      message: m,
      related,
      text: `${shortCommand(r.type)} succeeded: ${mistake.what}`,
    });
  }

  /** `m` reports `error` for `r`. */
  failed(r: Request, m: NbdMessage, error: number): void {
    const { facts } = this;
    const related = [r];
    const mistake = this.suspicious(r) ? this.mistake(r) : null;
    if (mistake !== null && error !== ESHUTDOWN && !mistake.errors.includes(error)) {
      facts.raise(WRONG_ERROR_CODE, {
        message: m,
        related,
        text: `${errorName(error)} for a ${shortCommand(r.type)}: ${mistake.what}; ${mistake.errors.map(errorName).join(' or ')} expected`,
      });
    }
    if (error === EINVAL && mistake === null) this.refused(r, m);
    if (error === EOVERFLOW) this.overflow(r, m);
    else if (error === ENOTSUP) this.notSupported(r, m);
    else if (error === ENOSPC && r.type === CMD_WRITE && mistake === null) this.noSpace(r, m);
  }

  /** Remembers the extents of base:allocation without HOLE. */
  remember(r: Request, m: Chunk): void {
    const scan = m.extents;
    if (scan === null || scan.context !== 'base:allocation' || !m.complete) return;
    const most = this.facts.context.limits.allocatedAreas;
    let at = rangeStart(r);
    if (scan.lengthLo.length > most) this.forgotten = true;
    for (let i = 0; i < scan.lengthLo.length && i < most; i++) {
      const end = at + scan.lengthHi[i]! * 4294967296 + scan.lengthLo[i]!;
      if ((scan.statusLo[i]! & 1) === 0) {
        this.allocated.push({ start: at, end, chunk: m });
        if (this.allocated.length > most) {
          this.allocated.shift();
          this.forgotten = true;
        }
      }
      at = end;
    }
  }

  private resized(r: Request): void {
    const { facts } = this;
    this.wasResized = true;
    facts.sizeHi = r.offsetHi;
    facts.sizeLo = r.offsetLo;
    facts.size = rangeStart(r);
    this.allocated = [];
    this.forgotten = false;
  }

  /** Whether anything about the request needs a closer look; cheap, for every reply. */
  private suspicious(r: Request): boolean {
    const { facts } = this;
    if (r.type > CMD_RESIZE || r.flags !== 0) return true;
    if (facts.flags < 0 || r.type === CMD_FLUSH) return false;
    return (
      isBeyond(r, facts) ||
      ((facts.flags & TFLAG_READ_ONLY) !== 0 && isWrite(r.type)) ||
      minimumBlock(facts) > 1 ||
      (r.type === CMD_BLOCK_STATUS && facts.contexts.size === 0)
    );
  }

  private mistake(r: Request): Mistake | null {
    const { facts } = this;
    const whats: string[] = [];
    const errors = new Set<number>();
    const add = (what: string, ...codes: number[]): void => {
      whats.push(what);
      for (const code of codes) errors.add(code);
    };
    if (r.type > CMD_RESIZE) add('the command is unknown', EINVAL);
    if ((r.flags & 0xffc0) !== 0 || strayFlags(r) !== 0) add('it has flags that are unknown or not for it', EINVAL);
    if (facts.flags >= 0) {
      if (
        (r.flags & CMD_FLAG_FAST_ZERO) !== 0 &&
        r.type === CMD_WRITE_ZEROES &&
        (facts.flags & TFLAG_SEND_FAST_ZERO) === 0
      ) {
        add('FAST_ZERO was not offered', EINVAL);
      }
      if ((facts.flags & TFLAG_READ_ONLY) !== 0 && isWrite(r.type)) {
        // a command that the server did not offer may also be refused as unknown
        const offer = OFFERS.get(r.type) ?? 0;
        add('the export is read-only', EPERM, ...((facts.flags & offer) === offer ? [] : [EINVAL]));
      }
      if (hasRange(r.type) && isBeyond(r, facts)) {
        const writes = r.type === CMD_WRITE || r.type === CMD_WRITE_ZEROES;
        add(BEYOND, ...(writes || this.wasResized ? [ENOSPC, EINVAL] : [EINVAL]));
      }
      const minimum = minimumBlock(facts);
      if (minimum > 1 && hasRange(r.type) && isMisaligned(r, minimum, facts)) add('it is misaligned', EINVAL);
      if (r.type === CMD_BLOCK_STATUS && facts.negotiationSeen && facts.contexts.size === 0) {
        add('no metadata context is selected', EINVAL);
      }
    }
    return whats.length === 0 ? null : { what: whats.join(', '), errors: [...errors] };
  }

  private refused(r: Request, m: NbdMessage): void {
    const { facts } = this;
    // EINVAL is right for a FLUSH with a length, and may be for other commands without one
    if (!facts.negotiationSeen || (rangeLength(r) === 0) !== (r.type === CMD_FLUSH)) return;
    if (r.type === CMD_FLUSH && rangeStart(r) !== 0) return;
    const gate = OFFERS.get(r.type) ?? 0;
    const fua = (r.flags & CMD_FLAG_FUA) !== 0 && (facts.flags & TFLAG_SEND_FUA) !== 0;
    // READ and WRITE need no offer, so they are reported only with FUA
    if (gate === 0 ? !fua : (facts.flags & gate) === 0) return;
    // whatever its flags are, a server may refuse a length over its maximum payload, and a misaligned range if it has advertised no block
    // sizes
    if (hasRange(r.type)) {
      if (rangeLength(r) > (maximumPayload(facts) ?? DEFAULT_MAX_PAYLOAD)) return;
      if (facts.blockSizes === null && isMisaligned(r, CAUTIOUS_BLOCK, facts)) return;
    }
    // neither FLUSH nor FUA has a range that may be wrong
    const bare = fua || r.type === CMD_FLUSH;
    facts.raise(OFFERED_COMMAND_REFUSED, {
      message: m,
      related: [r],
      severity: bare ? 'warning' : 'note',
      text: `EINVAL for ${shortCommand(r.type)}${fua ? ' with FUA' : ''}, although the transmission flags are ${hexNumber(facts.flags, 4)}`,
    });
  }

  private overflow(r: Request, m: NbdMessage): void {
    const { facts } = this;
    const related = [r];
    const length = rangeLength(r);
    const df = r.type === CMD_READ && (r.flags & CMD_FLAG_DF) !== 0;
    if (df && length <= DF_GUARANTEED) {
      facts.raise(DF_SMALL_REFUSED, { message: m, related, text: `EOVERFLOW for a READ of ${length} bytes with DF` });
      return;
    }
    if (r.type === CMD_WRITE_ZEROES && (r.flags & CMD_FLAG_FAST_ZERO) !== 0) {
      facts.raise(FAST_ZERO_EOVERFLOW, { message: m, related, text: 'EOVERFLOW for a WRITE_ZEROES with FAST_ZERO' });
      return;
    }
    if (df || !facts.witness.whole(SERVER)) return;
    const maximum = maximumPayload(facts) ?? DEFAULT_MAX_PAYLOAD;
    const long = length > (maximum === NO_PAYLOAD_LIMIT ? DEFAULT_MAX_PAYLOAD : maximum);
    if (long && (r.type === CMD_READ ? facts.structured || facts.extended : r.type !== CMD_WRITE)) return;
    facts.raise(EOVERFLOW_MISUSED, {
      message: m,
      related,
      text: `EOVERFLOW for a ${shortCommand(r.type)} of ${length} bytes`,
    });
  }

  private notSupported(r: Request, m: NbdMessage): void {
    const { facts } = this;
    if (facts.flags < 0) return;
    const related = [r];
    const offered = (facts.flags & TFLAG_SEND_FAST_ZERO) !== 0;
    const fast = r.type === CMD_WRITE_ZEROES && (r.flags & CMD_FLAG_FAST_ZERO) !== 0;
    if (fast && offered) return;
    if (r.type === CMD_WRITE_ZEROES && offered) {
      const text = 'ENOTSUP for a WRITE_ZEROES without FAST_ZERO';
      facts.raise(ENOTSUP_WITHOUT_FAST_ZERO, { message: m, related, text });
    } else {
      facts.raise(ENOTSUP_MISUSED, { message: m, related, text: `ENOTSUP for a ${shortCommand(r.type)}` });
    }
  }

  private noSpace(r: Request, m: NbdMessage): void {
    const start = rangeStart(r);
    const end = start + rangeLength(r);
    const area = this.allocated.find((a) => a.start <= start && a.end >= end);
    if (area === undefined) {
      if (!this.forgotten) return;
      const { limits } = this.facts.context;
      const text = `more than ${limits.allocatedAreas} areas are allocated; an ENOSPC in another one is not judged`;
      this.facts.limits.hit('allocatedAreas', text, 'note', m);
      return;
    }
    this.facts.raise(ALLOCATED_ENOSPC, {
      message: m,
      related: [r, area.chunk],
      confidence: 'weak',
      text: `ENOSPC at ${start}..${end}, which base:allocation reported as allocated (${area.start}..${area.end})`,
    });
  }

  private forget(r: Request): void {
    const start = rangeStart(r);
    const end = start + rangeLength(r);
    this.allocated = this.allocated.filter((a) => a.end <= start || a.start >= end);
  }
}

/** The block size that a client should keep to if the server has advertised none. */
const CAUTIOUS_BLOCK = 512;

/** The transmission flag by which a server offers each command that has one. */
const OFFERS = new Map<number, number>([
  [CMD_FLUSH, TFLAG_SEND_FLUSH],
  [CMD_TRIM, TFLAG_SEND_TRIM],
  [CMD_CACHE, TFLAG_SEND_CACHE],
  [CMD_WRITE_ZEROES, TFLAG_SEND_WRITE_ZEROES],
]);

const BEYOND = 'it reaches past the end of the export';
