import { hexNumber } from '../../../base/hex.js';
import { count } from '../../../base/text.js';
import {
  CHUNK_BLOCK_STATUS,
  CHUNK_BLOCK_STATUS_EXT,
  CHUNK_ERROR,
  CHUNK_ERROR_BIT,
  CHUNK_ERROR_OFFSET,
  CHUNK_NONE,
  CHUNK_OFFSET_DATA,
  CHUNK_OFFSET_HOLE,
  ENOMEM,
  MAX_EXTENTS,
  NO_PAYLOAD_LIMIT,
  REPLY_FLAG_DONE,
} from '../constants.js';
import { field, type Facts, type FieldSpan } from '../session/facts.js';
import { CHUNK, ERROR_DATA, EXTENDED_CHUNK } from '../layout.js';
import type { Chunk, NbdMessage } from '../messages.js';
import { swap16, swap32, swappedName } from '../cookie.js';
import { errorName, isKnownChunk, isKnownError, shortChunk } from '../names.js';
import { show } from './options.js';
import type { ExtentScan } from '../decoder/payload.js';
import {
  BASE_ALLOCATION_RESERVED_BITS,
  BLOCK_STATUS_BAD_LENGTH,
  BLOCK_STATUS_EXT_COUNT,
  BLOCK_STATUS_EXT_HIGH_BITS,
  BLOCK_STATUS_SAME_NEIGHBOUR,
  BLOCK_STATUS_TOO_MANY_EXTENTS,
  BLOCK_STATUS_TYPE_FOR_MODE,
  BLOCK_STATUS_UNKNOWN_CONTEXT,
  BLOCK_STATUS_ZERO_EXTENT,
  DIRTY_BITMAP_RESERVED_BITS,
} from '../rules/block-status.js';
import {
  CHUNK_OVER_MAX_PAYLOAD,
  ERROR_CHUNK_TOO_SHORT,
  ERROR_CHUNK_TRAILING,
  ERROR_MESSAGE_OVERRUNS,
  ERROR_ZERO,
  HOLE_SIZE_ZERO,
  NONE_WITH_PAYLOAD,
  NONE_WITHOUT_DONE,
  OFFSET_DATA_TOO_SHORT,
  OFFSET_HOLE_BAD_LENGTH,
  UNKNOWN_CHUNK_TYPE,
  UNKNOWN_ERROR_CHUNK,
  UNKNOWN_REPLY_FLAG,
} from '../rules/chunks.js';
import {
  ENOMEM_USED,
  EXTENDED_LENGTH_HUGE,
  EXTENDED_NOT_NEGOTIATED,
  REPLY_HEADER_MODE,
  STRUCTURED_NOT_NEGOTIATED,
  UNKNOWN_ERROR_VALUE,
} from '../rules/headers.js';
import { STATE_KEPT_ACROSS_STARTTLS } from '../rules/inside-tls.js';
import { maximumPayload } from '../session/request-range.js';
import { checkString } from './strings.js';

/** Judges the error value at offset `at` of a message. */
export function checkErrorValue(facts: Facts, m: NbdMessage, at: number, error: number): void {
  if (!isKnownError(error)) {
    const hint = swappedName(swap32(error), (e) => e !== 0 && isKnownError(e), errorName);
    facts.raise(UNKNOWN_ERROR_VALUE, { ...field(m, at, 4), text: `error ${error}${hint}` });
  } else if (error === ENOMEM) {
    facts.raise(ENOMEM_USED, { ...field(m, at, 4), text: `error ${error}, ${errorName(error)}` });
  }
}

