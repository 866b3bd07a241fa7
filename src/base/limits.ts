/** Every bound of the program: its name and default. Each comment says what is bounded and, after a colon, the attack or accident it stops. */
export interface Limits {
  /** Bytes of one captured packet: a corrupt record length. */
  packetBytes: number;
  /** Bytes of one pcapng block that is buffered; larger unknown blocks are skipped by counting. */
  blockBytes: number;
  /** Bytes of the window of a zstd-compressed capture, which its header makes a decompressor allocate: a header that asks for gigabytes. */
  zstdWindowBytes: number;
  /** Interfaces in one pcapng section: a file made of interface blocks only. */
  interfaces: number;
  /** Bytes of one comment or description in a capture file that are kept: a long comment on each packet. */
  commentBytes: number;
  /** Incomplete IP datagrams that are reassembled at once, and their bytes together: fragments of datagrams that never become complete. */
  fragmentDatagrams: number;
  fragmentBytes: number;
  /** Seconds (capture time) after which an incomplete IP datagram is given up (RFC 8200: 60). */
  fragmentSeconds: number;
  /** IP packets inside one another, directly or in tunnels: a packet of nothing but headers. */
  nestedPackets: number;
  /** IPv6 extension headers of one packet: a long chain of empty ones. */
  extensionHeaders: number;
  /** Tags before an exported PDU: a packet of empty tags. */
  pduTags: number;
  /** Fragments of a complete IP datagram that are remembered, to recognize copies of them: a datagram of very many fragments. */
  echoFragments: number;
  /** VLAN tags, MPLS labels and the like before one packet: a frame of nothing else. */
  linkTags: number;
  /** Connections that are remembered at once: a SYN flood. The one that was idle longest is given up first. */
  flows: number;
  /**
   * Connections whose streams are decoded or classified at once: a flood of handshakes, or of greetings, each of which takes up to 10 kB.
   * The one that was idle longest is given up for a new one, and counts as joined late if it goes on. Where many do, only connections that
   * were silent for a minute are given up; where there are none, the bytes of the new one are only counted.
   */
  openStreams: number;
  /** Seconds (capture time) without a packet after which a connection is given up: connections that are never closed. */
  idleSeconds: number;
  /** Out-of-order bytes that are held for one direction, before the hole in front of them is declared lost: a hole that is never filled. */
  outOfOrderBytes: number;
  /** Out-of-order segments that are held for one direction: one-byte segments behind a hole. */
  outOfOrderSegments: number;
  /** Segments of one direction with a wrong checksum that wait for a better copy: damaged segments that are never retransmitted. */
  doubtedSegments: number;
  /** Lost holes of one direction that are remembered, to report bytes that come too late for them: a sender that leaves many. */
  lostRanges: number;
  /** Places of one stream whose copies differ that are remembered one by one: differing copies without end. Beyond, all bytes count as such. */
  contestedRanges: number;
  /** Closed connections whose missing bytes are remembered, to report those that still come: a capture full of losses. */
  lossyClosed: number;
  /** Packets that may still bring bytes that the peer has already acknowledged, or a late SYN, before these count as lost: reordered packets. */
  gapGracePackets: number;
  /** Seconds (capture time), and packets, for which a connection that has ended waits for bytes that fill a hole: holes that are never filled. */
  lingerSeconds: number;
  lingerPackets: number;
  /**
   * Bytes that all connections together may buffer. They are counted twice, once for segments out of order, and once for what is not
   * classified or not complete: a flood of unknown streams cannot force holes into the others.
   */
  bufferedBytes: number;
  /** Bytes of one direction that are kept while a stream's protocol is not known. */
  probeBytes: number;
  /** Packets that are kept while a stream's protocol is not known: packets of single bytes, or headers without their data. */
  probeSteps: number;
  /** Bytes of one direction that are searched for a known protocol, before a stream is left as unknown. */
  probeSearchBytes: number;
  /** Places of a stream joined late that are followed in one look, to see whether NBD's headers chain there: data full of its magics. */
  probeCandidates: number;
  /** Bytes of one message that are gathered to be decoded as a whole; the rest of a longer one is counted only. */
  messageBytes: number;
  /** Bytes of a message that are kept for its annotations and hex dump. */
  detailBytes: number;
  /** Bytes of one direction that wait until the peer's bytes show what they answer, before they are framed by inference. */
  hintBytes: number;
  /** Requests in flight that a session remembers: requests that are never answered. */
  inFlight: number;
  /** Requests in flight of one session with the same cookie: a client that uses one cookie for all, so that a reply may be for any of them. */
  cookieRequests: number;
  /** Answered requests of one session that are remembered, to tell a second answer from an answer to no request: a session without end. */
  answeredRequests: number;
  /** Replies of one session for which those are searched: a server that only answers what nobody asked. */
  answeredLookups: number;
  /** Allocated areas of an export that are remembered, as a write there must not fail with ENOSPC: an export of alternating data and holes. */
  allocatedAreas: number;
  /** Options that wait for their answers, and replies to one option, that are paired and judged together: haggling without end. */
  haggling: number;
  /** Bytes of one option, or of one reply to it, that are kept: a name, or a text, of many megabytes. */
  hagglingBytes: number;
  /** Bytes of all replies to one option that are judged together: haggling at length. */
  hagglingReplyBytes: number;
  /**
   * Messages that all sessions together remember until they are answered, or repeated: a hundred sessions with `inFlight` requests each
   * would take a gigabyte. Each session may remember a few in any case.
   */
  heldMessages: number;
  /**
   * Bytes of options, and of replies to them, that all sessions together keep until they are answered and judged: thousands of sessions, each
   * with a long option that it never ends. Each session may keep a few kilobytes in any case.
   */
  heldBytes: number;
  /** Authentication frames of one side that are judged; a login takes two, a refused one a few more: a login without end. */
  authFrames: number;
  /** Frames of one side that name a session (idents, reconnects, and their answers) that are judged: reconnecting without end. */
  namingFrames: number;
  /** Keepalives of one side that wait for their answers, and acknowledgements that wait to be judged: a peer that never answers. */
  keepalives: number;
  /** Sessions that are remembered because later connections may resume them, and tickets for them: a cluster of many daemons. */
  resumableSessions: number;
  /**
   * Addresses of daemons, and epochs at which OSDs came and went, that are remembered from Ceph's maps to name who has an address: maps of
   * nothing but new ones.
   */
  daemonAddresses: number;
  /** Nonces that are tried to find the next frame in ciphertext behind a loss: a gap of many megabytes. */
  nonces: number;
  /** Bytes of what a shard's report carries for `merge`, unpacked: a report that is no report. */
  shardBytes: number;
  /** Replies of one session that wait for requests that may have been captured later: replies to no request at all. */
  strayReplies: number;
  /** Requests of one session that refer to something that the capture has not shown, but still may: accepts on listeners that nobody made. */
  strayRequests: number;
  /** Requests that wait for answers in a protocol without ids, where the n-th answer belongs to the n-th request: a peer that never answers. */
  turns: number;
  /** Doorbells of Arca's pipes that are remembered, to notice one that is handed out twice: a host that makes pipes without end. */
  doorbells: number;
  /** Answers in several parts, whose requests are not known, that one session follows at once: answers that never end. */
  orphanAnswers: number;
  /** Parts of one answer that are compared with one another: an answer in single bytes. */
  answerPieces: number;
  /** Exports, and listings and contexts of each, that a session compares with what it is offered later: haggling without end. */
  rememberedOffers: number;
  /** Connections that are compared with others of the same client to the same server: a client that connects without end. */
  siblingConnections: number;
  /** Of those, how many each one is compared with: a client with thousands of connections to one export. */
  siblingsCompared: number;
  /** Places of one direction where the next message may begin, that are followed at once until one is proven right: payload full of magics. */
  chains: number;
  /** Items of one list (extents, options, addresses, tables) that are kept or printed: a list that fills a whole message. */
  listItems: number;
  /** Items of one list, and bytes of one opaque field, that annotations show one by one: a list that fills the whole output. */
  shownItems: number;
  shownBytes: number;
  /** Findings of one rule in one stream that are reported one by one; the others are counted. */
  findingsPerRule: number;
  /** Findings of one rule in the streams of one file that `check` keeps, to list them; the others are counted. */
  findingsPerFile: number;
  /** Threads of a trace of calls that are followed at once, and calls that have not returned: a trace of nothing but new threads. */
  threads: number;
  /** Bytes of the lines of calls that have not returned: calls that never return. */
  unfinishedBytes: number;
  /** Calls of a trace that have not returned and may have written, so that later events wait for them: calls that never return. */
  pendingCalls: number;
  /** Calls of a trace, and their bytes, that wait for a call that was entered before them: a call that returns very late. */
  reorderedCalls: number;
  reorderedBytes: number;
  /** Calls on one descriptor of a trace, and their bytes, that are kept until it is known whether it is a socket: a large file. */
  unknownCalls: number;
  unknownBytes: number;
  /** Closes of sockets that wait for a second, as the socket may be used again, before they count: a trace of nothing but closes. */
  closings: number;
  /** Connections in socat's output to which a later block may still belong: a relay of many connections. */
  socatConnections: number;
  /** Messages that wait for their answers, or are kept for them, where a selection (`--where`) depends on both: answers that never come. */
  selectionMessages: number;
  /** Names of messages, operations or groups that `stats` counts apart from one another: 64-bit ids as names. */
  statsNames: number;
  /** Bytes of memory that the SQL engine of `query` uses: a sort, or a join, of everything. It puts more than that into a temporary folder. */
  queryBytes: number;
  /** Bytes of that folder: a join of everything with everything. */
  querySpillBytes: number;
  /** Rows of a result, and characters in them, that `query` prints as a table: `select *` of a large capture. */
  queryRows: number;
  queryCharacters: number;
  /** Messages that a page shows; and as many again of those around findings, which come later: a large capture. */
  pageMessages: number;
  /** Findings and streams that a page shows; the others are counted. */
  pageFindings: number;
  pageStreams: number;
  /** Characters of different texts in a page: fields that no two messages share; later messages are there without their fields. */
  pageFieldCharacters: number;
  /** Bytes of messages that a page holds; and as many again of those around findings. */
  pageBytes: number;
  /** Tables of one list or update of pesto that are remembered with their rules: a list without end. */
  tables: number;
  /** Bytes of pesto's rules that are gathered to find out how long one is, where no hello tells: rules that fit both sizes. */
  ruleSizeBytes: number;
  /** Bytes of one run after the end of a list or an update that are shown, as a step of pesto's drafts: a side that goes on and on. */
  draftBytes: number;
  /** Such runs of one side that are shown. */
  draftRuns: number;
  /** Characters of one line of a text recording. */
  lineBytes: number;
  /** Bytes at a capture's beginning that must hold a packet, so that it can be joined to the capture before it: a file of comments. */
  joinHeadBytes: number;
  /** Bytes of one TLS handshake message that are kept: messages of up to 16 MiB. */
  tlsHandshakeBytes: number;
  /** Bytes of TLS records of one direction that wait for their keys: keys that never come. */
  tlsWaitBytes: number;
  /** Lost TLS records after which the sequence number of the next record is still found by trying: a gap of many megabytes. */
  tlsLostRecords: number;
  /**
   * Attempts of one direction to open TLS records that fail, and sessions of the key logs whose secrets are tried on a session without its
   * ClientHello: noise behind a gap, or wrong keys.
   */
  tlsTrials: number;
  /** Bytes of packets that wait for their comments while a capture is written with comments: messages that stay incomplete for long. */
  annotatedBytes: number;
  /** Messages of a recording that `diff` compares; and messages of one direction that may differ, before it only says that too many do. */
  diffMessages: number;
  diffEdits: number;
  /** Bytes of the streams that `reduce` makes smaller, and captures that it tries. */
  reduceBytes: number;
  reduceTrials: number;
  /** Ranges of a disk of which it is remembered which message wrote them: single sectors all over the disk. */
  diskRanges: number;
  /** Bytes of one message that are held to be written to a disk image or an object. */
  contentBytes: number;
  /** Bytes of one direction that `redact` holds until it is known what they are; older ones become zeros. */
  redactBytes: number;
  /** Names and addresses that `redact` replaces by different ones; beyond that, several may get the same. */
  redactNames: number;
  /** TLS sessions whose secrets are kept, from key logs, and of TLS 1.2 for sessions that resume them: a key log without end. */
  tlsSessions: number;
  /** Bytes of one TLS key log that are read: a key log without end. */
  tlsKeyLogBytes: number;
  /** Blocks of TLS secrets of one capture file that are used: a file of nothing else. */
  tlsSecretBlocks: number;
}

