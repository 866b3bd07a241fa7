/**
 * Arca is a small guest kernel without a TCP stack: it asks a process on the host (the monitor) to open sockets and files for it. Its
 * public history contains several incompatible protocols for that. None has a magic number, a version or a hello, so only the frames
 * themselves distinguish them. They are grouped by framing:
 *
 * - family A: a 7-byte header (type, length, request id), for TCP sockets. A0 pushes incoming connections without a request;
 *   A1 is documented with 20-byte connection bodies; A2 has 24-byte bodies whose pipe field is the connection id; A3 (June
 *   2026) has the offset in shared memory there, and AcceptErr.
 * - family B: a 16-bit length, for new pipes (B1, B2) and for files on a pipe (B3).
 * - family C: a 64-bit length and a postcard value. C1 asks for arguments only, C2a and C2 carry everything on one pipe, C3 and C4
 *   have a control pipe and one more pipe for each file, listener and stream.
 * - family L: the RPC of 2025 for blobs, trees and thunks. It does not control networking, and is only recognised and named.
 */
export type Family = 'A' | 'B' | 'C' | 'L';

/** The sender: Arca itself, or the process on the host. */
export type Role = 'guest' | 'monitor';

export function otherRole(role: Role): Role {
  return role === 'guest' ? 'monitor' : 'guest';
}
