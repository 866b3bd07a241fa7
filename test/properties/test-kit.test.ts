import { describe, expect, it } from 'vitest';
import { CLIENT } from '../../src/base/input.js';
import type { Example } from '../../src/base/rule.js';
import type { Conversation, Output, Protocol } from '../../src/contract/protocol.js';
import { Random } from '../fuzz/random.js';
import { blamesForLoss, differsInPieces, growsWithoutBound } from '../kit/protocol-properties.js';
import { client, server, toy, ToyMessage } from '../kit/toy-protocol.js';

/** The properties that every protocol is held to must find those that lack them. */

const NOTES: Example = {
  text: 'notes that hold what would be a wrong request',
  steps: () => [
    server('TOY!'),
    ...Array.from({ length: 8 }, () => client('N', 6, 'Q', 1, 0, 'Q', 2, 0)),
    client('N', 0),
  ],
};
const QUESTIONS: Example = {
  text: 'questions and answers',
  steps: () => [server('TOY!'), client('Q', 1, 2), server('A', 1, 8, 9), client('Q', 2, 1), server('A', 2, 7)],
};

function altered(
  change: (conversation: Conversation, output: Output) => void,
  output = (o: Output): Output => o,
): Protocol {
  return {
    ...toy,
    converse(context, own, settings) {
      const conversation = toy.converse(context, output(own), settings);
      change(conversation, own);
      return conversation;
    },
  };
}

/** Says nothing of anybody once bytes are missing. */
function careful(): Protocol {
  let lossy = false;
  return altered(
    ({ session }) => {
      lossy = false;
      const gap = session.gap.bind(session);
      session.gap = (side, offset, length) => {
        lossy = true;
        gap(side, offset, length);
      };
    },
    (own) => ({
      begin: (m) => own.begin(m),
      message: (m) => own.message(m),
      skip: (side, offset, length, reason) => own.skip(side, offset, length, reason),
      wants: (rule) => own.wants(rule),
      raise: (rule, evidence) => {
        if (!lossy) own.raise(rule, evidence);
      },
    }),
  );
}

describe('the test kit', () => {
  it('finds a decoder that reads on behind a hole as if nothing were missing', () => {
    expect(blamesForLoss(toy, NOTES, new Random(1, 1), 40)).not.toEqual([]);
    expect(blamesForLoss(careful(), NOTES, new Random(1, 1), 40)).toEqual([]);
  });

  it('finds a list that is never shortened', () => {
    const hoarder = altered(({ session }) => {
      const all: unknown[] = [];
      const message = session.message.bind(session);
      Object.assign(session, { all });
      session.message = (m) => {
        all.push(m);
        message(m);
      };
    });
    expect(growsWithoutBound(hoarder, QUESTIONS)).not.toEqual([]);
    expect(growsWithoutBound(toy, QUESTIONS)).toEqual([]);
  });

  it('finds a decoder that takes what happens to be there for a message', () => {
    const gulper = altered((conversation, output) => {
      conversation.client.decode = (input) => {
        const m = new ToyMessage(CLIENT, input, 'GULP', 0, 0);
        m.length = input.remaining;
        input.pos = input.end;
        output.message(m);
      };
    });
    expect(differsInPieces(gulper, QUESTIONS, [1])).not.toEqual([]);
    expect(differsInPieces(toy, QUESTIONS, [1, 2])).toEqual([]);
  });
});
