/** Numbers of the NBD protocol (doc/proto.md of the NetworkBlockDevice project). All integers on the wire are big-endian. */

/** Magics as 32-bit words; a 64-bit magic is two of them, HI and LO. */
export const NBDMAGIC_HI = 0x4e42444d;
export const NBDMAGIC_LO = 0x41474943;
export const IHAVEOPT_HI = 0x49484156;
export const IHAVEOPT_LO = 0x454f5054;
export const OLDSTYLE_HI = 0x00004202;
export const OLDSTYLE_LO = 0x81861253;
export const REP_MAGIC_HI = 0x0003e889;
export const REP_MAGIC_LO = 0x045565a9;
export const REQUEST_MAGIC = 0x25609513;
export const EXTENDED_REQUEST_MAGIC = 0x21e41c71;
export const SIMPLE_REPLY_MAGIC = 0x67446698;
export const STRUCTURED_REPLY_MAGIC = 0x668e33ef;
export const EXTENDED_REPLY_MAGIC = 0x6e8a278c;
/** Magics of 1998 and of the reference server's transaction log: never valid on the wire. */
export const RESERVED_MAGICS: readonly number[] = [0x12560953, 0x96744668, 0x25609514];
/** The magic of the transaction log, which is the magic of requests plus one. */
export const LOG_MAGIC = 0x25609514;

/** TCP port registered for newstyle. */
export const IANA_PORT = 10809;

/** Bytes of padding after the answer to NBD_OPT_EXPORT_NAME, and after oldstyle's greeting. */
export const EXPORT_PADDING_LENGTH = 124;

export const FLAG_FIXED_NEWSTYLE = 1;
export const FLAG_NO_ZEROES = 2;

export const OPT_EXPORT_NAME = 1;
export const OPT_ABORT = 2;
export const OPT_LIST = 3;
export const OPT_PEEK_EXPORT = 4;
export const OPT_STARTTLS = 5;
export const OPT_INFO = 6;
export const OPT_GO = 7;
export const OPT_STRUCTURED_REPLY = 8;
export const OPT_LIST_META_CONTEXT = 9;
export const OPT_SET_META_CONTEXT = 10;
export const OPT_EXTENDED_HEADERS = 11;

export const REP_ACK = 1;
export const REP_SERVER = 2;
export const REP_INFO = 3;
export const REP_META_CONTEXT = 4;
/** Error replies have this bit set. */
export const REP_ERROR_BIT = 0x80000000;
export const REP_ERR_UNSUP = 0x80000001;
export const REP_ERR_INVALID = 0x80000003;
export const REP_ERR_TLS_REQD = 0x80000005;
export const REP_ERR_UNKNOWN = 0x80000006;
export const REP_ERR_SHUTDOWN = 0x80000007;
export const REP_ERR_BLOCK_SIZE_REQD = 0x80000008;
export const REP_ERR_TOO_BIG = 0x80000009;
export const REP_ERR_EXT_HEADER_REQD = 0x8000000a;

export const INFO_EXPORT = 0;
export const INFO_NAME = 1;
export const INFO_DESCRIPTION = 2;
export const INFO_BLOCK_SIZE = 3;

export const TFLAG_HAS_FLAGS = 0x0001;
export const TFLAG_READ_ONLY = 0x0002;
export const TFLAG_SEND_FLUSH = 0x0004;
export const TFLAG_SEND_FUA = 0x0008;
export const TFLAG_SEND_TRIM = 0x0020;
export const TFLAG_SEND_WRITE_ZEROES = 0x0040;
export const TFLAG_SEND_DF = 0x0080;
export const TFLAG_CAN_MULTI_CONN = 0x0100;
export const TFLAG_SEND_RESIZE = 0x0200;
export const TFLAG_SEND_CACHE = 0x0400;
export const TFLAG_SEND_FAST_ZERO = 0x0800;
export const TFLAG_BLOCK_STATUS_PAYLOAD = 0x1000;

export const CMD_READ = 0;
export const CMD_WRITE = 1;
export const CMD_DISC = 2;
export const CMD_FLUSH = 3;
export const CMD_TRIM = 4;
export const CMD_CACHE = 5;
export const CMD_WRITE_ZEROES = 6;
export const CMD_BLOCK_STATUS = 7;
export const CMD_RESIZE = 8;

export const CMD_FLAG_FUA = 0x0001;
export const CMD_FLAG_NO_HOLE = 0x0002;
export const CMD_FLAG_DF = 0x0004;
export const CMD_FLAG_REQ_ONE = 0x0008;
export const CMD_FLAG_FAST_ZERO = 0x0010;
export const CMD_FLAG_PAYLOAD_LEN = 0x0020;

export const REPLY_FLAG_DONE = 0x0001;

export const CHUNK_NONE = 0;
export const CHUNK_OFFSET_DATA = 1;
export const CHUNK_OFFSET_HOLE = 2;
export const CHUNK_BLOCK_STATUS = 5;
export const CHUNK_BLOCK_STATUS_EXT = 6;
export const CHUNK_ERROR_BIT = 0x8000;
export const CHUNK_ERROR = 0x8001;
export const CHUNK_ERROR_OFFSET = 0x8002;

export const EPERM = 1;
export const ENOMEM = 12;
export const EINVAL = 22;
export const ENOSPC = 28;
export const EOVERFLOW = 75;
export const ENOTSUP = 95;
export const ESHUTDOWN = 108;

/** Maximum length of strings (names, queries, messages) in bytes: the hard limit and the recommended one. */
export const MAX_STRING = 4096;
export const SHORT_STRING = 256;
/** Bytes: the maximum payload that counts where the server has advertised none. */
export const DEFAULT_MAX_PAYLOAD = 1 << 25;

/** A message that announces more bytes of data than this has a wrong length: no known program sends as many. */
export const ENDLESS = 1 << 28;
/** A READ with DF up to this length must be served in one piece. */
export const DF_GUARANTEED = 65536;
/** The most extents that a block status chunk should have. */
export const MAX_EXTENTS = 1 << 20;
/** The advertised maximum payload that means that there is no limit. */
export const NO_PAYLOAD_LIMIT = 0xffffffff;
