/** Numbers and names that both versions of the messenger and their messages share (src/include/ceph_fs.h, msgr.h, rados.h). */

/** The texts that the banners of messenger v1 and v2 begin with. */
export const BANNER_TEXT_V1 = 'ceph v027';
export const BANNER_TEXT_V2 = 'ceph v2\n';

/** A monitor's ports (IANA), for messenger v1 and v2. */
export const PORT_V1 = 6789;
export const PORT_V2 = 3300;

/** Snapshot id that stands for the current state of an object (CEPH_NOSNAP). */
export const SNAP_HEAD = 0xffff_ffff_ffff_fffen;

export const ENTITY = { MON: 1, MDS: 2, OSD: 4, CLIENT: 8, MGR: 16, AUTH: 32 } as const;
const ENTITIES: Readonly<Record<number, string>> = {
  1: 'mon',
  2: 'mds',
  4: 'osd',
  8: 'client',
  16: 'mgr',
  32: 'auth',
  255: 'any',
};

export function entityName(type: number): string {
  return ENTITIES[type] ?? `entity ${type}`;
}

export const METHOD_NONE = 1;
export const METHOD_CEPHX = 2;
const METHODS: Readonly<Record<number, string>> = { 0: 'unknown', 1: 'none', 2: 'cephx', 4: 'gss' };

export function methodName(method: number): string {
  return METHODS[method] ?? `method ${method}`;
}

/** entity_addr_t's types (src/msg/msg_types.h); `cidr` is a range of addresses that a blocklist names. */
const ADDRESS_TYPES: readonly string[] = ['none', 'v1', 'v2', 'any', 'cidr'];

export function isAddressType(type: number): boolean {
  return type < ADDRESS_TYPES.length;
}

export function addressTypeName(type: number): string {
  return ADDRESS_TYPES[type] ?? `type ${type}`;
}

/** Linux error numbers that Ceph puts into frames, by name. */
const ERRNO: Readonly<Record<number, string>> = {
  1: 'EPERM',
  2: 'ENOENT',
  4: 'EINTR',
  5: 'EIO',
  6: 'ENXIO',
  7: 'E2BIG',
  11: 'EAGAIN',
  12: 'ENOMEM',
  13: 'EACCES',
  16: 'EBUSY',
  17: 'EEXIST',
  20: 'ENOTDIR',
  21: 'EISDIR',
  22: 'EINVAL',
  27: 'EFBIG',
  28: 'ENOSPC',
  30: 'EROFS',
  34: 'ERANGE',
  38: 'ENOSYS',
  39: 'ENOTEMPTY',
  61: 'ENODATA',
  71: 'EPROTO',
  75: 'EOVERFLOW',
  85: 'ERESTART',
  90: 'EMSGSIZE',
  95: 'EOPNOTSUPP',
  107: 'ENOTCONN',
  108: 'ESHUTDOWN',
  110: 'ETIMEDOUT',
  116: 'ESTALE',
  122: 'EDQUOT',
  125: 'ECANCELED',
};

/** `EACCES` for 13; `errno 200` if it has no name. */
export function errnoName(errno: number): string {
  return ERRNO[errno] ?? `errno ${errno}`;
}

/** `-13 EACCES`; zero and positive results as they are. */
export function resultText(result: number): string {
  const name = result < 0 ? ERRNO[-result] : undefined;
  return name === undefined ? String(result) : `${result} ${name}`;
}
