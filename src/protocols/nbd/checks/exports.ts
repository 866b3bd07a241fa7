import { OLDSTYLE_HANDSHAKE_FLAGS, OLDSTYLE_RESERVED_NONZERO } from '../rules/greeting.js';
import { EXPORT_NAME_PADDING_NONZERO } from '../rules/replies.js';
import { hexNumber } from '../../../base/hex.js';
import { SERVER } from '../../../base/input.js';
import {
  EXPORT_PADDING_LENGTH,
  TFLAG_BLOCK_STATUS_PAYLOAD,
  TFLAG_HAS_FLAGS,
  TFLAG_SEND_DF,
  TFLAG_SEND_FAST_ZERO,
  TFLAG_SEND_WRITE_ZEROES,
} from '../constants.js';
import { field, type BlockSizes, type Facts } from '../session/facts.js';
import { EXPORT_INFO, INFO_BLOCK_SIZE_DATA, INFO_EXPORT_DATA, OLDSTYLE_TAIL, OPTION_REPLY } from '../layout.js';
import type { ExportInfo } from '../messages.js';
import { type NbdMessage } from '../messages.js';
import {
  BLOCK_SIZE_NOT_POWER_OF_TWO,
  BS_PAYLOAD_FLAG_WITHOUT_CONTEXTS,
  BS_PAYLOAD_FLAG_WITHOUT_EXTENDED,
  EXPORT_SIZE_NOT_REPRESENTABLE,
  EXPORT_SIZE_UNALIGNED,
  FAST_ZERO_WITHOUT_WRITE_ZEROES,
  HAS_FLAGS_CLEAR,
  MAX_PAYLOAD_BELOW_PREFERRED,
  MAX_PAYLOAD_SMALL,
  MIN_BLOCK_TOO_LARGE,
  PREFERRED_BLOCK_TOO_SMALL,
  SEND_DF_WITHOUT_STRUCTURED,
  UNKNOWN_TRANSMISSION_FLAG,
} from '../rules/exports.js';
import { decimal } from '../../../base/u64.js';

/** Judges size and flags of an export, wherever the server sends them. `sizeAt`, `flagsAt`: their offsets in the message. */
export function checkExport(
  facts: Facts,
  m: NbdMessage,
  sizeAt: number,
  sizeHi: number,
  sizeLo: number,
  flagsAt: number,
  flags: number,
): void {
  const at = field(m, flagsAt, 2);
  const shown = hexNumber(flags, 4);
  if ((flags & TFLAG_HAS_FLAGS) === 0) facts.raise(HAS_FLAGS_CLEAR, { ...at, text: `transmission flags ${shown}` });
  if ((flags & 0xe000) !== 0) {
    facts.raise(UNKNOWN_TRANSMISSION_FLAG, {
      ...at,
      text: `transmission flags ${shown}: bits 13 to 15 are not defined`,
    });
  }
  if ((flags & TFLAG_SEND_FAST_ZERO) !== 0 && (flags & TFLAG_SEND_WRITE_ZEROES) === 0) {
    facts.raise(FAST_ZERO_WITHOUT_WRITE_ZEROES, { ...at, text: `transmission flags ${shown}` });
  }
  if (facts.witness.whole(SERVER)) {
    if ((flags & TFLAG_SEND_DF) !== 0 && !facts.structured && !facts.extended && !facts.agreementInDoubt) {
      facts.raise(SEND_DF_WITHOUT_STRUCTURED, {
        ...at,
        text: `transmission flags ${shown} in a session with simple replies`,
      });
    }
    if ((flags & TFLAG_BLOCK_STATUS_PAYLOAD) !== 0 && !facts.extended) {
      facts.raise(BS_PAYLOAD_FLAG_WITHOUT_EXTENDED, {
        ...at,
        text: `transmission flags ${shown} without extended headers`,
      });
    }
  }
  if (sizeHi >= 0x80000000) {
    facts.raise(EXPORT_SIZE_NOT_REPRESENTABLE, { ...field(m, sizeAt, 8), text: `size ${decimal(sizeHi, sizeLo)}` });
  }
}

/** Judges the flags by what holds only for the answer to NBD_OPT_GO. */
export function checkGoFlags(facts: Facts, m: NbdMessage, flags: number): void {
  const alone = (flags & TFLAG_BLOCK_STATUS_PAYLOAD) !== 0 && facts.extended && facts.contexts.size === 0;
  if (!alone || !facts.witness.whole(SERVER)) return;
  facts.raise(BS_PAYLOAD_FLAG_WITHOUT_CONTEXTS, {
    ...INFO_EXPORT_DATA.where(m, 'flags', 'flags', OPTION_REPLY.size),
    text: `transmission flags ${hexNumber(flags, 4)}, but no metadata context is selected`,
  });
}

