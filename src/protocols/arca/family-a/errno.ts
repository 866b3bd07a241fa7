/** Linux error numbers that a monitor may pass on: those of sockets and others. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'EPERM or none known'],
  [2, 'ENOENT'],
  [4, 'EINTR'],
  [5, 'EIO'],
  [9, 'EBADF'],
  [11, 'EAGAIN'],
  [12, 'ENOMEM'],
  [13, 'EACCES'],
  [14, 'EFAULT'],
  [16, 'EBUSY'],
  [17, 'EEXIST'],
  [22, 'EINVAL'],
  [23, 'ENFILE'],
  [24, 'EMFILE'],
  [28, 'ENOSPC'],
  [32, 'EPIPE'],
  [71, 'EPROTO'],
  [88, 'ENOTSOCK'],
  [92, 'ENOPROTOOPT'],
  [93, 'EPROTONOSUPPORT'],
  [95, 'EOPNOTSUPP'],
  [97, 'EAFNOSUPPORT'],
  [98, 'EADDRINUSE'],
  [99, 'EADDRNOTAVAIL'],
  [100, 'ENETDOWN'],
  [101, 'ENETUNREACH'],
  [103, 'ECONNABORTED'],
  [104, 'ECONNRESET'],
  [105, 'ENOBUFS'],
  [110, 'ETIMEDOUT'],
  [111, 'ECONNREFUSED'],
  [112, 'EHOSTDOWN'],
  [113, 'EHOSTUNREACH'],
  [115, 'EINPROGRESS'],
]);

/** The largest error number that Linux defines. */
export const LARGEST_ERRNO = 133;

/** `ECONNREFUSED`, or an empty string. */
export function errnoName(code: number): string {
  return NAMES.get(code) ?? '';
}
