import type { Rule, Severity } from './rule.js';

const PCAP = 'https://datatracker.ietf.org/doc/html/draft-ietf-opsawg-pcap';
const PCAPNG = 'https://datatracker.ietf.org/doc/html/draft-ietf-opsawg-pcapng';
const TCP = 'https://www.rfc-editor.org/rfc/rfc9293.html';

/** URLs of the specifications of these rules; the others are about wirelint itself. */
const SPEC_URLS: Readonly<Record<string, string>> = {
  'capture/truncated': PCAP,
  'capture/malformed': PCAPNG,
  'capture/snaplen': PCAP,
  'capture/gap': `${TCP}#section-3.4`,
  'capture/joined-late': `${TCP}#section-3.5`,
  'capture/one-sided': `${TCP}#section-3.4`,
  'capture/dropped': PCAPNG,
  'capture/unsupported-link': 'https://www.tcpdump.org/linktypes.html',
  'tcp/overlap-conflict': `${TCP}#section-3.4`,
  'tcp/unacknowledged': 'https://www.rfc-editor.org/rfc/rfc2923.html#section-2.1',
  'disk/read-conflict':
    'https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md#ordering-of-messages-and-writes',
  'tls/bad-record': 'https://www.rfc-editor.org/rfc/rfc8446.html#section-5.2',
  'tls/key-log': 'https://datatracker.ietf.org/doc/html/draft-ietf-tls-keylogfile',
};

/**
 * A rule about the layers below the protocols, or about the capture itself (contract: events). Such a rule never blames a peer: `party` is
 * `capture`, and what it finds suspends the rules whose evidence it touches.
 */
function rule(id: string, severity: Severity, title: string, meaning: string, again?: Rule['again']): Rule {
  const specUrl = SPEC_URLS[id];
  const spec = 'wirelint: capture diagnostics';
  return {
    id,
    severity,
    party: 'capture',
    needs: 'capture',
    title,
    meaning,
    spec,
    ...(specUrl !== undefined && { specUrl }),
    ...(again !== undefined && { again }),
  };
}

