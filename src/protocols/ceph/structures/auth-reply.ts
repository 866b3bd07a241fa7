import { choose, sized } from '../../../base/structure/parts.js';
import { struct } from '../../../base/structure/struct.js';
import { i32, string, u32, u64 } from '../../../base/structure/type.js';
import { resultText } from '../constants.js';
import { challenge, replyPayload, type Challenge, type ReplyPayload } from './cephx.js';

const nothing = struct({});
/** Bytes of a reply's header; what is shorter is no reply. */
const REPLY_LEAST = 6;

/** A login over messenger v1 begins with a challenge, of this size; no reply begins with its version. */
const payload = choose<Partial<ReplyPayload & Challenge>>('reply or challenge', (r) => {
  if (r.left === challenge.size && r.bytes[r.pos] === 1) return challenge;
  return r.left >= REPLY_LEAST ? replyPayload : nothing;
});

/** MAuthReply (src/messages/MAuthReply.h): a step of a login, tickets that are renewed, or the rotating secrets of a daemon's service. */
export const authReply = struct({
  protocol: u32,
  result: i32.shown(resultText),
  globalId: u64,
  payload: sized(payload),
  text: string,
});
