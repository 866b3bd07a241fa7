import type { Counts } from '../../engine/event.js';
import type { FindingEvent, StreamEvent } from '../event-object.js';

/**
 * What is inside a page, between the CLI that writes it and the program in the page that reads it. Base64 of deflated bytes (RFC 1951):
 * the length of the head (u32, big endian), the head (JSON of PageHead), then the columns one behind the other.
 *
 * Messages stand in columns of variable-length integers (7 bits a byte, lowest first, bit 7: more follow), a value a message unless the
 * column says otherwise; numbers that can be negative are zigzag (2n, or -2n-1). A message's fields and words are text made of a template and
 * the numbers in its blanks: each blank of each template is a column of its own, of differences to the value before.
 */
export interface PageHead {
  readonly version: string;
  /** The command that made it. */
  readonly command: 'analyze' | 'check' | 'stats';
  readonly parts: readonly PartHead[];
  /** Only `check`: whether the gate passed, and why not. */
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
  /** Two sessions, one that breaks it and one that keeps it, as transcripts; empty where there are none. */
  readonly examples: string;
}

/** What came of one pass over one or several captures. */
export interface PartHead {
  readonly captures: readonly PageCapture[];
  readonly streams: readonly PageStream[];
  readonly findings: readonly PageFinding[];
  /** Names of messages, of operations, and of errors that answers report. */
  readonly names: readonly string[];
  readonly operations: readonly string[];
  readonly errors: readonly string[];
  readonly templates: readonly string[];
  readonly messages: number;
  /** Bytes of each column, in the order of COLUMNS, then of each blank of each template. */
  readonly lengths: readonly number[];
  readonly left: LeftOutOfPage;
}

/** What is not in the page, and why. */
export interface LeftOutOfPage {
  readonly messages: number;
  readonly findings: number;
  readonly streams: number;
  /** Messages without their fields; without their bytes. */
  readonly fields: number;
  readonly bytes: number;
  /** Expressions that chose what is shown. */
  readonly where: readonly string[];
}

export interface PageCapture {
  readonly file: string;
  /** `pcap, Ethernet, microseconds`. */
  readonly words: string;
  /** Time of the first packet, to which all others of the capture are relative; null where there are no times. */
  readonly seconds: number;
  readonly nanos: number;
  readonly timed: boolean;
  readonly packets: number;
  /** What was found instead of a capture. */
  readonly problem: string | null;
}

export interface PageStream {
  /** Number of its capture in the part. */
  readonly capture: number;
  readonly event: StreamEvent;
  /** Lines about it, as at the end of a transcript. */
  readonly lines: readonly string[];
  readonly rolesKnown: boolean;
  /** Nanoseconds from the capture's first packet to its own. */
  readonly start: number;
  /** TLS handshake messages and alerts, in order. */
  readonly secured: readonly { readonly time: number; readonly side: number; readonly text: string }[];
  /** What its protocol calls the part behind the handshake; null where it has none. */
  readonly then: string | null;
  /** What it is, where nobody decodes it. */
  readonly relative: string | null;
}

export interface PageFinding extends Omit<FindingEvent, 'type' | 'file' | 'stream' | 'protocol' | 'time' | 'spec'> {
  readonly capture: number;
  /** Number of its stream in the part; -1: about the capture itself. */
  readonly stream: number;
  /** Nanoseconds from the capture's first packet. */
  readonly time: number;
}

/** The columns of the messages. */
export const COLUMNS = [
  /** Number of the stream in the part, zigzag, to the one before. */
  'stream',
  'name',
  /** See FLAG. */
  'flags',
  /** To what would follow the stream's last one. */
  'index',
  /** Zigzag, to where the side's last one ended. */
  'offset',
  'length',
  /** Bytes that were not captured, and of these never sent; only of messages that are not complete. */
  'missing',
  'unsent',
  /** Zigzag, to the one before. */
  'packet',
  /** Nanoseconds, zigzag, to the one before. */
  'time',
  /** Nanoseconds from its first byte to its last. */
  'sending',
  /** Its index less that of its request, zigzag; 0: no answer. */
  'reply',
  /** 0: asks for nothing; else the number of its operation from 1. */
  'operation',
  /** Only of operations: bytes, and zigzag: place, each one more, 0: none; place to where the last one of that operation ended. */
  'size',
  'place',
  /** Only of answers: 0: more to come; 1: the last; from 2 on: pairs of (error, more to come), (error, the last). */
  'outcome',
  'template',
  /** Bytes that are in the page. */
  'bytes',
] as const;

export type ColumnName = (typeof COLUMNS)[number];

export const FLAG = { server: 1, complete: 2, hinted: 4, inferred: 8, tls: 16, writes: 32, handshake: 64 } as const;

/** In a template: a blank of its own, and one with the number of an earlier blank (the character behind it says which). */
export const BLANK = '\u0001';
export const SAME = '\u0002';
/** Character code of the first blank behind SAME. */
export const FIRST_BLANK = 0x100;

/** A field as its template holds it: name, place, length, 1: has a value, 2: has a text, 4: a number of 64 bits; what is inside. */
export type FieldShape = readonly [
  name: string,
  at: number,
  length: number,
  has: number,
  children?: readonly FieldShape[],
];