/** Judges single chunks by themselves, and by what the server's own bytes negotiated. */
export class ChunkChecks {
  private readonly facts: Facts;
  private formJudged = false;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  /** Judges a chunk; returns whether no client can have understood it. */
  chunk(m: Chunk): boolean {
    const { facts } = this;
    if (facts.negotiationSeen && (m.extended ? !facts.extended : facts.extended || !facts.structured)) this.form(m);
    if ((m.flags & ~REPLY_FLAG_DONE) !== 0) {
      facts.raise(UNKNOWN_REPLY_FLAG, {
        ...CHUNK.where(m, 'flags'),
        text: `flags ${hexNumber(m.flags, 4)}; only bit 0 is defined`,
      });
    }
    if (m.payload >= 4294967296) {
      facts.raise(EXTENDED_LENGTH_HUGE, {
        ...EXTENDED_CHUNK.where(m, 'length'),
        text: `payload of ${m.payload} bytes`,
      });
      return false;
    }
    if (this.isTooLarge(m)) return false;
    switch (m.type) {
      case CHUNK_OFFSET_DATA:
        if (m.payload >= 9) return false;
        facts.raise(OFFSET_DATA_TOO_SHORT, {
          ...this.lengthField(m),
          text: `payload of ${count(m.payload, 'byte')}; at least 9 expected`,
        });
        return true;
      case CHUNK_OFFSET_HOLE:
        return this.hole(m);
      case CHUNK_NONE:
        return this.none(m);
      case CHUNK_BLOCK_STATUS:
      case CHUNK_BLOCK_STATUS_EXT:
        return this.status(m);
      default:
        if (m.type >= CHUNK_ERROR_BIT) return this.error(m);
        this.unknown(m);
        return true;
    }
  }

  private form(m: Chunk): void {
    const { facts } = this;
    if (this.formJudged) return;
    this.formJudged = true;
    const at = CHUNK.where(m, 'magic');
    const kept = m.extended ? facts.beforeTls.extendedAck : facts.beforeTls.structuredAck;
    if (kept !== null && !facts.extended) {
      facts.raise(STATE_KEPT_ACROSS_STARTTLS, {
        ...at,
        related: [kept],
        text: `${m.extended ? 'an extended' : 'a structured'} chunk, which was agreed on only in clear`,
      });
    } else if (m.extended) {
      facts.raise(EXTENDED_NOT_NEGOTIATED, { ...at, text: 'NBD_OPT_EXTENDED_HEADERS was not acknowledged' });
    } else if (facts.extended) {
      facts.raise(REPLY_HEADER_MODE, {
        ...at,
        text: 'a structured chunk after NBD_OPT_EXTENDED_HEADERS was acknowledged',
      });
    } else {
      facts.raise(STRUCTURED_NOT_NEGOTIATED, { ...at, text: 'NBD_OPT_STRUCTURED_REPLY was not acknowledged' });
    }
  }

  private lengthField(m: Chunk): FieldSpan {
    return m.extended ? EXTENDED_CHUNK.where(m, 'length') : CHUNK.where(m, 'length');
  }

  /** Whether it is larger than the maximum payload; then only its length is reported. */
  private isTooLarge(m: Chunk): boolean {
    const maximum = maximumPayload(this.facts) ?? NO_PAYLOAD_LIMIT;
    if (maximum === NO_PAYLOAD_LIMIT || m.payload <= maximum) return false;
    const variable =
      m.type === CHUNK_OFFSET_DATA
        ? m.payload - 8
        : m.extents !== null
          ? m.payload - (m.extents.wide ? 8 : 4)
          : m.payload;
    if (variable <= maximum) return false;
    this.facts.raise(CHUNK_OVER_MAX_PAYLOAD, {
      ...this.lengthField(m),
      text: `${shortChunk(m.type)} with ${variable} bytes; the maximum payload is ${maximum}`,
    });
    return true;
  }

  private none(m: Chunk): boolean {
    if (!m.isDone)
      this.facts.raise(NONE_WITHOUT_DONE, {
        ...CHUNK.where(m, 'flags'),
        text: 'a chunk of type NONE that does not end the answer',
      });
    if (m.payload === 0) return false;
    this.facts.raise(NONE_WITH_PAYLOAD, {
      ...this.lengthField(m),
      text: `NONE with a payload of ${count(m.payload, 'byte')}`,
    });
    return true;
  }

