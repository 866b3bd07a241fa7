import type { Redaction } from '../../contract/redaction.js';

/** What a copy for others keeps of what both of Ceph's messengers carry. */
export const CEPH_REDACTION = {
  kept: ['timestamp'],
  secrets: ['clientChallenge', 'serverChallenge', 'proof', 'ticket', 'secretId'],
  ids: ['fsid', 'clusterFsid', 'osdFsid', 'signature'],
  data: ['data', 'middle'],
  words: ['client.', 'osd.', 'mon.', 'mds.', 'mgr.'],
} as const satisfies Partial<Redaction>;
