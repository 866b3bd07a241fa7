import { nineDigits } from '../base/digits.js';
import type { TextBytes } from '../base/text-bytes.js';
import { microsBetween, relativeSeconds } from '../base/time.js';

/** How times are shown: since the capture's first packet, since the previous line, as the time of day, or as seconds since 1970. */
export const TIME_FORMATS = ['relative', 'delta', 'absolute', 'epoch'] as const;
export type TimeFormat = (typeof TIME_FORMATS)[number];

/** Local time follows TZ; output that has to be the same on every machine uses UTC. */
export type Zone = 'local' | 'utc';

const MICROS = 1000;
const MICROS_PER_SECOND = 1_000_000;
const POINT = 0x2e;
/** Characters of the decimal point and the six digits after it. */
const FRACTION = 7;

/** Formats the times of one capture's lines. In a capture without times, every time is zero. */
export class Clock {
  readonly format: TimeFormat;
  private readonly zone: Zone;
  private startSeconds: number | null = null;
  private startNanos = 0;
  private lastSeconds = 0;
  private lastNanos = 0;
  private lastDay = '';

  constructor(format: TimeFormat, zone: Zone) {
    this.format = format;
    this.zone = zone;
  }

  /** The number of characters that most times take. */
  get width(): number {
    return this.format === 'epoch' ? 17 : this.format === 'absolute' ? 15 : 12;
  }

  /** Forgets the previous capture. */
  reset(): void {
    this.startSeconds = null;
    this.lastDay = '';
  }

  /** Sets the time of the capture's first packet. */
  begin(seconds: number, nanos: number): void {
    this.startSeconds = this.lastSeconds = seconds;
    this.startNanos = this.lastNanos = nanos;
    this.lastDay = this.day(seconds);
  }

  /** The capture's start with its time zone: `2026-11-20 14:31:05.123456 UTC`; null if the recording holds no times. */
  start(): string | null {
    if (this.startSeconds === null || (this.startSeconds === 0 && this.startNanos === 0)) return null;
    const { startSeconds: s, startNanos: n } = this;
    return `${this.day(s)} ${this.timeOfDay(s, n)} ${this.zoneName(s)}`;
  }

  /** The date (`2026-11-21`) if times of day are shown and the day differs from that of the previous line; otherwise null. */
  newDay(seconds: number): string | null {
    if (this.format !== 'absolute') return null;
    const day = this.day(seconds);
    if (day === this.lastDay) return null;
    this.lastDay = day;
    return day;
  }

  text(seconds: number, nanos: number): string {
    if (this.startSeconds === null) this.begin(seconds, nanos);
    switch (this.format) {
      case 'relative':
        return relativeSeconds(this.startSeconds!, this.startNanos, seconds, nanos);
      case 'delta': {
        const text = relativeSeconds(this.lastSeconds, this.lastNanos, seconds, nanos);
        this.lastSeconds = seconds;
        this.lastNanos = nanos;
        return text;
      }
      case 'absolute':
        return this.timeOfDay(seconds, nanos);
      case 'epoch':
        return `${seconds}.${micros(nanos)}`;
    }
  }

  /** Writes the time, padded with blanks on the left to `width` characters. */
  write(out: TextBytes, seconds: number, nanos: number, width: number): void {
    const since = this.format === 'relative' && this.startSeconds !== null;
    const micros = since ? microsBetween(this.startSeconds!, this.startNanos, seconds, nanos) : -1;
    if (micros < 0 || micros > Number.MAX_SAFE_INTEGER) {
      out.text(this.text(seconds, nanos).padStart(width));
      return;
    }
    // the fast path, which most lines take: writes digits without making a string
    const whole = Math.floor(micros / MICROS_PER_SECOND);
    out.rightAligned(whole, width - FRACTION);
    out.byte(POINT);
    out.digits(micros - whole * MICROS_PER_SECOND, FRACTION - 1);
  }

  private day(seconds: number): string {
    const d = dateOf(seconds);
    const [year, month, day] =
      this.zone === 'utc'
        ? [d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate()]
        : [d.getFullYear(), d.getMonth(), d.getDate()];
    return `${String(year).padStart(4, '0')}-${two(month + 1)}-${two(day)}`;
  }

  private timeOfDay(seconds: number, nanos: number): string {
    const d = dateOf(seconds);
    const [h, m, s] =
      this.zone === 'utc'
        ? [d.getUTCHours(), d.getUTCMinutes(), d.getUTCSeconds()]
        : [d.getHours(), d.getMinutes(), d.getSeconds()];
    return `${two(h)}:${two(m)}:${two(s)}.${micros(nanos)}`;
  }

  /** `UTC`, or the offset of local time at that moment: `+01:00`. */
  private zoneName(seconds: number): string {
    const minutes = this.zone === 'utc' ? 0 : -dateOf(seconds).getTimezoneOffset();
    if (minutes === 0) return 'UTC';
    const far = Math.abs(minutes);
    return `${minutes < 0 ? '-' : '+'}${two(Math.floor(far / 60))}:${two(far % 60)}`;
  }
}

/** Hostile time stamps are clamped to what a Date can hold. */
function dateOf(seconds: number): Date {
  return new Date(Math.min(Math.max(seconds, -62_135_596_800), 253_402_300_799) * 1000);
}

function micros(nanos: number): string {
  return nineDigits(Math.floor(nanos / MICROS) * MICROS).slice(0, 6);
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}
