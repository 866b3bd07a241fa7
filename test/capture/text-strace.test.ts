import { describe, expect, it } from 'vitest';
import type { Limits } from '../../src/base/limits.js';
import { readText, type RecordedConnection } from '../kit/socket-recorder.js';

const BEGIN = [
  '100 1795186521.000001 socket(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0) = 3',
  '100 1795186521.000002 connect(3, {sa_family=AF_UNIX, sun_path="/run/a.sock"}, 110) = 0',
];

/** The connections of a trace of the given lines. */
function trace(...lines: string[]): RecordedConnection[] {
  return readText(`${lines.join('\n')}\n`).connections;
}

/** The one connection of a client that did these calls after its connect. */
function client(...calls: string[]): RecordedConnection {
  const lines = calls.map((call, i) => `100 1795186521.${String(i + 10).padStart(6, '0')} ${call}`);
  const found = trace(...BEGIN, ...lines);
  expect(found).toHaveLength(1);
  return found[0]!;
}

describe('strace strings', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['"\\x62\\x00\\xff"', 'b\0\xff'],
    ['"\\0\\1\\12\\377"', '\0\x01\n\xff'],
    ['"\\0011\\18"', '\x011\x018'],
    ['"a\\n\\t\\v\\f\\r\\"\\\\z"', 'a\n\t\v\f\r"\\z'],
    ['"), = 5, \\" <unfinished"', '), = 5, " <unfinished'],
    ['"basil:s\\0\\0\\0\\0\\2\\0"', 'basil:s\0\0\0\0\x02\0'],
  ];
  for (const [shown, bytes] of cases)
    it(`decodes ${shown}`, () => {
      expect(client(`write(3, ${shown}, ${bytes.length}) = ${bytes.length}`).streams[0]).toBe(bytes);
    });

  it('uses the result, not the length that was asked for', () => {
    expect(client('write(3, "abcdef", 6) = 4', 'write(3, "ef", 2) = 2').streams[0]).toBe('abcdef');
  });

  it('makes a gap of what -s cut off', () => {
    expect(client('sendto(3, "abc"..., 1000, MSG_NOSIGNAL, NULL, 0) = 1000', 'write(3, "z", 1) = 1').streams[0]).toBe(
      'abc<997>z',
    );
  });

  it('makes a gap of bytes that are shown as an address', () => {
    expect(client('read(3, 0x7ffc01, 10) = 10').streams[1]).toBe('<10>');
  });
});

describe('strace vectors', () => {
  it('reads the iovecs of sendmsg, writev, readv and recvmsg', () => {
    const { streams } = client(
      'sendmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="ab", iov_len=2}, {iov_base="cd", iov_len=2}], msg_iovlen=2, msg_controllen=0, msg_flags=0}, MSG_NOSIGNAL) = 4',
      'writev(3, [{iov_base="ef", iov_len=2}, {iov_base="ghij", iov_len=4}], 2) = 3',
      'recvmsg(3, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="12", iov_len=2}, {iov_base="3", iov_len=100}], msg_iovlen=2, msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[7]}], msg_controllen=24, msg_flags=0}, 0) = 3',
      'readv(3, [{iov_base="4", iov_len=1}, {iov_base="5", iov_len=1}], 2) = 2',
    );
    expect(streams).toEqual(['abcdefg', '12345']);
  });

  it('reads the forms of older versions', () => {
    const { streams } = client(
      'sendmsg(3, {msg_name(0)=NULL, msg_iov(2)=[{"ab", 2}, {"cd", 2}], msg_controllen=0, msg_flags=0}, 0) = 4',
      'writev(3, [{"e", 1}, {"f", 1}], 2) = 2',
    );
    expect(streams[0]).toBe('abcdef');
  });

  it('makes a gap of vectors that strace left out, and of strings cut in the middle', () => {
    const { streams } = client(
      'writev(3, [{iov_base="ab", iov_len=2}, ...], 40) = 80',
      'writev(3, [{iov_base="a"..., iov_len=5}, {iov_base="b", iov_len=1}], 2) = 6',
    );
    expect(streams[0]).toBe('ab<78>a<4>b');
  });

  it('reads the messages of sendmmsg', () => {
    const { streams } = client(
      'sendmmsg(3, [{msg_hdr={msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="abc", iov_len=3}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, msg_len=3}, {msg_hdr={msg_iov=[{iov_base="xyz", iov_len=3}], msg_iovlen=1}, msg_len=2}], 2, 0) = 2',
    );
    expect(streams[0]).toBe('abcxy');
  });

  it('counts what sendfile and splice moved', () => {
    const { streams } = client('sendfile(3, 9, NULL, 4096) = 4096', 'splice(3, NULL, 8, NULL, 65536, 0) = 12');
    expect(streams).toEqual(['<4096>', '<12>']);
  });

  it('leaves out what moved nothing or was only looked at', () => {
    const { streams, ends } = client(
      'read(3, 0x7ff, 8) = -1 EAGAIN (Resource temporarily unavailable)',
      'recvmsg(3, {msg_namelen=0}, 0) = -1 EAGAIN (Resource temporarily unavailable)',
      'recvfrom(3, "ab", 2, MSG_PEEK, NULL, NULL) = 2',
      'read(3, "", 0) = 0',
      'write(3, "abc", 3) = -1 EPIPE (Broken pipe)',
      'read(3, "ab", 2) = 2',
    );
    expect(streams).toEqual(['', 'ab']);
    expect(ends).toEqual(['', '']);
  });
});

