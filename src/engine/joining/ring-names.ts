/** What a file's name says about its place among the files of a recorder that changes to a new file now and then. */
export interface RingPlace {
  /** The same for all files of one recorder. */
  readonly family: string;
  readonly number: number;
}

/** `dumpcap -b`: PREFIX_00001_20261120150519.pcapng; with `nametimenum:2` the time comes first. */
const DUMPCAP = /^(?<prefix>.*)_(?:(?<number>\d{5,})_\d{14}|\d{14}_(?<later>\d{5,}))(?<suffix>\.[^/]*)?$/;
/** `tcpdump -C` puts a number behind the name, none on the first file (with `-W` on all of them). */
const TCPDUMP = /^(?<prefix>.*\.(?:pcap|pcapng|cap|dmp|dump))(?<number>\d*)$/;

/** The place of a file, by its name without folders; null where the name does not say. */
export function ringPlace(name: string): RingPlace | null {
  const plain = name.replace(/\.gz$/, '');
  const dumpcap = DUMPCAP.exec(plain)?.groups;
  if (dumpcap !== undefined) {
    const number = Number(dumpcap['number'] ?? dumpcap['later']);
    return { family: `${dumpcap['prefix']}_#${dumpcap['suffix'] ?? ''}`, number };
  }
  const tcpdump = TCPDUMP.exec(plain)?.groups;
  return tcpdump === undefined ? null : { family: tcpdump['prefix']!, number: Number(tcpdump['number']) };
}

/** Whether two names differ in nothing but numbers, as times and counters that a recorder puts into names do. */
export function alike(first: string, second: string): boolean {
  return first.replace(/\d+/g, '#') === second.replace(/\d+/g, '#');
}

/** Whether by their names the second file is the one that follows the first. */
export function follows(first: string, second: string): boolean {
  const a = ringPlace(first);
  const b = ringPlace(second);
  return a !== null && b !== null && a.family === b.family && b.number === a.number + 1;
}
