import { ifLeft, list, since, sized } from '../../../base/structure/parts.js';
import { struct } from '../../../base/structure/struct.js';
import { blob, i32, string, u32, u64, u8 } from '../../../base/structure/type.js';
import { resultText } from '../constants.js';
import { paxos, uuid } from '../structures/common.js';
import { monMap } from './mon-map.js';

/** What monitors and their clients tell each other (src/messages/MMon*.h, MAuth.h, MCommand.h, MConfig.h). */

const result = i32.shown(resultText);
const argument = list(string, 'argument');

/** MMonMap: the map in a blob. */
export const monMapMessage = struct({ monmap: sized(struct({ map: monMap })) });

export const monSubscribe = struct({
  what: list(struct({ name: string, start: u64, flags: u8.shown((v) => ((v & 1) !== 0 ? 'one-time' : '')) })),
  hostname: since(3, ifLeft(string)),
});
export const monSubscribeAck = struct({ interval: u32, fsid: uuid });

/** A step of the login at a monitor that speaks messages. */
export const auth = struct({ paxos, protocol: u32, payload: blob, monmapEpoch: ifLeft(u32) });

export const getVersion = struct({ handle: u64, what: string });
export const getVersionReply = struct({ handle: u64, newest: u64, oldest: u64 });

export const command = struct({ fsid: uuid, command: argument });
export const commandReply = struct({ result, text: string });
export const monCommand = struct({ paxos, fsid: uuid, command: argument });
export const monCommandAck = struct({ paxos, result, text: string, command: argument });

export const config = struct({ options: list(struct({ name: string, value: string }), 'option') });

/** Messages to a Paxos service of which only the beginning is described. */
export const paxosOnly = struct({ paxos });
export const paxosAndFsid = struct({ paxos, fsid: uuid });
