import { u64 } from '../../../base/field.js';
import { layout } from '../../../base/layout.js';

/** Frames of family C (arca.md 1.4): a length, little-endian, then one postcard value. */
export const FRAME = layout('little', { bodyLength: u64({ description: 'bytes of the value that follows' }) });
/** Bytes. Bodies of real sessions are much shorter; a longer one means that the framing is lost. */
export const MAX_BODY = 16 << 20;