describe('strace lines', () => {
  const forms: Record<string, (call: string, i: number) => string> = {
    'without a process id': (call, i) => `1795186521.00000${i} ${call}`,
    '[pid N] of a terminal': (call, i) => `[pid  4711] 14:55:2${i}.000213 ${call}`,
    'process names (-Y)': (call, i) => `4711<qemu-io> 14:55:2${i}.000213 ${call}`,
    'no times': (call) => call,
    'process id and no times': (call) => `4711 ${call}`,
    'whole seconds': (call, i) => `4711  14:55:2${i} ${call}`,
    'relative times': (call, i) => `4711      0.00000${i} ${call}`,
    'durations and padding': (call, i) => `4711  14:55:2${i}.000213 ${call.replace(' = ', '          = ')} <0.000047>`,
    nanoseconds: (call, i) => `4711 1795186521.00000000${i} ${call}`,
    'instruction pointers': (call, i) => `4711 14:55:2${i}.000213 [00007f0a1b2c3d4e] ${call}`,
  };
  for (const [name, form] of Object.entries(forms))
    it(`reads lines with ${name}`, () => {
      const calls = [
        'socket(AF_UNIX, SOCK_STREAM, 0) = 3',
        'connect(3, {sa_family=AF_UNIX, sun_path=@"name"}, 8) = 0',
        'write(3, "hello", 5) = 5',
        'read(3, "world", 100) = 5',
        'close(3) = 0',
      ];
      const found = trace(...calls.map(form));
      expect(found).toHaveLength(1);
      expect(found[0]!.streams).toEqual(['hello', 'world']);
      expect(found[0]!.endpoints[1]).toBe('unix:@name');
      expect(found[0]!.ends).toEqual(['fin', '']);
    });

  it('passes midnight', () => {
    const { times } = readText(
      [
        '7 23:59:59.9 socket(AF_UNIX, SOCK_STREAM, 0) = 3',
        '7 23:59:59.9 connect(3, {sa_family=AF_UNIX, sun_path="/a"}, 8) = 0',
        '7 23:59:59.95 write(3, "a", 1) = 1',
        '7 00:00:00.1 write(3, "b", 1) = 1\n',
      ].join('\n'),
    );
    expect(times).toEqual([86_399.9, 86_399.95, 86_400.1]);
  });

  it('joins unfinished calls with what resumed them', () => {
    const found = trace(
      ...BEGIN,
      '101 1795186521.000010 recvfrom(3,  <unfinished ...>',
      '100 1795186521.000011 sendto(3, "question", 8, 0, NULL, 0 <unfinished ...>',
      '101 1795186521.000012 <... recvfrom resumed>"answer", 100, 0, NULL, NULL) = 6',
      '100 1795186521.000013 <... sendto resumed>) = 8',
    );
    expect(found).toHaveLength(1);
    // the write was entered before the read returned
    expect(found[0]!.events).toEqual(['0 data 8', '1 data 6']);
    expect(found[0]!.streams).toEqual(['question', 'answer']);
  });

  it('puts a long read after the writes that happened in it, where lines are ordered by entry', () => {
    const found = trace(
      ...BEGIN,
      '101 1795186521.000010 read(3, "answer", 100) = 6 <0.500000>',
      '100 1795186521.100000 write(3, "question", 8) = 8 <0.000010>',
      '100 1795186522.100000 write(3, "next", 4) = 4 <0.000010>',
    );
    expect(found[0]!.events).toEqual(['0 data 8', '1 data 6', '0 data 4']);
  });

  it('says which write has no result', () => {
    const read = readText(
      [
        ...BEGIN,
        '100 1795186521.000010 write(3, "abc", 3 <unfinished ...>',
        '100 1795186521.1 +++ killed by SIGKILL +++\n',
      ].join('\n'),
    );
    expect(read.connections[0]!.streams[0]).toBe('<-1>');
    expect(read.connections[0]!.ends).toEqual(['fin', '']);
    expect(read.notes.join('\n')).toMatch(/1 write whose result is not known/);
  });

  it('passes over what other programs print', () => {
    const read = readText(
      [...BEGIN, 'some program: hello', '100 1795186521.000010 write(3, "abc", 3) = 3\n'].join('\n'),
    );
    expect(read.connections[0]!.streams[0]).toBe('abc');
    expect(read.notes.join('\n')).toMatch(/1 line that strace did not print whole/);
  });

  it('passes over the stacks of -k without a word', () => {
    const stack = Array.from({ length: 9 }, (_, i) => ` > /usr/lib/libc.so.6(function_${i}+0x1) [0x1234]`);
    const lines = [...BEGIN, '100 1795186521.000010 write(3, "abc", 3) = 3'].flatMap((line) => [line, ...stack]);
    const read = readText(`${lines.join('\n')}\n`);
    expect(read.connections[0]!.streams[0]).toBe('abc');
    expect(read.notes).toEqual([]);
  });

  it('keeps the head and the result of a line that is too long', () => {
    const text = [...BEGIN, `100 1795186521.000010 write(3, "${'\\x41'.repeat(2000)}", 2000) = 2000`, ''].join('\n');
    const read = readText(text, { limits: { lineBytes: 1000 }, chop: 100 });
    expect(read.connections[0]!.streams[0]).toMatch(/^A{200,260}<17\d\d>$/);
    expect(read.notes.join('\n')).toMatch(/capture\/limit: 1 line longer than limit lineBytes/);
  });

  it('reads much of everything that could cost more than in proportion', () => {
    const many = (n: number, line: (i: number) => string): string[] => Array.from({ length: n }, (_, i) => line(i));
    const hostile: readonly ((i: number) => string)[] = [
      (i) => `${1000 + i} 1795186521.5 read(7, "a", 1) = 1`,
      (i) => `${1000 + i} 1795186521.5 write(3, "a", 1 <unfinished ...>`,
      (i) => `100 1795186521.5 read(3, "a", 1) = 1 <${90_000 - i}.0>`,
      (i) => `100 1795186521.5 socket(AF_UNIX, SOCK_STREAM, 0) = ${i + 4}`,
      (i) => `${1000 + i} 1795186521.5 close(3) = 0`,
      () => `100 1795186521.5 write(3, {{{{[[[[[[${'{['.repeat(200)}, 1) = 1`,
      () => `100 1795186521.5 read(3<${'<'.repeat(300)}, "a", 1) = 1`,
    ];
    const read = hostile.map((line) => readText([...BEGIN, ...many(6000, line), ''].join('\n')));
    const threads = 'capture/limit: threads: more than 4096 at once; the descriptors of the oldest are forgotten';
    const passedOver = 'capture/recording: 6000 lines that strace did not print whole: passed over';
    expect(read.map((r) => r.connections.length)).toEqual([1, 1, 1, 0, 1, 0, 0]);
    expect(read.map((r) => r.notes)).toEqual([
      expect.arrayContaining([threads]),
      expect.arrayContaining(['capture/limit: threads: 1904 unfinished calls given up, too many at once', threads]),
      [],
      [],
      [threads],
      [passedOver],
      [passedOver],
    ]);
  });

  it('does not gather a line that never ends', () => {
    const before = process.memoryUsage().rss;
    const read = readText(Buffer.from(`${BEGIN.join('\n')}\n${'x'.repeat(200)}`), {});
    expect(read.connections).toHaveLength(0);
    const endless = readText(Buffer.concat([Buffer.from(`${BEGIN.join('\n')}\n`), Buffer.alloc(64 << 20, 0x41)]), {
      limits: { lineBytes: 1 << 16 },
    });
    expect(endless.connections).toHaveLength(0);
    expect(process.memoryUsage().rss - before).toBeLessThan(256 << 20);
  });
});

