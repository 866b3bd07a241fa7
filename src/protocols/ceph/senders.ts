import { MSG } from './message-types.js';

/** Message types that show their sender's role: a client of the service, or the service. */
const FROM_CLIENT = new Set<number>([
  MSG.OSD_OP,
  MSG.MON_GET_MAP,
  MSG.MON_SUBSCRIBE,
  MSG.MON_COMMAND,
  MSG.COMMAND,
  MSG.MGR_COMMAND,
  MSG.MGR_OPEN,
  MSG.MGR_REPORT,
  MSG.MGR_BEACON,
  MSG.OSD_BOOT,
  MSG.OSD_ALIVE,
  MSG.OSD_BEACON,
  MSG.MON_GET_VERSION,
  MSG.AUTH,
  MSG.PGSTATS,
  MSG.LOG,
  MSG.CLIENT_REQUEST,
]);
const FROM_SERVER = new Set<number>([
  MSG.OSD_OPREPLY,
  MSG.MON_MAP,
  MSG.MON_SUBSCRIBE_ACK,
  MSG.MON_COMMAND_ACK,
  MSG.COMMAND_REPLY,
  MSG.MGR_COMMAND_REPLY,
  MSG.MGR_CONFIGURE,
  MSG.CONFIG,
  MSG.MON_GET_VERSION_REPLY,
  MSG.AUTH_REPLY,
  MSG.LOGACK,
  MSG.PGSTATSACK,
  MSG.CLIENT_REPLY,
  MSG.WATCH_NOTIFY,
]);

/** The role that sends messages of that type: 1: a client of the service; 2: the service; 0: not known. */
export function senderOf(type: number): 0 | 1 | 2 {
  if (FROM_CLIENT.has(type)) return 1;
  return FROM_SERVER.has(type) ? 2 : 0;
}