  private hole(m: Chunk): boolean {
    if (m.payload !== 12) {
      this.facts.raise(OFFSET_HOLE_BAD_LENGTH, {
        ...this.lengthField(m),
        text: `payload of ${count(m.payload, 'byte')}; 12 expected`,
      });
      return true;
    }
    if (m.dataLength === 0) this.facts.raise(HOLE_SIZE_ZERO, { message: m, text: 'a hole of 0 bytes' });
    return false;
  }

  private unknown(m: Chunk): void {
    const draft =
      (m.type === 3 && m.payload > 8) || (m.type === 4 && m.payload === 12)
        ? ' (it would be OFFSET_DATA or OFFSET_HOLE in the draft of April 2016)'
        : m.type === 3
          ? ' (the reference server once numbered BLOCK_STATUS so)'
          : swappedName(swap16(m.type), isKnownChunk, shortChunk);
    this.facts.raise(UNKNOWN_CHUNK_TYPE, {
      ...CHUNK.where(m, 'type'),
      text: `chunk type ${m.type} with ${count(m.payload, 'byte')} of payload${draft}`,
    });
  }

  private error(m: Chunk): boolean {
    const { facts } = this;
    const header = m.extended ? EXTENDED_CHUNK.size : CHUNK.size;
    if (!isKnownChunk(m.type)) {
      facts.raise(UNKNOWN_ERROR_CHUNK, {
        ...CHUNK.where(m, 'type'),
        text: `error chunk of type ${hexNumber(m.type, 4)}`,
      });
    }
    const fixed = m.type === CHUNK_ERROR_OFFSET ? 14 : 6;
    if (m.payload < fixed) {
      facts.raise(ERROR_CHUNK_TOO_SHORT, {
        ...this.lengthField(m),
        text: `payload of ${count(m.payload, 'byte')}; at least ${fixed} expected`,
      });
      return true;
    }
    const data = m.errorData;
    if (data === null || data.length < ERROR_DATA.size) return false;
    const error = data.u32(ERROR_DATA.at.error);
    const messageLength = data.u16(ERROR_DATA.at.messageLength);
    if (error === 0)
      facts.raise(ERROR_ZERO, {
        ...ERROR_DATA.where(m, 'error', 'error', header),
        text: `${shortChunk(m.type)} with error 0`,
      });
    else checkErrorValue(facts, m, header, error);
    const room = m.payload - fixed;
    if (messageLength > room) {
      facts.raise(ERROR_MESSAGE_OVERRUNS, {
        ...ERROR_DATA.where(m, 'messageLength', 'messageLength', header),
        text: `message length ${messageLength} in a payload of ${m.payload} bytes; at most ${room} fit`,
      });
      return true;
    }
    if (messageLength > 0)
      checkString(facts, m, header, data, { at: ERROR_DATA.size, length: messageLength }, 'message');
    const trailing = room - messageLength;
    if (trailing > 0 && (m.type === CHUNK_ERROR || m.type === CHUNK_ERROR_OFFSET)) {
      facts.raise(ERROR_CHUNK_TRAILING, {
        ...field(m, header + fixed + messageLength, trailing),
        text: `${count(trailing, 'byte')} left over`,
      });
    }
    return false;
  }

  private status(m: Chunk): boolean {
    const { facts } = this;
    const scan = m.extents;
    const extended = m.type === CHUNK_BLOCK_STATUS_EXT;
    if (extended !== m.extended) {
      facts.raise(BLOCK_STATUS_TYPE_FOR_MODE, {
        ...CHUNK.where(m, 'type'),
        text: `${shortChunk(m.type)} in ${m.extended ? 'an extended' : 'a structured'} reply`,
      });
    }
    const head = extended ? 8 : 4;
    const size = extended ? 16 : 8;
    const badLength = m.payload < head + size || (m.payload - head) % size !== 0;
    if (badLength) {
      facts.raise(BLOCK_STATUS_BAD_LENGTH, {
        ...this.lengthField(m),
        text: `payload of ${count(m.payload, 'byte')}; ${head} + ${size}n expected, n at least 1`,
      });
    }
    if (scan === null || !scan.headComplete) return badLength;
    if (facts.contextsKnown && facts.negotiationSeen && !facts.contexts.has(scan.contextId)) {
      const known = [...facts.contexts.keys()].slice(0, 8).join(', ') || 'none';
      const kept = facts.beforeTls.contexts.has(scan.contextId);
      if (kept)
        facts.raise(STATE_KEPT_ACROSS_STARTTLS, {
          ...this.extentField(m, 0, 4),
          text: `context id ${scan.contextId}, which was selected only in clear`,
        });
      else
        facts.raise(BLOCK_STATUS_UNKNOWN_CONTEXT, {
          ...this.extentField(m, 0, 4),
          text: `context id ${scan.contextId}; selected: ${known}`,
        });
    }
    const kept = facts.context.limits.listItems;
    if (scan.count > kept)
      facts.limits.hit(
        'listItems',
        `more than ${kept} extents in one chunk; the first ones are kept to be shown`,
        'note',
        m,
      );
    this.extents(m, scan);
    return badLength;
  }

