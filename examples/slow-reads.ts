/** Reads of NBD that took long: names and protocols narrow the fields. */
import { openCapture } from 'wirelint';

const [capture = 'session.pcap'] = process.argv.slice(2);
const asked = new Map<number, { offset: bigint; length: number; at: number }>();

for await (const event of openCapture(capture, { protocols: ['nbd'] })) {
  if (event.type !== 'message') continue;
  if (event.name === 'NBD_CMD_READ') {
    // 64-bit values are decimal strings, and `fields` has what a read has
    const { offset, length } = event.fields;
    asked.set(event.index, { offset: BigInt(offset), length: Number(length), at: Date.parse(event.time) });
  } else if (event.inReplyTo !== null) {
    const read = asked.get(event.inReplyTo);
    if (read !== undefined)
      console.log(`${read.length} bytes at ${read.offset}: ${Date.parse(event.time) - read.at} ms, ${event.name}`);
  }
}
