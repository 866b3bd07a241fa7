import type { Message } from './message.js';

/**
 * What `wirelint redact` keeps of a protocol's messages. Bytes stay only where the field tree (Protocol.annotate) shows them as a number;
 * text and addresses are replaced by other names; all else becomes zeros, except for the fields that are named here. A field name means the
 * same in every message.
 */
export interface Redaction {
  /** Fields with magic bytes: they stay if they have their constant value. */
  readonly magics: readonly string[];
  /** Fields whose bytes identify nobody: times, lists of numbers that are shown in words. */
  readonly kept: readonly string[];
  /** Fields with numbers or texts that are secret: proofs, challenges, keys. */
  readonly secrets: readonly string[];
  /** Fields with bytes or numbers that identify something: cluster ids. */
  readonly ids: readonly string[];
  /** Fields with the users' data, in which equal blocks may stay equal (`--keep-equal`). */
  readonly data: readonly string[];
  /** Words that hint at the protocol in socket paths: they stay there. */
  readonly labels?: readonly string[];
  /** Texts that the protocol defines: they stay. One that ends with a punctuation mark (`qemu:`) stays as the prefix of a name. */
  readonly words: readonly string[];
  /**
   * What replaces bytes that are part of no message, where a rule looks at them; else they become zeros. `first`: whether the bytes before
   * them are part of a message.
   */
  skipped?(bytes: Uint8Array, first: boolean): Uint8Array;
  /**
   * Writes the compressed part of a message into `redacted`: as many bytes as before, which decompress to what `rewrite` makes of the plain
   * message. `coarse` (see Rewrite): names become runs of one letter, which compress better. Returns whether that was possible; if not, or
   * where this is not given, compressed bytes become zeros.
   */
  repack?(message: Message, original: Uint8Array, redacted: Uint8Array, rewrite: Rewrite): boolean;
  /**
   * Computes the checksums of a message anew in `redacted`; one that was wrong in `original` stays wrong. Also fills in what the field tree
   * does not show. Both hold the captured part of the message.
   */
  seal?(message: Message, original: Uint8Array, redacted: Uint8Array): void;
}

/** The redacted bytes of a message. */
export type Rewrite = (message: Message, bytes: Uint8Array, coarse: boolean) => Uint8Array;
