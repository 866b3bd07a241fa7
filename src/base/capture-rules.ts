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
  'The recorder was stopped, or the file was cut, in the middle of a record. Everything before that was analyzed. Record with `tcpdump -U`, which writes whole packets, and stop it with SIGINT.',
);
export const MALFORMED = rule(
  'capture/malformed',
  'warning',
  'the capture file is damaged',
  'A record or block has an impossible length or contradicts the file format, so that what follows cannot be found or trusted. Usual causes are an incomplete copy and a file that was transferred as text.',
);
export const SNAPLEN = rule(
  'capture/snaplen',
  'note',
  'packets are cut by the snapshot length',
  'The recorder kept only the first bytes of long packets. The bytes that are missing are treated as a gap of known size. Record with `-s 0`.',
);
export const GAP = rule(
  'capture/gap',
  'note',
  'bytes of a stream were not captured',
  'The peer acknowledged bytes that the capture does not hold, or data follow a hole that was never filled. The size of the gap is exact, and nothing is put in its place. Rules that depend on the missing bytes are suspended.',
  'each',
);
export const JOINED_LATE = rule(
  'capture/joined-late',
  'note',
  'the recording begins in the middle of a connection',
  'The set-up of the connection was not captured, so it is not known what the two sides negotiated. Rules that depend on it are not evaluated. Reported for the first such stream of a file.',
);
export const ONE_SIDED = rule(
  'capture/one-sided',
  'note',
  'only one direction was captured',
  'The capture holds no byte of the other direction (asymmetric routing, a one-way mirror port, a capture filter). Rules that need both directions are not evaluated.',
);
export const RESYNCHRONISED = rule(
  'capture/resynchronised',
  'note',
  'decoding resumes after unreadable bytes',
  'After a gap or a late start, the decoder searched for the next messages that follow each other plausibly. The bytes before them were skipped and are counted.',
  'each',
);
export const UNDECODED = rule(
  'capture/undecoded',
  'note',
  'bytes were not decoded',
  'Bytes of the stream that are not part of a decoded message: the beginning of a message that is cut off, or what follows a message whose end cannot be found.',
  'each',
);
export const MODE_GUESSED = rule(
  'capture/mode-guessed',
  'note',
  'a mode is inferred from the bytes',
  'The handshake in which the mode was negotiated was not captured. The form of the messages shows what must have been negotiated.',
);
export const OPAQUE = rule(
  'capture/opaque',
  'note',
  'encrypted bytes cannot be read',
  'The session is encrypted from here on. The finding says what is needed to decrypt it.',
);
export const DROPPED = rule(
  'capture/dropped',
  'warning',
  'the recorder dropped packets',
  'The recorder counted packets that it could not write, so gaps in the streams are to be expected. Record with a larger buffer (`tcpdump -B`) or a capture filter.',
);
export const LIMIT = rule(
  'capture/limit',
  'warning',
  'a limit of the analysis was reached',
  'The analysis has reached a limit on memory or work. The finding names the limit and says what was left out.',
  'each',
);
export const UNSUPPORTED_LINK = rule(
  'capture/unsupported-link',
  'note',
  'packets have a link type or encapsulation that is not decoded',
  'These packets may hold TCP, but they have a link type, tunnel or encryption that is not decoded, are fragments of incomplete packets, or have headers that are cut off. They are counted and skipped; the rest of the capture is analyzed.',
);
export const OVERLAP_CONFLICT = rule(
  'tcp/overlap-conflict',
  'warning',
  'a retransmission carries other bytes than the first copy',
  'The same sequence numbers arrived twice with different bytes. The first copy was decoded, or the other one if only that has a right checksum; if the checksums do not decide, findings that depend on these bytes are never certain. The cause is a damaged capture, a broken network element, or an attempt to show an observer other bytes than the receiver sees.',
);
export const CONTINUED = rule(
  'capture/continued',
  'warning',
  'the capture may continue another one',
  'Recorders that start a new file from time to time (a ring buffer, `tcpdump -C` and `-G`, `dumpcap -b`) spread one recording over several files. Files whose connections continue with the very next byte, or whose names are those of one recorder, are analyzed as one. Here the same connection is in both files, but bytes between them are in neither, so each file was analyzed by itself: a reply in one file may answer a request in the other, and rules that need both are not evaluated. With `--join never` every file is analyzed by itself, without this warning.',
);
export const UNACKNOWLEDGED = rule(
  'tcp/unacknowledged',
  'warning',
  'bytes are sent repeatedly and never acknowledged',
  'The same segment was retransmitted until the connection was reset. If the handshake and small messages were delivered and only full-sized segments are lost, a hop of the path has a smaller MTU than the sender assumes, and the ICMP messages that would say so are filtered (a black hole, RFC 2923): compare the MTU of both ends and of the tunnels between them, or clamp the MSS. Otherwise the peer disappeared without closing the connection.',
);
export const UNKNOWN_PROTOCOL = rule(
  'capture/unknown-protocol',
  'note',
  'streams use a protocol that is recognised but not decoded',
  'The first bytes of the stream identify a protocol for which this version has no decoder; or, for a stream that was joined late, its port and its bytes suggest a protocol in encrypted form, which cannot be decoded without the beginning of the stream. The finding names the protocol and says what to do. Reported once for each file.',
);
export const TLS_BAD_RECORD = rule(
  'tls/bad-record',
  'warning',
  'a TLS record does not authenticate',
  'The authentication tag or MAC of a record is wrong, although the records before it were decrypted and nothing is missing in the capture. The receiver refuses such a record. The cause is a damaged capture, a broken network element, an attempt to tamper with the session, or a sender that lost count of its records.',
);
export const TLS_KEY_LOG = rule(
  'tls/key-log',
  'note',
  'lines of a key log cannot be used',
  'A line of a key log consists of a label, a client random and a secret, the last two in hex, separated by blanks (NSS key log format). Other lines are skipped, as are lines beyond the limits tlsSessions, tlsKeyLogBytes and tlsSecretBlocks.',
);
export const READ_CONFLICT = rule(
  'disk/read-conflict',
  'warning',
  'a read returns other bytes than were written',
  'Raised only by `wirelint extract --disk`, which compares what is read with what was written: the write had been answered before the read was requested, and the capture holds no other write to that place that was in progress or came in between. Either the server or its storage lost or changed data without an error (silent corruption), or the bytes were written by someone whose messages are not in the capture: another client, or the server itself.',
);
export const RECORDING = rule(
  'capture/recording',
  'note',
  'the recording lacks some information',
  'Text output of strace and socat, and raw byte streams, leave out some of what happened: how a connection ended, dates, the order between the two directions, or the rest of strings that were cut. wirelint does not guess what is missing; the finding says what it is and how to record it.',
);
export const INTERNAL: Rule = {
  ...rule(
    'internal/error',
    'error',
    'wirelint has failed',
    'Decoding this stream failed because of a bug in wirelint. The other streams were analyzed. Please report it with the packet and, if you can, the capture.',
  ),
};
export const EXPECTATION: Rule = {
  ...rule(
    'check/expectation',
    'error',
    'an expectation of the configuration is not met',
    'The configuration file states what a session must contain; this session does not contain it.',
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
