import type { Redaction } from '../../contract/redaction.js';
import { SUBSCRIPTION_PREFIXES, SUBSCRIPTIONS } from './subscriptions.js';

/** How the contents of both of Ceph's messengers are redacted. */
export const CEPH_REDACTION = {
  kept: ['timestamp'],
  secrets: ['clientChallenge', 'serverChallenge', 'proof', 'ticket', 'secretId'],
  ids: ['fsid', 'clusterFsid', 'osdFsid', 'signature'],
  data: ['data', 'middle'],
  words: [
    ...['client.', 'osd.', 'mon.', 'mds.', 'mgr.'],
    // a suffix may follow them: `mdsmap.1`
    ...SUBSCRIPTIONS,
    ...SUBSCRIPTION_PREFIXES.flatMap((p) => [p, `${p}.`]),
  ],
} satisfies Partial<Redaction>;
