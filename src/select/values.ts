import type { Annotation, Json } from '../contract/annotation.js';

/** A value as expressions see it: whole numbers are bigint, whatever their width. */
export type ExpressionValue =
  string | number | bigint | boolean | null | readonly ExpressionValue[] | { readonly [key: string]: ExpressionValue };

/** A decimal string stands for a 64-bit number where its bytes are eight and not text (contract: 64-bit values are strings in JSON). */
const DECIMAL = /^-?\d{1,20}$/;

/** Whether a field is a number that is 64 bits wide. */
export function is64Bits({ length, value }: Annotation): boolean {
  return length === 8 && typeof value === 'string' && DECIMAL.test(value);
}

/**
 * The `fields` of a message for an expression. Numbers that are 64 bits wide are strings in JSON and whole numbers here, so that
 * `fields.offset > 4096` means what it says.
 */
export function expressionFields(annotations: readonly Annotation[]): Record<string, ExpressionValue> {
  const fields: Record<string, ExpressionValue> = {};
  for (const a of annotations) {
    if (a.value !== undefined) fields[a.name] = is64Bits(a) ? BigInt(a.value as string) : expressionValue(a.value);
  }
  return fields;
}

/** JSON with whole numbers as bigint. */
export function expressionValue(value: Json): ExpressionValue {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(expressionValue);
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, expressionValue(v)]));
}
