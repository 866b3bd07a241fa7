import { ifLeft, list, optional, since, sized, until, whenBefore } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { blob, bool, i32, string, u32, u64, u8 } from '../../../base/structure/type.js';
import { addresses } from '../structures/address.js';
import { featureBits, paxos, settings, strings, utime, uuid, varintList } from '../structures/common.js';

/** Messages between managers and the daemons that report to them (src/messages/MMgr*.h, src/mon/MgrMap.h, src/mgr). */

/** The values of configuration options: name, and the value at each level (default, file, monitor, ...). */
const configuration = sized(
  struct({
    options: ifLeft(
      list(struct({ name: string, values: list(struct({ level: i32, value: string }), 'value') }), 'option'),
    ),
    ignored: ifLeft(settings),
  }),
);
const defaults = sized(struct({ options: ifLeft(list(struct({ name: string, value: string }), 'option')) }));

export const mgrOpen = struct({
  daemonName: string,
  serviceName: since(2, string),
  serviceDaemon: since(2, bool),
})
  .and(['serviceDaemon'], {
    daemonMetadata: whenBefore(settings, isDaemon),
    daemonStatus: whenBefore(settings, isDaemon),
  })
  .and({ config: since(3, configuration), configDefaults: since(3, defaults) });
function isDaemon(before: { readonly serviceDaemon?: boolean }): boolean {
  return before.serviceDaemon === true;
}
export const mgrClose = struct({ daemonName: string, serviceName: string });
export const mgrUpdate = struct({
  daemonName: string,
  serviceName: since(2, string),
  needMetadataUpdate: since(2, bool),
}).and(['needMetadataUpdate'], {
  daemonMetadata: whenBefore(settings, needsUpdate),
  daemonStatus: whenBefore(settings, needsUpdate),
});
function needsUpdate(before: { readonly needMetadataUpdate?: boolean }): boolean {
  return before.needMetadataUpdate === true;
}

/** Performance metrics of OSDs and metadata servers that a module of the manager asks for (OSDPerfMetricTypes.h, MDSPerfMetricTypes.h). */
const counterDescriptors = varintList(versioned(1, { counter: u8 }), 'counter');
const keyDescriptors = varintList(versioned(1, { key: u8, expression: string }), 'key');
const query = versioned(1, { keys: keyDescriptors, counters: counterDescriptors });
const limits = list(versioned(1, { orderBy: versioned(1, { counter: u8 }), mostCount: u64 }), 'limit');
const queries = list(struct({ query, limits }), 'query');
const keyOf = list(list(string, 'part'), 'key');
const packed = list(struct({ key: keyOf, counters: blob }), 'entry');
const report = versioned(1, { counters: counterDescriptors, values: packed });

/** The daemons that a message about metrics is for, which determine its contents. */
const OSD_METRICS = 0;
const MDS_METRICS = 1;
const ofKind =
  (kind: number) =>
  ({ metrics }: { readonly metrics: number }): boolean =>
    metrics === kind;
const kindOf = u32.shown((v) => (v === OSD_METRICS ? 'OSD' : v === MDS_METRICS ? 'MDS' : `type ${v}`));
const mdsReport = versioned(1, {
  reports: list(struct({ query, report }), 'report'),
  delayedRanks: list(i32, 'rank'),
});
const reportMessage = struct({ metrics: kindOf }).and(['metrics'], {
  osd: whenBefore(versioned(1, { reports: list(struct({ query, report }), 'report') }), ofKind(OSD_METRICS)),
  mds: whenBefore(versioned(1, { report: mdsReport }), ofKind(MDS_METRICS)),
});
const configMessage = struct({ metrics: kindOf }).and(['metrics'], {
  osd: whenBefore(versioned(1, { queries }), ofKind(OSD_METRICS)),
  mds: whenBefore(versioned(1, { queries }), ofKind(MDS_METRICS)),
});

export const mgrConfigure = struct({
  statsPeriod: u32,
  statsThreshold: since(2, u32),
  osdQueries: since(3, queries),
  metrics: since(4, optional(configMessage)),
});

/** PerfCounterType: the name of a counter, and what it counts. */
const counterType = versioned(3, {
  ...{ path: string, description: string, nick: string, counterType: u8, priority: since(2, u8), unit: since(3, u8) },
});
const healthMetric = versioned(1, { metric: u8, value: u64 });
export const mgrReport = struct({
  daemonName: string,
  declared: list(counterType, 'counter'),
  values: blob,
  undeclared: since(2, strings),
  serviceName: since(3, string),
  daemonStatus: since(3, optional(settings)),
  healthMetrics: since(5, list(healthMetric, 'metric')),
  config: since(6, configuration),
  osdReports: since(7, list(struct({ query, report }), 'report')),
  taskStatus: since(8, optional(settings)),
  metrics: since(9, optional(reportMessage)),
});

/** MgrMap. */
const option = versioned(1, {
  ...{ name: string, optionType: u8, level: u8, flags: u32, defaultValue: string, least: string, most: string },
  ...{ allowed: strings, description: string, longDescription: string, tags: strings, seeAlso: strings },
});
const mgrModule = versioned(2, {
  ...{ name: string, canRun: bool, error: string },
  options: since(2, list(struct({ name: string, option }), 'option')),
});
const modules = list(mgrModule, 'module');
const standby = versioned(4, {
  gid: u64,
  name: string,
  oldModules: since(2, strings),
  modules: since(3, modules),
  features: since(4, featureBits),
});
export const mgrMap = struct({
  map: versioned(14, {
    epoch: u32,
    activeAddresses: addresses,
    activeGid: u64,
    available: bool,
    activeName: string,
    standbys: list(struct({ gid: u64, standby }), 'standby'),
    enabledModules: since(2, strings),
    oldModules: until(6, strings),
    services: since(3, settings),
    modules: since(4, modules),
    activeChange: since(7, utime),
    alwaysOn: since(8, list(struct({ release: u32, modules: strings }), 'entry')),
    activeFeatures: since(9, featureBits),
    lastFailureOsdEpoch: since(10, u32),
    clientAddresses: since(11, list(addresses, 'addresses')),
    clientNames: since(12, strings),
    flags: since(13, u64),
    forceDisabled: since(14, strings),
  }),
});

/** MonCommand. */
const command = versioned(1, {
  ...{ command: string, help: string, module: string, permission: string, availability: string, flags: u64 },
});
export const mgrBeacon = struct({
  paxos,
  addresses,
  gid: u64,
  available: bool,
  name: string,
  fsid: uuid,
  moduleNames: strings,
  commands: list(command, 'command'),
  metadata: settings,
  services: settings,
  modules,
  features: since(9, featureBits),
  clientAddresses: since(10, list(addresses, 'addresses')),
  clientNames: since(11, strings),
});
