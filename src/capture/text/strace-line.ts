import { LEFT_OUT } from './lines.js';
import { ValueParser, type Value } from './strace-values.js';

/** Which times a recording's lines show: of the day, since 1970, since the line before, or none. */
export type Clock = 'day' | 'epoch' | 'relative' | 'none';

export interface Prefix {
  /** Thread id; 0 where lines carry none. */
  readonly tid: number;
  readonly clock: Clock;
  readonly seconds: number;
  readonly nanos: number;
  /** Digits after the point. */
  readonly digits: number;
  /** Index in the line where the call begins. */
  readonly at: number;
}

const PREFIX =
  /^(?:\[pid\s+(\d+)(?:<[^>]*>)?\]\s+|(\d{1,10})(?:<[^>]*>)?\s+(?=[^\s=]))?(?:(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?\s+|\+?\s*(\d{1,12})\.(\d{1,9})\s+|(\d{9,12})\s+)?(?:\(\+\s*[\d.]+\)\s+)?(?:\[\s*[0-9a-f?]+\]\s+)*/;

/** Largest process id of Linux: a larger first number is a time. */
const PID_MAX = 1 << 22;
/** In seconds: a smaller number with a decimal point is the time since the line before (`-r`). */
const EPOCH_FROM = 1e8;

/** Reads the part of a line before the call. */
export function readPrefix(text: string): Prefix {
  const match = PREFIX.exec(text)!;
  let tid = Number(match[1] ?? match[2] ?? 0);
  const at = match[0].length;
  if (match[3] !== undefined) {
    const seconds = Number(match[3]) * 3600 + Number(match[4]) * 60 + Number(match[5]);
    const fraction = match[6] ?? '';
    return { tid, clock: 'day', seconds, nanos: nanosOf(fraction), digits: fraction.length, at };
  }
  if (match[7] !== undefined) {
    const seconds = Number(match[7]);
    const clock = seconds < EPOCH_FROM ? 'relative' : 'epoch';
    return { tid, clock, seconds, nanos: nanosOf(match[8]!), digits: match[8]!.length, at };
  }
  let seconds = Number(match[9] ?? 0);
  if (seconds === 0 && match[1] === undefined && tid > PID_MAX) {
    seconds = tid;
    tid = 0;
  }
  return { tid, clock: seconds > 0 ? 'epoch' : 'none', seconds, nanos: 0, digits: 0, at };
}

function nanosOf(fraction: string): number {
  return Number(fraction.padEnd(9, '0'));
}

/** What follows the prefix on a line. */
export type Statement =
  | { readonly kind: 'call'; readonly name: string }
  | { readonly kind: 'unfinished'; readonly name: string; readonly entry: string }
  | { readonly kind: 'resumed'; readonly name: string; readonly rest: string }
  | { readonly kind: 'exit' }
  | { readonly kind: 'signal' }
  | { readonly kind: 'other' };

const NAME = /([a-z_][a-z0-9_]*)\(/y;
const RESUMED = /<\.\.\. ([a-z_][a-z0-9_]*) resumed>/y;
const UNFINISHED = /\s*<unfinished \.\.\.>$/;

export function readStatement(text: string, at: number): Statement {
  NAME.lastIndex = at;
  const call = NAME.exec(text);
  if (call !== null) {
    const name = call[1]!;
    const unfinished = text.endsWith('<unfinished ...>') ? UNFINISHED.exec(text.slice(-40)) : null;
    if (unfinished !== null)
      return { kind: 'unfinished', name, entry: text.slice(at, text.length - unfinished[0].length) };
    return { kind: 'call', name };
  }
  RESUMED.lastIndex = at;
  const resumed = RESUMED.exec(text);
  if (resumed !== null) return { kind: 'resumed', name: resumed[1]!, rest: text.slice(RESUMED.lastIndex) };
  if (text.startsWith('+++ exited with ', at) || text.startsWith('+++ killed by ', at)) return { kind: 'exit' };
  if (text.startsWith('--- ', at) || text.startsWith('+++ ', at)) return { kind: 'signal' };
  return { kind: 'other' };
}

/** A call with its arguments and its result. */
export interface Call {
  readonly name: string;
  readonly text: string;
  readonly args: readonly Value[];
  /** The number that it returned; null where the result is `?` or an address, or is not on the line. */
  readonly result: number | null;
  /** The result as printed (`3<UNIX-STREAM:[1]>`, `-1`), without error name; empty where there is none. */
  readonly resultText: string;
  /** `EAGAIN`, or empty. */
  readonly error: string;
  /** Time spent in the call in nanoseconds, or -1. */
  readonly duration: number;
}

const RESULT = /^\s*= (\?|-?\d+(?:<.*?>(?=\s|$))?|0x[0-9a-f]+)(?: (E[A-Z0-9]+)\b)?/;
const DURATION = /<(\d+)\.(\d{1,9})>$/;

/** Parses `NAME(ARGS) = RESULT ...` from `at` on; null where the result is missing, as the line is cut off. */
export function readCall(name: string, text: string, at: number): Call | null {
  const lost = text.indexOf(LEFT_OUT, at);
  const shownText = lost < 0 ? text : text.slice(0, lost);
  const parser = new ValueParser();
  const args = parser.arguments(shownText, at + name.length + 1);
  let rest = text[parser.at] === ')' ? text.slice(parser.at + 1) : '';
  if (lost >= 0) {
    // the middle of the line was left out; the result is in its tail
    const equals = text.lastIndexOf(') = ');
    rest = equals > lost ? text.slice(equals + 1) : '';
  }
  const match = RESULT.exec(rest);
  if (match === null) return null;
  const shown = match[1]!;
  const number = /^-?\d+/.exec(shown);
  const hexadecimal = shown.startsWith('0x');
  const duration = DURATION.exec(rest);
  return {
    name,
    text: shownText,
    args,
    result: number !== null && !hexadecimal ? Number(number[0]) : null,
    resultText: shown,
    error: match[2] ?? '',
    duration: duration === null ? -1 : Number(duration[1]) * 1e9 + nanosOf(duration[2]!),
  };
}

/** The text of a value. */
export function valueText(call: Call, value: Value): string {
  return call.text.slice(value.start, value.end);
}

/** The number that a word begins with, or null. */
export function valueNumber(call: Call, value: Value | undefined): number | null {
  if (value?.kind !== 'word') return null;
  const match = /^\d+/.exec(call.text.slice(value.start, value.start + 20));
  return match === null ? null : Number(match[0]);
}

/** The item of a structure or array that has that field name. */
export function field(value: Value | undefined, name: string): Value | undefined {
  return value?.items.find((item) => item.name === name);
}
