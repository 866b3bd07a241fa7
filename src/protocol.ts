/**
 * What a protocol needs that is registered from outside (`registerProtocol`); see docs/adding-a-protocol.md. It may change with every minor
 * release.
 */
export * from './base/annotation.js';
export * from './base/field.js';
export { inner, Layout, layout, repeat, Shown, within, type Span } from './base/layout.js';
export { CLIENT, SERVER, type Input, type Side } from './base/input.js';
export { Block } from './base/block.js';
export { Origin } from './base/origin.js';
export { quote, safeText, wireText } from './base/text.js';
export { DEFAULT_LIMITS, type Limits } from './base/limits.js';
export type * from './base/rule.js';
export * from './contract/framed-decoder.js';
export { Message } from './contract/message.js';
export type * from './contract/operation.js';
export type * from './contract/protocol.js';
export { LimitNotes } from './contract/limit-notes.js';
export { Witness } from './contract/witness.js';
export { registerProtocol } from './protocols/registry.js';
export { runSteps, type StepOptions, type StepResult } from './engine/example.js';
