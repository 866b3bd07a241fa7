import { expect, it } from 'vitest';
import { nbd } from '../../src/protocols/nbd/index.js';
import { CHUNK, OPTION, OPTION_REPLY, SIMPLE_REPLY } from '../../src/protocols/nbd/layout.js';
import { Chunk, Option, OptionReply, SimpleReply, type NbdMessage } from '../../src/protocols/nbd/messages.js';
import { eachBroken } from '../kit/broken-messages.js';

const isOption = (m: NbdMessage): boolean => m instanceof Option;
const isAnswer = (m: NbdMessage): boolean => m instanceof OptionReply;
const isSimple = (m: NbdMessage): boolean => m instanceof SimpleReply;
const isLastChunk = (m: NbdMessage): boolean => m instanceof Chunk && m.isDone;
// bytes behind an error's message are a note
const isContent = (m: NbdMessage): boolean => m instanceof Chunk && !m.isError;

/** The field whose highest byte becomes 0xf0. */
type Damage = readonly [what: string, applies: (m: NbdMessage) => boolean, at: number, finding: string];

const DAMAGE: readonly Damage[] = [
  ['an option that takes in all that comes behind it', isOption, OPTION.at.length, '[a-z-]+ client'],
  ['an answer that takes in all that comes behind it', isAnswer, OPTION_REPLY.at.length, '[a-z-]+ server'],
  ['a chunk that takes in all that comes behind it', isContent, CHUNK.at.length, '[a-z-]+ server'],
  ['an answer that names another option', isAnswer, OPTION_REPLY.at.option, 'option-reply-mismatch server'],
  ['a simple reply with an unknown cookie', isSimple, SIMPLE_REPLY.at.cookie, 'reply-unknown-cookie server'],
  ['a chunk with an unknown cookie', isLastChunk, CHUNK.at.cookie, 'reply-unknown-cookie server'],
];

const SESSIONS = [
  'nbdkit-nbdinfo-go',
  'nbdkit-list-exports',
  'nbdkit-no-structured',
  'nbdkit-out-of-range',
  'nbdkit-errors-eio',
  'nbdkit-block-sizes',
].map((name) => `captures/nbd/${name}.pcap`);

it.each(DAMAGE)('%s is reported once wherever it comes, and nothing that follows from it', async (...damage) => {
  const [, applies, at, finding] = damage;
  const broken = await eachBroken(nbd, SESSIONS, applies, (bytes, start) => void (bytes[start + at] = 0xf0));
  for (const { place, found } of broken) expect(found, place).toEqual([expect.stringMatching(`^nbd/${finding}$`)]);
  expect(broken.length).toBeGreaterThan(3);
});
