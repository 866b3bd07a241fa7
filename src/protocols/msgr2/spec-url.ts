/** A release, so that files stay where they are. */
const CEPH = 'https://github.com/ceph/ceph/blob/v19.2.3';
const KERNEL = 'https://github.com/torvalds/linux/blob/v6.12';
const DOCUMENT = 'https://docs.ceph.com/en/latest/dev/msgr2/';

/** Folders of files that a rule's `spec` names without one. */
const FOLDERS: Readonly<Record<string, string>> = {
  'ProtocolV2.cc': 'src/msg/async',
  'frames_v2.cc': 'src/msg/async',
  'frames_v2.h': 'src/msg/async',
  'compression_onwire.cc': 'src/msg/async',
  'AuthRegistry.cc': 'src/auth',
  'CephxProtocol.cc': 'src/auth/cephx',
  'MonClient.cc': 'src/mon',
};

/** Sections of doc/dev/msgr2.rst, by how a `spec` names them. */
const SECTIONS: Readonly<Record<string, string>> = {
  '"Banner"': 'banner',
  HELLO: 'hello',
  authentication: 'authentication',
  'frame format': 'frame-format',
  CLIENT_IDENT: 'message-flow-handshake',
  'message flow': 'message-flow-handshake',
};

/** The address of what `spec` names first: a file of Ceph or of the kernel with what to look for in it, or a section of the document. */
export function specUrl(spec: string): string | null {
  const place = /^([\w./]+)(?:, ([^;]*))?/.exec(spec);
  const path = place?.[1] ?? '';
  if (path === 'doc/dev/msgr2.rst') {
    const section = SECTIONS[place?.[2] ?? ''];
    return section === undefined ? null : `${DOCUMENT}#${section}`;
  }
  if (path === 'src/messages') return `${CEPH.replace('/blob/', '/tree/')}/${path}`;
  if (path.startsWith('src/')) return `${CEPH}/${path}`;
  if (path.startsWith('net/ceph/')) return `${KERNEL}/${path}`;
  const folder = FOLDERS[path];
  return folder === undefined ? null : `${CEPH}/${folder}/${path}`;
}
