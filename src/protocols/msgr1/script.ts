import { PORT_V1 } from '../ceph/constants.js';
import type { Step } from '../../base/rule.js';
import { TAG } from './constants.js';
import * as E from './encode.js';

type Who = 'client' | 'server';

/** Writes a session step by step. Each method returns the script itself, so that calls can be chained. */
export class Script {
  readonly steps: Step[] = [];

  send(from: Who, ...parts: readonly Uint8Array[]): this {
    this.steps.push({ from, bytes: E.concat(...parts) });
    return this;
  }

  end(from: Who, how: 'fin' | 'reset' = 'fin'): this {
    this.steps.push({ from, end: how });
    return this;
  }

  /** Banners and addresses of both sides. */
  greet(): this {
    this.send('server', E.banner(), E.address(PORT_V1), E.address(40000));
    return this.send('client', E.banner(), E.address(0, 77, [10, 0, 0, 9]));
  }

  connect(parts: E.ConnectParts = {}): this {
    return this.send('client', E.connect(parts));
  }

  reply(parts: E.ReplyParts = {}): this {
    return this.send('server', E.reply(parts));
  }

  message(from: Who, parts: E.MessageParts = {}): this {
    return this.send(from, E.message(from === 'server' ? { source: [1, 0], ...parts } : parts));
  }

  /** An open session of a client at a monitor. */
  open(): this {
    return this.greet().connect().reply();
  }

  /** A session that is resumed: both sides send the number of the last message that they have received. */
  resume(received: readonly [client: number, server: number] = [2, 3]): this {
    this.greet().connect({ connectSeq: 1, flags: 0 });
    this.send('server', E.reply({ tag: TAG.SEQ, connectSeq: 2, flags: 0 }), E.u64(received[1]));
    return this.send('client', E.u64(received[0]));
  }
}

export function script(): Script {
  return new Script();
}