export const DEFAULT_LIMITS: Readonly<Limits> = {
  packetBytes: 1 << 20,
  blockBytes: 4 << 20,
  zstdWindowBytes: 128 << 20,
  interfaces: 4096,
  commentBytes: 4096,
  fragmentDatagrams: 1024,
  fragmentBytes: 16 << 20,
  fragmentSeconds: 60,
  nestedPackets: 4,
  extensionHeaders: 32,
  pduTags: 64,
  echoFragments: 64,
  linkTags: 32,
  flows: 131_072,
  openStreams: 6144,
  idleSeconds: 3600,
  outOfOrderBytes: 4 << 20,
  outOfOrderSegments: 8192,
  doubtedSegments: 16,
  lostRanges: 64,
  contestedRanges: 64,
  lossyClosed: 4096,
  gapGracePackets: 32,
  lingerSeconds: 1,
  lingerPackets: 256,
  bufferedBytes: 64 << 20,
  probeBytes: 256 << 10,
  probeSteps: 16_384,
  probeSearchBytes: 64 << 20,
  probeCandidates: 256,
  messageBytes: 1 << 20,
  detailBytes: 4096,
  hintBytes: 256 << 10,
  inFlight: 65_536,
  cookieRequests: 64,
  answeredRequests: 1024,
  answeredLookups: 4096,
  allocatedAreas: 256,
  haggling: 1024,
  hagglingBytes: 64 << 10,
  hagglingReplyBytes: 1 << 20,
  heldMessages: 262_144,
  heldBytes: 32 << 20,
  authFrames: 16,
  namingFrames: 64,
  keepalives: 64,
  resumableSessions: 65_536,
  daemonAddresses: 65_536,
  nonces: 65_536,
  shardBytes: 512 << 20,
  strayReplies: 1024,
  strayRequests: 4096,
  turns: 1024,
  doorbells: 65_536,
  orphanAnswers: 1024,
  answerPieces: 4096,
  rememberedOffers: 64,
  siblingConnections: 4096,
  siblingsCompared: 64,
  chains: 16,
  listItems: 4096,
  shownItems: 256,
  shownBytes: 256,
  findingsPerRule: 100,
  findingsPerFile: 2000,
  threads: 4096,
  unfinishedBytes: 64 << 20,
  pendingCalls: 1024,
  reorderedCalls: 8192,
  reorderedBytes: 16 << 20,
  unknownCalls: 4096,
  unknownBytes: 1 << 20,
  closings: 8192,
  socatConnections: 64,
  selectionMessages: 16_384,
  statsNames: 512,
  queryBytes: 1024 << 20,
  querySpillBytes: 16384 * 2 ** 20,
  queryRows: 10_000,
  queryCharacters: 8 << 20,
  pageMessages: 200_000,
  pageFindings: 4096,
  pageStreams: 4096,
  pageFieldCharacters: 8 << 20,
  pageBytes: 1 << 20,
  tables: 16,
  ruleSizeBytes: 64 << 10,
  draftBytes: 64,
  draftRuns: 8,
  lineBytes: 1 << 20,
  joinHeadBytes: 4 << 20,
  tlsHandshakeBytes: 64 << 10,
  tlsWaitBytes: 256 << 10,
  tlsLostRecords: 4096,
  tlsTrials: 65_536,
  annotatedBytes: 16 << 20,
  diffMessages: 262_144,
  diffEdits: 2000,
  reduceBytes: 128 << 20,
  reduceTrials: 2000,
  diskRanges: 262_144,
  contentBytes: 128 << 20,
  redactBytes: 64 << 20,
  redactNames: 262_144,
  tlsSessions: 262_144,
  tlsKeyLogBytes: 256 << 20,
  tlsSecretBlocks: 65_536,
};
