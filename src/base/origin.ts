/** The packet that captured stream bytes came from: its number and time, and how much its sender had received by then. */
export class Origin {
  /** Number of the packet in its file, from 1, as in Wireshark. */
  packet = 0;
  /** Seconds since 1970-01-01 UTC. */
  seconds = 0;
  /** Nanoseconds within the second. */
  nanos = 0;
  /**
   * Offset in the peer's byte stream up to which the sender had acknowledged bytes when it first sent these (exclusive), or
   * -1 where the recording cannot tell (Unix sockets, a peer that was never seen).
   */
  peerSeen = -1;

  copyFrom(other: Origin): this {
    this.packet = other.packet;
    this.seconds = other.seconds;
    this.nanos = other.nanos;
    this.peerSeen = other.peerSeen;
    return this;
  }

  clone(): Origin {
    return new Origin().copyFrom(this);
  }
}
