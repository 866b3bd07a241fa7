import { describe, expect, it } from 'vitest';
import { Block } from '../../src/base/block.js';
import { Budget } from '../../src/base/budget.js';
import { SERVER, type Input } from '../../src/base/input.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { Origin } from '../../src/base/origin.js';
import {
  FramedDecoder,
  Framing,
  isFinal,
  LOST,
  TAKEN,
  WAIT,
  type Patience,
} from '../../src/contract/framed-decoder.js';
import { Message } from '../../src/contract/message.js';
import type { Output } from '../../src/contract/protocol.js';
import { PumpRoom } from '../../src/engine/carry.js';
import { DirectionPump } from '../../src/engine/direction-pump.js';

/**
 * `M`, length, and so many bytes; `W`: a frame of two bytes that only the peer allows; `E`: what follows is encrypted. Everything else is no
 * frame.
 */
class Frame extends Message {
  readonly name = 'FRAME';

  constructor(input: Input, length: number) {
    super(SERVER, input);
    this.length = length;
  }
}

class Frames extends Framing<Frame, typeof SERVER> {
  told = false;
  sums: number[] = [];
  readonly events: string[] = [];
  private sum = 0;

  override frameAt(input: Input<typeof SERVER>, patience: Patience): number {
    const letter = input.bytes[input.pos];
    if (letter === 69) {
      this.frames.skip(input, 1, 'undecoded');
      this.frames.become(new Encrypted(this.events));
      return TAKEN;
    }
    if (letter !== 77 && letter !== 87) return LOST;
    if (letter === 87 && !this.told && patience === 'patient') return WAIT;
    if (input.remaining < 2) return 2;
    this.sum = 0;
    this.frames.hinted = letter === 87;
    this.frames.take(new Frame(input, letter === 87 ? 2 : 2 + input.bytes[input.pos + 1]!), input, 2);
    return TAKEN;
  }

  override findAgain(input: Input<typeof SERVER>, patience: Patience): number {
    const at = input.bytes.subarray(0, input.end).indexOf(77, input.pos);
    this.frames.pass(input, (at < 0 ? input.end : at) - input.pos);
    if (at < 0) return 1;
    if (input.remaining < 2 && !isFinal(patience)) return 2;
    this.frames.unproven = 2;
    return TAKEN;
  }

  override bodyPart(_: Frame, bytes: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; i++) this.sum += bytes[i]!;
  }

  override after(): void {
    this.sums.push(this.sum);
  }

  override found(from: number, passed: number): void {
    this.events.push(`found ${from}+${passed}`);
  }

  override cutOff(input: Input, patience: Patience, wanted: number): 'undecoded' {
    this.events.push(`${patience} ${input.remaining}/${wanted}`);
    return 'undecoded';
  }

  override ended(how: string, cut: Frame | null, missing: number): void {
    this.events.push(`${how} ${cut === null ? '-' : cut.offset} ${missing}`);
  }
}

/** Frames of three bytes, each with another bit flipped; the first is 1 in plain. */
class Encrypted extends Framing<Frame, typeof SERVER> {
  private readonly events: string[];
  private filled = 0;

  constructor(events: string[]) {
    super();
    this.events = events;
  }

  override frameAt(input: Input<typeof SERVER>): number {
    if (input.bytes[input.pos] !== (1 ^ 128)) return LOST;
    const frame = new Frame(input, 3);
    frame.head = Uint8Array.of(1, 0, 0);
    this.filled = 1;
    this.frames.take(frame, input, 1);
    return TAKEN;
  }

  override findAgain(input: Input<typeof SERVER>): number {
    this.frames.pass(input, input.remaining);
    return 1;
  }

  override bodyPart(message: Frame, bytes: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end; i++) message.head![this.filled++] = bytes[i]! ^ 128;
  }

  override closing(message: Frame): void {
    this.events.push(`plain ${message.head!.join('')}`);
  }

  override searchEnd(from: number, passed: number): void {
    this.events.push(`none in ${from}+${passed}`);
  }
}

type Deed = readonly number[] | { readonly gap: number } | 'wake' | 'fin';

