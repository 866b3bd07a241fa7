/** Fixed releases, so that files stay where they are. */
const CEPH = 'https://github.com/ceph/ceph/blob/v19.2.3';
/** A long-term release of the kernel, for the same reason. */
const KERNEL = 'https://github.com/torvalds/linux/blob/v6.12';

/** The URL of the file of Ceph, or of the kernel's client, with which `spec` begins; null: it names another one. */
export function specUrl(spec: string): string | null {
  const path = /^[\w./]+/.exec(spec)?.[0] ?? '';
  if (path.startsWith('src/') || path.startsWith('doc/')) return `${CEPH}/${path}`;
  return path.startsWith('net/ceph/') ? `${KERNEL}/${path}` : null;
}
