import { authReplyPayload } from './cephx.js';
import { resultText } from './constants.js';
import { fieldsOf } from '../../contract/annotation.js';
import { EntityWalker } from './entity-walker.js';
import { monMap, osdMapFull, osdMapIncremental } from './maps.js';
import type { DataFrame } from './message.js';
import { MSG } from './message-types.js';
import { osdOp, osdOpReply, osdRepOp, osdRepOpReply, placementGroup } from './osd-fronts.js';

/**
 * Layouts of the fronts that people look at first (src/messages). A layout is only applied to the versions that it was written
 * for; every other front is shown as bytes.
 */
interface Front {
  readonly type: number;
  /** Versions of the message that the layout holds for. */
  readonly from: number;
  readonly to: number;
  readonly walk: (w: EntityWalker, version: number) => void;
  /** Whether a front that ends inside a field is a finding: layouts that live traffic and the source both confirm. */
  readonly strict: boolean;
}

/** PaxosServiceMessage: u64 version, s16 deprecated monitor rank, u64 deprecated tid. */
function paxos(w: EntityWalker): void {
  w.together('paxos', () => {
    w.u64('version');
    w.u16('sessionMon');
    w.u64('sessionMonTid');
  });
}

function monMapMessage(w: EntityWalker): void {
  w.sized('monmap', () => monMap(w));
}

function monSubscribe(w: EntityWalker, version: number): void {
  w.vector('what', 13, () =>
    w.together('item', () => {
      w.str('name');
      w.u64('start');
      w.u8('flags', (v) => ((v & 1) !== 0 ? 'one-time' : ''));
    }),
  );
  if (version >= 3 && w.left > 0) w.str('hostname');
}

function monSubscribeAck(w: EntityWalker): void {
  w.u32('interval');
  w.uuid('fsid');
}

function auth(w: EntityWalker): void {
  paxos(w);
  w.u32('protocol');
  w.blob('payload');
  if (w.left > 0) w.u32('monmapEpoch');
}

function authReply(w: EntityWalker): void {
  w.u32('protocol');
  w.s32('result', resultText);
  w.u64('globalId');
  w.sized('payload', () => (w.left >= 6 ? authReplyPayload(w) : undefined));
  w.str('text');
}

function getVersion(w: EntityWalker): void {
  w.u64('handle');
  w.str('what');
}

function getVersionReply(w: EntityWalker): void {
  w.u64('handle');
  w.u64('newest');
  w.u64('oldest');
}

function osdMap(w: EntityWalker, version: number): void {
  w.uuid('fsid');
  for (const [name, walk] of [
    ['incrementals', osdMapIncremental],
    ['maps', osdMapFull],
  ] as const) {
    w.vector(name, 8, () =>
      w.together('map', () => {
        w.u32('epoch');
        w.sized('encoded', () => (w.left > 0 ? walk(w) : undefined));
      }),
    );
  }
  if (version >= 2) {
    w.u32('oldest');
    w.u32('newest');
  }
}

function command(w: EntityWalker): void {
  w.uuid('fsid');
  w.vector('command', 4, () => w.str('argument'));
}

function commandReply(w: EntityWalker): void {
  w.s32('result', resultText);
  w.str('text');
}

function monCommandAck(w: EntityWalker): void {
  paxos(w);
  commandReply(w);
  w.vector('command', 4, () => w.str('argument'));
}

function config(w: EntityWalker): void {
  w.vector('options', 8, () =>
    w.together('option', () => {
      w.str('name');
      w.str('value');
    }),
  );
}

const PING_OPS: readonly string[] = [
  'heartbeat',
  'start_heartbeat',
  'you_died',
  'stop_heartbeat',
  'ping',
  'ping_reply',
];

function osdPing(w: EntityWalker, version: number): void {
  w.uuid('fsid');
  w.u32('mapEpoch');
  w.u8('op', (v) => PING_OPS[v] ?? `op ${v}`);
  w.utime('pingStamp');
  const padding = w.u32('paddingLength');
  if (version >= 5) {
    w.u32('upFrom');
    w.span('monoPingStamp');
    w.span('monoSendStamp');
    if (w.bool('hasDelta')) w.span('deltaUpperBound');
  }
  w.raw('padding', padding, false);
}

const SESSION_OPS: readonly string[] = [
  'request_open',
  'open',
  'request_close',
  'close',
  'request_renewcaps',
  'renewcaps',
  'stale',
  'recall_state',
  'flushmsg',
  'flushmsg_ack',
  'force_ro',
  'reject',
  'request_flush_mdlog',
];

function clientSession(w: EntityWalker): void {
  w.u32('op', (v) => SESSION_OPS[v] ?? `op ${v}`);
  w.u64('sessionSeq');
  w.utime('stamp');
  w.u32('maxCaps');
  w.u32('maxLeases');
}

function clientRequest(w: EntityWalker): void {
  w.u64('oldestClientTid');
  w.u32('mdsmapEpoch');
  w.u32('requestFlags');
  w.u8('retries');
  w.u8('forwards');
  w.u16('releases');
  w.u32('op', (v) => `0x${v.toString(16)}`);
  w.u32('callerUid');
  w.u32('callerGid');
  w.u64('ino');
}

function clientReply(w: EntityWalker): void {
  w.u32('op', (v) => `0x${v.toString(16)}`);
  w.s32('result', resultText);
  w.u32('mdsmapEpoch');
  w.u8('safe');
}