/** Plays bytes and holes; what came of them, with the bytes cut into chunks of `chop`. */
function play(deeds: readonly Deed[], chop = 1000) {
  const framing = new Frames();
  const messages: string[] = [];
  const skips: string[] = [];
  let accounted = 0;
  const output: Output = {
    begin: () => undefined,
    message: (m) => {
      const marks = [m.complete ? '' : `-${m.missing}`, m.hinted ? 'hinted' : '', m.inferred ? 'inferred' : ''];
      messages.push([`${m.offset}+${m.length}`, ...marks, `head ${m.head!.length}`].filter((t) => t !== '').join(' '));
      accounted += m.length - m.missing;
    },
    skip: (_, offset, length, reason) => {
      skips.push(`${offset}+${length} ${reason}`);
      accounted += length;
    },
    raise: () => undefined,
    wants: () => true,
  };
  const settings = { limits: { ...DEFAULT_LIMITS, detailBytes: 4 }, fromStart: true, details: true, bytes: true };
  const decoder = new FramedDecoder(SERVER, output, settings, framing);
  const pump = new DirectionPump(decoder, SERVER, 0, new PumpRoom(DEFAULT_LIMITS, new Budget(1 << 20)), output);
  const origin = new Origin();
  let sent = 0;
  for (const deed of deeds) {
    if (deed === 'fin') pump.finish('fin');
    else if (deed === 'wake') {
      framing.told = true;
      pump.wake(true);
    } else if ('gap' in deed) pump.gap(deed.gap, origin);
    else {
      sent += deed.length;
      for (let at = 0; at < deed.length; at += chop) {
        const part = Uint8Array.from(deed.slice(at, at + chop));
        pump.feed(new Block(part), 0, part.length, origin);
      }
    }
  }
  return { messages, skips, framing, unaccounted: sent - accounted };
}

const M = 77;
const W = 87;

describe('a framed decoder', () => {
  it.each([1, 2, 3, 1000])('takes frames and their bodies, in chunks of %i', (chop) => {
    const r = play([[M, 0, M, 5, 1, 2, 3, 4, 5, M, 1, 9], 'fin'], chop);
    expect(r.messages).toEqual(['0+2 head 2', '2+7 head 4', '9+3 head 3']);
    expect(r.framing.sums).toEqual([0, 15, 9]);
    expect([r.skips, r.unaccounted]).toEqual([[], 0]);
  });

  it('counts what a hole takes out of a body, and goes on behind it', () => {
    const r = play([[M, 6, 1, 2], { gap: 3 }, [6, M, 0], 'fin']);
    expect(r.messages).toEqual(['0+8 -3 head 4', '8+2 head 2']);
    expect(r.unaccounted).toBe(0);
  });

  it('searches behind a hole that ends outside of a body; what it finds is inferred for a while', () => {
    const r = play([[M, 2, 1], { gap: 9 }, [7, 7, M, 0, M, 0, M, 0], 'fin']);
    expect(r.messages).toEqual(['0+4 -1 head 3', '14+2 inferred head 2', '16+2 inferred head 2', '18+2 head 2']);
    expect(r.skips).toEqual(['12+2 resynchronised']);
    expect(r.framing.events).toContain('found 12+2');
    expect(r.unaccounted).toBe(0);
  });

  it('says what is cut off by a hole, and by the end', () => {
    const r = play([[M], { gap: 4 }, [M, 0, M], 'fin']);
    expect(r.messages).toEqual(['5+2 inferred head 2']);
    expect(r.skips).toEqual(['0+1 undecoded', '7+1 undecoded']);
    expect(r.framing.events).toEqual(['gap 1/2', 'end 1/2', 'fin - 0']);
  });

  it('hands on a message whose body ends with the direction', () => {
    const r = play([[M, 5, 1], 'fin']);
    expect(r.messages).toEqual(['0+7 -4 head 3']);
    expect(r.framing.events).toEqual(['fin 0 4']);
  });

  it('waits for the peer, and marks what needed it', () => {
    const r = play([[M, 0, W, 0, M], 'wake', [0], 'fin']);
    expect(r.messages).toEqual(['0+2 head 2', '2+2 hinted head 2', '4+2 head 2']);
    const never = play([[W, 0], 'fin']);
    expect(never.messages).toEqual(['0+2 hinted head 2']);
  });

  it('looks for the next frame where none can be', () => {
    const r = play([[1, 2, 3, M, 0], 'fin'], 1);
    expect(r.messages).toEqual(['3+2 inferred head 2']);
    expect(r.unaccounted).toBe(0);
  });

  it.each([1, 1000])(
    'leaves what follows to another framing, which fills the heads of its messages, in chunks of %i',
    (chop) => {
      const r = play([[M, 0, 69, 129, 133, 134, 129, 130], { gap: 1 }, [5, 6], { gap: 3 }, [7], 'fin'], chop);
      expect(r.messages).toEqual(['0+2 head 2', '3+3 head 3', '6+3 -1 head 3']);
      expect(r.framing.events).toEqual(['plain 156', 'plain 120', 'none in 14+1']);
      expect(r.skips.at(-1)).toBe('14+1 resynchronised');
      expect(r.unaccounted).toBe(0);
    },
  );
});
