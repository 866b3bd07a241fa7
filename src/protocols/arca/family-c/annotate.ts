import { hex } from '../../../base/hex.js';
import { quote, wireText } from '../../../base/text.js';
import type { Annotation } from '../../../base/annotation.js';
import { FRAME } from './layout.js';
import type { PostcardFrame } from './message.js';
import { text, type PostcardType } from './postcard.js';
import { Reading } from './reading.js';

/** Field trees of family C: reads the body again, this time with rows. */
export function annotatePostcard(m: PostcardFrame): Annotation[] {
  const head = m.head ?? new Uint8Array(0);
  const out = FRAME.rows(head);
  if (m.bodyLength <= 0 || head.length <= FRAME.size) return out;
  const body = { bytes: head, at: FRAME.size, have: head.length, end: FRAME.size + m.bodyLength };
  new Reading(m.dialect, m.role, body, out);
  const last = out[out.length - 1]!;
  const end = last.at + last.length;
  if (end < head.length) out.push({ name: 'surplus', at: end, length: head.length - end, value: hex(head, end) });
  return out;
}

/** The text after a message's name on a transcript line. */
export function describePostcard(m: PostcardFrame, verbose: boolean): string {
  const items: string[] = [];
  const value = m.value as Readonly<Record<string, never>> | null;
  if (value !== null && m.variant !== null) {
    for (const [name, type] of Object.entries(m.variant.fields)) {
      const said =
        (type as PostcardType<unknown>) === (text as unknown) ? quote(wireText(m.data!)) : type.say(name, value[name]);
      if (said === null) continue;
      // a length is appended to the text of the pointer before it
      if (said.startsWith('+')) items.push(`${items.pop() ?? ''}${said}`);
      else items.push(said);
    }
  }
  if (verbose || !m.readable) items.push(`body ${Math.max(0, m.bodyLength)}`);
  return items.join('  ');
}
