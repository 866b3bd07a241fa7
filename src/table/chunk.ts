import { constants, gzipSync } from 'node:zlib';
import { ByteWriter, type ParquetWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { writeRleBitPackedHybrid } from 'hyparquet-writer/src/encoding.js';
import type { ColumnType } from './schema.js';

/** The values of one column of a row group, encoded as in "Encodings" of the Apache Parquet format. */
export interface Chunk {
  readonly encoding: 'PLAIN' | 'RLE' | 'RLE_DICTIONARY' | 'DELTA_BINARY_PACKED';
  /** The codec of all its pages. */
  readonly codec: Codec;
  /** Smallest and largest value, if known. */
  readonly bounds: readonly [bigint, bigint] | null;
  readonly dictionary: { readonly entries: number; readonly body: PageBody } | null;
  readonly pages: readonly {
    readonly rows: number;
    /** For each row, a bit that tells whether it has a value; null in a column that always has one. */
    readonly levels: { readonly values: Uint8Array; readonly nulls: number } | null;
    readonly body: PageBody;
  }[];
}

export type Codec = 'UNCOMPRESSED' | 'GZIP';

/** The values of a page, as they are written. */
export interface PageBody {
  readonly bytes: Uint8Array;
  /** Number of bytes before compression. */
  readonly size: number;
}

/** zlib's fastest level takes half of the time that Snappy takes in JavaScript, and a third less space. */
const LEVEL = { level: constants.Z_BEST_SPEED };
/** Number of bytes that are compressed to estimate whether compression is worthwhile. */
const SAMPLE = 4096;
/** Fewer bytes than this are not compressed. */
const FEW = 256;

/** The codec for bytes. Random bytes are not compressed: they would take the most time, and get no shorter. */
export function codecFor(bytes: Uint8Array): Codec {
  if (bytes.length < FEW) return 'UNCOMPRESSED';
  const sample = bytes.subarray(0, SAMPLE);
  return gzipSync(sample, LEVEL).length < 0.8 * sample.length ? 'GZIP' : 'UNCOMPRESSED';
}

/** Compresses the bytes. With UNCOMPRESSED, the result is valid for as long as the bytes that were passed. */
export function pageBody(bytes: Uint8Array, codec: Codec): PageBody {
  return { bytes: codec === 'GZIP' ? gzipSync(bytes, LEVEL) : bytes, size: bytes.length };
}

/** Indexes into a dictionary, with `bits` bits each. */
export function indexBytes(indexes: Uint32Array, bits: number): Uint8Array {
  const page = new ByteWriter();
  page.appendUint8(bits);
  writeRleBitPackedHybrid(page, indexes, bits);
  return page.getBytes();
}

/** Flags, each 0 or 1. */
export function flagBytes(flags: Uint32Array): Uint8Array {
  const runs = new ByteWriter();
  writeRleBitPackedHybrid(runs, flags, 1);
  const page = new ByteWriter();
  page.appendUint32(runs.offset);
  page.appendBytes(runs.getBytes());
  return page.getBytes();
}

/** Texts in UTF-8, each after its length. */
export function plainTexts(texts: readonly string[]): Uint8Array {
  const page = new ByteWriter();
  for (const text of texts) {
    const bytes = Buffer.from(text, 'utf8');
    page.appendUint32(bytes.length);
    page.appendBytes(bytes);
  }
  return page.getBytes();
}

const TYPES = { text: 'BYTE_ARRAY', json: 'BYTE_ARRAY', integer: 'INT64', time: 'INT64', flag: 'BOOLEAN' } as const;

/** The footer's metadata of a row group. Offsets count from the first byte of the group. */
export type RowGroup = ParquetWriter['row_groups'][number];

/** Writes a column chunk, and returns its metadata for the footer. */
export function writeChunk(
  writer: ByteWriter,
  { name, type }: { readonly name: string; readonly type: ColumnType },
  chunk: Chunk,
): RowGroup['columns'][number] {
  const start = writer.offset;
  let unpacked = 0;
  const { dictionary, encoding, codec, pages, bounds } = chunk;
  if (dictionary !== null) {
    const { entries, body } = dictionary;
    writePageHeader(writer, {
      ...{ type: 'DICTIONARY_PAGE', uncompressed_page_size: body.size, compressed_page_size: body.bytes.length },
      dictionary_page_header: { num_values: entries, encoding: 'PLAIN' },
    });
    unpacked += writer.offset - start + body.size;
    writer.appendBytes(body.bytes);
  }
  const data = writer.offset;
  for (const page of pages) unpacked += writePage(writer, chunk, page);
  return {
    file_offset: BigInt(start),
    meta_data: {
      ...{ type: TYPES[type], path_in_schema: [name], codec },
      encodings: dictionary === null ? [encoding] : ['PLAIN', encoding],
      num_values: BigInt(pages.reduce((sum, page) => sum + page.rows, 0)),
      total_uncompressed_size: BigInt(unpacked),
      total_compressed_size: BigInt(writer.offset - start),
      data_page_offset: BigInt(data),
      ...(dictionary === null ? {} : { dictionary_page_offset: BigInt(start) }),
      ...(bounds === null ? {} : { statistics: { min_value: bounds[0], max_value: bounds[1], null_count: 0n } }),
    },
  };
}

/** Writes a page. Returns its size before compression, including the header. */
function writePage(writer: ByteWriter, { encoding, codec }: Chunk, page: Chunk['pages'][number]): number {
  const { rows, body } = page;
  const levels = new ByteWriter();
  if (page.levels !== null) writeRleBitPackedHybrid(levels, page.levels.values, 1);
  const start = writer.offset;
  writePageHeader(writer, {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: levels.offset + body.size,
    compressed_page_size: levels.offset + body.bytes.length,
    data_page_header_v2: {
      ...{ num_values: rows, num_nulls: page.levels?.nulls ?? 0, num_rows: rows, encoding },
      ...{ definition_levels_byte_length: levels.offset, repetition_levels_byte_length: 0 },
      is_compressed: codec !== 'UNCOMPRESSED',
    },
  });
  const header = writer.offset - start;
  writer.appendBytes(levels.getBytes());
  writer.appendBytes(body.bytes);
  return header + levels.offset + body.size;
}
