import { count } from '../../../base/text.js';
import type { PostcardFrame } from '../family-c/message.js';
import { BOOL, DISCRIMINANT, OK, RANGE, SHORT, TEXT, TRAILING } from '../family-c/postcard.js';
import {
  BODY_SHORT,
  BODY_TRAILING,
  BOOL_INVALID,
  DISCRIMINANT_UNKNOWN,
  UTF8_INVALID,
  VARINT_OVERLONG,
  VARINT_PADDED,
} from '../rules/framing.js';
import type { Scene } from '../session/scene.js';

/** Reports what is wrong with the bytes of a value; returns whether it could be read. */
export function checkBody(scene: Scene, m: PostcardFrame): boolean {
  const at = { message: m, offset: m.offset + m.faultAt, length: 1 };
  const field = m.faultField === '' ? 'the value' : m.faultField;
  switch (m.outcome) {
    case OK:
      break;
    case TRAILING:
      scene.raise(BODY_TRAILING, {
        ...at,
        length: m.surplus,
        confidence: 'certain',
        text: `${count(m.surplus, 'byte')} behind ${m.name}; read as ${m.dialect.label}`,
      });
      break;
    case SHORT:
      scene.raise(BODY_SHORT, { ...at, text: `${m.name}: ${field} needs more bytes than the body has` });
      break;
    case DISCRIMINANT:
      scene.raise(DISCRIMINANT_UNKNOWN, {
        ...at,
        text: `${field} ${m.faultNumber} is not defined; read as ${m.dialect.label}`,
      });
      break;
    case RANGE:
      scene.raise(VARINT_OVERLONG, { ...at, text: `${m.name}: ${field} is longer than its type allows` });
      break;
    case BOOL:
      scene.raise(BOOL_INVALID, { ...at, text: `${m.name}: ${field} is neither 0 nor 1` });
      break;
    case TEXT:
      scene.raise(UTF8_INVALID, { ...at, text: `${m.name}: ${field} is not UTF-8` });
      break;
  }
  if (m.paddedAt >= 0) {
    scene.raise(VARINT_PADDED, {
      message: m,
      offset: m.offset + m.paddedAt,
      length: 1,
      text: `${m.name}: a varint with needless bytes`,
    });
  }
  return m.readable;
}
