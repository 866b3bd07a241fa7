/**
 * What a message does to the bytes that its protocol is for: a disk, or objects. `target`: which of them; empty for the one disk of a
 * session. Offsets and lengths are bytes; `at`: where the bytes stand in the message.
 */
export type Content =
  /** Bytes that are written, at an offset; -1: behind the last one. */
  | {
      readonly kind: 'write';
      readonly target: string;
      readonly offset: number;
      readonly at: number;
      readonly length: number;
    }
  /** Bytes that were read. */
  | {
      readonly kind: 'read';
      readonly target: string;
      readonly offset: number;
      readonly at: number;
      readonly length: number;
    }
  /** Zeros that are written, or were read. */
  | { readonly kind: 'zero' | 'hole'; readonly target: string; readonly offset: number; readonly length: number }
  /** Bytes whose content is given up. */
  | { readonly kind: 'discard'; readonly target: string; readonly offset: number; readonly length: number }
  /** How long it is from now on; what lay behind is gone. */
  | { readonly kind: 'size'; readonly target: string; readonly length: number }
  | { readonly kind: 'delete'; readonly target: string };
