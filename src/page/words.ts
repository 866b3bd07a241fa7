import { rfc3339, relativeSeconds } from '../base/time.js';
import type { Capture, Finding, Model, Stream } from './model.js';

/** Seconds since the capture's first packet, to the microsecond. */
export function timeText(nanos: number): string {
  return relativeSeconds(0, 0, Math.floor(nanos / 1e9), nanos - Math.floor(nanos / 1e9) * 1e9);
}

/** The same as an absolute time. */
export function absoluteText(capture: Capture, nanos: number): string {
  const all = capture.nanos + nanos;
  return rfc3339(capture.seconds + Math.floor(all / 1e9), all - Math.floor(all / 1e9) * 1e9);
}

export function arrow(stream: Stream, side: number): string {
  if (!stream.rolesKnown) return side === 0 ? '»' : '«';
  return side === 0 ? '→' : '←';
}

export function directionWords(stream: Stream, side: number): string {
  if (!stream.rolesKnown) return side === 0 ? 'from one side' : 'from the other side';
  return side === 0 ? 'client to server' : 'server to client';
}

/** `stream 3`, with the capture if there are several. */
export function streamName(model: Model, stream: Stream): string {
  return model.captures.length > 1 ? `${stream.of.short}, stream ${stream.id}` : `stream ${stream.id}`;
}

export function findingPlace(model: Model, f: Finding): string {
  const words = [f.on === null ? f.of.short : streamName(model, f.on)];
  if (f.message !== null) words.push(`#${f.message}`);
  if (f.packet > 0) words.push(`packet ${f.packet}`);
  return words.join(', ');
}

export function countsText(counts: Readonly<Record<'error' | 'warning' | 'note', number>>): string {
  const parts = (['error', 'warning', 'note'] as const).filter((s) => counts[s] > 0).map((s) => counted(counts[s], s));
  return parts.length === 0 ? 'no findings' : parts.join(', ');
}

/** A text quoted for a shell if necessary. */
export function shellWord(text: string): string {
  return /^[\w./:@%+,=][\w./:@%+,=-]*$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** The command that shows a message with its bytes, and the messages around it. */
export function commandFor(model: Model, row: number): string {
  const on = model.streamOf(row);
  return `wirelint analyze ${shellWord(on.of.file)} -s ${on.id} --where index==${model.index[row]!} -x -C 3`;
}

/** An integer with thin spaces between thousands. */
export function grouped(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, '\u2009');
}

/** `199 987`, or `199 987 messages`. */
export function counted(n: number, one?: string): string {
  return one === undefined ? grouped(n) : `${grouped(n)} ${one}${n === 1 ? '' : 's'}`;
}
