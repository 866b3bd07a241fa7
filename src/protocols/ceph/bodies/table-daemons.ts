import { MSG } from '../message-types.js';
import { body, shown, unconfirmed, word, type About, type Body } from './body.js';
import * as D from './daemons.js';

/** Messages of daemons to managers, and of managers, by type. */

interface Daemon {
  readonly daemonName: string;
  readonly serviceName?: string | undefined;
}
const daemon: About<Daemon> = ({ daemonName, serviceName }) =>
  `${serviceName === undefined || serviceName === '' ? '' : `${word(serviceName)} `}${word(daemonName)}`;

export const DAEMON_BODIES: readonly Body[] = [
  body(MSG.MGR_OPEN, 1, 3, D.mgrOpen, daemon),
  unconfirmed(MSG.MGR_CLOSE, 1, 1, D.mgrClose, daemon),
  unconfirmed(MSG.MGR_UPDATE, 1, 2, D.mgrUpdate, daemon),
  body(MSG.MGR_CONFIGURE, 1, 4, D.mgrConfigure, ({ statsPeriod }) => `every ${shown(statsPeriod)} s`),
  body(MSG.MGR_REPORT, 1, 9, D.mgrReport, (f, m) => `${daemon(f, m)}  ${f.declared?.length ?? '?'} new counters`),
  body(
    MSG.MGR_MAP,
    1,
    1,
    D.mgrMap,
    ({ map }) =>
      `epoch ${shown(map?.epoch)}  ${map?.activeName === '' ? 'none active' : `active ${word(map?.activeName)}`}`,
  ),
  body(
    MSG.MGR_BEACON,
    8,
    11,
    D.mgrBeacon,
    (f) => `mgr.${word(f.name)}  gid ${shown(f.gid)}${f.available === true ? '  available' : ''}`,
  ),
];
