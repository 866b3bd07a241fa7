/** A fixed release, so that files keep their paths. */
const CEPH = 'https://github.com/ceph/ceph/blob/v19.2.3';
const KERNEL = 'https://github.com/torvalds/linux/blob/v6.12';
const DOCUMENT = 'https://docs.ceph.com/en/latest/dev/msgr2/';

/** Folders of the files that a rule's `spec` names without a folder. */
const FOLDERS: Readonly<Record<string, string>> = {
  'ProtocolV2.cc': 'src/msg/async',
  'frames_v2.cc': 'src/msg/async',
  'frames_v2.h': 'src/msg/async',
  'compression_onwire.cc': 'src/msg/async',
  'AuthRegistry.cc': 'src/auth',
  'CephxProtocol.cc': 'src/auth/cephx',
  'MonClient.cc': 'src/mon',
};

/** Anchors of the sections of doc/dev/msgr2.rst, by the names that a `spec` uses. */
const SECTIONS: Readonly<Record<string, string>> = {
  '"Banner"': 'banner',
  HELLO: 'hello',
  authentication: 'authentication',
  'frame format': 'frame-format',
  CLIENT_IDENT: 'message-flow-handshake',
  'message flow': 'message-flow-handshake',
};

/** The URL of what `spec` names first: a source file of Ceph or the kernel, or a section of doc/dev/msgr2.rst. Null if there is none. */
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
