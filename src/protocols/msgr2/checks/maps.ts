import type { Side } from '../../../base/input.js';
import type { Output } from '../../../contract/protocol.js';
import type { MapNews } from '../../ceph/bodies/map-news.js';
import { mapEpoch } from '../../ceph/leads.js';
import type { DataFrame } from '../message.js';
import { messageTypeName } from '../../ceph/message-types.js';
import * as R from '../rules/index.js';
import { inFront } from './front.js';

/** Judges the maps in the messages of one connection. */
export class MapChecks {
  private readonly output: Output;
  /** The newest epoch that each side has sent, by message type. */
  private readonly epochs: readonly [Map<number, number>, Map<number, number>] = [new Map(), new Map()];

  constructor(output: Output) {
    this.output = output;
  }

  news(m: DataFrame, news: MapNews): void {
    const { output } = this;
    let numbered = true;
    for (const map of news.maps) {
      if (map.inner.value !== map.epoch.value) {
        numbered = false;
        const text = `announced as epoch ${map.epoch.value}, the map says ${map.inner.value}`;
        output.raise(R.OSD_MAP_INNER_EPOCH, inFront(m, map.inner.at, map.inner.length, text));
      }
      if (map.fsid.value !== news.fsid) {
        const text = `a map of cluster ${map.fsid.value} in a message of ${news.fsid}`;
        output.raise(R.OSD_MAP_FSID, inFront(m, map.fsid.at, map.fsid.length, text));
      }
    }
    // one of a map's two epochs is wrong, and it is not known which
    if (!numbered) return;
    const byEpoch = news.maps.map((map) => map.epoch).sort((a, b) => a.value - b.value);
    for (const [i, epoch] of byEpoch.entries()) {
      const before = byEpoch[i - 1];
      if (before === undefined || epoch.value <= before.value + 1) continue;
      const text = `epoch ${epoch.value} after ${before.value}: ${epoch.value - before.value - 1} missing between them`;
      output.raise(R.OSD_MAP_GAP, inFront(m, epoch.at, epoch.length, text));
    }
    const last = byEpoch.at(-1);
    if (last !== undefined && news.newest !== null && news.newest.value < last.value) {
      const text = `the newest epoch is ${news.newest.value}, but a map of epoch ${last.value} is included`;
      output.raise(R.OSD_MAP_NEWEST, inFront(m, news.newest.at, news.newest.length, text));
    }
  }

  message(m: DataFrame): void {
    const epoch = m.lead === null ? null : mapEpoch(m.lead);
    if (epoch === null) return;
    const epochs = this.epochs[m.side];
    const before = epochs.get(m.type) ?? 0;
    if (epoch.value < before) {
      const text = `${messageTypeName(m.type)} of epoch ${epoch.value} after ${before}`;
      this.output.raise(R.MAP_EPOCH_BACK, inFront(m, epoch.at, epoch.length, text));
    } else epochs.set(m.type, epoch.value);
  }

  lose(side: Side): void {
    this.epochs[side].clear();
  }
}
