import type { ControlFrame } from './family-a/message.js';
import type { PipeFrame } from './family-b/message.js';
import type { PostcardFrame } from './family-c/message.js';
import type { LegacyCall } from './family-l/message.js';

export type ArcaMessage = ControlFrame | PipeFrame | PostcardFrame | LegacyCall;
