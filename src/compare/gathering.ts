import { fieldsOf, type Json } from '../base/annotation.js';
import type { Limits } from '../base/limits.js';
import type { Message } from '../contract/message.js';
import type { Protocol } from '../contract/protocol.js';
import { directionOf, type Direction } from '../engine/direction.js';
import type { Finding, Reporter, StreamRecord } from '../engine/event.js';

/** A message, reduced to what is compared. */
export interface ComparedMessage {
  readonly index: number;
  readonly packet: number;
  readonly direction: Direction;
  readonly name: string;
  readonly fields: Readonly<Record<string, Json>>;
  /** The rest of its transcript line after its name. */
  readonly words: string;
}

/** A finding, without what differs between recordings anyway. */
export interface ComparedFinding {
  readonly rule: string;
  readonly severity: string;
  readonly party: string;
  /** How many times it was found. */
  readonly count: number;
  /** The text of the first one. */
  readonly text: string;
}

export interface ComparedStream {
  readonly id: number;
  readonly protocol: Protocol;
  readonly messages: ComparedMessage[];
  /** Number of messages beyond `diffMessages`, which were not kept. */
  leftOut: number;
  readonly findings: Map<string, ComparedFinding>;
}

/** Collects the streams of one recording, to compare them with another recording's. */
export class Gathering implements Reporter {
  private readonly limits: Readonly<Limits>;
  readonly streams: ComparedStream[] = [];
  /** Number of streams that no protocol claimed. */
  unknown = 0;
  readonly findings = new Map<string, ComparedFinding>();
  private readonly open_ = new Map<StreamRecord, ComparedStream>();
  private kept = 0;

  constructor(limits: Readonly<Limits>) {
    this.limits = limits;
  }

  capture(): void {}
  summary(): void {}

  open(stream: StreamRecord): void {
    const compared: ComparedStream = {
      ...{
        id: stream.id,
        protocol: stream.protocol!,
        messages: [],
        leftOut: 0,
        findings: new Map<string, ComparedFinding>(),
      },
    };
    this.open_.set(stream, compared);
    this.streams.push(compared);
  }

  message(stream: StreamRecord, m: Message): void {
    const compared = this.open_.get(stream);
    if (compared === undefined) return;
    if (this.kept >= this.limits.diffMessages) {
      compared.leftOut++;
      return;
    }
    this.kept++;
    const { protocol } = compared;
    compared.messages.push({
      ...{ index: m.index, packet: m.packet, direction: directionOf(stream, m.side), name: m.name },
      ...{ fields: fieldsOf(protocol.annotate(m)), words: protocol.describe(m, false) },
    });
  }

  finding(f: Finding): void {
    const into = f.stream === null ? this.findings : this.open_.get(f.stream)?.findings;
    const key = `${f.rule.id} ${f.party} ${f.severity}`;
    const before = into?.get(key);
    into?.set(key, {
      ...{ rule: f.rule.id, severity: f.severity, party: f.party },
      ...{ count: (before?.count ?? 0) + 1, text: before?.text ?? f.text },
    });
  }

  stream(stream: StreamRecord): void {
    if (stream.protocol === null) this.unknown++;
    this.open_.delete(stream);
  }
}
