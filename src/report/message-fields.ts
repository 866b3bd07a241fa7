// Generated from schema/fields.json by `npm run golden`; do not edit.
import type { Json } from '../base/annotation.js';

/** The fields of every message, by protocol and name; `wirelint fields` lists them with examples. */
export interface MessageFields {
  readonly nbd: {
    readonly NBDMAGIC: { readonly style: string; readonly flags?: readonly string[] };
    readonly CLIENT_FLAGS: { readonly flags: readonly string[] };
    readonly EXPORT_INFO: {
      readonly exportSize: string;
      readonly flags: readonly string[];
      readonly handshakeFlags?: readonly string[];
    };
    readonly NBD_SIMPLE_REPLY: { readonly error: string; readonly cookie: string };
    readonly NBD_OPT_0: Readonly<Record<string, Json>>;
    readonly NBD_OPT_EXPORT_NAME: { readonly option: number; readonly length: number; readonly exportName: string };
    readonly NBD_OPT_ABORT: { readonly option: number; readonly length: number; readonly data?: string };
    readonly NBD_OPT_LIST: { readonly option: number; readonly length: number; readonly data?: string };
    readonly NBD_OPT_PEEK_EXPORT: { readonly option: number; readonly length: number };
    readonly NBD_OPT_STARTTLS: { readonly option: number; readonly length: number };
    readonly NBD_OPT_INFO: {
      readonly option: number;
      readonly length: number;
      readonly exportName?: string;
      readonly infos?: readonly string[];
      readonly data?: string;
    };
    readonly NBD_OPT_GO: {
      readonly option: number;
      readonly length: number;
      readonly exportName?: string;
      readonly infos?: readonly string[];
      readonly data?: string;
    };
    readonly NBD_OPT_STRUCTURED_REPLY: { readonly option: number; readonly length: number };
    readonly NBD_OPT_LIST_META_CONTEXT: {
      readonly option: number;
      readonly length: number;
      readonly exportName?: string;
      readonly queries?: readonly string[];
      readonly data?: string;
    };
    readonly NBD_OPT_SET_META_CONTEXT: {
      readonly option: number;
      readonly length: number;
      readonly exportName?: string;
      readonly queries?: readonly string[];
      readonly data?: string;
      readonly extra?: string;
    };
    readonly NBD_OPT_EXTENDED_HEADERS: { readonly option: number; readonly length: number };
    readonly NBD_REP_0: Readonly<Record<string, Json>>;
    readonly NBD_REP_ACK: {
      readonly option: number;
      readonly type: number;
      readonly length: number;
      readonly data?: string;
    };
    readonly NBD_REP_SERVER: {
      readonly option: number;
      readonly type: number;
      readonly length: number;
      readonly exportName?: string;
      readonly description?: string;
      readonly data?: string;
    };
    readonly NBD_REP_INFO: {
      readonly option: number;
      readonly type: number;
      readonly length: number;
      readonly info?: string;
      readonly exportSize?: string;
      readonly flags?: readonly string[];
      readonly minimumBlock?: number;
      readonly preferredBlock?: number;
      readonly maximumPayload?: number;
      readonly exportName?: string;
      readonly description?: string;
      readonly extra?: string;
      readonly data?: string;
    };
    readonly NBD_REP_META_CONTEXT: {
      readonly option: number;
      readonly type: number;
      readonly length: number;
      readonly contextId?: number;
      readonly context?: string;
      readonly data?: string;
    };
    readonly NBD_REP_ERR_0: Readonly<Record<string, Json>>;
    readonly NBD_REP_ERR_UNSUP: {
      readonly option: number;
      readonly type: number;
      readonly length: number;
      readonly message?: string;
    };
    readonly NBD_REP_ERR_POLICY: { readonly option: number; readonly type: number; readonly length: number };
    readonly NBD_REP_ERR_INVALID: { readonly option: number; readonly type: number; readonly length: number };
    readonly NBD_REP_ERR_PLATFORM: Readonly<Record<string, Json>>;
    readonly NBD_REP_ERR_TLS_REQD: { readonly option: number; readonly type: number; readonly length: number };
    readonly NBD_REP_ERR_UNKNOWN: {
      readonly option: number;
      readonly type: number;
      readonly length: number;
      readonly message?: string;
    };
    readonly NBD_REP_ERR_SHUTDOWN: { readonly option: number; readonly type: number; readonly length: number };
    readonly NBD_REP_ERR_BLOCK_SIZE_REQD: { readonly option: number; readonly type: number; readonly length: number };
    readonly NBD_REP_ERR_TOO_BIG: { readonly option: number; readonly type: number; readonly length: number };
    readonly NBD_REP_ERR_EXT_HEADER_REQD: { readonly option: number; readonly type: number; readonly length: number };
    readonly NBD_CMD_READ: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly offset: string;
      readonly length: number | string;
    };
    readonly NBD_CMD_WRITE: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly offset: string;
      readonly length: number | string;
    };
    readonly NBD_CMD_DISC: {
      readonly flags: readonly Json[];
      readonly type: number;
      readonly cookie: string;
      readonly offset: string;
      readonly length: number | string;
    };
    readonly NBD_CMD_FLUSH: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly offset: string;
      readonly length: number | string;
    };
    readonly NBD_CMD_TRIM: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly offset: string;
      readonly length: number | string;
    };
    readonly NBD_CMD_CACHE: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly offset: string;
      readonly length: number | string;
    };
    readonly NBD_CMD_WRITE_ZEROES: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly offset: string;
      readonly length: number | string;
    };
    readonly NBD_CMD_BLOCK_STATUS: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly offset: string;
      readonly length: number | string;
      readonly effectLength?: string;
      readonly contextIds?: readonly number[];
    };
    readonly NBD_CMD_RESIZE: {
      readonly flags: readonly Json[];
      readonly type: number;
      readonly cookie: string;
      readonly offset: string;
      readonly length: number;
    };
    readonly NBD_REPLY_TYPE_NONE: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly requestOffset?: string;
      readonly length: number | string;
    };
    readonly NBD_REPLY_TYPE_OFFSET_DATA: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly length: number | string;
      readonly offset?: string;
      readonly requestOffset?: string;
    };
    readonly NBD_REPLY_TYPE_OFFSET_HOLE: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly length: number | string;
      readonly offset?: string;
      readonly holeSize?: number;
      readonly requestOffset?: string;
    };
    readonly NBD_REPLY_TYPE_BLOCK_STATUS: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly length: number | string;
      readonly contextId?: number;
      readonly context?: string;
      readonly extents?: readonly Readonly<Record<string, Json>>[];
      readonly requestOffset?: string;
    };
    readonly NBD_REPLY_TYPE_BLOCK_STATUS_EXT: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly requestOffset: string;
      readonly length: string;
      readonly contextId?: number;
      readonly context?: string;
      readonly extentCount?: number;
      readonly extents?: readonly Readonly<Record<string, Json>>[];
    };
    readonly NBD_REPLY_TYPE_ERROR: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly length: number | string;
      readonly error?: string;
      readonly message?: string;
      readonly requestOffset?: string;
    };
    readonly NBD_REPLY_TYPE_ERROR_OFFSET: {
      readonly flags: readonly string[];
      readonly type: number;
      readonly cookie: string;
      readonly length: number;
      readonly error?: string;
      readonly message?: string;
      readonly offset?: string;
    };
    readonly [name: `NBD_OPT_${number}`]: Readonly<Record<string, Json>>;
    readonly [name: `NBD_REP_${number}`]: Readonly<Record<string, Json>>;
    readonly [name: `NBD_REP_ERR_${number}`]: Readonly<Record<string, Json>>;
    readonly [name: `NBD_CMD_${number}`]: Readonly<Record<string, Json>>;
    readonly [name: `NBD_REPLY_TYPE_${number}`]: Readonly<Record<string, Json>>;
  };
  readonly msgr2: {
    readonly BANNER: {
      readonly payloadLength?: number;
      readonly supported?: string;
      readonly required?: string;
      readonly prefix?: string;
      readonly rest?: string;
    };
    readonly TAG_0: Readonly<Record<string, Json>>;
    readonly HELLO: {
      readonly entityType?: number;
      readonly peerAddress?: string;
      readonly undecoded?: string;
      readonly lateStatus?: number;
      readonly rest?: string;
    };
    readonly AUTH_REQUEST: {
      readonly method?: number;
      readonly preferredModes?: readonly number[];
      readonly payload?: {
        readonly authMode?: number;
        readonly entity?: { readonly type: number; readonly id?: string };
        readonly globalId?: string;
        readonly service?: number;
        readonly ticket?: { readonly structVersion: number; readonly secretId: string; readonly ticket: string };
        readonly sealedAuthorizer?: string;
      };
      readonly undecoded?: string;
      readonly lateStatus?: number;
    };
    readonly AUTH_BAD_METHOD: {
      readonly method?: number;
      readonly result?: number;
      readonly allowedMethods?: readonly number[];
      readonly allowedModes?: readonly number[];
      readonly undecoded?: string;
    };
    readonly AUTH_REPLY_MORE: {
      readonly payload?: {
        readonly structVersion?: number;
        readonly serverChallenge?: string;
        readonly sealedChallenge?: string;
      };
      readonly undecoded?: string;
      readonly lateStatus?: number;
    };
    readonly AUTH_REQUEST_MORE: {
      readonly payload?: {
        readonly requestType?: number;
        readonly structVersion?: number;
        readonly clientChallenge?: string;
        readonly proof?: string;
        readonly oldTicket?: { readonly structVersion: number; readonly secretId: string; readonly ticket: string };
        readonly otherServices?: number;
        readonly authMode?: number;
        readonly globalId?: string;
        readonly service?: number;
        readonly ticket?: { readonly structVersion: number; readonly secretId: string; readonly ticket: string };
        readonly sealedAuthorizer?: string;
      };
      readonly undecoded?: string;
      readonly lateStatus?: number;
    };
    readonly AUTH_DONE: {
      readonly globalId?: string;
      readonly connectionMode?: number;
      readonly payload?: {
        readonly requestType?: number;
        readonly status?: number;
        readonly authTicket?: {
          readonly structVersion: number;
          readonly tickets: readonly Readonly<Record<string, Json>>[];
        };
        readonly sealedConnectionSecret?: string;
        readonly serviceTickets?: { readonly reply?: Readonly<Record<string, Json>> };
        readonly sealedReply?: string;
      };
      readonly undecoded?: string;
      readonly lateStatus?: number;
    };
    readonly AUTH_SIGNATURE: { readonly signature?: string; readonly undecoded?: string; readonly lateStatus?: number };
    readonly CLIENT_IDENT: {
      readonly addresses?: readonly string[];
      readonly target?: string;
      readonly gid?: string;
      readonly globalSeq?: string;
      readonly featuresSupported?: string;
      readonly featuresRequired?: string;
      readonly flags?: string;
      readonly cookie?: string;
      readonly undecoded?: string;
      readonly lateStatus?: number;
    };
    readonly SERVER_IDENT: {
      readonly addresses?: readonly string[];
      readonly gid?: string;
      readonly globalSeq?: string;
      readonly featuresSupported?: string;
      readonly featuresRequired?: string;
      readonly flags?: string;
      readonly cookie?: string;
      readonly undecoded?: string;
      readonly lateStatus?: number;
    };
    readonly IDENT_MISSING_FEATURES: { readonly features: string };
    readonly SESSION_RECONNECT: {
      readonly addresses: readonly string[];
      readonly clientCookie: string;
      readonly serverCookie: string;
      readonly globalSeq: string;
      readonly connectSeq: string;
      readonly msgSeq: string;
    };
    readonly SESSION_RESET: { readonly full: boolean };
    readonly SESSION_RETRY: { readonly connectSeq: string };
    readonly SESSION_RETRY_GLOBAL: { readonly globalSeq: string };
    readonly SESSION_RECONNECT_OK: { readonly msgSeq: string };
    readonly WAIT: Readonly<Record<string, Json>>;
    readonly MESSAGE: {
      readonly seq?: string;
      readonly tid?: string;
      readonly messageType?: string;
      readonly typeCode?: number;
      readonly priority?: number;
      readonly version?: number;
      readonly dataOff?: number;
      readonly ackSeq?: string;
      readonly compatVersion?: number;
      readonly src?: null | string;
      readonly frontLength?: number;
      readonly middleLength?: number;
      readonly dataLength?: number;
      readonly front?:
        | {
            readonly what?: readonly Readonly<Record<string, Json>>[] | string;
            readonly hostname?: string;
            readonly monmap?: { readonly map?: Readonly<Record<string, Json>> };
            readonly options?: readonly Json[];
            readonly pg?: {
              readonly structVersion: number;
              readonly pool: string;
              readonly seed: number;
              readonly preferred: number;
              readonly shard?: number;
            };
            readonly hash?: number;
            readonly osdmapEpoch?: number;
            readonly opFlags?: number | string;
            readonly requestId?: {
              readonly clientType: number;
              readonly client: string;
              readonly tid: string;
              readonly incarnation: number;
            };
            readonly clientIncarnation?: number;
            readonly mtime?: string;
            readonly locator?: {
              readonly pool: string;
              readonly preferred: number;
              readonly key: string;
              readonly namespace: string;
              readonly hash: string;
            };
            readonly object?:
              | {
                  readonly key: string;
                  readonly object: string;
                  readonly snap: string;
                  readonly hash: number;
                  readonly max: number;
                  readonly namespace: string;
                  readonly pool: string;
                }
              | string;
            readonly opCount?: number;
            readonly ops?: readonly Readonly<Record<string, Json>>[];
            readonly snapId?: string;
            readonly snapSeq?: string;
            readonly snaps?: readonly string[];
            readonly retryAttempt?: number;
            readonly features?: string;
            readonly result?: number;
            readonly badReplayVersion?: { readonly version: string; readonly epoch: number };
            readonly results?: readonly number[];
            readonly replayVersion?: { readonly version: string; readonly epoch: number };
            readonly userVersion?: string;
            readonly redirect?: boolean;
            readonly map?: {
              readonly epoch: number;
              readonly activeAddresses: readonly Json[];
              readonly activeGid: string;
              readonly available: boolean;
              readonly activeName: string;
              readonly standbys: readonly Json[];
              readonly enabledModules: readonly string[];
              readonly services: readonly Json[];
              readonly modules: readonly Json[];
              readonly activeChange: string;
              readonly alwaysOn: readonly Readonly<Record<string, Json>>[];
              readonly activeFeatures: string;
              readonly lastFailureOsdEpoch: number;
              readonly clientAddresses: readonly Json[];
              readonly clientNames: readonly Json[];
            };
            readonly fsid?: string;
            readonly incrementals?: readonly Readonly<Record<string, Json>>[];
            readonly maps?: readonly Readonly<Record<string, Json>>[];
            readonly oldest?: number | string;
            readonly newest?: number | string;
            readonly gapRemovedSnaps?: readonly Json[];
            readonly mapEpoch?: number;
            readonly minEpoch?: number;
            readonly acksWanted?: number;
            readonly version?: { readonly version: string; readonly epoch: number };
            readonly log?: {
              readonly entries: readonly Readonly<Record<string, Json>>[];
              readonly head?: Readonly<Record<string, Json>>;
              readonly tail?: Readonly<Record<string, Json>>;
              readonly canRollbackTo?: Readonly<Record<string, Json>>;
              readonly rollbackInfoTrimmedTo?: Readonly<Record<string, Json>>;
              readonly duplicates?: readonly Json[];
            };
            readonly pgStats?: {
              readonly version: Readonly<Record<string, Json>>;
              readonly reportedSeq: string;
              readonly reportedEpoch: number;
              readonly state: number;
              readonly logStart: Readonly<Record<string, Json>>;
              readonly ondiskLogStart: Readonly<Record<string, Json>>;
              readonly created: number;
              readonly lastEpochClean: number;
              readonly parent: Readonly<Record<string, Json>>;
              readonly parentSplitBits: number;
              readonly lastScrub: Readonly<Record<string, Json>>;
              readonly lastScrubStamp: string;
              readonly stats: Readonly<Record<string, Json>>;
              readonly logSize: string;
              readonly ondiskLogSize: string;
              readonly up: readonly number[];
              readonly acting: readonly number[];
              readonly lastFresh: string;
              readonly lastChange: string;
              readonly lastActive: string;
              readonly lastClean: string;
              readonly lastUnstale: string;
              readonly mappingEpoch: number;
              readonly lastDeepScrub: Readonly<Record<string, Json>>;
              readonly lastDeepScrubStamp: string;
              readonly statsInvalid: boolean;
              readonly lastCleanScrubStamp: string;
              readonly lastBecameActive: string;
              readonly dirtyStatsInvalid: boolean;
              readonly upPrimary: number;
              readonly actingPrimary: number;
              readonly omapStatsInvalid: boolean;
              readonly hitsetStatsInvalid: boolean;
              readonly blockedBy: readonly Json[];
              readonly lastUndegraded: string;
              readonly lastFullsized: string;
              readonly hitsetBytesStatsInvalid: boolean;
              readonly lastPeered: string;
              readonly lastBecamePeered: string;
              readonly pinStatsInvalid: boolean;
              readonly snapTrimQueueLength?: number;
              readonly stateHigh?: number;
              readonly purgedSnaps?: readonly Json[];
              readonly manifestStatsInvalid?: boolean;
              readonly availableNoMissing?: readonly Json[];
              readonly objectLocationCounts?: readonly Json[];
              readonly lastScrubDuration?: number;
              readonly scrubScheduledAt?: string;
              readonly scrubDurationSeconds?: number;
              readonly scrubSchedule?: number;
              readonly scrubIsActive?: boolean;
              readonly scrubIsDeep?: boolean;
              readonly scrubIsPeriodic?: boolean;
              readonly objectsScrubbed?: string;
              readonly scrubDuration?: number;
              readonly objectsTrimmed?: string;
              readonly snapTrimDuration?: number;
              readonly logDupsSize?: string;
            };
            readonly trimTo?: { readonly version: string; readonly epoch: number };
            readonly newTemp?: {
              readonly key: string;
              readonly object: string;
              readonly snap: string;
              readonly hash: number;
              readonly max: number;
              readonly namespace: string;
              readonly pool: string;
            };
            readonly discardTemp?: {
              readonly key: string;
              readonly object: string;
              readonly snap: string;
              readonly hash: number;
              readonly max: number;
              readonly namespace: string;
              readonly pool: string;
            };
            readonly from?: number | { readonly osd: number; readonly shard: number };
            readonly hitSets?: null;
            readonly committedTo?: { readonly version: string; readonly epoch: number };
            readonly ackType?: number;
            readonly lastCompleteOnDisk?: { readonly version: string; readonly epoch: number };
            readonly op?: number;
            readonly pingStamp?: string;
            readonly paddingLength?: number;
            readonly upFrom?: number;
            readonly monoPingStamp?: string;
            readonly monoSendStamp?: string;
            readonly hasDelta?: boolean;
            readonly deltaUpperBound?: string;
            readonly epoch?: number;
            readonly lease?: {
              readonly readableUntil: string;
              readonly readableUntilUpperBound: string;
              readonly interval: string;
            } | null;
            readonly leaseAck?: { readonly readableUntilUpperBound: string } | null;
            readonly paxos?: { readonly version: string; readonly sessionMon: number; readonly sessionMonTid: string };
            readonly protocol?: number;
            readonly payload?: { readonly requestType: number; readonly status?: number } | string;
            readonly monmapEpoch?: number;
            readonly globalId?: string;
            readonly text?: string;
            readonly command?: readonly string[];
            readonly handle?: string;
            readonly entries?: readonly Readonly<Record<string, Json>>[];
            readonly superblock?: {
              readonly clusterFsid: string;
              readonly osd: number;
              readonly currentEpoch: number;
              readonly oldestMap: number;
              readonly newestMap: number;
              readonly weight: number;
              readonly compat: Readonly<Record<string, Json>>;
              readonly cleanThru: number;
              readonly mounted: number;
              readonly osdFsid: string;
              readonly lastMapMarkedFull?: number;
              readonly poolsMarkedFull?: readonly Json[];
              readonly purgedSnapsLast?: number;
              readonly lastPurgedSnapsScrub?: string;
              readonly trimLowerBound?: number;
            };
            readonly heartbeatBackAddresses?: readonly string[];
            readonly clusterAddresses?: readonly string[];
            readonly bootEpoch?: number;
            readonly heartbeatFrontAddresses?: readonly string[];
            readonly metadata?: readonly Readonly<Record<string, Json>>[];
            readonly last?: string;
            readonly channel?: string;
            readonly pgs?: readonly Readonly<Record<string, Json>>[];
            readonly minLastEpochClean?: number;
            readonly lastPurgedSnapsScrub?: string;
            readonly reportInterval?: number;
            readonly extra?: readonly Readonly<Record<string, Json>>[];
            readonly query?: {
              readonly queryType: number;
              readonly since: Readonly<Record<string, Json>>;
              readonly history: Readonly<Record<string, Json>>;
              readonly epochSent: number;
              readonly to: number;
              readonly from: number;
            };
            readonly want?: number;
            readonly notifies?: readonly Readonly<Record<string, Json>>[];
            readonly info?: {
              readonly pg: Readonly<Record<string, Json>>;
              readonly lastUpdate: Readonly<Record<string, Json>>;
              readonly lastComplete: Readonly<Record<string, Json>>;
              readonly logTail: Readonly<Record<string, Json>>;
              readonly oldLastBackfill: Readonly<Record<string, Json>>;
              readonly stats: Readonly<Record<string, Json>>;
              readonly history: Readonly<Record<string, Json>>;
              readonly purgedSnaps: readonly Json[];
              readonly lastEpochStarted: number;
              readonly lastUserVersion: string;
              readonly hitSets: Readonly<Record<string, Json>>;
              readonly shard: number;
              readonly lastBackfill: Readonly<Record<string, Json>>;
              readonly lastBackfillBitwise: boolean;
              readonly lastIntervalStarted: number;
            };
            readonly missing?: { readonly missing: readonly Json[]; readonly mayIncludeDeletes: boolean };
            readonly queryEpoch?: number;
            readonly pastIntervals?: { readonly form: number; readonly compact: Readonly<Record<string, Json>> };
            readonly to?: number;
            readonly epochSent?: number;
            readonly structVersion?: number;
            readonly cookie?: string;
            readonly objectVersion?: string;
            readonly notifyId?: string;
            readonly notifierGid?: string;
            readonly notify?: {
              readonly queryEpoch: number;
              readonly epochSent: number;
              readonly info: Readonly<Record<string, Json>>;
              readonly to: number;
              readonly from: number;
              readonly pastIntervals: Readonly<Record<string, Json>>;
            };
            readonly id?: string;
            readonly begin?: {
              readonly key: string;
              readonly object: string;
              readonly snap: string;
              readonly hash: number;
              readonly max: number;
              readonly namespace: string;
              readonly pool: string;
            };
            readonly end?: {
              readonly key: string;
              readonly object: string;
              readonly snap: string;
              readonly hash: number;
              readonly max: number;
              readonly namespace: string;
              readonly pool: string;
            };
            readonly daemonName?: string;
            readonly statsPeriod?: number;
            readonly firstCommitted?: string;
            readonly lastCommitted?: string;
            readonly proposalFrom?: string;
            readonly proposal?: string;
            readonly uncommittedProposal?: string;
            readonly leaseStamp?: string;
            readonly sentStamp?: string;
            readonly latestVersion?: string;
            readonly latestValue?: string;
            readonly values?: readonly Readonly<Record<string, Json>>[];
            readonly quorum?: readonly number[];
            readonly quorumFeatures?: string;
            readonly unusedFirst?: string;
            readonly unusedSecond?: string;
            readonly sharing?: string;
          }
        | string;
      readonly frontUndecoded?: number;
      readonly lateStatus?: number;
      readonly data?: string;
      readonly way?: {
        readonly primary: string;
        readonly nanos: number;
        readonly waitedNanos: number;
        readonly replicas: readonly Readonly<Record<string, Json>>[];
      };
      readonly compressed?: string;
      readonly compressedHeaderLength?: number;
      readonly compressedFrontLength?: number;
      readonly compressedMiddleLength?: number;
      readonly compressedDataLength?: number;
      readonly header?: string;
      readonly aborted?: boolean;
    };
    readonly KEEPALIVE2: { readonly timestamp: string; readonly lateStatus?: number };
    readonly KEEPALIVE2_ACK: { readonly timestamp: string; readonly lateStatus?: number };
    readonly ACK: { readonly seq: string; readonly lateStatus?: number; readonly segment1Bytes?: string };
    readonly COMPRESSION_REQUEST: {
      readonly wanted?: boolean;
      readonly algorithms?: readonly number[];
      readonly undecoded?: string;
    };
    readonly COMPRESSION_DONE: { readonly enabled?: boolean; readonly algorithm?: number; readonly undecoded?: string };
    readonly [name: `TAG_${number}`]: Readonly<Record<string, Json>>;
  };
  readonly msgr1: {
    readonly BANNER: { readonly banner: string; readonly myAddress?: string; readonly peerAddress?: string };
    readonly CONNECT: {
      readonly features: string;
      readonly hostType: number;
      readonly globalSeq: number;
      readonly connectSeq: number;
      readonly protocolVersion: number;
      readonly authorizerProtocol: number;
      readonly authorizerLength: number;
      readonly flags: readonly string[];
      readonly authorizer?: {
        readonly value: {
          readonly authMode: number;
          readonly globalId: string;
          readonly service: number;
          readonly ticket: Readonly<Record<string, Json>>;
          readonly sealedAuthorizer?: string;
        };
        readonly rest?: string;
      };
    };
    readonly CONNECT_REPLY: {
      readonly tag: string;
      readonly features: string;
      readonly globalSeq: number;
      readonly connectSeq: number;
      readonly protocolVersion: number;
      readonly authorizerLength: number;
      readonly flags: readonly string[];
      readonly authorizer?: {
        readonly value: { readonly sealedChallenge?: string; readonly sealedReply?: string };
        readonly rest?: string;
      };
    };
    readonly SEQ: { readonly seq: string };
    readonly CLOSE: Readonly<Record<string, Json>>;
    readonly MSG: {
      readonly seq: string;
      readonly tid: string;
      readonly messageType: string;
      readonly typeCode: number;
      readonly priority: number;
      readonly version: number;
      readonly frontLength: number;
      readonly middleLength: number;
      readonly dataLength: number;
      readonly dataOff: number;
      readonly src: string;
      readonly compatVersion: number;
      readonly front?:
        | {
            readonly paxos?: { readonly version: string; readonly sessionMon: number; readonly sessionMonTid: string };
            readonly protocol?: number;
            readonly payload?: {
              readonly structVersion?: number;
              readonly methods?: readonly number[];
              readonly entity?: Readonly<Record<string, Json>>;
              readonly globalId?: string;
              readonly serverChallenge?: string;
              readonly requestType?: number;
              readonly clientChallenge?: string;
              readonly proof?: string;
              readonly oldTicket?: Readonly<Record<string, Json>>;
              readonly otherServices?: number;
              readonly status?: number;
              readonly authTicket?: Readonly<Record<string, Json>>;
              readonly sealedConnectionSecret?: string;
              readonly serviceTickets?: Readonly<Record<string, Json>>;
              readonly authorizer?: Readonly<Record<string, Json>>;
              readonly services?: number;
            };
            readonly monmapEpoch?: number;
            readonly result?: number;
            readonly globalId?: string;
            readonly text?: string;
            readonly monmap?: { readonly map: Readonly<Record<string, Json>> };
            readonly what?: readonly Readonly<Record<string, Json>>[] | string;
            readonly hostname?: string;
            readonly options?: readonly Json[];
            readonly map?: {
              readonly epoch?: number;
              readonly activeAddresses?: readonly string[];
              readonly activeGid?: string;
              readonly available?: boolean;
              readonly activeName?: string;
              readonly standbys?: readonly Json[];
              readonly enabledModules?: readonly Json[];
              readonly services?: readonly Json[];
              readonly modules?: readonly Readonly<Record<string, Json>>[];
              readonly activeChange?: string;
              readonly alwaysOn?: readonly Readonly<Record<string, Json>>[];
              readonly activeFeatures?: string;
              readonly lastFailureOsdEpoch?: number;
              readonly clientAddresses?: readonly (readonly Json[])[];
              readonly clientNames?: readonly string[];
              readonly flags?: string;
              readonly map?: Readonly<Record<string, Json>>;
              readonly nextFilesystem?: string;
              readonly legacyFilesystem?: number;
              readonly defaultCompat?: Readonly<Record<string, Json>>;
              readonly enableMultiple?: boolean;
              readonly filesystems?: readonly Readonly<Record<string, Json>>[];
              readonly roles?: readonly Readonly<Record<string, Json>>[];
              readonly standbyEpochs?: readonly Json[];
              readonly everEnabledMultiple?: boolean;
            };
            readonly fsid?: string;
            readonly incrementals?: readonly Readonly<Record<string, Json>>[];
            readonly maps?: readonly Readonly<Record<string, Json>>[];
            readonly oldest?: number | string;
            readonly newest?: number | string;
            readonly gapRemovedSnaps?: readonly Json[];
            readonly command?: readonly string[];
            readonly epoch?: number;
            readonly filesystem?: string;
            readonly gid?: string;
            readonly state?: number;
            readonly seq?: string;
            readonly name?: string;
            readonly standbyForRank?: number;
            readonly standbyForName?: string;
            readonly compat?: {
              readonly compat: Readonly<Record<string, Json>>;
              readonly roCompat: Readonly<Record<string, Json>>;
              readonly incompat: Readonly<Record<string, Json>>;
            };
            readonly health?:
              | { readonly metrics?: readonly Json[]; readonly checks?: readonly Readonly<Record<string, Json>>[] }
              | string;
            readonly system?: readonly Readonly<Record<string, Json>>[];
            readonly features?: string;
            readonly standbyForFilesystem?: number;
            readonly standbyReplay?: boolean;
            readonly handle?: string;
            readonly daemonName?: string;
            readonly serviceName?: string;
            readonly serviceDaemon?: boolean;
            readonly config?: {
              readonly options?: readonly Readonly<Record<string, Json>>[];
              readonly ignored?: readonly Json[];
            };
            readonly configDefaults?: { readonly options: readonly Readonly<Record<string, Json>>[] };
            readonly statsPeriod?: number;
            readonly statsThreshold?: number;
            readonly osdQueries?: readonly Json[];
            readonly metrics?: {
              readonly metrics: number;
              readonly mds?: Readonly<Record<string, Json>>;
              readonly osd?: Readonly<Record<string, Json>>;
            } | null;
            readonly pg?: {
              readonly structVersion: number;
              readonly pool: string;
              readonly seed: number;
              readonly preferred: number;
              readonly shard?: number;
            };
            readonly hash?: number;
            readonly osdmapEpoch?: number;
            readonly opFlags?: number | string;
            readonly requestId?: {
              readonly clientType: number;
              readonly client: string;
              readonly tid: string;
              readonly incarnation: number;
            };
            readonly clientIncarnation?: number;
            readonly mtime?: string;
            readonly locator?: {
              readonly pool: string;
              readonly preferred: number;
              readonly key: string;
              readonly namespace: string;
              readonly hash: string;
            };
            readonly object?:
              | {
                  readonly key: string;
                  readonly object: string;
                  readonly snap: string;
                  readonly hash: number;
                  readonly max: number;
                  readonly namespace: string;
                  readonly pool: string;
                }
              | string;
            readonly opCount?: number;
            readonly ops?: readonly Readonly<Record<string, Json>>[];
            readonly snapId?: string;
            readonly snapSeq?: string;
            readonly snaps?: readonly Json[];
            readonly retryAttempt?: number;
            readonly badReplayVersion?: { readonly version: string; readonly epoch: number };
            readonly results?: readonly number[];
            readonly replayVersion?: { readonly version: string; readonly epoch: number };
            readonly userVersion?: string;
            readonly redirect?: boolean;
            readonly declared?: readonly Readonly<Record<string, Json>>[];
            readonly values?: string;
            readonly undeclared?: readonly Json[];
            readonly daemonStatus?: null;
            readonly healthMetrics?: readonly Readonly<Record<string, Json>>[];
            readonly osdReports?: readonly Json[];
            readonly taskStatus?: readonly Json[] | null;
            readonly mapEpoch?: number;
            readonly op?: number;
            readonly pingStamp?: string;
            readonly paddingLength?: number;
            readonly upFrom?: number;
            readonly monoPingStamp?: string;
            readonly monoSendStamp?: string;
            readonly hasDelta?: boolean;
            readonly deltaUpperBound?: string;
            readonly addresses?: readonly string[];
            readonly available?: boolean;
            readonly moduleNames?: readonly string[];
            readonly commands?: readonly Json[];
            readonly metadata?: readonly Readonly<Record<string, Json>>[];
            readonly services?: readonly Json[] | Readonly<Record<string, Json>>;
            readonly modules?: readonly Readonly<Record<string, Json>>[];
            readonly clientAddresses?: readonly (readonly Json[])[];
            readonly clientNames?: readonly string[];
            readonly progress?: readonly Json[];
            readonly entries?: readonly Readonly<Record<string, Json>>[];
            readonly last?: string;
            readonly channel?: string;
            readonly monStatus?: string;
            readonly osdStats?: {
              readonly kb: string;
              readonly kbUsed: string;
              readonly kbAvailable: string;
              readonly snapTrimQueueLength: number;
              readonly snapsTrimming: number;
              readonly heartbeatPeers: readonly number[];
              readonly heartbeatOut: readonly Json[];
              readonly queueAge: Readonly<Record<string, Json>>;
              readonly latency: Readonly<Record<string, Json>>;
              readonly upFrom: number;
              readonly seq: string;
              readonly pgs: number;
              readonly kbUsedData: string;
              readonly kbUsedOmap: string;
              readonly kbUsedMeta: string;
              readonly storeStats: Readonly<Record<string, Json>>;
              readonly alerts: readonly Readonly<Record<string, Json>>[];
              readonly shardsRepaired: string;
              readonly osds: number;
              readonly perPoolOsds: number;
              readonly perPoolOmapOsds: number;
              readonly heartbeatPingTimes: readonly Readonly<Record<string, Json>>[];
            };
            readonly pgStats?:
              | readonly Readonly<Record<string, Json>>[]
              | {
                  readonly version: Readonly<Record<string, Json>>;
                  readonly reportedSeq: string;
                  readonly reportedEpoch: number;
                  readonly state: number;
                  readonly logStart: Readonly<Record<string, Json>>;
                  readonly ondiskLogStart: Readonly<Record<string, Json>>;
                  readonly created: number;
                  readonly lastEpochClean: number;
                  readonly parent: Readonly<Record<string, Json>>;
                  readonly parentSplitBits: number;
                  readonly lastScrub: Readonly<Record<string, Json>>;
                  readonly lastScrubStamp: string;
                  readonly stats: Readonly<Record<string, Json>>;
                  readonly logSize: string;
                  readonly ondiskLogSize: string;
                  readonly up: readonly number[];
                  readonly acting: readonly number[];
                  readonly lastFresh: string;
                  readonly lastChange: string;
                  readonly lastActive: string;
                  readonly lastClean: string;
                  readonly lastUnstale: string;
                  readonly mappingEpoch: number;
                  readonly lastDeepScrub: Readonly<Record<string, Json>>;
                  readonly lastDeepScrubStamp: string;
                  readonly statsInvalid: boolean;
                  readonly lastCleanScrubStamp: string;
                  readonly lastBecameActive: string;
                  readonly dirtyStatsInvalid: boolean;
                  readonly upPrimary: number;
                  readonly actingPrimary: number;
                  readonly omapStatsInvalid: boolean;
                  readonly hitsetStatsInvalid: boolean;
                  readonly blockedBy: readonly Json[];
                  readonly lastUndegraded: string;
                  readonly lastFullsized: string;
                  readonly hitsetBytesStatsInvalid: boolean;
                  readonly lastPeered: string;
                  readonly lastBecamePeered: string;
                  readonly pinStatsInvalid: boolean;
                  readonly snapTrimQueueLength: number;
                  readonly stateHigh: number;
                  readonly purgedSnaps: readonly Json[];
                  readonly manifestStatsInvalid: boolean;
                  readonly availableNoMissing: readonly Json[];
                  readonly objectLocationCounts: readonly Json[];
                  readonly lastScrubDuration: number;
                  readonly scrubScheduledAt: string;
                  readonly scrubDurationSeconds: number;
                  readonly scrubSchedule: number;
                  readonly scrubIsActive: boolean;
                  readonly scrubIsDeep: boolean;
                  readonly scrubIsPeriodic: boolean;
                  readonly objectsScrubbed: string;
                  readonly scrubDuration: number;
                  readonly objectsTrimmed: string;
                  readonly snapTrimDuration: number;
                  readonly logDupsSize: string;
                };
            readonly unusedTime?: string;
            readonly poolStats?: readonly Json[];
            readonly pgs?: readonly Readonly<Record<string, Json>>[];
            readonly extra?: readonly Readonly<Record<string, Json>>[];
            readonly want?: number;
            readonly query?: {
              readonly queryType: number;
              readonly since: Readonly<Record<string, Json>>;
              readonly history: Readonly<Record<string, Json>>;
              readonly epochSent: number;
              readonly to: number;
              readonly from: number;
            };
            readonly notify?: {
              readonly queryEpoch: number;
              readonly epochSent: number;
              readonly info: Readonly<Record<string, Json>>;
              readonly to: number;
              readonly from: number;
              readonly pastIntervals: Readonly<Record<string, Json>>;
            };
            readonly info?: {
              readonly pg: Readonly<Record<string, Json>>;
              readonly lastUpdate: Readonly<Record<string, Json>>;
              readonly lastComplete: Readonly<Record<string, Json>>;
              readonly logTail: Readonly<Record<string, Json>>;
              readonly oldLastBackfill: Readonly<Record<string, Json>>;
              readonly stats: Readonly<Record<string, Json>>;
              readonly history: Readonly<Record<string, Json>>;
              readonly purgedSnaps: readonly Json[];
              readonly lastEpochStarted: number;
              readonly lastUserVersion: string;
              readonly hitSets: Readonly<Record<string, Json>>;
              readonly shard: number;
              readonly lastBackfill: Readonly<Record<string, Json>>;
              readonly lastBackfillBitwise: boolean;
              readonly lastIntervalStarted: number;
            };
            readonly log?: {
              readonly head?: Readonly<Record<string, Json>>;
              readonly tail?: Readonly<Record<string, Json>>;
              readonly entries: readonly Readonly<Record<string, Json>>[];
              readonly canRollbackTo?: Readonly<Record<string, Json>>;
              readonly rollbackInfoTrimmedTo?: Readonly<Record<string, Json>>;
              readonly duplicates?: readonly Json[];
            };
            readonly missing?: { readonly missing: readonly Json[]; readonly mayIncludeDeletes: boolean };
            readonly queryEpoch?: number;
            readonly pastIntervals?: { readonly form: number; readonly compact: Readonly<Record<string, Json>> };
            readonly to?: number;
            readonly from?: number | { readonly osd: number; readonly shard: number };
            readonly lease?: {
              readonly readableUntil: string;
              readonly readableUntilUpperBound: string;
              readonly interval: string;
            } | null;
            readonly epochSent?: number;
            readonly minEpoch?: number;
            readonly leaseAck?: { readonly readableUntilUpperBound: string } | null;
            readonly acksWanted?: number;
            readonly version?: { readonly version: string; readonly epoch: number };
            readonly trimTo?: { readonly version: string; readonly epoch: number };
            readonly newTemp?: {
              readonly key: string;
              readonly object: string;
              readonly snap: string;
              readonly hash: number;
              readonly max: number;
              readonly namespace: string;
              readonly pool: string;
            };
            readonly discardTemp?: {
              readonly key: string;
              readonly object: string;
              readonly snap: string;
              readonly hash: number;
              readonly max: number;
              readonly namespace: string;
              readonly pool: string;
            };
            readonly hitSets?: null;
            readonly committedTo?: { readonly version: string; readonly epoch: number };
            readonly ackType?: number;
            readonly lastCompleteOnDisk?: { readonly version: string; readonly epoch: number };
            readonly replicaTid?: string;
            readonly rollForwardTo?: { readonly version: string; readonly epoch: number };
            readonly pool?: number;
            readonly unusedAuid?: string;
            readonly padding?: number;
            readonly crushRule?: number;
            readonly response?: string;
          }
        | string;
      readonly frontUndecoded: number;
      readonly signature?: string;
      readonly footerFlags?: readonly string[];
      readonly data?: string;
      readonly middle?: string;
      readonly aborted?: boolean;
    };
    readonly ACK: { readonly seq: string };
    readonly KEEPALIVE: Readonly<Record<string, Json>>;
    readonly KEEPALIVE2: { readonly seconds: number; readonly nanoseconds: number };
    readonly KEEPALIVE2_ACK: { readonly seconds: number; readonly nanoseconds: number };
  };
  readonly pesto: {
    readonly HELLO: {
      readonly version?: number;
      readonly pifNameSize?: number;
      readonly ifnamsiz?: number;
      readonly magic?: string;
    };
    readonly PIF: {
      readonly pif: number;
      readonly name?: string;
      readonly caps?: readonly string[];
      readonly count: number;
    };
    readonly RULE: {
      readonly addr: string;
      readonly taddr?: string;
      readonly ifname: string;
      readonly first: number;
      readonly last: number;
      readonly to: number;
      readonly proto: string;
      readonly flags: readonly string[];
    };
    readonly PIF_END: { readonly pif: number };
    readonly DRAFT: { readonly bytes: string; readonly step: null | string; readonly status?: string };
  };
  readonly arca: {
    readonly ListenRequest: {
      readonly type: number;
      readonly payloadLength: number;
      readonly requestId: number;
      readonly endpoint?: string;
      readonly surplus?: string;
      readonly payload?: string;
    };
    readonly ListenOk: {
      readonly type: number;
      readonly payloadLength: number;
      readonly requestId: number;
      readonly listenerId?: number;
      readonly payload?: string;
    };
    readonly ConnectRequest: {
      readonly type: number;
      readonly payloadLength: number;
      readonly requestId: number;
      readonly endpoint: string;
      readonly surplus?: string;
    };
    readonly ConnectOk: {
      readonly type: number;
      readonly payloadLength: number;
      readonly requestId: number;
      readonly listenerId?: number;
      readonly connectionId?: number;
      readonly shmOffset?: string;
      readonly ringSize?: string;
      readonly payload?: string;
      readonly pipeId?: number | string;
    };
    readonly IncomingConnection: {
      readonly type: number;
      readonly payloadLength: number;
      readonly requestId: number;
      readonly listenerId?: number;
      readonly connectionId?: number;
      readonly shmOffset?: string;
      readonly ringSize?: string;
      readonly pipeId?: string;
      readonly payload?: string;
    };
    readonly ListenErr: {
      readonly type: number;
      readonly payloadLength: number;
      readonly requestId: number;
      readonly code?: number;
      readonly payload?: string;
    };
    readonly ConnectErr: {
      readonly type: number;
      readonly payloadLength: number;
      readonly requestId: number;
      readonly code?: number;
      readonly payload?: string;
    };
    readonly AcceptRequest: {
      readonly type: number;
      readonly payloadLength: number;
      readonly requestId: number;
      readonly listenerId?: number;
      readonly surplus?: string;
      readonly payload?: string;
    };
    readonly AcceptErr: {
      readonly type: number;
      readonly payloadLength: number;
      readonly requestId: number;
      readonly code?: number;
      readonly payload?: string;
    };
    readonly CreateBlob: { readonly type: number; readonly ptr: string; readonly size: string };
    readonly CreateTree: Readonly<Record<string, Json>>;
    readonly CreateThunk: Readonly<Record<string, Json>>;
    readonly RunThunk: Readonly<Record<string, Json>>;
    readonly Apply: {
      readonly type: number;
      readonly lambda: { readonly type: string; readonly value: string };
      readonly argument: { readonly type: string; readonly value: string };
    };
    readonly Reply: Readonly<Record<string, Json>>;
    readonly Drop: { readonly type: number; readonly handle: { readonly type: string; readonly value: string } };
    readonly GetArgs: { readonly bodyLength: string; readonly discriminant: number };
    readonly Exit: { readonly bodyLength: string; readonly discriminant: number; readonly code?: number };
    readonly Open: {
      readonly bodyLength: string;
      readonly discriminant: number;
      readonly path?: string;
      readonly read?: boolean | number;
      readonly write?: boolean;
      readonly create?: boolean;
      readonly append?: boolean;
      readonly truncate?: boolean;
    };
    readonly Close: {
      readonly bodyLength?: string;
      readonly discriminant?: number;
      readonly length?: number;
      readonly type?: number;
      readonly descriptor?: string;
      readonly surplus?: string;
    };
    readonly Read: {
      readonly bodyLength?: string;
      readonly discriminant?: number;
      readonly length: number | string;
      readonly type?: number;
      readonly data?: string;
      readonly descriptor?: string;
    };
    readonly Write: {
      readonly length?: number;
      readonly type?: number;
      readonly data: string;
      readonly bodyLength?: string;
      readonly discriminant?: number;
    };
    readonly Seek: {
      readonly bodyLength: string;
      readonly discriminant: number;
      readonly whence: string;
      readonly offset: string;
    };
    readonly Mkdir: {
      readonly bodyLength: string;
      readonly discriminant: number;
      readonly path?: string;
      readonly surplus?: string;
    };
    readonly Listen: {
      readonly bodyLength: string;
      readonly discriminant: number;
      readonly ip?: string;
      readonly port?: number;
      readonly surplus?: string;
    };
    readonly Connect: {
      readonly bodyLength: string;
      readonly discriminant: number;
      readonly host?: string;
      readonly port?: number;
    };
    readonly Args: {
      readonly bodyLength: string;
      readonly discriminant: number;
      readonly args: readonly string[];
      readonly result?: number;
    };
    readonly Pipe: {
      readonly bodyLength: string;
      readonly discriminant: number;
      readonly rxPtr?: string;
      readonly rxLen?: string;
      readonly txPtr?: string;
      readonly txLen?: string;
      readonly surplus?: string;
    };
    readonly Ack: { readonly bodyLength: string; readonly discriminant: number; readonly result?: number };
    readonly Err: { readonly bodyLength: string; readonly result: number; readonly kind?: string };
    readonly Send: { readonly bodyLength: string; readonly discriminant: number; readonly data: string };
    readonly Receive: {
      readonly bodyLength: string;
      readonly discriminant: number;
      readonly length: string;
      readonly descriptor?: string;
    };
    readonly Accept: {
      readonly bodyLength: string;
      readonly discriminant: number;
      readonly descriptor?: string;
      readonly surplus?: string;
    };
    readonly Length: { readonly bodyLength: string; readonly discriminant: number; readonly length: string };
    readonly Bytes: {
      readonly bodyLength: string;
      readonly discriminant: number;
      readonly data?: string;
      readonly result?: number;
    };
    readonly Offset: { readonly bodyLength: string; readonly discriminant: number; readonly offset?: string };
    readonly StopListening: {
      readonly bodyLength: string;
      readonly discriminant: number;
      readonly descriptor?: string;
      readonly surplus?: string;
    };
    readonly Disconnect: Readonly<Record<string, Json>>;
    readonly File: {
      readonly bodyLength: string;
      readonly result: number;
      readonly discriminant: number;
      readonly descriptor?: string;
      readonly surplus?: string;
    };
    readonly Stream: Readonly<Record<string, Json>>;
    readonly Listener: {
      readonly bodyLength: string;
      readonly result: number;
      readonly discriminant: number;
      readonly descriptor?: string;
      readonly surplus?: string;
    };
    readonly Recv: Readonly<Record<string, Json>>;
    readonly EmptyFrame: { readonly length: number };
    readonly Frame: { readonly bodyLength: string; readonly result?: number };
    readonly NewPipeRequest: { readonly length: number; readonly ringSize?: string; readonly payload?: string };
    readonly NewPipeReply: {
      readonly length: number;
      readonly shmOffset: string;
      readonly ringSize: string;
      readonly pipeId?: string;
      readonly readBell: { readonly address: string; readonly datamatch: string };
      readonly writeBell: { readonly address: string; readonly datamatch: string };
    };
    readonly FilePipeHeader: {
      readonly length: number;
      readonly pipeType: number;
      readonly flags: readonly string[];
      readonly pathLength: string;
      readonly path: string;
    };
    readonly Wrote: { readonly length: number | string; readonly type: number; readonly payload?: string };
    readonly Seeked: Readonly<Record<string, Json>>;
    readonly Closed: { readonly length: number; readonly type: number };
    readonly Error: {
      readonly length: number;
      readonly type: number;
      readonly errno?: number;
      readonly payload?: string;
    };
    readonly [name: `type ${number}`]: Readonly<Record<string, Json>>;
    readonly 'type -1': { readonly length: number };
  };
}