describe('strace limits', () => {
  const limits = (n: number, line: (i: number) => string, some: Partial<Limits>): string[] => {
    const lines = Array.from({ length: n }, (_, i) => line(i));
    const { notes } = readText([...BEGIN, ...lines, ''].join('\n'), { limits: some });
    return notes.filter((note) => note.startsWith('capture/limit'));
  };

  it('threads: bounds threads, and calls that wait', () => {
    const calls = limits(20, (i) => `${200 + i} 1795186521.5 read(3, <unfinished ...>`, { threads: 5 });
    expect(calls).toEqual([
      'capture/limit: threads: 15 unfinished calls given up, too many at once',
      'capture/limit: threads: more than 5 at once; the descriptors of the oldest are forgotten',
    ]);
  });

  it('openStreams: bounds descriptors and identities', () => {
    const own = limits(20, (i) => `100 1795186521.5 socket(AF_UNIX, SOCK_STREAM, 0) = ${i + 4}`, { openStreams: 5 });
    expect(own).toEqual(['capture/limit: openStreams: more than 5 descriptors open at once; the oldest are forgotten']);
    const shown = (i: number): string =>
      `100 1795186521.5 write(7<UNIX-STREAM:[${2 * i + 1}->${2 * i + 2}]>, "a", 1) = 1`;
    expect(limits(20, shown, { openStreams: 5 })).toEqual([
      'capture/limit: openStreams: more than 5 sockets; the oldest are forgotten',
    ]);
  });

  it('flows: bounds the descriptors of all threads, made or inherited', () => {
    const families = (i: number): string =>
      i % 2 === 0
        ? `${100 + i / 2} 1795186521.5 socket(AF_UNIX, SOCK_STREAM, 0) = ${i + 4}`
        : `${100 + (i - 1) / 2} 1795186521.5 clone(child_stack=NULL, flags=SIGCHLD) = ${101 + (i - 1) / 2}`;
    expect(limits(40, families, { flows: 30 })).toContainEqual(
      "capture/limit: flows: more than 30 descriptors of all threads; some children have none of their parents'",
    );
    const own = limits(40, (i) => `${200 + i} 1795186521.5 socket(AF_UNIX, SOCK_STREAM, 0) = 5`, { flows: 30 });
    expect(own).toEqual([
      'capture/limit: flows: more than 30 descriptors of all threads; those of the oldest are forgotten',
    ]);
  });

  it('bufferedBytes: bounds what descriptors of unknown kind carry', () => {
    const told = limits(50, (i) => `100 1795186521.5 read(${i + 4}, "${'a'.repeat(30)}", 30) = 30`, {
      bufferedBytes: 4000,
    });
    expect(told).toEqual([
      expect.stringMatching(
        /bufferedBytes: descriptors of unknown kind carry one direction only, and more than 4000 bytes together/,
      ),
    ]);
  });

  it('unfinishedBytes: bounds calls that were entered', () => {
    const line = (i: number): string => `${200 + i} 1795186521.5 write(3, "${'a'.repeat(100)}", 100 <unfinished ...>`;
    expect(limits(20, line, { unfinishedBytes: 1000 })).toEqual([
      expect.stringMatching(/limit: unfinishedBytes: 1\d unfinished calls given up, more than 1000 bytes at once$/),
    ]);
  });

  it('pendingCalls, reorderedCalls, reorderedBytes: bound what waits for a write that does not return', () => {
    const entered = (i: number): string => `${200 + i} 1795186521.5 write(3, "a", 1 <unfinished ...>`;
    expect(limits(20, entered, { pendingCalls: 5 })).toEqual([
      'capture/limit: pendingCalls: more than 5 calls did not return; the order of what came after them is that of the lines',
    ]);
    const behind = (i: number): string =>
      i === 0 ? entered(0) : `100 1795186521.6 write(3, "${'b'.repeat(20)}", 20) = 20`;
    const told = (some: Partial<Limits>): string[] => limits(20, behind, some);
    expect(told({ reorderedCalls: 5 })).toEqual([
      expect.stringMatching(/reorderedCalls: more than 5 calls wait for a call to return; the order .* is that of the/),
    ]);
    expect(told({ reorderedBytes: 100 })).toEqual([
      expect.stringMatching(/reorderedBytes: more than 100 bytes wait for a call to return; the order .* is that of/),
    ]);
    expect(told({})).toEqual([]);
  });

  it('unknownCalls, unknownBytes: bound what a descriptor of unknown kind carries', () => {
    const read = (): string => `100 1795186521.5 read(9, "${'a'.repeat(30)}", 30) = 30`;
    for (const [some, what] of [
      [{ unknownCalls: 5 }, 'unknownCalls: .* and more than 5 calls; they are left out'],
      [{ unknownBytes: 100 }, 'unknownBytes: .* and more than 100 bytes; they are left out'],
    ] as const)
      expect(limits(20, read, some)).toEqual([expect.stringMatching(what)]);
  });

  it('closings: bounds closes that are not believed yet', () => {
    const lines = (i: number): string =>
      [
        `100 1795186521.5 socket(AF_UNIX, SOCK_STREAM, 0) = ${5 + i}`,
        `100 1795186521.5 connect(${5 + i}, {sa_family=AF_UNIX, sun_path="/run/a.sock"}, 110) = 0`,
        `100 1795186521.5 close(${5 + i}) = 0`,
      ].join('\n');
    expect(limits(20, lines, { closings: 5 })).toEqual([
      'capture/limit: closings: more than 5 closes at once; 15 connections counted as closed before a second had passed',
    ]);
  });

  it('takes a great many closes that are not believed yet', () => {
    const lines = Array.from({ length: 10_000 }, (_, i) => [
      `100 1795186521.5 socket(AF_UNIX, SOCK_STREAM, 0) = 5`,
      `100 1795186521.5 connect(5, {sa_family=AF_UNIX, sun_path="/run/a.sock"}, 110) = 0`,
      `100 1795186521.5 write(5, "${i % 10}", 1) = 1`,
      `100 1795186521.5 close(5) = 0`,
    ]).flat();
    const { connections } = readText([...BEGIN, ...lines, ''].join('\n'));
    expect(connections.filter((c) => c.streams[0].length === 1)).toHaveLength(10_000);
  });
});

