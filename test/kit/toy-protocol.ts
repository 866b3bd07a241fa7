import { Block } from '../../src/base/block.js';
import { CLIENT, SERVER, type Input, type Side } from '../../src/base/input.js';
import type { Origin } from '../../src/base/origin.js';
import type { Rule } from '../../src/base/rule.js';
import type { Annotation, Json } from '../../src/base/annotation.js';
import { Message } from '../../src/contract/message.js';
import type {
  Conversation,
  Decoder,
  DecoderSettings,
  Output,
  ProbeResult,
  Protocol,
  Session,
} from '../../src/contract/protocol.js';

/**
 * The smallest protocol that uses every seam. The client sends `Q id size`, the server answers `A id` and then as many bytes
 * as the request asked for, which only the request tells. Both sides may send `N length bytes` (a note, gathered whole). A stream
 * begins with `TOY!` from the server. One byte each for the letters, ids and sizes; length 0xff in a note is a bug on purpose.
 */
export class ToyMessage extends Message {
  readonly kind: string;
  readonly id: number;
  readonly size: number;

  constructor(side: Side, input: Input, kind: string, id: number, size: number) {
    super(side, input);
    this.kind = kind;
    this.id = id;
    this.size = size;
  }

  get name(): string {
    return this.kind;
  }
}

export const TOY_ZERO: Rule = {
  id: 'toy/zero-size',
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a request asks for nothing',
  meaning: 'A request of size zero is a mistake of the client, because it can have no answer worth sending.',
  spec: 'Toys, chapter 1',
  breaks: { text: 'a request of size 0', steps: () => [server('TOY!'), client('Q', 1, 0), server('A', 1)] },
  keeps: { text: 'a request of size 1', steps: () => [server('TOY!'), client('Q', 1, 1), server('A', 1, 9)] },
};

function bytes(parts: readonly (string | number)[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((p) => (typeof p === 'string' ? [...Buffer.from(p)] : [p])));
}

export function client(...parts: (string | number)[]): { from: 'client'; bytes: Uint8Array } {
  return { from: 'client', bytes: bytes(parts) };
}

export function server(...parts: (string | number)[]): { from: 'server'; bytes: Uint8Array } {
  return { from: 'server', bytes: bytes(parts) };
}

interface ToyHints {
  /** Bytes that request `id` asked for; null: not seen; 'wait': may still come. */
  size(id: number): number | null | 'wait';
}

class ToyDecoder implements Decoder {
  private readonly side: Side;
  private readonly output: Output;
  private readonly settings: DecoderSettings;
  private readonly hints: ToyHints;
  need: number;
  body = 0;
  wantsBody = false;
  waiting = false;
  private current: ToyMessage | null = null;
  private greeted: boolean;

  constructor(side: Side, output: Output, settings: DecoderSettings, hints: ToyHints) {
    this.side = side;
    this.output = output;
    this.settings = settings;
    this.hints = hints;
    this.greeted = side === CLIENT || !settings.fromStart;
    this.need = this.greeted ? 1 : 4;
  }

  decode(input: Input, patient: boolean): void {
    if (!this.greeted) {
      this.greeted = true;
      this.need = 1;
      this.emit(new ToyMessage(this.side, input, 'TOY', 0, 0), input, 4);
      return;
    }
    const letter = String.fromCharCode(input.bytes[input.pos]!);
    if (letter === 'N') {
      if (input.remaining < 2) return this.want(2);
      const length = input.bytes[input.pos + 1]!;
      if (length === 0xff) throw new Error('note too long for a toy');
      if (input.remaining < 2 + length) return this.want(2 + length);
      this.emit(new ToyMessage(this.side, input, 'NOTE', 0, length), input, 2 + length);
    } else if (letter === 'Q' && this.side === CLIENT) {
      if (input.remaining < 3) return this.want(3);
      const m = new ToyMessage(this.side, input, 'QUESTION', input.bytes[input.pos + 1]!, input.bytes[input.pos + 2]!);
      this.emit(m, input, 3);
    } else if (letter === 'A' && this.side === SERVER) {
      if (input.remaining < 2) return this.want(2);
      const id = input.bytes[input.pos + 1]!;
      const size = this.hints.size(id);
      if (size === 'wait' && patient) {
        this.waiting = true;
        return;
      }
      const m = new ToyMessage(this.side, input, 'ANSWER', id, typeof size === 'number' ? size : 0);
      m.hinted = true;
      this.output.begin(m);
      this.head(m, input, 2);
      m.length = 2 + m.size;
      this.current = m;
      this.body = m.size;
      m.endAt(input.originAt(input.pos - 1));
      if (this.body === 0) this.bodyEnd(input.originAt(input.pos - 1));
    } else {
      this.output.skip(this.side, input.offset, 1, 'undecoded');
      input.pos += 1;
    }
    this.need = 1;
  }

