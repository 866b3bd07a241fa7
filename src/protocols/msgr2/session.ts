import type { Session } from '../../contract/protocol.js';
export class Msgr2Session implements Session {
  message(): void {}
  gap(): void {}
  end(): void {}
  finish(): void {}
  summary() {
    return {};
  }
  describe() {
    return [];
  }
}
