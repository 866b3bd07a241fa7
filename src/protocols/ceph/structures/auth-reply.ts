import { choose, sized } from '../../../base/structure/parts.js';
import { struct } from '../../../base/structure/struct.js';
import { i32, string, u32, u64 } from '../../../base/structure/type.js';
import { resultText } from '../constants.js';
import { challenge, replyPayload, type Challenge, type ReplyPayload } from './cephx.js';

const nothing = struct({});
/** Bytes of a reply's header; fewer bytes are no reply. */
const REPLY_LEAST = 6;

/** A login over messenger v1 begins with a challenge of this size. No reply has its version in the first byte. */
const payload = choose<Partial<ReplyPayload & Challenge>>('reply or challenge', (r) => {
  if (r.left === challenge.size && r.bytes[r.pos] === 1) return challenge;
  return r.left >= REPLY_LEAST ? replyPayload : nothing;
});

/** MAuthReply (src/messages/MAuthReply.h): a step of a login, renewed tickets, or the rotating secrets of a daemon's service. */
export const authReply = struct({
  protocol: u32,
  result: i32.shown(resultText),
  globalId: u64,
  payload: sized(payload),
  text: string,
});
