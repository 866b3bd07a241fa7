/** Block types and field positions of pcapng (draft-ietf-opsawg-pcapng-03, section 4). Positions count from the block's start. */

export const SECTION_HEADER = 0x0a0d0d0a;
export const INTERFACE_DESCRIPTION = 1;
export const OBSOLETE_PACKET = 2;
export const SIMPLE_PACKET = 3;
export const INTERFACE_STATISTICS = 5;
export const ENHANCED_PACKET = 6;
export const DECRYPTION_SECRETS = 0x0a;

/** Bytes of the type and length before each block's body; the same with the length that is repeated at its end. */
export const BLOCK_HEADER = 8;
export const BLOCK_OVERHEAD = 12;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Section header: byte-order magic, major and minor version, section length (8 bytes), options. */
export const SHB = { magic: 8, major: 12, minor: 14, options: 24, least: 28 } as const;
/** Interface description: link type, snapshot length, options. */
export const IDB = { linkType: 8, snapLength: 12, options: 16, least: 20 } as const;
/** Enhanced packet: interface, time stamp in two halves, captured and original length, packet. */
export const EPB = { interfaceId: 8, high: 12, low: 16, captured: 20, original: 24, data: 28, least: 32 } as const;
/** Obsolete packet: interface and drop count are 16 bits each. */
export const OPB = {
  interfaceId: 8,
  drops: 10,
  high: 12,
  low: 16,
  captured: 20,
  original: 24,
  data: 28,
  least: 32,
} as const;
/** Simple packet: original length, packet. */
export const SPB = { original: 8, data: 12, least: 16 } as const;
/** Interface statistics: interface, time stamp, options. */
export const ISB = { interfaceId: 8, options: 20, least: 24 } as const;
/** Decryption secrets: type (`TLSK`: a TLS key log), length, then as many bytes. */
export const DSB = { type: 8, length: 12, data: 16, least: 20, tlsKeyLog: 0x544c534b } as const;
