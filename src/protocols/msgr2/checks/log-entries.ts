import { otherSide } from '../../../base/input.js';
import type { Output } from '../../../contract/protocol.js';
import { logMissingEntriesLead, logMissingLead } from '../../ceph/leads.js';
import type { DataFrame } from '../message.js';
import * as R from '../rules/index.js';
import { inFront } from './front.js';
import { Asked, type Scene } from './scene.js';
import { isBefore, printed, type Version } from './versions.js';

/** Judges, on one connection, the entries that replicas are told to add to the log of a placement group, and their answers. */
export class LogEntryChecks {
  private readonly output: Output;
  private readonly scene: Scene;
  private readonly asked: readonly [Asked, Asked];

  constructor(output: Output, scene: Scene, limit: number) {
    this.output = output;
    this.scene = scene;
    this.asked = [new Asked(limit), new Asked(limit)];
  }

  message(m: DataFrame): void {
    const update = m.leadAs(logMissingEntriesLead);
    if (update !== null) {
      this.asked[m.side].add(String(update.replicaTid.value));
      let before: Version | null = null;
      for (const { version: v } of update.entries) {
        const version = { epoch: v.value.epoch, version: Number(v.value.version) };
        if (before !== null && !isBefore(before, version)) {
          const text = `entry ${printed(version)} after ${printed(before)}`;
          this.output.raise(R.PG_LOG_ORDER, inFront(m, v.at, v.length, text));
        }
        before = version;
      }
    }
    const reply = m.leadAs(logMissingLead);
    if (reply === null || !this.scene.knowsAllBefore(m)) return;
    const { value, at, length } = reply.replicaTid;
    if (this.asked[otherSide(m.side)].has(String(value))) return;
    this.output.raise(R.PG_LOG_ORPHAN, inFront(m, at, length, `no OSD_PG_UPDATE_LOG_MISSING has the tid ${value}`));
  }

  lose(): void {
    // nothing to forget: order is judged within one message, and answers only where nothing is missing
  }
}
