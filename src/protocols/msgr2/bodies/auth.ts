import { ifLeft } from '../../../base/structure/parts.js';
import { struct } from '../../../base/structure/struct.js';
import { blob, u32 } from '../../../base/structure/type.js';
import { paxos } from '../structures/common.js';

/** MAuth (src/messages/MAuth.h): a step of the login at a monitor that speaks messages. */
export const auth = struct({ paxos, protocol: u32, payload: blob, monmapEpoch: ifLeft(u32) });
