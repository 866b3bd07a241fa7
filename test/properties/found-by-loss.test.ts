import { describe, expect, it } from 'vitest';
import { stepsOf } from '../kit/capture-steps.js';
import { analyzeBytes } from '../kit/in-memory.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { blamedWithout } from '../kit/protocol-properties.js';
import { packetFile, sessionPackets } from '../kit/session-packets.js';
import { blamed, cutShort, errorsOf } from './sessions.js';

/**
 * Losses that once made wirelint blame a peer, or lose count: capture, stream, longest segment, percent of packets lost, and the seed that
 * draws them.
 */
const FOUND = [
  // a greeting whose halves, put together over the gap, are a client's flags and option
  ['nbd/nbdkit-list-exports.pcap', 1, 4, 20, 145386523],
  // a greeting that is lost, and data that are a recording of requests: both ends look like clients
  ['nbd/payload-is-nbd-simple.pcap', 1, 40, 5, 453178431],
  // rows of messages in the data, which begin where tiny packets do
  ['nbd/payload-is-nbd-simple.pcap', 1, 4, 1, 411743444],
  ['nbd/payload-is-nbd-extended.pcap', 1, 40, 5, 447907152],
  ['nbd/payload-is-nbd-simple.pcap', 1, 32, 5, 326761006],
  ['nbd/payload-is-nbd-extended.pcap', 1, 32, 5, 403066014],
  // an answer that cannot be read between NBD_OPT_INFO and NBD_OPT_GO, which may have changed what they say
  ['nbd/qemu10-extended-info.pcap', 1, 23, 5, 1033005464],
  // a revision taken for the likely one, and the frame behind it looked for in the wrong place
  ['msgr2/rev0-crc-boot.pcap.gz', 5, 2, 5, 96268863],
  ['msgr2/rev0-crc-boot.pcap.gz', 27, 13, 20, 438925556],
  // the server's SYN is lost, and its banner
  ['msgr2/crc-reconnect.pcap.gz', 72, 595, 20, 244112268],
  // the client's SESSION_RECONNECT is lost, so that nobody knows that the session has a past
  ['msgr2/crc-reconnect.pcap.gz', 79, 14, 1, 121257735],
  // joined late inside a frame: what begins there is no frame, and tells nothing of the roles
  ['arca/a21-strace.strace.txt', 1, 21, 20, 661244766],
  ['arca/a22-sockdump16.pcap', 1, 21, 20, 211223752],
  ['arca/a01-listen-accept-connect.pcap', 1, 967, 20, 268080833],
  ['arca/a23-cross-listener-order.pcap', 1, 150, 20, 951913473],
  ['arca/b07-dup-connection-id.pcap', 1, 21, 20, 245973263],
  // an id that is used twice, and requests that are decoded after the replies to both
  ['arca/a04-unknown-listener.pcap', 1, 43, 20, 612624882],
  ['arca/a04-unknown-listener.pcap', 1, 35, 5, 495444994],
  ['arca/a04-unknown-listener.pcap', 1, 7, 1, 592622065],
  ['arca/a21-strace.strace.txt', 1, 608, 20, 205638019],
  // the last byte of the last frame is lost, which no gap tells of
  ['arca/a07-accept-unanswered.pcap', 1, 3, 1, 503047931],
  // a hello that is lost, and one that a gap makes look like that of a draft
  ['pesto/p30-v1-show-add-del.pcap', 3, 22, 20, 860394505],
  ['pesto/p30-v1-show-add-del.pcap', 2, 1, 5, 157018754],
  ['pesto/p30-v1-show-add-del.pcap', 3, 7, 5, 110230370],
  ['pesto/tcp-bridge.pcap', 7, 5, 20, 69222029],
  // the client's first bytes are lost, and a zero byte is no end of an update
  ['pesto/tcp-bridge.pcap', 1, 44, 20, 121497348],
  ['pesto/same-exported-pdu.pcapng', 1, 55, 20, 208818371],
] as const;

describe('a loss that once confused', () => {
  it.each(FOUND)('%s stream %d in segments of %d, %d percent lost, seed %d', async (name, id, mss, percent, seed) => {
    const { connection, steps } = (await stepsOf(`captures/${name}`)).find((s) => s.connection.id === id)!;
    const packets = sessionPackets(steps, connection.ports[1] || 4444, (n) => Math.min(n, mss));
    const known = errorsOf(analyzeBytes(packetFile(packets)));
    const result = analyzeBytes(packetFile(cutShort(packets, percent, seed)));
    expect(blamed(result, known)).toEqual([]);
    expect(result.unaccounted).toEqual([]);
  });
});

/** The same of rules' examples: the rule, the step, and the byte of it that is lost. */
const IN_EXAMPLES = [
  // a list of contexts that is not whole: it may have asked for one of two
  ['nbd/block-status-extra-context', 12, 32],
  // the first byte of all: what is found by looking for frames, such as calls in rows of zeros, proves no frame that is cut off
  ['arca/new-pipe-unanswered', 1, 0],
] as const;

describe('a lost byte of an example that once confused', () => {
  it.each(IN_EXAMPLES)('%s: step %d, byte %d', (id, step, byte) => {
    const protocol = PROTOCOLS.find((p) => id.startsWith(`${p.name}/`))!;
    const example = protocol.rules.find((r) => r.id === id)!.keeps!;
    expect(blamedWithout(protocol, example, step, byte)).toEqual([]);
  });
});
