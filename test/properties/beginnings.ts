import type { Analyzed } from '../kit/in-memory.js';

type MessageEvent = Analyzed['messages'][number];

/** Messages without a length of their own: what stands for them is whatever arrived, so a shorter one is complete too. */
const NO_LENGTH = new Set(['DRAFT']);

/**
 * What a message is, whatever came after it in the capture: a hint of the peer may be among that, and a map in another stream that names
 * its addresses.
 */
function substance(m: MessageEvent): string {
  const { index: _i, packet: _p, time: _t, inReplyTo: _r, context: _c, file: _f, fields, ...rest } = m;
  const { learned: _l, ...own } = fields;
  return JSON.stringify({ ...rest, fields: own });
}

/**
 * Where the messages of a part of a capture are not the first ones of the whole, in order, in each direction of each stream. The last
 * message of a direction may be an unfinished one. Where packets come out of order, the cut leaves holes: the beginning ends there.
 */
export function notABeginning(part: Analyzed, whole: Analyzed): string[] {
  const expected = byDirection(whole);
  const holes = newHoles(part, whole);
  const wrong: string[] = [];
  for (const [direction, messages] of byDirection(part)) {
    const all = expected.get(direction) ?? [];
    const hole = holes.get(direction) ?? Infinity;
    messages.forEach((m, i) => {
      if (m.offset + m.length > hole) return;
      const same = all[i];
      const last = i === messages.length - 1;
      const unfinished =
        last && (!m.complete || NO_LENGTH.has(m.name)) && same?.offset === m.offset && same.name === m.name;
      if (same === undefined || (!unfinished && substance(m) !== substance(same))) {
        wrong.push(
          `${direction}: message ${i + 1} is ${substance(m)} instead of ${same === undefined ? '-' : substance(same)}`,
        );
      }
    });
  }
  return wrong;
}

function byDirection(a: Analyzed): Map<string, MessageEvent[]> {
  const lists = new Map<string, MessageEvent[]>();
  for (const m of a.messages) {
    const key = `stream ${m.stream} side ${m.side}`;
    const list = lists.get(key);
    if (list === undefined) lists.set(key, [m]);
    else list.push(m);
  }
  return lists;
}

/** Where the first gap is that the whole does not have, by direction. */
function newHoles(part: Analyzed, whole: Analyzed): Map<string, number> {
  const gaps = (a: Analyzed): { direction: string; offset: number }[] =>
    a.findings
      .filter((f) => f.rule === 'capture/gap')
      .map((f) => ({ direction: `stream ${f.stream} side ${f.side}`, offset: f.offset ?? 0 }));
  const known = new Set(gaps(whole).map((g) => `${g.direction} ${g.offset}`));
  const out = new Map<string, number>();
  for (const { direction, offset } of gaps(part)) {
    if (!known.has(`${direction} ${offset}`)) out.set(direction, Math.min(offset, out.get(direction) ?? Infinity));
  }
  return out;
}
