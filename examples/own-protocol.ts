/**
 * A protocol of one's own, in one file: the client sends `P` and a byte, the server answers `p` and the same byte. With
 * `NODE_OPTIONS='--import ./own-protocol.js'` the command line knows it, too.
 */
import { openCapture, type Event } from 'wirelint';
import {
  CLIENT,
  FramedDecoder,
  Framing,
  layout,
  LOST,
  Message,
  registerProtocol,
  SERVER,
  TAKEN,
  u8,
  type Annotation,
  type Input,
  type Output,
  type Protocol,
  type Rule,
  type Side,
} from 'wirelint/protocol';

const FRAME = layout('big', { kind: u8({ hidden: true }), number: u8({ description: 'the server repeats it' }) });

class Ping extends Message {
  readonly number: number;

  constructor(side: Side, input: Input, number: number) {
    super(side, input);
    this.number = number;
    this.length = FRAME.size;
  }

  get name(): string {
    return this.side === 0 ? 'PING' : 'PONG';
  }
}

const LETTERS = [0x50, 0x70];

/** Frames of two bytes: one direction, without a look at the other. */
class PingFraming extends Framing<Ping> {
  private readonly side: Side;

  constructor(side: Side) {
    super();
    this.side = side;
  }

  override frameAt(input: Input): number {
    if (input.bytes[input.pos] !== LETTERS[this.side]) return LOST;
    if (input.remaining < FRAME.size) return FRAME.size;
    this.frames.take(new Ping(this.side, input, input.bytes[input.pos + FRAME.at.number]!), input);
    return TAKEN;
  }

  /** Behind a hole: the next letter may begin a frame, and two more must follow before that is believed. */
  override findAgain(input: Input): number {
    const at = input.bytes.indexOf(LETTERS[this.side]!, input.pos);
    const begins = at >= 0 && at < input.end;
    this.frames.pass(input, (begins ? at : input.end) - input.pos);
    if (!begins) return 1;
    this.frames.unproven = 2;
    return TAKEN;
  }
}

const OTHER_NUMBER: Rule = {
  ...{ id: 'ping/other-number', severity: 'error', party: 'server', needs: 'both' },
  title: 'the server answers another number',
  meaning: 'The server repeats the number of the ping. Another one belongs to nothing that was asked.',
  spec: 'Ping, section 1',
  breaks: { text: '1 is answered by 2', steps: () => [ping(1), pong(2)] },
  keeps: { text: '1 is answered by 1', steps: () => [ping(1), pong(1)] },
};

export const ping = (number: number) => ({ from: 'client' as const, bytes: FRAME.build({ kind: 0x50, number }) });
export const pong = (number: number) => ({ from: 'server' as const, bytes: FRAME.build({ kind: 0x70, number }) });

export const PROTOCOL: Protocol<null, Ping> = {
  name: 'ping',
  title: 'Ping',
  ports: [7777],
  rules: [OTHER_NUMBER],
  messageNames: () => ['PING', 'PONG'],
  probe: ({ bytes: [client, server] }) => {
    if (client.length < FRAME.size || server.length < FRAME.size) return 'more';
    const speaks = client[0] === LETTERS[0] && server[0] === LETTERS[1];
    return speaks ? { score: 0.6, by: 'heuristic', clientEnd: 0 } : null;
  },
  createShared: () => null,
  converse(_context, output: Output, settings) {
    let asked: Ping[] = [];
    let answers = 0;
    return {
      client: new FramedDecoder(CLIENT, output, settings[CLIENT], new PingFraming(CLIENT)),
      server: new FramedDecoder(SERVER, output, settings[SERVER], new PingFraming(SERVER)),
      session: {
        message(m) {
          if (m.side === CLIENT) asked.push(m);
          else {
            answers++;
            const request = asked.shift();
            if (request === undefined) return;
            m.inReplyTo = request.index;
            if (request.number !== m.number)
              output.raise(OTHER_NUMBER, {
                ...FRAME.where(m, 'number'),
                text: `${m.number} answers ${request.number}`,
                related: [request],
              });
          }
        },
        // what is lost may have been a ping or an answer: nothing that follows can be paired
        gap: () => (asked = []),
        end: () => undefined,
        finish: () => undefined,
        summary: () => ({ answers }),
        describe: () => [`${answers} answers`],
      },
    };
  },
  annotate: (m): Annotation[] => FRAME.annotations({ kind: LETTERS[m.side]!, number: m.number }),
  describe: (m) => String(m.number),
};

registerProtocol(PROTOCOL);

const [capture] = process.argv.slice(2);
if (capture?.endsWith('.pcap'))
  for await (const event of openCapture<Event>(capture, { protocols: ['ping'] })) console.log(JSON.stringify(event));
