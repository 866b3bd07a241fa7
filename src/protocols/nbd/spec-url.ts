const REPOSITORY = 'https://github.com/NetworkBlockDevice/nbd/blob';
const PROTO = `${REPOSITORY}/master/doc/proto.md`;
/** Extensions are branches of the repository, each with a complete copy of the document. */
const EXTENDED_HEADERS = `${REPOSITORY}/extension-ext-header/doc/proto.md`;

/** URLs of sections in a rule's `spec` that are no headings of doc/proto.md. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'EXTENDED_HEADERS extension': `${EXTENDED_HEADERS}#extended-reply-chunk-message`,
  'EXTENDED_HEADERS extension, maximum interoperability': `${EXTENDED_HEADERS}#maximum-interoperability`,
  'RESIZE extension': `${REPOSITORY}/extension-resize/doc/proto.md#experimental-extensions`,
  'Metadata querying (qemu namespace)': 'https://www.qemu.org/docs/master/interop/nbd.html',
};

/**
 * The URL of the section that a rule's `spec` names; null if it has another form. `spec` has the form `NBD protocol, "HEADING"`. HEADING
 * may end with a detail in parentheses, which is not part of the heading.
 */
export function specUrl(spec: string): string | null {
  const section = /^NBD protocol, "(.*)"$/.exec(spec)?.[1];
  if (section === undefined) return null;
  return ELSEWHERE[section] ?? `${PROTO}#${anchor(section.replace(/ \(.*\)$/, ''))}`;
}

/** The anchor that GitHub makes of a heading. */
function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');
}
