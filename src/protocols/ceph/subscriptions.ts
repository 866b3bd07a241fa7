/** What can be subscribed to at a monitor (MMonSubscribe), by its whole name or how that begins. */
export const SUBSCRIPTIONS: readonly string[] = [
  ...['monmap', 'config', 'osdmap', 'osd_pg_creates', 'mgrmap', 'mgrdigest', 'servicemap', 'NVMeofGw'],
];
export const SUBSCRIPTION_PREFIXES: readonly string[] = ['mdsmap', 'fsmap', 'kv:', 'log-'];
