/** Releases, so that files stay where they are. */
const CEPH = 'https://github.com/ceph/ceph/blob/v19.2.3';
/** The last long-term release before a rule's file may move. */
const KERNEL = 'https://github.com/torvalds/linux/blob/v6.12';

/** The address of the file that `spec` names first, with what to look for in it: of Ceph, or of the kernel's client. */
export function specUrl(spec: string): string | null {
  const path = /^[\w./]+/.exec(spec)?.[0] ?? '';
  if (path.startsWith('src/') || path.startsWith('doc/')) return `${CEPH}/${path}`;
  return path.startsWith('net/ceph/') ? `${KERNEL}/${path}` : null;
}
