import type { Side } from '../../../base/input.js';
import type { Message } from '../../../contract/message.js';
import type { Option, OptionReply } from '../messages.js';
import { NO_REPLIES, type Answer, type Asked } from './asked.js';
import type { Facts } from './facts.js';

// limits on how much of options and their replies is kept, and the notes that report them

/** Reports if not all of `m`, an option or a reply to one, is kept. `what`: which of the two it is. */
export function tellCut(facts: Facts, m: Option | OptionReply, what: string): void {
  const { context } = facts;
  const most = context.limits.hagglingBytes;
  if (m.data.crowded) {
    const text = `options and replies of all sessions together hold more than ${context.limits.heldBytes} bytes; more of them are judged by their first ones`;
    facts.limits.hit('heldBytes', text, 'note', m);
    return;
  }
  if (m.complete && m.dataLength > most)
    facts.limits.hit(
      'hagglingBytes',
      `more than ${most} bytes of one ${what}; it is judged by the first ones`,
      'note',
      m,
    );
}

/** Adds a reply to an answer. Replies beyond the limits are not kept, so the answer is judged without them. */
export function keepReply(facts: Facts, answer: Asked | Answer, m: OptionReply): void {
  const { haggling, hagglingReplyBytes } = facts.context.limits;
  tellCut(facts, m, 'reply');
  answer.replyBytes += m.data.length;
  if (answer.replies.length < haggling && answer.replyBytes <= hagglingReplyBytes) {
    if (answer.replies === NO_REPLIES) answer.replies = [];
    answer.replies.push(m);
    return;
  }
  answer.overflowed = true;
  const [limit, what] =
    answer.replyBytes > hagglingReplyBytes
      ? (['hagglingReplyBytes', `more than ${hagglingReplyBytes} bytes of`] as const)
      : (['haggling', `more than ${haggling}`] as const);
  facts.limits.hit(limit, `${what} replies to one option; an answer is judged by the first ones`, 'note', m);
}

/** Reports that too many messages of that side wait: later ones cannot be paired, and rules that need all of its messages are suspended. */
export function tellLost(facts: Facts, side: Side, message: Message, what: string): void {
  facts.witness.lose(side, message.offset);
  facts.limits.hit('haggling', `more than ${facts.context.limits.haggling} ${what}`, 'warning', message);
}
