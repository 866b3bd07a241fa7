import type { Operation, Outcome } from '../../../contract/operation.js';
import { CMD_DISC, CMD_WRITE } from '../constants.js';
import { Chunk, Option, OptionReply, Request, SimpleReply, type NbdMessage } from '../messages.js';
import { errorName, shortCommand } from '../names.js';

const TWO_32 = 2 ** 32;

/** Options, and commands of the transmission phase except NBD_CMD_DISC, which has no answer. */
export function operation(message: NbdMessage): Operation | null {
  if (message instanceof Request) {
    if (message.type === CMD_DISC) return null;
    return {
      name: shortCommand(message.type),
      bytes: message.lengthHi * TWO_32 + message.lengthLo,
      offset: message.offsetHi * TWO_32 + message.offsetLo,
      writes: message.type === CMD_WRITE,
    };
  }
  if (message instanceof Option)
    return { name: message.name.replace(/^NBD_/, ''), bytes: -1, offset: -1, writes: false };
  return null;
}

export function outcome(message: NbdMessage): Outcome {
  if (message instanceof Chunk)
    return { last: message.isDone, error: message.isError ? errorName(message.error) : null };
  if (message instanceof SimpleReply)
    return { last: true, error: message.error === 0 ? null : errorName(message.error) };
  if (message instanceof OptionReply) return { last: message.isFinal, error: message.isError ? message.name : null };
  return { last: true, error: null };
}