function isPowerOfTwo(n: number): boolean {
  return n > 0 && Number.isInteger(Math.log2(n));
}

/** The largest minimum block size that the protocol allows. */
const LARGEST_MINIMUM = 65_536;
/** The smallest preferred block size, whatever the minimum is. */
const LEAST_PREFERRED = 512;

function isMinimum(n: number): boolean {
  return isPowerOfTwo(n) && n <= LARGEST_MINIMUM;
}

/** Judges NBD_INFO_BLOCK_SIZE, whose data begin at `at` in the message. */
export function checkBlockSizes(facts: Facts, m: NbdMessage, at: number, sizes: BlockSizes): void {
  const { minimum, preferred, maximum } = sizes;
  if (!isPowerOfTwo(minimum)) {
    facts.raise(BLOCK_SIZE_NOT_POWER_OF_TWO, {
      ...INFO_BLOCK_SIZE_DATA.where(m, 'minimumBlock', 'minimumBlock', at),
      text: `minimum block size ${minimum}`,
    });
  } else if (minimum > LARGEST_MINIMUM)
    facts.raise(MIN_BLOCK_TOO_LARGE, {
      ...INFO_BLOCK_SIZE_DATA.where(m, 'minimumBlock', 'minimumBlock', at),
      text: `minimum block size ${minimum}`,
    });
  if (!isPowerOfTwo(preferred)) {
    facts.raise(BLOCK_SIZE_NOT_POWER_OF_TWO, {
      ...INFO_BLOCK_SIZE_DATA.where(m, 'preferredBlock', 'preferredBlock', at),
      text: `preferred block size ${preferred}`,
    });
  }
  // sizes that are invalid by themselves were reported and are not compared
  const least = Math.max(isMinimum(minimum) ? minimum : 0, LEAST_PREFERRED);
  if (isPowerOfTwo(preferred) && preferred < least) {
    facts.raise(PREFERRED_BLOCK_TOO_SMALL, {
      ...INFO_BLOCK_SIZE_DATA.where(m, 'preferredBlock', 'preferredBlock', at),
      text: `preferred block size ${preferred}, minimum ${minimum}; at least ${least} expected`,
    });
  }
  if (isPowerOfTwo(preferred) && maximum < preferred) {
    facts.raise(MAX_PAYLOAD_BELOW_PREFERRED, {
      ...INFO_BLOCK_SIZE_DATA.where(m, 'maximumPayload', 'maximumPayload', at),
      text: `maximum payload ${maximum}, preferred block size ${preferred}`,
    });
  }
}

/** Judges the block sizes together with the size of the export, when an answer is complete. */
export function checkSizesTogether(
  facts: Facts,
  m: NbdMessage,
  sizeHi: number,
  sizeLo: number,
  sizes: BlockSizes,
): void {
  const size = sizeHi * 4294967296 + sizeLo;
  if (sizes.maximum < 1 << 20 && sizes.maximum >= sizes.preferred && size >= 1 << 20) {
    facts.raise(MAX_PAYLOAD_SMALL, {
      message: m,
      text: `maximum payload ${sizes.maximum} for an export of ${decimal(sizeHi, sizeLo)} bytes`,
    });
  }
  if (isMinimum(sizes.minimum) && (sizeLo & (sizes.minimum - 1)) !== 0) {
    facts.raise(EXPORT_SIZE_UNALIGNED, {
      message: m,
      text: `export size ${decimal(sizeHi, sizeLo)} is not a multiple of the minimum block size ${sizes.minimum}`,
    });
  }
}

/** Judges the answer to NBD_OPT_EXPORT_NAME, or the tail of oldstyle's greeting. */
export function checkExportInfo(facts: Facts, m: ExportInfo): void {
  const flagsAt = (m.oldstyle ? OLDSTYLE_TAIL : EXPORT_INFO).at.flags;
  checkExport(facts, m, 0, m.sizeHi, m.sizeLo, flagsAt, m.flags);
  if (m.handshakeFlags !== 0) {
    facts.raise(OLDSTYLE_HANDSHAKE_FLAGS, {
      ...OLDSTYLE_TAIL.where(m, 'handshakeFlags'),
      text: `flags ${hexNumber(m.handshakeFlags, 4)} at offset 24 of the greeting`,
    });
  }
  if (m.nonzeroAt >= 0) {
    facts.raise(m.oldstyle ? OLDSTYLE_RESERVED_NONZERO : EXPORT_NAME_PADDING_NONZERO, {
      ...field(m, flagsAt + 2 + m.nonzeroAt, 1),
      text: `byte ${m.nonzeroAt} of the ${EXPORT_PADDING_LENGTH} reserved ones is ${hexNumber(m.nonzero, 2)}`,
    });
  }
}
