import { TABLES, type TableColumn, type TableName } from './schema.js';

/**
 * Where a column's value stands among those of a row: whole numbers and seconds among the `numbers`, nanoseconds, flags and places of texts
 * among the `places`; JSON on a page of its own. -1: nowhere.
 */
export interface Slot {
  readonly column: TableColumn;
  readonly number: number;
  readonly place: number;
  /** Which text, and which JSON, of the row. */
  readonly text: number;
  readonly page: number;
}

/** The slots of a table's row, and how many there are of each kind. */
export interface Slots {
  readonly list: readonly Slot[];
  readonly numbers: number;
  readonly places: number;
  readonly texts: number;
  readonly pages: number;
}

export function slotsOf(table: TableName): Slots {
  const list: Slot[] = [];
  let [numbers, places, texts, pages] = [0, 0, 0, 0];
  for (const column of TABLES[table] as readonly TableColumn[]) {
    const { type } = column;
    list.push({
      column,
      number: type === 'integer' || type === 'time' ? numbers++ : -1,
      place: type === 'text' || type === 'time' || type === 'flag' ? places++ : -1,
      text: type === 'text' ? texts++ : -1,
      page: type === 'json' ? pages++ : -1,
    });
  }
  return { list, numbers, places, texts, pages };
}
