import { CLIENT, SERVER, type Side } from '../../../base/input.js';
import type { Json } from '../../../base/annotation.js';
import type { DecoderSettings, Output, Session, SessionContext } from '../../../contract/protocol.js';
import { ControlSession } from '../family-a/session.js';
import { PipeSession } from '../family-b/session.js';
import { PostcardSession } from '../family-c/session.js';
import { LegacySession } from '../family-l/session.js';
import type { Family } from '../generations.js';
import type { ArcaMessage } from '../messages.js';
import { Scene } from './scene.js';
import type { ArcaShared } from './shared.js';

/** What the sessions of the families have in common. */
interface FamilySession {
  message(message: ArcaMessage): void;
  gap(role: 'guest' | 'monitor'): void;
  finish(ended: boolean): void;
  summary(): Record<string, Json>;
  describe(): string[];
}

/** One connection: hands its messages to the session of their family. */
export class ArcaSession implements Session<ArcaMessage> {
  private readonly scene: Scene;
  private family: Family | null = null;
  private inner: FamilySession | null = null;

  constructor(
    context: SessionContext<ArcaShared>,
    output: Output,
    settings: readonly [DecoderSettings, DecoderSettings],
  ) {
    this.scene = new Scene(context, output, settings);
  }

  message(m: ArcaMessage): void {
    if (this.inner === null) {
      this.family = m.family;
      this.inner = this.create(m.family);
      for (const side of [CLIENT, SERVER] as const) if (this.scene.witness.hasLost(side)) this.tell(side);
    }
    // each direction was recognised by itself: frames of another family than the first message are shown, but not judged
    if (m.family === this.family) this.inner.message(m);
  }

  gap(side: Side, offset: number): void {
    this.scene.witness.lose(side, offset);
    this.tell(side);
  }

  skip(side: Side, offset: number): void {
    this.gap(side, offset);
  }

  end(): void {}

  finish(how: 'closed' | 'reset' | 'open'): void {
    this.inner?.finish(how !== 'open');
  }

  summary(): Record<string, Json> {
    return this.inner === null ? { generation: null } : { family: this.family, ...this.inner.summary() };
  }

  describe(): string[] {
    return this.inner?.describe() ?? [];
  }

  /** Tells the session that bytes of that side are lost. While the roles are not known, that counts for both. */
  private tell(side: Side): void {
    const role = this.scene.roleOf(side);
    for (const r of role === null ? (['guest', 'monitor'] as const) : [role]) this.inner?.gap(r);
  }

  private create(family: Family): FamilySession {
    switch (family) {
      case 'A':
        return new ControlSession(this.scene);
      case 'B':
        return new PipeSession(this.scene);
      case 'C':
        return new PostcardSession(this.scene);
      case 'L':
        return new LegacySession(this.scene);
    }
  }
}
