/** The data in the page with that id: base64 of deflated bytes. */
export async function unpacked(id: string): Promise<Uint8Array> {
  const text = atob(document.getElementById(id)!.textContent);
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
