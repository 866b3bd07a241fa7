import type { Message } from '../../contract/message.js';
import type { Redaction } from '../../contract/redaction.js';
import { OPT_GO, OPT_INFO, OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT, RESERVED_MAGICS } from './constants.js';
import { OPTION } from './layout.js';
import { Option } from './messages.js';

/** What a copy for others keeps of NBD's messages. */
export const REDACTION: Redaction = {
  magics: ['magic'],
  kept: ['style', 'infos', 'extents', 'contextIds'],
  secrets: [],
  ids: [],
  data: ['data', 'payload'],
  words: ['base:', 'base:allocation', 'qemu:', 'qemu:dirty-bitmap:', 'qemu:allocation-depth', 'x-'],
  skipped,
  seal,
};

/** Four bytes where a magic was due stay where they are one that others use. */
function skipped(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  const found = bytes.length < 4 ? -1 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (RESERVED_MAGICS.includes(found)) out.set(bytes.subarray(0, 4));
  return out;
}

/** A name's length that goes beyond the option's end is no field, and is judged. */
function seal(m: Message, original: Uint8Array, redacted: Uint8Array): void {
  if (!(m instanceof Option) || !NAMED.includes(m.option) || original.length < OPTION.size + 4) return;
  redacted.set(original.subarray(OPTION.size, OPTION.size + 4), OPTION.size);
}

/** Options whose data begin with the length of a name. */
const NAMED: readonly number[] = [OPT_INFO, OPT_GO, OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT];
