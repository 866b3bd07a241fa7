import type { InClear } from '../../contract/protocol.js';
import { OPT_STARTTLS } from './constants.js';
import { Option, OptionReply, type NbdMessage } from './messages.js';

/** Writes a session without TLS: without NBD_OPT_STARTTLS and the replies to it. NBD itself encrypts nothing. */
export const IN_CLEAR: InClear<NbdMessage> = {
  isEncrypted: () => false,
  bytesOf(m, bytes) {
    const asks = (m instanceof Option || m instanceof OptionReply) && m.option === OPT_STARTTLS;
    return asks ? null : bytes;
  },
};
