import { describe, expect, it } from 'vitest';
import { nbd } from '../../src/protocols/nbd/index.js';
import { CHUNK, OPTION, OPTION_REPLY, SIMPLE_REPLY } from '../../src/protocols/nbd/layout.js';
import { Chunk, Option, OptionReply, SimpleReply, type NbdMessage } from '../../src/protocols/nbd/messages.js';
import { blame, BreakableSession } from '../kit/broken-messages.js';

/** The upper bytes of a number: as large as it can be. */
function huge(at: number) {
  return (bytes: Uint8Array, start: number): void => void (bytes[start + at] = 0xf0);
}

const DAMAGE: readonly {
  readonly what: string;
  readonly applies: (m: NbdMessage) => boolean;
  readonly edit: (bytes: Uint8Array, start: number) => void;
  readonly finding: string;
}[] = [
  {
    what: 'an option that takes in all that comes behind it',
    applies: (m) => m instanceof Option,
    edit: huge(OPTION.at.length),
    finding: 'nbd/[a-z-]+ client',
  },
  {
    what: 'an answer to an option that takes in all that comes behind it',
    applies: (m) => m instanceof OptionReply,
    edit: huge(OPTION_REPLY.at.length),
    finding: 'nbd/[a-z-]+ server',
  },
  {
    what: 'an answer that names another option',
    applies: (m) => m instanceof OptionReply,
    edit: huge(OPTION_REPLY.at.option),
    finding: 'nbd/option-reply-mismatch server',
  },
  {
    what: 'a simple reply with a cookie that nobody has sent',
    applies: (m) => m instanceof SimpleReply,
    edit: huge(SIMPLE_REPLY.at.cookie),
    finding: 'nbd/reply-unknown-cookie server',
  },
  {
    what: 'an answer in one chunk with a cookie that nobody has sent',
    applies: (m) => m instanceof Chunk && m.isDone,
    edit: huge(CHUNK.at.cookie),
    finding: 'nbd/reply-unknown-cookie server',
  },
  {
    what: 'a chunk that takes in all that comes behind it',
    // bytes behind an error's message are a note
    applies: (m) => m instanceof Chunk && !m.isError,
    edit: huge(CHUNK.at.length),
    finding: 'nbd/[a-z-]+ server',
  },
];

const SESSIONS = [
  'nbdkit-nbdinfo-go.pcap',
  'nbdkit-list-exports.pcap',
  'nbdkit-no-structured.pcap',
  'nbdkit-out-of-range.pcap',
  'nbdkit-errors-eio.pcap',
  'nbdkit-block-sizes.pcap',
];

describe.each(DAMAGE)('$what', ({ applies, edit, finding }) => {
  it('is told of once wherever it comes, and nothing that follows from it', async () => {
    let broken = 0;
    for (const name of SESSIONS) {
      const session = await BreakableSession.of(nbd, `captures/nbd/${name}`);
      for (const message of session.messages) {
        if (!applies(message)) continue;
        const findings = session.broken(message, edit);
        if (findings === null) continue;
        broken++;
        const place = `${name}: ${message.name}, number ${message.index}`;
        expect(blame(findings), place).toEqual([expect.stringMatching(`^${finding}$`)]);
      }
    }
    expect(broken).toBeGreaterThan(3);
  });
});
