import type { LimitNotes } from '../../../contract/limit-notes.js';
import type { Side } from '../../../base/input.js';
import type { Output } from '../../../contract/protocol.js';
import { resultText } from '../../ceph/constants.js';
import type { DataFrame } from '../message.js';
import { REPLICA_AT, REQUEST_ID, SPG, VERSION, type ReplicaHead } from '../../ceph/operation-head.js';
import * as R from '../rules/index.js';
import { inFront } from './front.js';
import { isBefore, pgOf, printed, Versions } from './versions.js';

/** Judges, on one connection, the replications that a primary sends to its replicas, and their replies. */
export class ReplicationChecks {
  private readonly output: Output;
  private readonly notes: LimitNotes;
  private readonly limit: number;
  private readonly versions: readonly [Versions, Versions];

  constructor(output: Output, notes: LimitNotes, limit: number) {
    this.output = output;
    this.notes = notes;
    this.limit = limit;
    this.versions = [new Versions(limit), new Versions(limit)];
  }

  repOp(m: DataFrame, r: ReplicaHead): void {
    if (r.minEpoch > r.mapEpoch) {
      const text = `sent by map epoch ${r.mapEpoch}, but at least ${r.minEpoch} is required`;
      this.output.raise(R.OSD_REPOP_EPOCH, inFront(m, REPLICA_AT.minEpoch, 4, text));
    }
    const version = { epoch: r.versionEpoch, version: r.version };
    const trim = { epoch: r.trimEpoch, version: r.trim };
    if (isBefore(version, trim)) {
      const text = `the write has version ${printed(version)}, but the log may be trimmed up to ${printed(trim)}`;
      this.output.raise(R.OSD_REPOP_TRIM, inFront(m, r.trimAt, VERSION, text));
    }
    const before = this.versions[m.side].advance(pgOf(r), version);
    if (before === false) {
      const text = `more than ${this.limit} placement groups; the order of versions in others is not judged`;
      this.notes.hit('inFlight', text, 'note', m);
    } else if (before !== null && !isBefore(before, version)) {
      const text = `version ${printed(version)} of placement group ${pgOf(r)} after ${printed(before)}`;
      this.output.raise(R.OSD_REPOP_VERSION_BACK, inFront(m, r.versionAt, VERSION, text));
    }
  }

  reply(m: DataFrame, r: ReplicaHead): void {
    if (r.result < 0) {
      this.output.raise(R.OSD_REPOP_REPLY_RESULT, inFront(m, REPLICA_AT.result, 4, resultText(r.result)));
    }
    if (m.source.startsWith('osd.') && m.source !== `osd.${r.from}`) {
      this.output.raise(R.OSD_REPOP_REPLY_FROM, inFront(m, r.fromAt, 4, `${m.source} answers as osd.${r.from}`));
    }
  }

  /** Judges a reply against the replication that it answers. */
  replyTo(m: DataFrame, r: ReplicaHead, asked: ReplicaHead): void {
    if (r.request !== asked.request) {
      const text = `the reply names ${r.request}, the request ${asked.request}`;
      this.output.raise(R.OSD_REPOP_REPLY_REQUEST, inFront(m, REPLICA_AT.request, REQUEST_ID, text));
    }
    if (r.pool !== asked.pool || r.seed !== asked.seed) {
      const text = `the reply names placement group ${pgOf(r)}, the request ${pgOf(asked)}`;
      this.output.raise(R.OSD_REPOP_REPLY_PG, inFront(m, REPLICA_AT.pg, SPG, text));
    }
    if (r.mapEpoch < asked.minEpoch) {
      const text = `answered by map epoch ${r.mapEpoch}, at least ${asked.minEpoch} is required`;
      this.output.raise(R.OSD_REPOP_REPLY_EPOCH, inFront(m, REPLICA_AT.mapEpoch, 4, text));
    }
  }

  lose(side: Side): void {
    this.versions[side].clear();
  }
}