  bodyBytes(): void {
    throw new Error('not asked for');
  }

  bodyGap(length: number): void {
    this.current!.missing += length;
    this.current!.complete = false;
  }

  bodyEnd(origin: Origin): void {
    const m = this.current!;
    this.current = null;
    m.endAt(origin);
    this.output.message(m);
  }

  gap(): void {
    this.need = 1;
  }

  abandon(input: Input): void {
    this.output.skip(this.side, input.offset, input.remaining, 'undecoded');
    input.pos = input.end;
    this.need = 1;
  }

  end(): void {
    const m = this.current;
    if (m === null) return;
    this.current = null;
    m.complete = false;
    m.missing += this.body;
    this.body = 0;
    this.output.message(m);
  }

  private want(n: number): void {
    this.need = n;
  }

  private head(m: ToyMessage, input: Input, n: number): void {
    if (this.settings.details) m.head = input.bytes.slice(input.pos, input.pos + n);
    input.pos += n;
  }

  private emit(m: ToyMessage, input: Input, n: number): void {
    m.length = n;
    this.head(m, input, n);
    m.endAt(input.originAt(input.pos - 1));
    this.output.begin(m);
    this.output.message(m);
  }
}

class ToySession implements Session, ToyHints {
  private readonly output: Output;
  private readonly open = new Map<number, ToyMessage>();
  private answers = 0;
  private clientOver = false;

  constructor(output: Output) {
    this.output = output;
  }

  size(id: number): number | null | 'wait' {
    return this.open.get(id)?.size ?? (this.clientOver ? null : 'wait');
  }

  begin(m: Message): void {
    if (m instanceof ToyMessage && m.kind === 'QUESTION') this.open.set(m.id, m);
  }

  message(m: Message): void {
    if (!(m instanceof ToyMessage)) return;
    if (m.kind === 'QUESTION' && m.size === 0) {
      this.output.raise(TOY_ZERO, { message: m, offset: m.offset + 2, length: 1, text: 'size is 0' });
    }
    const request = m.kind === 'ANSWER' ? this.open.get(m.id) : undefined;
    if (request === undefined) return;
    m.inReplyTo = request.index;
    this.open.delete(m.id);
    this.answers++;
  }

  gap(): void {
    this.open.clear();
  }

  end(side: Side): void {
    if (side === CLIENT) this.clientOver = true;
  }

  finish(): void {
    this.open.clear();
  }

  summary(): Record<string, Json> {
    return { answers: this.answers };
  }

  describe(): string[] {
    return [`${this.answers} answers`];
  }
}

export const toy: Protocol = {
  name: 'toy',
  title: 'a toy',
  ports: [7],
  messageNames: () => [],
  rules: [TOY_ZERO],
  probe({ bytes: [a, b], connection, ended }): ProbeResult {
    for (const [end, x] of [a, b].entries()) {
      if (x.length >= 4 && new Block(x).view.getUint32(0) === 0x544f5921) {
        return { score: 1, by: 'magic', clientEnd: end === 0 ? 1 : 0 };
      }
    }
    if (a[0] === 0x51 && b.length === 0 && !ended[1] && connection.start === 'captured') return 'more';
    if (a[0] === 0x51) return { score: 0.6, by: 'heuristic', clientEnd: 0 };
    return a.length < 4 && b.length < 4 ? 'more' : null;
  },
  createShared: () => null,
  converse(_context, output, [c, s]): Conversation {
    const session = new ToySession(output);
    return {
      client: new ToyDecoder(CLIENT, output, c, session),
      server: new ToyDecoder(SERVER, output, s, session),
      session,
    };
  },
  annotate(m): Annotation[] {
    const t = m as ToyMessage;
    return [
      { name: 'id', at: 1, length: 1, value: t.id },
      { name: 'size', at: 2, length: 1, value: t.size, text: `${t.size} bytes` },
    ];
  },
  describe: (m) => `id ${(m as ToyMessage).id}  size ${(m as ToyMessage).size}`,
};
