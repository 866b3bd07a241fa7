import type { Message } from './message.js';

/**
 * What a copy for others keeps of a protocol's messages (see `wirelint redact`). Bytes stay only where a field tree (Protocol.annotate)
 * shows them as the number that they are; text and addresses get other names; all else becomes zeros, but for what is named here, by field
 * name. A field means the same wherever it stands.
 */
export interface Redaction {
  /** Bytes that are always the same, as long as they are. */
  readonly magics: readonly string[];
  /** Fields whose bytes say nothing of anyone: times, lists of numbers that are shown in words. */
  readonly kept: readonly string[];
  /** Numbers, and texts, that must not be told: proofs, challenges, keys. */
  readonly secrets: readonly string[];
  /** Bytes, and numbers, that name something: cluster ids. */
  readonly ids: readonly string[];
  /** What the protocol moves for its users, where equal blocks may stay equal (`--keep-equal`). */
  readonly data: readonly string[];
  /** Words by which the protocol is known in paths of sockets: they stay there. */
  readonly labels?: readonly string[];
  /** Texts of the protocol's own, which stay; one that ends with a sign (`qemu:`) stays in front of a name. */
  readonly words: readonly string[];
  /**
   * What becomes of bytes that are no part of a message, where that is not zeros: what a rule looks at there. `first`: whether those in front
   * of them are part of one.
   */
  skipped?(bytes: Uint8Array, first: boolean): Uint8Array;
  /**
   * Puts what is compressed in a message into `redacted`: as many bytes as before, which open to what `rewrite` makes of the same message in
   * plain. `coarse`: names become letters that are all the same, which takes less room. Gives whether it could; without it compressed bytes
   * become zeros.
   */
  repack?(message: Message, original: Uint8Array, redacted: Uint8Array, rewrite: Rewrite): boolean;
  /** Makes checksums of a message anew in `redacted`; one that was wrong in `original` stays wrong. Puts in what the field tree does not show. Both hold what was captured of it. */
  seal?(message: Message, original: Uint8Array, redacted: Uint8Array): void;
}

/** The bytes of a message for others. */
export type Rewrite = (message: Message, bytes: Uint8Array, coarse: boolean) => Uint8Array;
