import type { LimitNotes } from '../../../contract/limit-notes.js';
import type { Output, SessionContext } from '../../../contract/protocol.js';
import { duration, nanosBetween } from '../../../base/time.js';
import { CLIENT, SERVER } from '../../../base/input.js';
import { OpenConnection, type Histories, type PathHistory } from './history.js';
import type { Ending } from './ending.js';
import type { Hello } from '../messages.js';
import { CONCURRENT_CLIENTS } from '../rules/session.js';
import type { Transaction } from './transaction.js';

/** Nanoseconds by which a connection must outlast another one's hello to count as overlapping: a relay may see both in either order. */
const OVERLAP_NANOS = 1e8;

/** Judges a connection together with others to the same server. */
export class Siblings {
  private readonly context: SessionContext<Histories>;
  private readonly output: Output;
  private readonly limits: LimitNotes;
  private entry: OpenConnection | null = null;

  constructor(context: SessionContext<Histories>, output: Output, limits: LimitNotes) {
    this.context = context;
    this.output = output;
    this.limits = limits;
  }

  /** What is remembered about the server. */
  get history(): PathHistory {
    const { connection, clientEnd, file, limits, shared } = this.context;
    const { endpoints } = connection;
    const serverName = endpoints[clientEnd === 1 ? 0 : 1];
    const isPath = (name: string): boolean => name.startsWith('unix:') && !name.startsWith('unix:pid=');
    // in recordings that know only processes, the other end may have the path's name; if no process is known either, it has the path with a
    // number
    const named = isPath(serverName) ? serverName : (endpoints.find(isPath)?.replace(/#\d+$/, '') ?? serverName);
    if (shared.forgotten > 0)
      this.limits.hit(
        'listItems',
        `more than ${limits.listItems} servers; the ones that were silent longest are forgotten`,
        'note',
      );
    return shared.of(`${file} ${named}`, limits);
  }

  /** Judges a hello: no other connection to this server may be open. */
  greeted(m: Hello): void {
    const { connection, limits } = this.context;
    if (!connection.ordered || connection.start !== 'captured' || this.entry !== null) return;
    const { met, open } = this.history;
    if (met.size < limits.listItems) met.add(connection.id);
    const entry = new OpenConnection(connection.id, m);
    for (const other of open) {
      if (other.hello.packet <= m.packet) other.overlap(connection.id, m);
      else entry.overlap(other.stream, other.hello);
    }
    if (open.size >= limits.listItems) {
      const text = `more than ${limits.listItems} connections to one server at once; later ones are not held against the others`;
      this.limits.hit('listItems', text, 'note', m);
      return;
    }
    this.entry = entry;
    open.add(entry);
  }

  /** The server closed. Nothing is reported if the close was not captured. */
  closed(hello: Hello | null, end: Ending | null): void {
    const { entry } = this;
    if (entry === null) return;
    this.history.open.delete(entry);
    this.entry = null;
    if (entry.overlappedBy === 0 || end === null) return;
    const late = nanosBetween(entry.overlapSeconds, entry.overlapNanos, end.seconds, end.nanos);
    if (late < OVERLAP_NANOS) return;
    const text = `stream ${entry.overlappedBy} was greeted ${duration(late)} before this connection was closed`;
    this.output.raise(CONCURRENT_CLIENTS, { message: hello, text });
  }

  /** Whether another connection has shown the tables in a later packet than this one. */
  isSuperseded(packet: number): boolean {
    const { history } = this;
    return packet < history.packet && history.stream !== this.context.connection.id;
  }

  /** An update is complete: notes what the next list should show. */
  updated(t: Transaction): void {
    const { history } = this;
    const { packet } = t.updateEnd!;
    if (this.isSuperseded(packet)) return;
    if (!t.updateWhole || !t.listWhole || t.skewed || t.guessed) {
      history.expectation = 'unknown';
      return;
    }
    const fine = t.failure === '';
    history.leftBy(this.context.connection.id, packet);
    history.expectation = fine ? 'updated' : 'rejected';
    history.state = fine ? t.after() : t.before();
    history.otherwise = fine ? t.before() : t.after();
  }

  /**
   * The transaction is over. If it ended in the middle of an update, the tables stay as they were. `clientWhole`: nothing that the client
   * sent is lost.
   */
  leave(t: Transaction, clientWhole: boolean, ends: readonly [Ending | null, Ending | null]): void {
    if (t.updateEnd !== null || (t.updateStart === null && !t.truncated) || t.guessed) return;
    const known = t.listWhole && !t.overflowed && clientWhole;
    if (!known || (ends[CLIENT] === null && ends[SERVER] === null)) return;
    const { history } = this;
    const { packet } = t.listEnd!;
    if (this.isSuperseded(packet)) return;
    history.leftBy(this.context.connection.id, packet);
    history.expectation = t.failure === '' ? 'truncated' : 'rejected';
    history.state = t.before();
    history.otherwise = null;
  }
}
