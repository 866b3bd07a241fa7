import type { Epoch, TrafficEpoch } from './epoch.js';

/** Keys of one direction, or why there are none. */
export type Keys =
  /** The peer's hello, or a line of the key log, may still come. */
  | { readonly state: 'wait' }
  | { readonly state: 'none'; readonly lacking: string }
  | { readonly state: 'tls12'; readonly epoch: Epoch }
  | {
      readonly state: 'tls13';
      /** The client offered early data: its first records may be under the early keys, even if these are not known. */
      readonly earlyFirst: boolean;
      readonly early: TrafficEpoch | null;
      readonly handshake: TrafficEpoch | null;
      readonly application: TrafficEpoch | null;
    };
