import type { Evidence } from '../../../contract/protocol.js';
import { at } from '../places.js';
import type { DataFrame } from '../message.js';
import { places } from '../places.js';

/**
 * Evidence at bytes of a message's front. If the front was compressed, they are no bytes of the stream, so the evidence is the whole
 * message.
 */
export function inFront(m: DataFrame, place: number, length: number, text: string): Evidence {
  return m.compressed ? { message: m, text } : at(m, places(m).segments[1]! + place, length, text);
}
