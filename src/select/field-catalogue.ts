import type { Json } from '../contract/annotation.js';

/** One field of one message. */
export interface FieldEntry {
  readonly protocol: string;
  /** The message's name; families such as `NBD_OPT_*` by each of their names. */
  readonly message: string;
  readonly name: string;
  readonly type: string;
  readonly example: Json;
}

/** The fields that messages have, by name. */
export class FieldCatalogue {
  private readonly byName = new Map<string, FieldEntry[]>();

  constructor(entries: Iterable<FieldEntry>) {
    for (const e of entries) {
      const list = this.byName.get(e.name);
      if (list === undefined) this.byName.set(e.name, [e]);
      else list.push(e);
    }
  }

  has(name: string): boolean {
    return this.byName.has(name);
  }

  names(): Iterable<string> {
    return this.byName.keys();
  }
}

/** The fields of all messages of all protocols. */
export function fieldCatalogue(): FieldCatalogue | null {
  return null;
}
