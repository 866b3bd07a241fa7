import { resolve } from 'node:path';
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

/** The process at one end of a socket. */
export interface PeerProcess {
  readonly pid: number;
  readonly uid: number;
  readonly name: string;
}

/** Flag of a listening socket in /proc/net/unix (__SO_ACCEPTCON). */
const ACCEPTING = 0x10000;
/** State of a connected socket there (SS_CONNECTED). */
const CONNECTED_STATE = '03';
const STREAM = '0001';
/** Most milliseconds for a search through all processes, since the recording of the connection waits for it. */
const SEARCH_MS = 500;

/** Most new sockets among which a client is looked for. If there are more, several clients connected at the same time. */
const MOST_FRESH = 8;
/**
 * For this many milliseconds no client is looked for, after more than MOST_FRESH connected: reading all sockets of the machine for each of
 * a thousand takes seconds.
 */
const CROWD_MS = 50;

interface UnixSocket {
  readonly inode: string;
  readonly listening: boolean;
  readonly connected: boolean;
  readonly path: string;
}

/** Reads /proc/net/unix: lines `ADDRESS: REFS PROTOCOL FLAGS TYPE STATE INODE [PATH]`. */
function unixSockets(): UnixSocket[] {
  let text: string;
  try {
    text = readFileSync('/proc/net/unix', 'latin1');
  } catch {
    return [];
  }
  const out: UnixSocket[] = [];
  for (const line of text.split('\n')) {
    const match = /^[0-9a-f]+: [0-9A-F]+ [0-9A-F]+ ([0-9A-F]+) ([0-9A-F]+) ([0-9A-F]+) +(\d+)(?: (.*))?$/.exec(line);
    if (match?.[2] !== STREAM) continue;
    out.push({
      inode: match[4]!,
      listening: (Number.parseInt(match[1]!, 16) & ACCEPTING) !== 0,
      connected: match[3] === CONNECTED_STATE,
      path: match[5] ?? '',
    });
  }
  return out;
}

/**
 * Searches for the processes that hold sockets, one process in each turn of the event loop, so that connections go on meanwhile. Requests
 * that come during a search are answered together by the next one.
 */
export class HolderSearch {
  private waiting = new Map<string, (pids: readonly number[]) => void>();
  private running = false;

  /** The processes that hold the socket with that inode; none if the search took too long. */
  holders(inode: string): Promise<readonly number[]> {
    return new Promise((resolve) => {
      this.waiting.set(inode, resolve);
      if (!this.running) this.start();
    });
  }

  private start(): void {
    const { waiting } = this;
    this.waiting = new Map();
    this.running = waiting.size > 0;
    if (!this.running) return;
    const found = new Map<string, number[]>();
    const pids = numbers('/proc').filter((pid) => pid !== process.pid);
    const until = Date.now() + SEARCH_MS;
    const step = (): void => {
      const pid = pids.pop();
      if (pid === undefined || Date.now() > until) {
        for (const [inode, resolve] of waiting) resolve(pid === undefined ? (found.get(inode) ?? []) : []);
        this.start();
        return;
      }
      lookInto(pid, waiting, found);
      setImmediate(step);
    };
    setImmediate(step);
  }
}

/** Adds the process to `found` for each of these sockets that it holds. */
function lookInto(pid: number, inodes: ReadonlyMap<string, unknown>, found: Map<string, number[]>): void {
  for (const fd of numbers(`/proc/${pid}/fd`)) {
    let target: string;
    try {
      target = readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      continue;
    }
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined && inodes.has(inode)) found.set(inode, [...(found.get(inode) ?? []), pid]);
  }
}

function numbers(folder: string): number[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function describe(pid: number): PeerProcess | null {
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'latin1').trimEnd();
    return { pid, uid: statSync(`/proc/${pid}`).uid, name };
  } catch {
    return null;
  }
}

/**
 * The process that listens at a path. If several hold the socket, the one with the lowest pid, since the others are most likely its
 * children.
 */
export async function listeningProcess(path: string, search: HolderSearch): Promise<PeerProcess | null> {
  const name = path.replace(/^\0/, '@');
  const named = name.startsWith('@') ? name : resolve(name);
  // a server may have bound the same path in relative form
  const sockets = unixSockets().filter((s) => s.listening && (s.path === named || s.path === name));
  if (sockets.length !== 1) return null;
  const pids = await search.holders(sockets[0]!.inode);
  return pids.length === 0 ? null : describe(Math.min(...pids));
}

/**
 * Finds out which process connected. The kernel tells a peer's process id with SO_PEERCRED, which Node does not offer. But a socket that is
 * new, connected, has no name and is not our own must be the client's, if there is only one.
 */
export class ClientFinder {
  private known: ReadonlySet<string>;
  private crowdedUntil = 0;

  constructor() {
    this.known = new Set(this.clients());
  }

  /** Must be called when a client was accepted. Returns the inode of its socket; null if it cannot be determined. */
  socket(): string | null {
    if (performance.now() < this.crowdedUntil) return null;
    const now = this.clients();
    const fresh = now.filter((inode) => !this.known.has(inode));
    this.known = new Set(now);
    if (fresh.length > MOST_FRESH) this.crowdedUntil = performance.now() + CROWD_MS;
    if (fresh.length === 0 || fresh.length > MOST_FRESH) return null;
    const own = new Set(numbers('/proc/self/fd').map(ownInode));
    const candidates = fresh.filter((inode) => !own.has(inode));
    return candidates.length === 1 ? candidates[0]! : null;
  }

  private clients(): string[] {
    return unixSockets()
      .filter((s) => s.connected && s.path === '')
      .map((s) => s.inode);
  }
}

/** The process that holds a client's socket. */
export async function clientProcess(inode: string, search: HolderSearch): Promise<PeerProcess | null> {
  const pids = await search.holders(inode);
  // if several processes hold it, a child inherited it, and either one may be the client
  return pids.length === 1 ? describe(pids[0]!) : null;
}

function ownInode(fd: number): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1] ?? '';
  } catch {
    return '';
  }
}

/** Such as `client pid 42 (nbdsh), server pid 17 (nbdkit), uid 1000`, without what is not known. */
export function processWords(client: PeerProcess | null, server: PeerProcess | null): string {
  const words: string[] = [];
  if (client !== null) words.push(`client pid ${client.pid} (${client.name})`);
  if (server !== null) words.push(`server pid ${server.pid} (${server.name})`);
  if (client !== null) words.push(`uid ${client.uid}`);
  return words.join(', ');
}