  private extentField(m: Chunk, at: number, length: number): FieldSpan {
    return field(m, (m.extended ? EXTENDED_CHUNK.size : CHUNK.size) + at, length);
  }

  private extents(m: Chunk, scan: ExtentScan): void {
    const { facts } = this;
    const head = scan.wide ? 8 : 4;
    const size = scan.wide ? 16 : 8;
    const one = (i: number): FieldSpan => this.extentField(m, head + size * i, size);
    // counted by the chunk's length, so that it holds even if the extents are cut off
    const announced = Math.max(0, Math.floor((m.payload - head) / size));
    if (scan.wide && (scan.announced !== announced || scan.announced === 0)) {
      facts.raise(BLOCK_STATUS_EXT_COUNT, {
        ...this.extentField(m, 4, 4),
        text: `count ${scan.announced}, but ${count(announced, 'extent')} in ${m.payload} bytes`,
      });
    }
    if (scan.zeroAt >= 0)
      facts.raise(BLOCK_STATUS_ZERO_EXTENT, { ...one(scan.zeroAt), text: `extent ${scan.zeroAt + 1} has length 0` });
    if (announced > MAX_EXTENTS) {
      facts.raise(BLOCK_STATUS_TOO_MANY_EXTENTS, {
        message: m,
        text: `${announced} extents; at most ${MAX_EXTENTS} are recommended`,
      });
    }
    if (scan.repeatAt >= 0 && facts.wants(BLOCK_STATUS_SAME_NEIGHBOUR)) {
      facts.raise(BLOCK_STATUS_SAME_NEIGHBOUR, {
        ...one(scan.repeatAt),
        text: `extents ${scan.repeatAt} and ${scan.repeatAt + 1} have the same status`,
      });
    }
    this.statusBits(scan, one);
  }

  private statusBits(scan: ExtentScan, one: (i: number) => FieldSpan): void {
    const { facts } = this;
    const name = scan.context;
    if (name === null) return;
    if (name.startsWith('base:') && scan.highBitsAt >= 0) {
      facts.raise(BLOCK_STATUS_EXT_HIGH_BITS, {
        ...one(scan.highBitsAt),
        text: `extent ${scan.highBitsAt + 1} of ${show(name)} uses the upper half of the status`,
      });
    }
    if (name === 'base:allocation' && scan.notAllocationBits >= 0 && scan.notAllocationBits !== scan.highBitsAt) {
      const i = scan.notAllocationBits;
      facts.raise(BASE_ALLOCATION_RESERVED_BITS, {
        ...one(i),
        text: `extent ${i + 1} has status ${statusOf(scan, i)}`,
      });
    } else if (name.startsWith('qemu:dirty-bitmap:') && scan.notDirtyBit >= 0) {
      const i = scan.notDirtyBit;
      facts.raise(DIRTY_BITMAP_RESERVED_BITS, { ...one(i), text: `extent ${i + 1} has status ${statusOf(scan, i)}` });
    }
  }
}

function statusOf(scan: ExtentScan, i: number): string {
  if (i >= scan.statusLo.length) return 'with undefined bits';
  return hexNumber((BigInt(scan.statusHi[i]!) << 32n) | BigInt(scan.statusLo[i]!));
}
