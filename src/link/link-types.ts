/** LINKTYPE_* numbers (https://www.tcpdump.org/linktypes.html) of link layers that lead to IP packets. */
export const NULL = 0;
export const ETHERNET = 1;
export const PPP = 9;
/** DLT_RAW as some systems number it; files should hold 101. */
export const RAW_12 = 12;
export const RAW_14 = 14;
export const PPP_HDLC = 50;
export const RAW = 101;
export const LOOP = 108;
export const LINUX_SLL = 113;
export const IPV4 = 228;
export const IPV6 = 229;
export const NFLOG = 239;
export const LINUX_SLL2 = 276;
/** Link types that carry data sent over sockets. */
export const USER0 = 147;
export const WIRESHARK_UPPER_PDU = 252;
export const VSOCK = 271;

const NAMES: ReadonlyMap<number, string> = new Map([
  [NULL, 'NULL'],
  [ETHERNET, 'ETHERNET'],
  [6, 'IEEE802_5'],
  [PPP, 'PPP'],
  [PPP_HDLC, 'PPP_HDLC'],
  [RAW, 'RAW'],
  [104, 'C_HDLC'],
  [105, 'IEEE802_11'],
  [LOOP, 'LOOP'],
  [LINUX_SLL, 'LINUX_SLL'],
  [127, 'IEEE802_11_RADIOTAP'],
  [USER0, 'USER0'],
  [189, 'USB_LINUX'],
  [192, 'PPI'],
  [195, 'IEEE802_15_4'],
  [201, 'BLUETOOTH_HCI_H4_WITH_PHDR'],
  [220, 'USB_LINUX_MMAPPED'],
  [227, 'CAN_SOCKETCAN'],
  [IPV4, 'IPV4'],
  [IPV6, 'IPV6'],
  [NFLOG, 'NFLOG'],
  [247, 'INFINIBAND'],
  [249, 'USBPCAP'],
  [WIRESHARK_UPPER_PDU, 'WIRESHARK_UPPER_PDU'],
  [253, 'NETLINK'],
  [VSOCK, 'VSOCK'],
  [LINUX_SLL2, 'LINUX_SLL2'],
]);

/** `LINUX_SLL (113)`, or the number alone where it has no name here. */
export function linkTypeName(linkType: number): string {
  const name = NAMES.get(linkType);
  return name === undefined ? String(linkType) : `${name} (${linkType})`;
}
