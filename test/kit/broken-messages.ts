import type { Step } from '../../src/base/rule.js';
import type { Message } from '../../src/contract/message.js';
import type { Finding } from '../../src/engine/event.js';
import { runSteps, type StepOptions } from '../../src/engine/example.js';
import type { Protocol } from '../../src/contract/protocol.js';
import { stepsOf } from './capture-steps.js';

/** A recorded session, one message of which can be broken at a time. */
export class BreakableSession<M extends Message> {
  readonly messages: readonly M[];
  private readonly protocol: Protocol<unknown, M>;
  private readonly steps: readonly Step[];
  private readonly options: StepOptions;
  private readonly clientEnd: 0 | 1;
  /** What is found in it as it is. */
  private readonly own: ReadonlySet<string>;

  private constructor(protocol: Protocol<unknown, M>, steps: readonly Step[], options: StepOptions) {
    this.protocol = protocol;
    this.steps = steps;
    this.options = options;
    const { messages, streams, findings } = runSteps(protocol, steps, options);
    this.own = new Set(findings.map(place));
    this.messages = messages;
    this.clientEnd = streams[0]!.clientEnd;
  }

  static async of<M extends Message>(
    protocol: Protocol<unknown, M>,
    path: string,
    stream = 1,
  ): Promise<BreakableSession<M>> {
    const { connection, steps } = (await stepsOf(path)).find((s) => s.connection.id === stream)!;
    const { ports, transport } = connection;
    return new BreakableSession(protocol, inTurns(steps), {
      port: ports[1] || 4444,
      transport: transport as 'tcp' | 'unix',
    });
  }

  /** What more is found where `edit` has changed a message's bytes; null where its peer spoke in between. */
  broken(message: M, edit: (bytes: Uint8Array, start: number) => void): Finding[] | null {
    const who = (message.side === 0) === (this.clientEnd === 0) ? 'client' : 'server';
    let offset = 0;
    for (const [i, step] of this.steps.entries()) {
      if (!('bytes' in step) || step.from !== who) continue;
      const start = message.offset - offset;
      offset += step.bytes.length;
      if (message.offset >= offset) continue;
      if (message.endOffset > offset) return null;
      const bytes = step.bytes.slice();
      edit(bytes, start);
      const { findings } = runSteps(this.protocol, this.steps.with(i, { ...step, bytes }), this.options);
      return findings.filter((f) => !this.own.has(place(f)));
    }
    return null;
  }
}

/** What is blamed where `edit` has broken a message of one of these sessions, for each message that `applies`. */
export async function eachBroken<M extends Message>(
  protocol: Protocol<unknown, M>,
  paths: readonly string[],
  applies: (m: M, place: number) => boolean,
  edit: (bytes: Uint8Array, start: number) => void,
): Promise<{ readonly message: M; readonly place: string; readonly found: string[] }[]> {
  const all: { message: M; place: string; found: string[] }[] = [];
  for (const path of paths) {
    const session = await BreakableSession.of(protocol, path);
    for (const message of session.messages.filter(applies)) {
      const findings = session.broken(message, edit);
      const place = `${path}: ${message.name}, number ${message.index}`;
      if (findings !== null) all.push({ message, place, found: blame(findings) });
    }
  }
  return all;
}

/** What a side sends before its peer speaks again as one step: programs write headers and payloads apart. */
function inTurns(steps: readonly Step[]): Step[] {
  const turns: Step[] = [];
  for (const step of steps) {
    const last = turns.at(-1);
    const goesOn = last !== undefined && 'bytes' in last && 'bytes' in step && last.from === step.from;
    if (goesOn) turns[turns.length - 1] = { ...step, bytes: new Uint8Array(Buffer.concat([last.bytes, step.bytes])) };
    else turns.push(step);
  }
  return turns;
}

function place({ rule, side, offset }: Finding): string {
  return `${rule.id} ${side} ${offset}`;
}

/** Errors and warnings as `rule party`. */
export function blame(findings: readonly Finding[]): string[] {
  return findings.filter((f) => f.severity !== 'note').map((f) => `${f.rule.id} ${f.party}`);
}
