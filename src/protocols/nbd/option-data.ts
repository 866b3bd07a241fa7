import { count as counted, latin1Text } from '../../base/text.js';
import { swappedFit } from './cookie.js';
import type { Option, OptionReply } from './messages.js';
import type { Prefix } from './decoder/payload.js';
import { CONTEXT_ID, INFO_BLOCK_SIZE_DATA, INFO_EXPORT_DATA, NAME } from './layout.js';

import type { BlockSizes } from './session/facts.js';

/** A string inside the data of an option or a reply: its position, and the length that its length field announces. */
export interface Span {
  readonly at: number;
  readonly length: number;
}

/** Start and end of a span in `data`, as far as its bytes are there. */
export function spanStart(data: Prefix, span: Span): number {
  return Math.min(span.at, data.length);
}

export function spanEnd(data: Prefix, span: Span): number {
  return Math.min(span.at + span.length, data.length);
}

/** The bytes of a span, as far as they are there. */
export function spanBytes(data: Prefix, span: Span): Uint8Array {
  return data.bytes.subarray(spanStart(data, span), spanEnd(data, span));
}

/** Bytes as a string of code units 0..255: for comparing names as bytes. */
export function rawText(data: Prefix, span: Span): string {
  return latin1Text(data.bytes, spanStart(data, span), spanEnd(data, span));
}

/** Data of NBD_OPT_INFO and NBD_OPT_GO. */
export interface InfoRequest {
  /** The name's length field. It exceeds the data if they are malformed; -1: the data end before it. */
  readonly nameLength: number;
  readonly name: Span | null;
  /** The announced number of information requests; -1: the data end before it. */
  readonly count: number;
  readonly types: readonly number[];
  /** Whether the data are exactly as long as name and count say. */
  readonly exact: boolean;
}

export function parseInfoRequest(option: Option, maxItems: number): InfoRequest {
  const { data, dataLength } = option;
  if (data.length < 4) return { nameLength: -1, name: null, count: -1, types: [], exact: false };
  const nameLength = data.u32(NAME.at.nameLength);
  if (nameLength > dataLength - 6) return { nameLength, name: null, count: -1, types: [], exact: false };
  const name = { at: NAME.size, length: nameLength };
  const at = NAME.size + nameLength;
  if (data.length < at + 2) return { nameLength, name, count: -1, types: [], exact: false };
  const count = data.u16(at);
  const there = Math.min(count, maxItems, (data.length - at - 2) >> 1);
  // allocated with its final length: pushing to an array reserves room for 16 more items
  const types = new Array<number>(there);
  for (let i = 0; i < there; i++) types[i] = data.u16(at + 2 + 2 * i);
  return { nameLength, name, count, types, exact: dataLength === 6 + nameLength + 2 * count };
}

/** Data of NBD_OPT_LIST_META_CONTEXT and NBD_OPT_SET_META_CONTEXT. */
export interface MetaRequest {
  readonly name: Span | null;
  /** The announced number of queries; -1: the data end before it. */
  readonly count: number;
  readonly queries: readonly Span[];
  /** What is certainly wrong with the structure, judged by the bytes that are there; or null. */
  readonly fault: string | null;
}

export function parseMetaRequest(option: Option, maxItems: number): MetaRequest {
  const { data, dataLength } = option;
  const broken = (name: Span | null, count: number, queries: Span[], fault: string): MetaRequest => ({
    name,
    count,
    queries,
    fault,
  });
  if (dataLength < 8)
    return broken(null, -1, [], `${dataLength} bytes of data cannot hold a name length and a query count`);
  if (data.length < 4) return { name: null, count: -1, queries: [], fault: null };
  const nameLength = data.u32(NAME.at.nameLength);
  if (nameLength > dataLength - 8) {
    return broken(
      null,
      -1,
      [],
      `the export name of ${nameLength} bytes runs past the ${dataLength} bytes of data${swappedFit(nameLength, dataLength - 8)}`,
    );
  }
  const name = { at: NAME.size, length: nameLength };
  let at = NAME.size + nameLength;
  const count = at + 4 <= data.length ? data.u32(at) : -1;
  at += 4;
  const queries: Span[] = [];
  let endKnown = count >= 0;
  if (!option.dataKept && count > (dataLength - at) / 4) {
    return broken(name, count, queries, `${count} queries cannot fit into the ${dataLength} bytes of data`);
  }
  for (let i = 0; i < count; i++) {
    if (at + 4 > dataLength)
      return broken(name, count, queries, `query ${i + 1} of ${count} lies past the end of the data`);
    if (at + 4 > data.length) {
      endKnown = false;
      break;
    }
    const length = data.u32(at);
    at += 4;
    if (length > dataLength - at) {
      return broken(
        name,
        count,
        queries,
        `query ${i + 1} of ${length} bytes runs past the ${dataLength} bytes of data`,
      );
    }
    if (queries.length < maxItems) queries.push({ at, length });
    at += length;
  }
  const left = dataLength - at;
  if (endKnown && left > 0)
    return broken(name, count, queries, `${counted(left, 'byte')} left over after the last query`);
  return { name, count, queries, fault: null };
}

/** Data of an NBD_REP_SERVER. */
export interface ServerEntry {
  readonly nameLength: number;
  readonly name: Span | null;
  readonly description: Span | null;
}

export function parseServerEntry(reply: OptionReply): ServerEntry | null {
  const { data, dataLength } = reply;
  if (data.length < 4) return null;
  const nameLength = data.u32(NAME.at.nameLength);
  if (nameLength > dataLength - 4) return { nameLength, name: null, description: null };
  const after = NAME.size + nameLength;
  return {
    nameLength,
    name: { at: NAME.size, length: nameLength },
    description: after < dataLength ? { at: after, length: dataLength - after } : null,
  };
}

/** The data of an NBD_REP_INFO that is an NBD_INFO_EXPORT; null if they are cut off. */
export function exportInfoIn(data: Prefix): { sizeHi: number; sizeLo: number; flags: number } | null {
  const { at, size } = INFO_EXPORT_DATA;
  if (data.length < size) return null;
  return { sizeHi: data.u32(at.exportSize), sizeLo: data.u32(at.exportSize + 4), flags: data.u16(at.flags) };
}

/** The data of an NBD_REP_INFO that is an NBD_INFO_BLOCK_SIZE; null if they are cut off. */
export function blockSizesIn(data: Prefix): BlockSizes | null {
  const { at, size } = INFO_BLOCK_SIZE_DATA;
  if (data.length < size) return null;
  return {
    minimum: data.u32(at.minimumBlock),
    preferred: data.u32(at.preferredBlock),
    maximum: data.u32(at.maximumPayload),
  };
}

/** The name in an NBD_REP_META_CONTEXT (latin1). */
export function contextName(m: OptionReply): string {
  return rawText(m.data, { at: CONTEXT_ID.size, length: m.dataLength - CONTEXT_ID.size });
}
