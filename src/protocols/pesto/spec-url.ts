/** The address of the file of passt's sources that `spec` names: `passt: FILE, what to look for in it`. */
export function specUrl(spec: string): string | null {
  const file = /^passt: (\w+\.[ch])\b/.exec(spec)?.[1];
  return file === undefined ? null : `https://passt.top/passt/tree/${file}`;
}
