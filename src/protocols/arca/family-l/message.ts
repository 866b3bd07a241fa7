import type { Input, Side } from '../../../base/input.js';
import { Message } from '../../../contract/message.js';
import { callName, CALLS, OPCODE } from './layout.js';

/** One call of family L. */
export class LegacyCall extends Message {
  readonly family = 'L' as const;
  readonly opcode: number;

  constructor(side: Side, input: Input) {
    super(side, input);
    this.opcode = input.bytes[input.pos]!;
    const call = CALLS[this.opcode];
    this.length = call?.layout.size ?? OPCODE.size;
  }

  get name(): string {
    return callName(this.opcode);
  }
}
