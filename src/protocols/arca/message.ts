import type { ControlFrame } from './family-a/control-frame.js';
import type { PipeFrame } from './family-b/pipe-frame.js';
import type { PostcardFrame } from './family-c/postcard-frame.js';
import type { LegacyCall } from './family-l/legacy-call.js';

export type ArcaMessage = ControlFrame | PipeFrame | PostcardFrame | LegacyCall;
