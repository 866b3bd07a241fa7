import { choose, sized } from '../../../base/structure/parts.js';
import { struct } from '../../../base/structure/struct.js';
import { i32, string, u32, u64 } from '../../../base/structure/type.js';
import { resultText } from '../constants.js';
import { replyPayload, type ReplyPayload } from './cephx.js';

const nothing = struct({});
/** Bytes of a reply's header; what is shorter is no reply. */
const REPLY_LEAST = 6;

/** MAuthReply (src/messages/MAuthReply.h): tickets that are renewed, or the rotating secrets of a daemon's service. */
export const authReply = struct({
  protocol: u32,
  result: i32.shown(resultText),
  globalId: u64,
  payload: sized(choose<Partial<ReplyPayload>>('reply', (r) => (r.left >= REPLY_LEAST ? replyPayload : nothing))),
  text: string,
});