export const TRUNCATED = rule(
  'capture/truncated',
  'warning',
  'the file ends inside a record',
  'The recorder was stopped or the file was cut in the middle of a record. Everything before the cut was analyzed. Record with `tcpdump -U`, which writes whole packets, and stop it with SIGINT.',
);
export const MALFORMED = rule(
  'capture/malformed',
  'warning',
  'the capture file itself is damaged',
  'A record or block has an impossible length or contradicts the file format, so that what follows cannot be found or believed. Nothing was allocated by the damaged length.',
);
export const SNAPLEN = rule(
  'capture/snaplen',
  'note',
  'packets were cut by the snapshot length',
  'The recorder kept only the first bytes of long packets. What was cut is a gap of known size. Record with `-s 0`.',
);
export const GAP = rule(
  'capture/gap',
  'note',
  'stream bytes were never captured',
  'The peer acknowledged bytes that the capture does not hold, or data follow a hole that nothing filled. The size of the gap is exact; nothing is filled in. Rules whose evidence it touches are suspended.',
  'each',
);
export const JOINED_LATE = rule(
  'capture/joined-late',
  'note',
  'the connection was already open when the recording began',
  'No connection set-up was captured, so what was negotiated is unknown and the rules that need it are not evaluated.',
);
export const ONE_SIDED = rule(
  'capture/one-sided',
  'note',
  'only one direction was captured',
  'No byte of the other direction is in the capture (asymmetric routing, a one-way mirror port, a capture filter). Rules that need both are not evaluated.',
);
export const RESYNCHRONISED = rule(
  'capture/resynchronised',
  'note',
  'decoding was taken up again after unreadable bytes',
  'After a gap or a late start the decoder searched for the next messages that chain plausibly. The bytes before them were skipped and are counted.',
  'each',
);
export const UNDECODED = rule(
  'capture/undecoded',
  'note',
  'bytes that no decoder took',
  'Bytes of the stream that are not part of a decoded message: the start of a message that was cut off, or what follows a message that cannot be framed.',
  'each',
);
export const MODE_GUESSED = rule(
  'capture/mode-guessed',
  'note',
  'a mode that was negotiated outside the capture was worked out from the bytes',
  'The handshake was not captured. The form of the messages themselves shows what must have been negotiated.',
);
export const OPAQUE = rule(
  'capture/opaque',
  'note',
  'encrypted bytes that cannot be read',
  'The session is encrypted from here on. The text says what would open it.',
);
export const DROPPED = rule(
  'capture/dropped',
  'warning',
  'the recorder itself dropped packets',
  'The recorder counted packets that it could not write. Gaps in the streams are to be expected. A larger buffer (`tcpdump -B`) or a capture filter helps.',
);
export const LIMIT = rule(
  'capture/limit',
  'warning',
  'a limit of the analysis was hit',
  'A named bound on memory or work was reached. The text names it and says what was given up.',
  'each',
);
export const UNSUPPORTED_LINK = rule(
  'capture/unsupported-link',
  'note',
  'packets of a link type or encapsulation that is not decoded',
  'These packets may hold TCP, but in a link type, tunnel or encryption that is not read, in fragments that are not complete, or behind headers that are cut off. They are counted and passed over; the rest of the capture is analyzed.',
);
export const OVERLAP_CONFLICT = rule(
  'tcp/overlap-conflict',
  'warning',
  'a retransmission carried other bytes than the first copy',
  "The same sequence numbers arrived twice with different bytes. The first copy was decoded, or the one with the right checksum where the other's is wrong; without that, what rests on these bytes is never certain. It is a damaged capture, a broken network element, or an attempt to show an observer something else than the receiver sees.",
);
export const CONTINUED = rule(
  'capture/continued',
  'warning',
  'this capture may continue another one',
  'Recorders that change to a new file now and then (a ring buffer, `tcpdump -C` and `-G`, `dumpcap -b`) leave one recording in several files. Where connections go on with the very next byte, or the names are those of one recorder, the files are read as one. Here the same connection is in both files, but bytes between them are in neither, so that each was analyzed by itself: a reply in one file may answer a request in the other, and rules that need both cannot be evaluated. `--join never` analyzes every file by itself, without this warning.',
);
export const UNACKNOWLEDGED = rule(
  'tcp/unacknowledged',
  'warning',
  'bytes were sent again and again and never acknowledged',
  'The same segment was retransmitted until the connection was reset. Where the handshake and small messages went through and only full-sized segments are lost, a hop of the path has a smaller MTU than the sender believes and the ICMP messages that would say so are filtered (a black hole, RFC 2923): compare the MTU of both ends and of tunnels between them, or clamp the MSS. Otherwise the peer vanished without a word.',
);
export const UNKNOWN_PROTOCOL = rule(
  'capture/unknown-protocol',
  'note',
  'streams of a protocol that is known by name and not decoded',
  'The first bytes tell what the stream is, and this version has no decoder for it; or the port and the look of a stream that was joined late suggest a protocol in its encrypted form, of which nothing can be read without its beginning. The text names it, and says what to do. Said once for each file.',
);
export const TLS_BAD_RECORD = rule(
  'tls/bad-record',
  'warning',
  'a TLS record does not authenticate',
  'The tag or MAC of a record does not fit, although the records in front of it were opened and nothing is missing in the capture. The receiver refuses such a record. It is a damaged capture, a broken network element, an attempt to tamper with the session, or a sender that lost count of its records.',
);
export const TLS_KEY_LOG = rule(
  'tls/key-log',
  'note',
  'lines of a key log that cannot be used',
  'A line of a key log is a label, a client random and a secret, both in hex, with blanks between them (NSS key log format). Lines that are something else are passed over, as are those beyond the limits tlsSessions, tlsKeyLogBytes and tlsSecretBlocks.',
);
export const READ_CONFLICT = rule(
  'disk/read-conflict',
  'warning',
  'a read shows other bytes than a write had left there',
  'Raised by `wirelint extract --disk` only, which compares what is read with what was written: the write had been answered before the read was asked for, and no other write to that place was under way or came between them in the capture. Either the server, or what stores its blocks, lost or changed data without an error (silent corruption), or somebody wrote whose messages are not in the capture: another client, or the server itself.',
);
export const RECORDING = rule(
  'capture/recording',
  'note',
  'what this kind of recording cannot tell',
  'Texts of strace and socat, and raw byte streams, leave out some of what happened: ends, dates, the order between the directions, bytes of strings that were cut. Nothing is guessed in its place; the text says what is missing and how to record it.',
);
export const INTERNAL: Rule = {
  ...rule(
    'internal/error',
    'error',
    'a bug in wirelint',
    'Decoding this stream failed inside wirelint. The other streams were analyzed. Please report it with the packet and, if you can, the capture.',
  ),
};
export const EXPECTATION: Rule = {
  ...rule(
    'check/expectation',
    'error',
    'an expectation of the configuration does not hold',
    'The configuration file states what a session must hold; this one does not.',
  ),
  party: 'either',
  spec: 'wirelint: configuration, expectations',
};

export const CAPTURE_RULES: readonly Rule[] = [
  TRUNCATED,
  MALFORMED,
  SNAPLEN,
  GAP,
  JOINED_LATE,
  ONE_SIDED,
  RESYNCHRONISED,
  UNDECODED,
  MODE_GUESSED,
  OPAQUE,
  DROPPED,
  LIMIT,
  UNSUPPORTED_LINK,
  OVERLAP_CONFLICT,
  CONTINUED,
  UNACKNOWLEDGED,
  UNKNOWN_PROTOCOL,
  TLS_BAD_RECORD,
  TLS_KEY_LOG,
  READ_CONFLICT,
  RECORDING,
  EXPECTATION,
  INTERNAL,
];
