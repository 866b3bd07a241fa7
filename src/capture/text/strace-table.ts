/** A system call that writes bytes to a stream, or reads some from it. The descriptor is its first argument. */
export interface Transfer {
  readonly does: 'write' | 'read';
  /** How strace shows the bytes: as buffers after the descriptor; as messages, each with its own length; or only their number. */
  readonly shows: 'buffers' | 'messages' | 'length';
  /** Whether it works on sockets only, so that it proves that its descriptor is one. */
  readonly socketOnly: boolean;
}

/** A system call that creates, names or closes what a descriptor refers to. */
export interface Change {
  readonly does:
    | 'close'
    | 'socket'
    | 'socketpair'
    | 'pipe'
    | 'own name'
    | 'peer name'
    | 'connect'
    | 'accept'
    | 'shutdown'
    | 'socket option'
    | 'duplicate'
    | 'descriptor control'
    | 'new thread'
    | 'new program'
    | 'splice'
    | 'ring'
    | 'open';
}

const moves = (does: Transfer['does'], shows: Transfer['shows'] = 'buffers'): Transfer => ({
  does,
  shows,
  socketOnly: false,
});
const ofSockets = (does: Transfer['does'], shows: Transfer['shows'] = 'buffers'): Transfer => ({
  does,
  shows,
  socketOnly: true,
});
const change = (does: Change['does']): Change => ({ does });
/** Returns a descriptor that is no stream socket. */
const OPEN = change('open');

/** What each system call means for the connections of a trace; calls that are not listed mean nothing for them. */
const CALLS: Readonly<Record<string, Transfer | Change>> = {
  write: moves('write'),
  writev: moves('write'),
  pwritev2: moves('write'),
  sendfile: moves('write', 'length'),
  sendfile64: moves('write', 'length'),
  send: ofSockets('write'),
  sendto: ofSockets('write'),
  sendmsg: ofSockets('write'),
  sendmmsg: ofSockets('write', 'messages'),
  read: moves('read'),
  readv: moves('read'),
  preadv2: moves('read'),
  recv: ofSockets('read'),
  recvfrom: ofSockets('read'),
  recvmsg: ofSockets('read'),
  recvmmsg: ofSockets('read', 'messages'),
  splice: change('splice'),
  io_uring_enter: change('ring'),

  socket: change('socket'),
  socketpair: change('socketpair'),
  bind: change('own name'),
  getsockname: change('own name'),
  getpeername: change('peer name'),
  connect: change('connect'),
  accept: change('accept'),
  accept4: change('accept'),
  getsockopt: change('socket option'),
  shutdown: change('shutdown'),
  close: change('close'),

  dup: change('duplicate'),
  dup2: change('duplicate'),
  dup3: change('duplicate'),
  fcntl: change('descriptor control'),
  fcntl64: change('descriptor control'),
  clone: change('new thread'),
  clone3: change('new thread'),
  fork: change('new thread'),
  vfork: change('new thread'),
  execve: change('new program'),
  execveat: change('new program'),

  pipe: change('pipe'),
  pipe2: change('pipe'),
  open: OPEN,
  openat: OPEN,
  openat2: OPEN,
  creat: OPEN,
  eventfd: OPEN,
  eventfd2: OPEN,
  epoll_create: OPEN,
  epoll_create1: OPEN,
  timerfd_create: OPEN,
  signalfd: OPEN,
  signalfd4: OPEN,
  inotify_init: OPEN,
  inotify_init1: OPEN,
  memfd_create: OPEN,
  pidfd_open: OPEN,
  perf_event_open: OPEN,
  userfaultfd: OPEN,
  fanotify_init: OPEN,
  io_uring_setup: OPEN,
};
const BY_NAME = new Map(Object.entries(CALLS));

/** What the call of that name means; null: nothing. */
export function meaningOf(name: string): Transfer | Change | null {
  return BY_NAME.get(name) ?? null;
}

/** The same, for a call that moves bytes. */
export function transferOf(name: string): Transfer | null {
  const meaning = meaningOf(name);
  return meaning !== null && 'shows' in meaning ? meaning : null;
}
