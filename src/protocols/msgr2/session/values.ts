import type { Json } from '../../../contract/annotation.js';
import { IDENT_LOSSY } from '../constants.js';

/** The fields of a control frame, as its annotations name them. */
export type Values = Readonly<Record<string, Json>>;

/** A 64-bit field, which is kept as a decimal string. */
export function wideValue(v: Json | undefined): bigint {
  return BigInt(typeof v === 'string' ? v : 0);
}

/** Whether an ident has the LOSSY flag. */
export function isLossy(v: Values): boolean {
  return (wideValue(v['flags']) & BigInt(IDENT_LOSSY)) !== 0n;
}

export function addressList(v: Values): readonly string[] {
  const a = v['addresses'];
  return typeof a === 'string' ? [a] : ((a as readonly string[] | undefined) ?? []);
}
