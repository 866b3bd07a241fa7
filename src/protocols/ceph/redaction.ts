import type { Redaction } from '../../contract/redaction.js';
import { SUBSCRIPTION_PREFIXES, SUBSCRIPTIONS } from './subscriptions.js';

/** What a copy for others keeps of what both of Ceph's messengers carry. */
export const CEPH_REDACTION = {
  kept: ['timestamp'],
  secrets: ['clientChallenge', 'serverChallenge', 'proof', 'ticket', 'secretId'],
  ids: ['fsid', 'clusterFsid', 'osdFsid', 'signature'],
  data: ['data', 'middle'],
  words: [
    ...['client.', 'osd.', 'mon.', 'mds.', 'mgr.'],
    // a name may go on behind them: `mdsmap.1`
    ...SUBSCRIPTIONS,
    ...SUBSCRIPTION_PREFIXES.flatMap((p) => [p, `${p}.`]),
  ],
} satisfies Partial<Redaction>;
