import type { Counts } from '../../engine/event.js';
import type { FindingEvent, StreamEvent } from '../event-object.js';

/**
 * The data in a page, which the CLI writes and the page's script reads. Base64 of deflated bytes (RFC 1951): the length of the head (u32,
 * big-endian), the head (JSON of PageHead), then the columns one after another.
 *
 * Messages are stored in columns of variable-length integers (7 bits in each byte, lowest first, bit 7: more follow), with one value for
 * each message unless the column says otherwise. Numbers that can be negative are zigzag (2n, or -2n-1). The fields and description of a
 * message are text that is made of a template and the numbers in its blanks: each blank of each template is a column of its own, with
 * differences to the previous value.
 */
export interface PageHead {
  readonly version: string;
  /** The command that wrote the page. */
  readonly command: 'analyze' | 'check' | 'stats';
  readonly parts: readonly PartHead[];
  /** Only for `check`: whether the gate passed, and why not. */
  readonly gate: { readonly status: number; readonly reasons: readonly string[]; readonly suppressed: number } | null;
  readonly totals: {
    readonly files: number;
    readonly packets: number;
    readonly streams: number;
    readonly messages: number;
    readonly findings: Readonly<Counts>;
  };
  readonly rules: readonly PageRule[];
}

export interface PageRule {
  readonly id: string;
  readonly title: string;
  readonly meaning: string;
  readonly spec: string;
  /** The rule's example sessions, one that breaks it and one that keeps it, as transcripts; empty if there are none. */
  readonly examples: string;
}

/** The result of one pass over one or more captures. */
export interface PartHead {
  readonly captures: readonly PageCapture[];
  readonly streams: readonly PageStream[];
  readonly findings: readonly PageFinding[];
  /** Names of messages, of operations, and of errors in replies. */
  readonly names: readonly string[];
  readonly operations: readonly string[];
  readonly errors: readonly string[];
  readonly templates: readonly string[];
  readonly messages: number;
  /** Length in bytes of each column, in the order of COLUMNS, then of each blank of each template. */
  readonly lengths: readonly number[];
  readonly left: LeftOutOfPage;
}

/** What is not in the page, and why. */
export interface LeftOutOfPage {
  readonly messages: number;
  readonly findings: number;
  readonly streams: number;
  /** Number of messages without their fields, and without their bytes. */
  readonly fields: number;
  readonly bytes: number;
  /** Expressions that select what is shown. */
  readonly where: readonly string[];
}

export interface PageCapture {
  readonly file: string;
  /** Such as `pcap, Ethernet, microseconds`. */
  readonly words: string;
  /** Time of the first packet, to which all other times of the capture are relative. `timed`: whether the recording has times. */
  readonly seconds: number;
  readonly nanos: number;
  readonly timed: boolean;
  readonly packets: number;
  /** Why it is no capture, or null. */
  readonly problem: string | null;
}

export interface PageStream {
  /** Index of its capture in the part. */
  readonly capture: number;
  readonly event: StreamEvent;
  /** Lines about it, as at the end of a transcript. */
  readonly lines: readonly string[];
  readonly rolesKnown: boolean;
  /** Nanoseconds from the capture's first packet to the stream's first packet. */
  readonly start: number;
  /** TLS handshake messages and alerts, in order. */
  readonly secured: readonly { readonly time: number; readonly side: number; readonly text: string }[];
  /** The protocol's name for the phase after the handshake; null if it has none. */
  readonly then: string | null;
  /** A hint about what it is, if no protocol decodes it; else null. */
  readonly relative: string | null;
}

export interface PageFinding extends Omit<FindingEvent, 'type' | 'file' | 'stream' | 'protocol' | 'time' | 'spec'> {
  readonly capture: number;
  /** Index of its stream in the part; -1: it is about the capture itself. */
  readonly stream: number;
  /** Nanoseconds since the capture's first packet. */
  readonly time: number;
}

/** The columns of the messages. */
export const COLUMNS = [
  /** Index of the stream in the part, as the difference to the previous message, zigzag. */
  'stream',
  'name',
  /** See FLAG. */
  'flags',
  /** Difference to the index after the previous one of the stream, zigzag. */
  'index',
  /** Difference to the end of the side's previous message, zigzag. */
  'offset',
  'length',
  /** Bytes that were not captured, and how many of these were never sent; only for incomplete messages. */
  'missing',
  'unsent',
  /** Difference to the previous message, zigzag. */
  'packet',
  /** Nanoseconds, as the difference to the previous message, zigzag. */
  'time',
  /** Nanoseconds from its first byte to its last. */
  'sending',
  /** Its index minus that of its request, zigzag; 0: it is no reply. */
  'reply',
  /** Number of its operation, counted from 1; 0: it is no request. */
  'operation',
  /**
   * Only for operations. `size`: bytes plus 1; 0: none. `place`: offset, as the zigzag difference to the end of the previous operation of
   * that name, plus 1; 0: none.
   */
  'size',
  'place',
  /** Only for replies. 0: more follow; 1: the last one; from 2 on, pairs for each error: more follow, the last one. */
  'outcome',
  'template',
  /** Number of its bytes that are in the page. */
  'bytes',
] as const;

export type ColumnName = (typeof COLUMNS)[number];

export const FLAG = { server: 1, complete: 2, hinted: 4, inferred: 8, tls: 16, writes: 32, handshake: 64 } as const;

/** Characters in a template: a new blank; and a reference to an earlier blank, whose number the next character gives. */
export const BLANK = '\u0001';
export const SAME = '\u0002';
/** Character code that refers to the first blank. */
export const FIRST_BLANK = 0x100;

/** A field in a template: name, offset, length, a sum of 1: has a value, 2: has a text, 4: is a 64-bit number; and its children. */
export type FieldShape = readonly [
  name: string,
  at: number,
  length: number,
  has: number,
  children?: readonly FieldShape[],
];
