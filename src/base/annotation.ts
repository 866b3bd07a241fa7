export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

/**
 * One field of a message: a byte range with a name and a value. `annotate` makes them in order; the top level with a `value`
 * becomes the event's `fields`, all of it becomes the annotated hex dump.
 */
export interface Annotation {
  /** The protocol's word for it, in camelCase. */
  readonly name: string;
  /** Byte range, relative to the message's first byte. */
  readonly at: number;
  readonly length: number;
  /**
   * Value for `fields`: numbers up to 32 bits as numbers, 64-bit fields always as decimal strings, bytes as lower-case hex,
   * text as text. Left out for what only the hex dump shows (magics, padding, lengths that another value implies).
   */
  readonly value?: Json;
  /** The value is a number that is 64 bits wide: decimal text in JSON, a whole number in expressions and tables. */
  readonly wide?: true;
  /** The text for people, where it differs from the value: `0x0003 FIXED_NEWSTYLE NO_ZEROES`. */
  readonly text?: string;
  readonly children?: readonly Annotation[];
}

/** The `fields` object of a message's annotations. */
export function fieldsOf(annotations: readonly Annotation[]): Record<string, Json> {
  const fields: Record<string, Json> = {};
  for (const a of annotations) if (a.value !== undefined) fields[a.name] = a.value;
  return fields;
}

/** Makes an annotation. Optional properties are set one by one: spreading takes several times as long, and each field of a message has one. */
export function row(
  name: string,
  at: number,
  length: number,
  value: Json | undefined,
  text: string | undefined,
  children?: readonly Annotation[],
): Writable<Annotation> {
  const made: Writable<Annotation> = { name, at, length };
  if (value !== undefined) made.value = value;
  if (text !== undefined) made.text = text;
  if (children !== undefined) made.children = children;
  return made;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };
