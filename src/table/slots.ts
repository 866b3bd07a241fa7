import { TABLES, type TableColumn, type TableName } from './schema.js';

/**
 * Where a column's values are in a row: integers and seconds are in `numbers`; nanoseconds, flags and indexes of texts in `places`; JSON is
 * in a page of its own. -1: the column has no such value.
 */
export interface Slot {
  readonly column: TableColumn;
  readonly number: number;
  readonly place: number;
  /** Index of the column among the text columns, and among the JSON columns. */
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
