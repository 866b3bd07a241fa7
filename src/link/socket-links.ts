import type { Limits } from '../base/limits.js';
import { ExportedPdu } from './exported-pdu.js';
import { USER0, VSOCK, WIRESHARK_UPPER_PDU } from './link-types.js';
import { Sockdump } from './sockdump.js';
import type { SocketLink } from './socket-link.js';
import { VsockMonitor } from './vsock-monitor.js';

export type SocketLinks = ReadonlyMap<number, (limits: Readonly<Limits>) => SocketLink>;

/** Link types that carry socket data, each with a function that makes its decoder (one for each capture). */
export const SOCKET_LINKS: SocketLinks = new Map<number, (limits: Readonly<Limits>) => SocketLink>([
  [USER0, (limits) => new Sockdump(limits)],
  [WIRESHARK_UPPER_PDU, (limits) => new ExportedPdu(limits)],
  [VSOCK, (limits) => new VsockMonitor(limits)],
]);
