/** One record of sockdump (link type 147): `sender` sends to `peer` over a socket with that path. */
export function sockdumpRecord(sender: number, peer: number, payload: Uint8Array, path = '/run/x.sock'): Uint8Array {
  const out = new Uint8Array(125 + payload.length);
  out[0] = path.length;
  out.set(Buffer.from(path), 1);
  const view = new DataView(out.buffer);
  view.setUint32(113, peer);
  view.setUint32(121, sender);
  out.set(payload, 125);
  return out;
}
