import type { Step } from '../../src/base/rule.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';

/** The session with `length` bytes of one side's stream, from `offset` on, lost by the capture. */
export function withGap(steps: readonly Step[], from: 'client' | 'server', offset: number, length: number): Step[] {
  const out: Step[] = [];
  let at = 0;
  for (const step of steps) {
    if (!('bytes' in step) || step.from !== from) {
      out.push(step);
      continue;
    }
    const start = at;
    const end = at + step.bytes.length;
    at = end;
    const cutFrom = Math.max(start, offset);
    const cutTo = Math.min(end, offset + length);
    if (cutTo <= cutFrom) {
      out.push(step);
      continue;
    }
    if (cutFrom > start) out.push({ ...step, bytes: step.bytes.subarray(0, cutFrom - start) });
    out.push({ from, gap: cutTo - cutFrom });
    if (cutTo < end) out.push({ ...step, bytes: step.bytes.subarray(cutTo - start) });
  }
  return out;
}

/** The session without the first `client` and `server` bytes of its streams: a recording that began late. */
export function joinedLate(steps: readonly Step[], client: number, server: number): Step[] {
  const skip = { client, server };
  const out: Step[] = [];
  for (const step of steps) {
    if (!('bytes' in step)) {
      out.push(step);
      continue;
    }
    const n = Math.min(skip[step.from], step.bytes.length);
    skip[step.from] -= n;
    if (n < step.bytes.length) out.push({ from: step.from, bytes: step.bytes.subarray(n), seen: -1 });
  }
  return out;
}

/** Stream bytes of one side. */
export function bytesOf(steps: readonly Step[], from: 'client' | 'server'): number {
  return steps.reduce((n, step) => n + ('bytes' in step && step.from === from ? step.bytes.length : 0), 0);
}

/** A handshake and `n` requests of several kinds in each of the three forms of replies, each reply in its own packet. */
export const TRAFFIC: Readonly<Record<'simple' | 'structured' | 'extended', (n: number) => Step[]>> = {
  simple: (n) => [...s.simpleSession(), ...repeat(n, simpleRound), ...s.disconnect()],
  structured: (n) => [...s.structuredSession(), ...repeat(n, structuredRound), ...s.disconnect()],
  extended: (n) => [...s.extendedSession(), ...repeat(n, extendedRound), ...s.xdisconnect()],
};

function repeat(n: number, round: (cookie: number) => Step[]): Step[] {
  return Array.from({ length: n }, (_, i) => round(i + 1)).flat();
}

function simpleRound(cookie: number): Step[] {
  switch (cookie % 3) {
    case 0:
      return [s.request(s.FLUSH, cookie), s.simple(cookie)];
    case 1:
      return [s.request(s.READ, cookie, 512 * cookie, 512), s.simple(cookie, 0, 512)];
    default:
      return [s.request(s.WRITE, cookie, 512 * cookie, 512), s.simple(cookie)];
  }
}

function structuredRound(cookie: number): Step[] {
  switch (cookie % 3) {
    case 0:
      return [s.request(s.FLUSH, cookie), s.simple(cookie)];
    case 1:
      return [
        s.request(s.READ, cookie, 512 * cookie, 1024),
        s.hole(cookie, 512 * cookie, 512, false),
        s.data(cookie, 512 * cookie + 512, 512),
      ];
    default:
      return [s.request(s.WRITE, cookie, 512 * cookie, 512), s.none(cookie)];
  }
}

function extendedRound(cookie: number): Step[] {
  const at = 512 * cookie;
  switch (cookie % 3) {
    case 0:
      return [s.xrequest(s.FLUSH, cookie), s.xchunk(0, cookie, 0, true)];
    case 1:
      return [s.xrequest(s.READ, cookie, at, 512), s.xchunk(1, cookie, at, true, s.u64(at), s.fill(512))];
    default:
      return [s.xwrite(cookie, at, 512), s.xchunk(0, cookie, at, true)];
  }
}
