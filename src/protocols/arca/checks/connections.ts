import {
  CONNECT_ANY_ADDRESS,
  CONNECT_PORT_ZERO,
  ERROR_CODE_GENERIC,
  ERROR_CODE_RANGE,
  ERROR_CODE_ZERO,
  LISTEN_PORT_ZERO,
  PORT_BYTE_ORDER,
} from '../rules/connections.js';
import type { Scene } from '../session/scene.js';
import { CONNECT_REQUEST, LISTEN_REQUEST } from '../family-a/layout.js';
import { endpointText, type ControlFrame } from '../family-a/message.js';
import { LARGEST_ERRNO } from '../family-a/errno.js';

/** Common ports. A port that is one of them only with its bytes swapped was probably written in the wrong byte order. */
const FAMILIAR_PORTS: ReadonlySet<number> = new Set([22, 53, 80, 443, 8000, 8080, 8443]);

/** Judges the address of a ListenRequest or ConnectRequest. */
export function checkEndpoint(scene: Scene, m: ControlFrame): void {
  const port = m.port;
  const where = endpointText(m.address, port);
  if (m.type === LISTEN_REQUEST && port === 0) {
    scene.raise(LISTEN_PORT_ZERO, { message: m, text: `${where}: the port that the host chooses is never reported` });
  }
  if (m.type === CONNECT_REQUEST) {
    if (port === 0) scene.raise(CONNECT_PORT_ZERO, { message: m, text: `${where}: nothing listens on port 0` });
    const top = m.address >>> 24;
    if (m.address === 0 || m.address === 0xffff_ffff || (top >= 224 && top < 240)) {
      scene.raise(CONNECT_ANY_ADDRESS, { message: m, text: `${where} is not the address of a host` });
    }
  }
  const swapped = ((port & 0xff) << 8) | (port >>> 8);
  if (FAMILIAR_PORTS.has(swapped) && port >= 1024 && !FAMILIAR_PORTS.has(port)) {
    scene.raise(PORT_BYTE_ORDER, {
      message: m,
      text: `port ${port} would be ${swapped} in network byte order; the field is little-endian`,
    });
  }
}

/** Judges the code of an error reply. */
export function checkCode(scene: Scene, m: ControlFrame): void {
  const code = m.code;
  if (code === 0) scene.raise(ERROR_CODE_ZERO, { message: m, text: 'error code 0 means success everywhere else' });
  else if (code === 1) {
    scene.raise(ERROR_CODE_GENERIC, { message: m, text: 'code 1: either no error number was known, or EPERM' });
  } else if (code > LARGEST_ERRNO) {
    scene.raise(ERROR_CODE_RANGE, { message: m, text: `code ${code} is no Linux error number` });
  }
}
