import { count } from '../../../base/text.js';
import type { Json } from '../../../base/annotation.js';
import { LEGACY_RPC } from '../rules/framing.js';
import type { Scene } from '../session/scene.js';
import type { LegacyCall } from './message.js';

/** Family L is only named and counted. */
export class LegacySession {
  private readonly scene: Scene;
  private calls = 0;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  message(m: LegacyCall): void {
    if (this.calls++ > 0) return;
    this.scene.raise(LEGACY_RPC, {
      message: m,
      text: 'the RPC of 2025 for blobs, trees and thunks; it is not checked',
    });
  }

  gap(): void {}

  finish(): void {}

  summary(): Record<string, Json> {
    return { generation: 'L', calls: this.calls };
  }

  describe(): string[] {
    return [`legacy RPC, ${count(this.calls, 'call')}`];
  }
}
