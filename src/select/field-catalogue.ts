import entries from '../../schema/fields.json' with { type: 'json' };
import type { Json } from '../base/annotation.js';

/** One field of one message. */
export interface FieldEntry {
  readonly protocol: string;
  readonly message: string;
  /** The field's name; a field inside an object is named with a dot: `outer.inner`. */
  readonly name: string;
  /** `int`, `uint64` (a whole number in expressions, a decimal string in JSON), `string`, `list`, `map`, `bool`, or several of them. */
  readonly type: string;
  /** Types of the values in a list, if any values were seen. */
  readonly items?: string;
  /** Whether it can be absent from its message, or from the object that it lies in. */
  readonly optional?: boolean;
  readonly example: Json;
}

/** The fields that messages have, by name. */
export class FieldCatalogue {
  readonly entries: readonly FieldEntry[];
  private readonly known: ReadonlySet<string>;

  constructor(list: readonly FieldEntry[]) {
    this.entries = list;
    this.known = new Set(list.map((e) => e.name));
  }

  /** Whether any message has a field of that name. */
  has(name: string): boolean {
    return this.known.has(name);
  }

  names(): Iterable<string> {
    return this.known;
  }
}

/** The fields of all messages of all protocols, from `schema/fields.json`; a test compares that file with what messages really have. */
export function fieldCatalogue(): FieldCatalogue {
  return new FieldCatalogue(entries);
}
