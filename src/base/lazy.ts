/** A constant that is made when it is first asked for: for tables and look-ups that most runs never need. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => (made ??= { value: make() }).value;
}