const WATCH_EVENTS: readonly string[] = ['event 0', 'notify', 'notify_complete', 'disconnect'];

function watchNotify(w: EntityWalker, version: number): void {
  w.u8('structVersion');
  w.u8('op', (v) => WATCH_EVENTS[v] ?? `event ${v}`);
  w.u64('cookie');
  w.u64('objectVersion');
  w.u64('notifyId');
  w.blob('payload');
  if (version >= 2) w.s32('result', resultText);
  if (version >= 3) w.u64('notifierGid');
}

const BACKOFF_OPS: readonly string[] = ['op 0', 'block', 'ack-block', 'unblock'];

function osdBackoff(w: EntityWalker): void {
  placementGroup(w, 'pg');
  w.u32('mapEpoch');
  w.u8('op', (v) => BACKOFF_OPS[v] ?? `op ${v}`);
  w.u64('id');
}

function fsidAfterPaxos(w: EntityWalker): void {
  paxos(w);
  w.uuid('fsid');
}

function mgrOpen(w: EntityWalker, version: number): void {
  w.str('daemonName');
  if (version >= 2) {
    w.str('serviceName');
    w.bool('serviceDaemon');
  }
}

function mgrConfigure(w: EntityWalker, version: number): void {
  w.u32('statsPeriod');
  if (version >= 2) w.u32('statsThreshold');
}

function mgrMap(w: EntityWalker): void {
  w.versioned('map', () => {
    w.u32('epoch');
    w.addresses('activeAddresses');
    w.u64('activeGid');
    w.bool('available');
    w.str('activeName');
  });
}

function paxosOnly(w: EntityWalker): void {
  paxos(w);
}

const row = (type: number, from: number, to: number, walk: Front['walk'], strict = true): Front => ({
  type,
  from,
  to,
  walk,
  strict,
});

const FRONTS: readonly Front[] = [
  row(MSG.MON_MAP, 1, 1, monMapMessage),
  row(MSG.MON_SUBSCRIBE, 2, 3, monSubscribe),
  row(MSG.MON_SUBSCRIBE_ACK, 1, 1, monSubscribeAck),
  row(MSG.AUTH, 1, 1, auth),
  row(MSG.AUTH_REPLY, 1, 1, authReply),
  row(MSG.MON_GET_VERSION, 1, 1, getVersion),
  row(MSG.MON_GET_VERSION_REPLY, 1, 2, getVersionReply),
  row(MSG.OSD_MAP, 1, 4, osdMap),
  row(MSG.MON_COMMAND, 1, 1, (w) => {
    paxos(w);
    command(w);
  }),
  row(MSG.MON_COMMAND_ACK, 1, 1, monCommandAck),
  row(MSG.COMMAND, 1, 1, command),
  row(MSG.COMMAND_REPLY, 1, 1, commandReply),
  row(MSG.MGR_COMMAND, 1, 1, command),
  row(MSG.MGR_COMMAND_REPLY, 1, 1, commandReply),
  row(MSG.CONFIG, 1, 1, config),
  row(MSG.OSD_PING, 4, 5, osdPing),
  row(MSG.OSD_OP, 8, 9, osdOp),
  row(MSG.OSD_OPREPLY, 5, 8, osdOpReply),
  row(MSG.OSD_REPOP, 2, 3, osdRepOp),
  row(MSG.OSD_REPOPREPLY, 2, 2, osdRepOpReply),
  row(MSG.WATCH_NOTIFY, 1, 3, watchNotify),
  row(MSG.OSD_BACKOFF, 1, 1, osdBackoff, false),
  row(MSG.CLIENT_SESSION, 1, 5, clientSession, false),
  row(MSG.CLIENT_REQUEST, 1, 4, clientRequest, false),
  row(MSG.CLIENT_REPLY, 1, 1, clientReply, false),
  row(MSG.PGSTATS, 1, 2, fsidAfterPaxos, false),
  row(MSG.LOG, 1, 1, fsidAfterPaxos, false),
  row(MSG.OSD_BOOT, 1, 7, paxosOnly, false),
  row(MSG.OSD_ALIVE, 1, 1, paxosOnly, false),
  row(MSG.OSD_BEACON, 1, 3, paxosOnly, false),
  row(MSG.MGR_OPEN, 1, 3, mgrOpen, false),
  row(MSG.MGR_CONFIGURE, 1, 4, mgrConfigure, false),
  row(MSG.MGR_MAP, 1, 1, mgrMap, false),
  row(MSG.MGR_BEACON, 1, 11, paxosOnly, false),
];

const BY_TYPE = new Map<number, Front>(FRONTS.map((f) => [f.type, f]));

/** The layout for a message of that type and version, or null: unknown versions are shown as bytes. */
export function frontOf(type: number, version: number): Front | null {
  const front = BY_TYPE.get(type);
  return front !== undefined && version >= front.from && version <= front.to ? front : null;
}

/** The object that a front names, or empty. */
export function objectOf(message: DataFrame, front: Uint8Array): string {
  const layout = frontOf(message.type, message.version);
  if (layout === null || front.length === 0) return '';
  const w = new EntityWalker(front, 0, front.length, 0, true);
  layout.walk(w, message.version);
  const object = fieldsOf(w.annotations)['object'];
  return typeof object === 'string' ? object : '';
}
