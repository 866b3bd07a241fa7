import { badUtf8At } from '../../../base/text.js';
import { hex } from '../../../base/hex.js';
import { MAX_STRING, SHORT_STRING } from '../constants.js';
import { field, type Facts } from '../session/facts.js';
import type { NbdMessage } from '../messages.js';
import { spanEnd, spanStart, type Span } from '../option-data.js';
import type { Prefix } from '../decoder/payload.js';
import {
  META_NAMESPACE_EXPERIMENTAL,
  META_NAMESPACE_UNREGISTERED,
  STRING_CONTAINS_NUL,
  STRING_NOT_UTF8,
  STRING_OVER_256,
  STRING_TOO_LONG,
} from '../rules/options.js';

/** Namespaces of metadata contexts that the protocol document registers. */
const NAMESPACES = ['base', 'qemu', 'nbd-server'];

/** Judges a string in a message. `dataAt`: offset of `data` in the message; `what`: the string's name in findings. */
export function checkString(facts: Facts, m: NbdMessage, dataAt: number, data: Prefix, span: Span, what: string): void {
  // the length is certain even if the string is cut off
  const start = spanStart(data, span);
  const end = spanEnd(data, span);
  const place = field(m, dataAt + span.at, m.complete ? span.length : end - start);
  if (span.length > MAX_STRING) {
    facts.raise(STRING_TOO_LONG, {
      ...place,
      text: `${what} of ${span.length} bytes; at most ${MAX_STRING} are allowed`,
    });
    // so many bytes are hardly a string: its characters are not judged
    return;
  }
  if (span.length > SHORT_STRING) {
    facts.raise(STRING_OVER_256, {
      ...place,
      text: `${what} of ${span.length} bytes; it should not exceed ${SHORT_STRING}`,
    });
  }
  const { bytes } = data;
  const nul = bytes.indexOf(0, start);
  if (nul >= 0 && nul < end) {
    facts.raise(STRING_CONTAINS_NUL, {
      ...field(m, dataAt + nul, 1),
      text: `${what} has a NUL byte at position ${nul - start} of ${span.length}`,
    });
  }
  if (end - start < span.length) return;
  const bad = badUtf8At(bytes, start, end);
  if (bad >= 0) {
    facts.raise(STRING_NOT_UTF8, {
      ...field(m, dataAt + bad, 1),
      text: `${what} is not UTF-8 from byte ${bad - start} on: ${hex(bytes, bad, Math.min(end, bad + 4))}`,
    });
  }
}

/** The namespace of a context or query (latin1), or null where there is no valid one. */
export function namespaceOf(name: string): string | null {
  const colon = name.indexOf(':');
  if (colon <= 0) return null;
  const space = name.slice(0, colon);
  return /^[\x21-\x39\x3b-\x7e\x80-\xff]+$/.test(space) ? space : null;
}

/** Judges the namespace of a context or query that has one. */
export function checkNamespace(facts: Facts, m: NbdMessage, at: number, length: number, space: string): void {
  if (space.startsWith('x-')) {
    facts.raise(META_NAMESPACE_EXPERIMENTAL, { ...field(m, at, length), text: `namespace ${space} is experimental` });
  } else if (!NAMESPACES.includes(space)) {
    facts.raise(META_NAMESPACE_UNREGISTERED, { ...field(m, at, length), text: `namespace ${space} is not registered` });
  }
}