describe('strace descriptors', () => {
  it('starts a new connection when a number is used again', () => {
    const found = trace(
      ...BEGIN,
      '100 1795186521.000010 write(3, "one", 3) = 3',
      '100 1795186521.000011 close(3) = 0',
      '100 1795186521.000012 socket(AF_UNIX, SOCK_STREAM, 0) = 3',
      '100 1795186521.000013 connect(3, {sa_family=AF_UNIX, sun_path="/run/a.sock"}, 110) = 0',
      '100 1795186521.000014 write(3, "two", 3) = 3',
    );
    expect(found.map((c) => c.streams[0])).toEqual(['one', 'two']);
    expect(found.map((c) => c.ends[0])).toEqual(['fin', '']);
  });

  it('follows dup, dup2 and fcntl, and ends with the last of them', () => {
    const { streams, ends, events } = client(
      'dup(3) = 4',
      'close(3) = 0',
      'dup2(4, 0) = 0',
      'fcntl(0, F_DUPFD_CLOEXEC, 10) = 10',
      'close(4) = 0',
      'write(0, "a", 1) = 1',
      'close(0) = 0',
      'write(10, "b", 1) = 1',
      'close(10) = 0',
    );
    expect(streams[0]).toBe('ab');
    expect(ends).toEqual(['fin', '']);
    expect(events.at(-1)).toBe('0 fin');
  });

  it('tells half close, end, reset and exit apart', () => {
    expect(client('shutdown(3, SHUT_WR) = 0', 'read(3, "a", 9) = 1', 'read(3, "", 9) = 0').events).toEqual([
      '0 fin',
      '1 data 1',
      '1 fin',
    ]);
    expect(client('read(3, 0x7f, 9) = -1 ECONNRESET (Connection reset by peer)').ends).toEqual(['', 'reset']);
    expect(client('write(3, "a", 1) = 1', '+++ exited with 0 +++').ends).toEqual(['fin', '']);
    // after its own shutdown of reading a side reads 0 bytes, whatever the peer does
    expect(client('shutdown(3, SHUT_RDWR) = 0', 'read(3, "", 9) = 0').ends).toEqual(['fin', '']);
  });

  it('leaves files, pipes and event counters alone', () => {
    const found = trace(
      ...BEGIN,
      '100 1795186521.000010 openat(AT_FDCWD, "/etc/x", O_RDWR) = 4',
      '100 1795186521.000011 read(4, "file", 4) = 4',
      '100 1795186521.000012 write(4, "file", 4) = 4',
      '100 1795186521.000013 pipe2([5, 6], O_CLOEXEC) = 0',
      '100 1795186521.000014 write(6, "pipe", 4) = 4',
      '100 1795186521.000015 read(5, "pipe", 4) = 4',
      '100 1795186521.000016 write(9, "\\1\\0\\0\\0\\0\\0\\0\\0", 8) = 8',
      '100 1795186521.000017 read(9, "\\1\\0\\0\\0\\0\\0\\0\\0", 8) = 8',
      '100 1795186521.000018 write(2, "message", 7) = 7',
      '100 1795186521.000019 write(3, "x", 1) = 1',
    );
    expect(found.map((c) => c.streams)).toEqual([['x', '']]);
  });

  it('takes a descriptor that carries both directions for a socket when nothing else is known', () => {
    const found = trace(
      '100 1795186521.000010 read(7, "question", 100) = 8',
      '100 1795186521.000011 write(7, "answer", 6) = 6',
    );
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({ opened: false, rolesKnown: false, streams: ['answer', 'question'] });
  });

  it('takes threads of which nothing is told for one process, and says so', () => {
    const read = readText(
      [
        '101 1795186521.000010 read(7, "one", 100) = 3',
        '102 1795186521.000011 read(7, "two", 100) = 3',
        '101 1795186521.000012 write(7, "first", 5) = 5',
        '102 1795186521.000013 write(7, "second", 6) = 6\n',
      ].join('\n'),
    );
    expect(read.connections.map((c) => c.streams)).toEqual([['firstsecond', 'onetwo']]);
    expect(read.notes.join('\n')).toMatch(/taken for one process/);
  });

  it('lets threads share and children inherit descriptors', () => {
    const [thread] = trace(
      ...BEGIN,
      '100 1795186521.000010 clone3({flags=CLONE_VM|CLONE_FILES|CLONE_THREAD, child_tid=0x7f, stack_size=0x7f} => {parent_tid=[101]}, 88) = 101',
      '101 1795186521.000011 write(3, "a", 1) = 1',
      '101 1795186521.000012 close(3) = 0',
    );
    expect(thread!.ends).toEqual(['fin', '']);
    const [child] = trace(
      ...BEGIN,
      '100 1795186521.000010 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 101',
      '100 1795186521.000011 close(3) = 0',
      '101 1795186523.000012 write(3, "a", 1) = 1',
      '101 1795186523.000013 close(3) = 0',
    );
    expect(child!.events).toEqual(['0 data 1', '0 fin']);
  });

  it('believes a close only when no child goes on, where forks are not traced', () => {
    const [connection] = trace(
      ...BEGIN,
      '100 1795186521.000010 close(3) = 0',
      '101 1795186521.000012 write(3, "a", 1) = 1',
      '101 1795186521.000013 close(3) = 0',
    );
    expect(connection!.events).toEqual(['0 data 1', '0 fin']);
  });

  it('joins both ends of one connection by their inodes, whichever is seen first', () => {
    const server =
      '200 1795186521.000003 accept4(5<UNIX-STREAM:[9,"/run/a.sock"]>, NULL, NULL, 0) = 6<UNIX-STREAM:[11->10,"/run/a.sock"]>';
    const begin = [
      '100 1795186521.000001 socket(AF_UNIX, SOCK_STREAM, 0) = 3<UNIX-STREAM:[10]>',
      '100 1795186521.000002 connect(3<UNIX-STREAM:[10]>, {sa_family=AF_UNIX, sun_path="/run/a.sock"}, 110) = 0',
    ];
    const rest = [
      '100 1795186521.000010 write(3<UNIX-STREAM:[10->11]>, "abc", 3) = 3',
      '200 1795186521.000011 read(6<UNIX-STREAM:[11->10,"/run/a.sock"]>, "a", 1) = 1',
      '200 1795186521.000012 read(6<UNIX-STREAM:[11->10,"/run/a.sock"]>, "bc", 100) = 2',
      '100 1795186521.000013 read(3<UNIX-STREAM:[10->11]>, "xy", 100) = 2 <0.000100>',
      '200 1795186521.000014 write(6<UNIX-STREAM:[11->10,"/run/a.sock"]>, "xy", 2) = 2',
      '100 1795186521.000200 close(3<UNIX-STREAM:[10->11]>) = 0',
      '200 1795186521.000201 read(6<UNIX-STREAM:[11->10,"/run/a.sock"]>, "", 100) = 0',
    ];
    for (const order of [
      [...begin, server],
      [server, ...begin],
    ]) {
      const found = trace(...order, ...rest);
      expect(found).toHaveLength(1);
      expect(found[0]).toMatchObject({
        endpoints: ['unix:pid=100', 'unix:/run/a.sock'],
        rolesKnown: true,
        opened: true,
        events: ['0 data 3', '1 data 2', '0 fin'],
        streams: ['abc', 'xy'],
      });
    }
  });

  it('reads TCP sockets with their addresses', () => {
    const [connection] = trace(
      '100 1795186521.000001 socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = 3<TCP:[34018]>',
      '100 1795186521.000002 connect(3<TCP:[34018]>, {sa_family=AF_INET, sin_port=htons(10809), sin_addr=inet_addr("127.0.0.1")}, 16) = 0',
      '100 1795186521.000003 sendto(3<TCP:[127.0.0.1:33534->127.0.0.1:10809]>, "yo", 2, 0, NULL, 0) = 2',
    );
    expect(connection).toMatchObject({
      transport: 'tcp',
      endpoints: ['127.0.0.1:33534', '127.0.0.1:10809'],
      streams: ['yo', ''],
    });
  });

  it('names vsock endpoints', () => {
    const [connection] = trace(
      '100 1795186521.000001 socket(AF_VSOCK, SOCK_STREAM, 0) = 3',
      '100 1795186521.000002 connect(3, {sa_family=AF_VSOCK, svm_cid=VMADDR_CID_HOST, svm_port=0x1388, svm_flags=0}, 16) = 0',
      '100 1795186521.000003 write(3, "yo", 2) = 2',
    );
    expect(connection).toMatchObject({ transport: 'vsock', endpoints: ['pid=100', 'vsock:2:5000'] });
  });

  it('leaves out datagram sockets', () => {
    expect(
      trace(
        '100 1795186521.000001 socket(AF_INET, SOCK_DGRAM, 0) = 3',
        '100 1795186521.000002 connect(3, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("1.1.1.1")}, 16) = 0',
        '100 1795186521.000003 sendto(3, "q", 1, 0, NULL, 0) = 1',
        '100 1795186521.000004 recvfrom(3, "a", 100, 0, NULL, NULL) = 1',
      ),
    ).toEqual([]);
  });

  it('says that plain descriptors show a connection of two traced processes twice', () => {
    const read = readText(
      [
        ...BEGIN,
        '200 1795186521.000003 accept(5, NULL, NULL) = 6',
        '100 1795186521.000010 write(3, "abc", 3) = 3',
        '200 1795186521.000011 read(6, "abc", 100) = 3\n',
      ].join('\n'),
    );
    expect(read.connections.map((c) => c.streams)).toEqual([
      ['abc', ''],
      ['abc', ''],
    ]);
    expect(read.notes.join('\n')).toMatch(/record with -yy/);
  });

  it('does not believe the order of traces that were put one behind the other', () => {
    const read = readText(
      [
        ...BEGIN,
        '100 1795186529.000010 write(3, "abc", 3) = 3',
        '200 1795186521.000003 accept(5, NULL, NULL) = 6',
        '200 1795186521.000011 read(6, "abc", 100) = 3\n',
      ].join('\n'),
    );
    expect(read.connections.map((c) => c.ordered)).toEqual([true, false]);
    expect(read.notes.join('\n')).toMatch(/times jump back/);
  });
});
