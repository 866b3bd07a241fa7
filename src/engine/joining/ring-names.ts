/** What a file's name says about its place in a ring: the files of a recorder that changes to a new file now and then. */
export interface RingPlace {
  /** The same for all files of one recorder. */
  readonly family: string;
  /** Grows from file to file. */
  readonly number: number;
  /** Whether the numbers count files, so that the next one has the next number. */
  readonly counts: boolean;
}

/** `dumpcap -b`: PREFIX_00001_20261120150519.pcapng; with `nametimenum:2` the time comes first. */
const DUMPCAP = /^(?<prefix>.*)_(?:(?<number>\d{5,})_\d{14}|\d{14}_(?<later>\d{5,}))(?<suffix>\.[^/]*)?$/;
/** `tcpdump -C` appends a number to the name, but none to the first file (with `-W`, to all). */
const TCPDUMP = /^(?<prefix>.*\.(?:pcap|pcapng|cap|dmp|dump))(?<number>\d*)$/;
/** `tcpdump -G` with a time in the name, with any separators: from the year to the second, or seconds since 1970. */
const TIMED =
  /^(?<prefix>.*?)(?<time>20\d\d[-_.]?[01]\d[-_.]?[0-3]\d[-_.T]?[0-2]\d[-_.:]?[0-5]\d[-_.:]?[0-6]\d|1\d{9})(?!\d)(?<suffix>.*)$/;

/** The place of a file, by its name without folders; null where the name does not say. */
export function ringPlace(name: string): RingPlace | null {
  const plain = name.replace(/\.(?:gz|zst)$/, '');
  const dumpcap = DUMPCAP.exec(plain)?.groups;
  if (dumpcap !== undefined) {
    const number = Number(dumpcap['number'] ?? dumpcap['later']);
    return { family: `${dumpcap['prefix']}_#${dumpcap['suffix'] ?? ''}`, number, counts: true };
  }
  const timed = TIMED.exec(plain)?.groups;
  if (timed !== undefined) {
    const number = Number(timed['time']!.replace(/\D/g, ''));
    return { family: `${timed['prefix']}#${timed['suffix']}`, number, counts: false };
  }
  const tcpdump = TCPDUMP.exec(plain)?.groups;
  if (tcpdump === undefined) return null;
  return { family: tcpdump['prefix']!, number: Number(tcpdump['number']), counts: true };
}

/**
 * What the names of two files say. `next`: the second file directly follows the first; `later`: it is a later one of the same recorder;
 * `timed`: it may be either, but people put times into names, too; null: nothing.
 */
export function ringOrder(first: RingPlace | null, second: RingPlace | null): 'next' | 'later' | 'timed' | null {
  if (first === null || second === null || first.family !== second.family || first.counts !== second.counts)
    return null;
  if (second.number <= first.number) return null;
  if (!first.counts) return 'timed';
  return second.number === first.number + 1 ? 'next' : 'later';
}

/** The name with its numbers replaced: the same for names that differ only in times or counters, as a recorder's do. */
export function withoutNumbers(name: string): string {
  return name
    .replace(/\.(?:gz|zst)$/, '')
    .replace(/\d+/g, '#')
    .replace(/(\.(?:pcap|pcapng|cap|dmp|dump))#$/, '$1');
}
