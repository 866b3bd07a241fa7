import type { Annotation, Json } from '../base/annotation.js';

/** A value as expressions see it: whole numbers are bigint, whatever their width. */
export type ExpressionValue =
  string | number | bigint | boolean | null | readonly ExpressionValue[] | { readonly [key: string]: ExpressionValue };

/**
 * The `fields` of a message for an expression. Numbers that are 64 bits wide are strings in JSON but whole numbers here, so that
 * `fields.offset > 4096` compares numbers.
 */
export function expressionFields(annotations: readonly Annotation[]): Record<string, ExpressionValue> {
  const fields: Record<string, ExpressionValue> = {};
  for (const a of annotations) if (a.value !== undefined) fields[a.name] = expressionValueOf(a);
  return fields;
}

/**
 * The value of one field. For the values in lists and structures, the annotation's children say which numbers are 64 bits wide. Where
 * children and values do not pair up (only the first elements of a long list are annotated), the JSON value is used alone.
 */
function expressionValueOf({ value, wide, children = [] }: Annotation): ExpressionValue {
  if (wide === true) return BigInt(value as string);
  if (value === undefined || value === null || typeof value !== 'object') return expressionValue(value ?? null);
  const parts = children.filter((c) => c.value !== undefined);
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    return items.map((item, i) =>
      parts.length === items.length ? expressionValueOf({ ...parts[i]!, value: item }) : expressionValue(item),
    );
  }
  const byName = new Map(parts.map((c) => [c.name, c]));
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => {
      const row = byName.get(name);
      return [name, row === undefined ? expressionValue(part) : expressionValueOf({ ...row, value: part })];
    }),
  );
}

/** JSON with whole numbers as bigint. */
export function expressionValue(value: Json): ExpressionValue {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value;
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return (value as readonly Json[]).map(expressionValue);
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, expressionValue(v)]));
}
