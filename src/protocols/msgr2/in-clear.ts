import type { Message } from '../../contract/message.js';
import type { InClear } from '../../contract/protocol.js';
import { MODE_CRC, MODE_SECURE } from './constants.js';
import { authDone, authRequest } from './control-frames.js';
import { ControlFrame, Frame } from './message.js';
import { inCrcMode, segmentsOf } from './plain-twin.js';

/** Turns an encrypted session into one in crc mode: frames as the peers built them before encryption, and an AUTH_DONE that chooses crc. */
export const IN_CLEAR: InClear = {
  isEncrypted: (m: Message) => m instanceof Frame && m.mode === 'secure',
  bytesOf(m: Message, bytes: Uint8Array) {
    if (m instanceof Frame && m.mode === 'secure') return inCrcMode(m, bytes);
    if (!(m instanceof ControlFrame)) return bytes;
    if (m.as(authDone)?.connectionMode === MODE_SECURE) return chosen(m, bytes, DONE_MODE);
    // a client that offers only secure mode is made to offer crc mode
    const asked = m.as(authRequest)?.preferredModes;
    if (asked?.includes(MODE_SECURE) && !asked.includes(MODE_CRC))
      return chosen(m, bytes, FIRST_MODE + MODE_BYTES * asked.indexOf(MODE_SECURE));
    return bytes;
  },
};

/** Where the connection mode is: in AUTH_DONE after the global id; in AUTH_REQUEST after the method and the number of modes. */
const DONE_MODE = 8;
const FIRST_MODE = 8;
const MODE_BYTES = 4;

function chosen(m: Frame, bytes: Uint8Array, at: number): Uint8Array | null {
  const [payload, ...rest] = segmentsOf(m, bytes).map((s) => new Uint8Array(s));
  new DataView(payload!.buffer).setUint32(at, MODE_CRC, true);
  return inCrcMode(m, bytes, [payload!, ...rest]);
}
