/** The URL of the file in passt's sources that `spec` names, in the form `passt: FILE, what to look for in it`; null: another form. */
export function specUrl(spec: string): string | null {
  const file = /^passt: (\w+\.[ch])\b/.exec(spec)?.[1];
  return file === undefined ? null : `https://passt.top/passt/tree/${file}`;
}
