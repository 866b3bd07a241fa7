import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { parquetMetadata } from 'hyparquet';
import type { ParquetWriter } from 'hyparquet-writer';
import { systemPath } from '../base/file-name.js';
import type { TextOutput } from '../report/output.js';
import type { RowGroup } from './chunk.js';
import type { TableName } from './schema.js';
import { parquetWriter, type OutputWriter } from './table-file.js';

/** What is wrong with a table, in words. */
export class BadTable extends Error {}

/** Bytes of the footer's length and of the magic after it. */
const TAIL = 8;
const MAGIC = 'PAR1';
/** Bytes that are copied at once. */
const PIECE = 1 << 20;

/** A table in a file, whose row groups are copied one after another without decoding. */
export class GivenTable {
  private readonly fd: number;
  private readonly footer: Uint8Array;
  private groups: RowGroup[] | null = null;

  /** `most`: bytes that the footer may have. Throws BadTable, and errors of the system. */
  constructor(path: string, most: number) {
    this.fd = openSync(systemPath(path), 'r');
    try {
      const { size } = fstatSync(this.fd);
      const tail = this.read(Math.max(0, size - TAIL), Math.min(size, TAIL));
      if (tail.toString('latin1', 4) !== MAGIC) throw new BadTable('not a Parquet file');
      const length = tail.readUInt32LE(0);
      if (length > most) throw new BadTable(`its footer is larger than limit shardBytes: ${most}`);
      if (length + TAIL > size) throw new BadTable('damaged');
      this.footer = this.read(size - TAIL - length, length + TAIL);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The footer as it is in the file. Texts in it are UTF-8. */
  get footerText(): string {
    return Buffer.from(this.footer).toString('latin1');
  }

  /** Copies its next row group to a table. */
  copyNext(to: JoinedTable): void {
    this.groups ??= this.rowGroups();
    const group = this.groups.shift();
    const first = group?.columns[0]?.meta_data;
    if (group === undefined || first === undefined) throw new BadTable('rows of a capture are missing');
    let at = Number(first.dictionary_page_offset ?? first.data_page_offset);
    const end = at + Number(group.total_compressed_size ?? 0n);
    to.begin(group, BigInt(at));
    for (; at < end; at += PIECE) to.add(this.read(at, Math.min(PIECE, end - at)));
  }

  close(): void {
    closeSync(this.fd);
  }

  private rowGroups(): RowGroup[] {
    try {
      // bounds of times must stay integers
      const parsers = { timestampFromNanoseconds: (nanos: bigint) => nanos };
      return parquetMetadata(this.footer, { parsers: parsers as unknown as Parsers }).row_groups;
    } catch {
      throw new BadTable('damaged');
    }
  }

  private read(at: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    if (readSync(this.fd, bytes, 0, length, at) !== length) throw new BadTable('damaged');
    return bytes;
  }
}

type Parsers = NonNullable<NonNullable<Parameters<typeof parquetMetadata>[1]>['parsers']>;

/** A table of row groups that were written elsewhere. */
export class JoinedTable {
  private readonly output: TextOutput;
  private readonly writer: ParquetWriter;

  constructor(table: TableName, output: TextOutput) {
    this.output = output;
    this.writer = parquetWriter(table, output);
  }

  /** Begins a row group, whose bytes are passed to `add` next. It began at byte `from` of its file. */
  begin(group: RowGroup, from: bigint): void {
    (this.writer.writer as OutputWriter).flush();
    const shift = BigInt(this.writer.writer.offset) - from;
    const columns = group.columns.map((c) => {
      const { data_page_offset: data, dictionary_page_offset: dictionary, ...rest } = c.meta_data!;
      const meta_data = {
        ...{ ...rest, data_page_offset: data + shift },
        ...(dictionary === undefined ? {} : { dictionary_page_offset: dictionary + shift }),
      };
      return { ...c, file_offset: c.file_offset + shift, meta_data };
    });
    this.writer.row_groups.push({ ...group, columns });
    this.writer.num_rows += group.num_rows;
  }

  add(bytes: Uint8Array): void {
    this.output.addBytes(bytes);
    this.writer.writer.offset += bytes.length;
  }

  /** `about`: additional key-value metadata for the footer. */
  finish(about: Readonly<Record<string, string>> = {}): void {
    for (const [key, value] of Object.entries(about)) this.writer.kvMetadata!.push({ key, value });
    void this.writer.finish();
  }
}
