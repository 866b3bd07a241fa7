/** What a client can subscribe to at a monitor (MMonSubscribe): whole names, and beginnings of names. */
export const SUBSCRIPTIONS: readonly string[] = [
  ...['monmap', 'config', 'osdmap', 'osd_pg_creates', 'mgrmap', 'mgrdigest', 'servicemap', 'NVMeofGw'],
];
export const SUBSCRIPTION_PREFIXES: readonly string[] = ['mdsmap', 'fsmap', 'kv:', 'log-'];
