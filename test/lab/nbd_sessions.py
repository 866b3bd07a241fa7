"""Records real NBD sessions, one capture each: every server configuration below with several clients.

    python3 test/lab/nbd_sessions.py OUT_FOLDER [PART_OF_NAME...]

Needs tcpdump and the right to record on the loopback interface; servers and clients that are not installed are left out, and named in
OUT_FOLDER/sessions.json. With LAB_ROOT=FOLDER they are those of another distribution that is installed there (they run by chroot, and
must see the same /tmp). `wirelint check OUT_FOLDER` must then find no error: a client that closes without NBD_CMD_DISC is a warning.
"""
import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time

from recorder import INSIDE, Sessions, Tcpdump, end, version

OUT = os.path.abspath(sys.argv[1])
ONLY = sys.argv[2:]
WORK = '/tmp/nbd-sessions'

IMAGES = """
qemu-img create -f raw {work}/raw.img 8M
dd if=/dev/urandom of={work}/raw.img bs=64k count=5 seek=10 conv=notrunc
qemu-img create -f qcow2 {work}/a.qcow2 16M
qemu-io -f qcow2 -c "write -P 3 1M 256k" -c "write -z 2M 64k" {work}/a.qcow2
qemu-img create -f qcow2 -b {work}/a.qcow2 -F qcow2 {work}/b.qcow2
qemu-io -f qcow2 -c "write -P 4 4M 256k" {work}/b.qcow2
qemu-img bitmap --add {work}/b.qcow2 bm0
gzip -kf {work}/raw.img
xz -kf {work}/raw.img
mkdir -p {work}/d && cp {work}/raw.img {work}/d/one && cp {work}/raw.img {work}/d/two
tar cf {work}/t.tar -C {work} raw.img
head -c 300000 /dev/urandom > {work}/small.img && head -c 700000 /dev/zero >> {work}/small.img
"""

NBDKIT = 'nbdkit -f -i 127.0.0.1 -p {port} '
# settings of the export, then those of the server; the configuration's name says for which session it is
NBD_SERVER = (
    "sh -c 'printf \"[generic]\\nlistenaddr = 127.0.0.1\\nport = {port}\\n$2[disk]\\nexportname = {work}/raw.img\\n$1\" >{work}/nbd-server.conf; "
    "exec nbd-server -C {work}/nbd-server.conf -p {work}/nbd-server.pid' nbd-server "
)
SERVERS = {
    'mem': NBDKIT + 'memory 8M',
    'mem-odd': NBDKIT + 'memory 1234567',
    'null': NBDKIT + 'null 64M',
    'full': NBDKIT + 'full 4M',
    'pattern': NBDKIT + 'pattern 32M',
    'random': NBDKIT + 'random 4M',
    'zero': NBDKIT + 'zero',
    'file': NBDKIT + 'file {work}/raw.img',
    'file-ro': NBDKIT + '-r file {work}/raw.img',
    'dir': NBDKIT + 'file dir={work}/d',
    'data': NBDKIT + 'data \'1 2 3 @1000000 "hello"\' size=4M',
    'ondemand': NBDKIT + 'ondemand dir={work}/d size=4M',
    'info': NBDKIT + 'info hello',
    'sparse-random': NBDKIT + 'sparse-random 64M',
    'floppy': NBDKIT + 'floppy {work}/d',
    'tmpdisk': NBDKIT + 'tmpdisk 16M',
    'tar': NBDKIT + '--filter=tar file {work}/t.tar tar-entry=raw.img',
    'gzip': NBDKIT + '--filter=gzip file {work}/raw.img.gz',
    'xz': NBDKIT + '--filter=xz file {work}/raw.img.xz',
    'cow': NBDKIT + '--filter=cow file {work}/raw.img',
    'cache': NBDKIT + '--filter=cache memory 8M',
    'cow-cacheext': NBDKIT + '--filter=cacheextents --filter=cow file {work}/raw.img',
    'delay': NBDKIT + '--filter=delay memory 8M rdelay=5ms wdelay=2ms',
    'error': NBDKIT + '--filter=error memory 8M error-rate=30%',
    'error-eio-read': NBDKIT + '--filter=error memory 8M error-pread=EIO error-pread-rate=50%',
    'error-enospc': NBDKIT + '--filter=error memory 8M error-pwrite=ENOSPC error-pwrite-rate=100%',
    'blocksize': NBDKIT + '--filter=blocksize memory 8M minblock=4096 maxdata=65536',
    'bs-policy': NBDKIT + '--filter=blocksize-policy memory 8M blocksize-minimum=512 blocksize-preferred=4096 blocksize-maximum=1M blocksize-error-policy=error',
    'bs-policy-4k': NBDKIT + '--filter=blocksize-policy memory 8M blocksize-minimum=4096 blocksize-preferred=64K blocksize-maximum=2M',
    'nozero': NBDKIT + '--filter=nozero memory 8M',
    'nozero-emul': NBDKIT + '--filter=nozero memory 8M zeromode=emulate',
    'fua-none': NBDKIT + '--filter=fua memory 8M fuamode=none',
    'fua-native': NBDKIT + '--filter=fua memory 8M fuamode=native',
    'fua-emul': NBDKIT + '--filter=fua memory 8M fuamode=emulate',
    'multiconn': NBDKIT + '--filter=multi-conn memory 8M multi-conn-mode=disable',
    'noextents': NBDKIT + '--filter=noextents memory 8M',
    'nocache': NBDKIT + '--filter=nocache memory 8M cachemode=none',
    'noparallel': NBDKIT + '--filter=noparallel memory 8M serialize=requests',
    'truncate': NBDKIT + '--filter=truncate memory 1000000 round-up=64K',
    'offset': NBDKIT + '--filter=offset memory 8M offset=65536 range=1M',
    'partition': NBDKIT + '--filter=partition partitioning {work}/raw.img partition=1',
    'exportname': NBDKIT + '--filter=exportname memory 8M default-export=disk exportname-list=explicit exportname=disk exportname=other',
    'tls-fallback': NBDKIT + '--filter=tls-fallback memory 8M',
    'rate': NBDKIT + '--filter=rate memory 8M rate=40M',
    'readahead': NBDKIT + '--filter=readahead memory 8M',
    'retry': NBDKIT + '--filter=retry memory 8M',
    'swab': NBDKIT + '--filter=swab memory 8M',
    'protect': NBDKIT + '--filter=protect memory 8M protect=0-65535',
    'pause': NBDKIT + '--filter=pause memory 8M pause-control={work}/pause.sock',
    'limit': NBDKIT + '--filter=limit memory 8M limit=2',
    'threads1': NBDKIT + '-t 1 memory 8M',
    'no-sr': NBDKIT + '--no-sr memory 8M',
    'mask0': NBDKIT + '--mask-handshake=0 memory 8M',
    'mask1': NBDKIT + '--mask-handshake=1 memory 8M',
    'mask2': NBDKIT + '--mask-handshake=2 memory 8M',
    'oldstyle': NBDKIT + '-o memory 8M',
    'newname': NBDKIT + '-e foo memory 8M',
    'checkwrite': NBDKIT + '--filter=checkwrite file {work}/raw.img',
    'stats': NBDKIT + '--filter=stats memory 8M statsfile=/dev/null',
    'ddrescue': NBDKIT + 'memory 8M',
    'scan': NBDKIT + '--filter=scan memory 8M',
    'eval-err': NBDKIT + "eval get_size='echo 4M' pread='echo EINVAL bad read >&2; exit 1' pwrite='echo ENOTSUP no >&2; exit 1' zero='echo EOPNOTSUPP no zero >&2; exit 1' can_zero='exit 0' can_fast_zero='exit 0' trim='echo EOVERFLOW >&2; exit 1' can_trim='exit 0' can_write='exit 0' flush='echo ESHUTDOWN bye >&2; exit 1' can_flush='exit 0' cache='echo EIO >&2; exit 1' can_cache='echo native' extents='echo ENOMEM >&2; exit 1' can_extents='exit 0'",
    'eval-ext': NBDKIT + "eval get_size='echo 4M' pread='dd if=/dev/zero count=$3 iflag=count_bytes status=none' extents='echo 0 1M hole,zero; echo 1M 1M; echo 2M 2M hole' can_extents='exit 0'",
    'q-raw': 'qemu-nbd -p {port} -b 127.0.0.1 -e 8 -t -f raw {work}/raw.img',
    'q-raw-ro': 'qemu-nbd -p {port} -b 127.0.0.1 -e 8 -t -r -f raw {work}/raw.img',
    'q-qcow2': 'qemu-nbd -p {port} -b 127.0.0.1 -e 8 -t -f qcow2 {work}/a.qcow2',
    'q-qcow2-x': 'qemu-nbd -p {port} -b 127.0.0.1 -e 8 -t -f qcow2 -x exp -D "a description" {work}/a.qcow2',
    'q-bm': 'qemu-nbd -p {port} -b 127.0.0.1 -e 8 -t -r -f qcow2 -A -B bm0 {work}/b.qcow2',
    'q-snap': 'qemu-nbd -p {port} -b 127.0.0.1 -e 8 -t -f qcow2 --discard=unmap --detect-zeroes=unmap {work}/a.qcow2',
    'q-e1': 'qemu-nbd -p {port} -b 127.0.0.1 -e 1 -t -f qcow2 {work}/a.qcow2',
    'q-sd': 'qemu-storage-daemon --blockdev driver=file,node-name=f,filename={work}/raw.img --blockdev driver=raw,node-name=r,file=f --nbd-server addr.type=inet,addr.host=127.0.0.1,addr.port={port} --export type=nbd,id=e,node-name=r,name=,writable=on',
    'ns': NBD_SERVER + "'' ''",
    'ns-flags': NBD_SERVER + "'flush = true\\nfua = true\\ntrim = true\\nrotational = true\\n' ''",
    'ns-ro': NBD_SERVER + "'readonly = true\\n' ''",
    'ns-cow': NBD_SERVER + "'copyonwrite = true\\n' ''",
    'ns-list': NBD_SERVER + "'' 'allowlist = true\\n'",
}

URI = '{uri}'

NBDSH_MAIN='''\
import nbd
def t(f):
    try: return f()
    except nbd.Error as e: print(e)
sz=h.get_size(); n=min(65536, sz)
bs=max(h.get_block_size(nbd.SIZE_MINIMUM),512) if hasattr(nbd,"SIZE_MINIMUM") else 512
n=n//bs*bs
t(lambda: h.pread(n,0)); t(lambda: h.pread(bs,(sz-bs)//bs*bs))
if not h.is_read_only():
    t(lambda: h.pwrite(b"x"*n,0)); t(lambda: h.pwrite(b"y"*bs,bs,nbd.CMD_FLAG_FUA if h.can_fua() else 0))
    if h.can_zero(): t(lambda: h.zero(n,0)); t(lambda: h.zero(bs,bs,nbd.CMD_FLAG_NO_HOLE))
    if h.can_fast_zero(): t(lambda: h.zero(bs,0,nbd.CMD_FLAG_FAST_ZERO))
    if h.can_trim(): t(lambda: h.trim(n,0))
if h.can_flush(): t(lambda: h.flush())
if h.can_cache(): t(lambda: h.cache(n,0))
if h.can_df(): t(lambda: h.pread_structured(n,0,lambda *a:0,nbd.CMD_FLAG_DF))
t(lambda: h.pread_structured(min(n*4,sz//bs*bs),0,lambda *a:0))
if h.can_meta_context("base:allocation"):
    t(lambda: h.block_status(min(sz,1<<24)//bs*bs,0,lambda *a:0)); t(lambda: h.block_status(n,0,lambda *a:0,nbd.CMD_FLAG_REQ_ONE))
'''
NBDSH_ASYNC='''\
import nbd
sz=h.get_size(); n=4096; jobs=[]
bufs=[]
import random; random.seed(1)
for i in range(48):
    off=random.randrange(0,max(1,(sz-n)//n))*n
    if i%3==0 and not h.is_read_only():
        b=nbd.Buffer.from_bytearray(bytearray(n)); bufs.append(b); jobs.append(h.aio_pwrite(b,off))
    else:
        b=nbd.Buffer(n); bufs.append(b); jobs.append(h.aio_pread(b,off))
while h.aio_in_flight()>0: h.poll(-1)
for j in jobs:
    try: h.aio_command_completed(j)
    except nbd.Error as e: print(e)
'''
OPT='''\
import nbd
h.set_opt_mode(True); h.connect_uri("%s")
def t(f):
    try: print(f())
    except nbd.Error as e: print(e)
t(lambda: h.opt_list(lambda n,d:0)); h.add_meta_context("base:allocation"); h.add_meta_context("qemu:allocation-depth"); h.add_meta_context("x-none:nothing")
t(lambda: h.opt_list_meta_context(lambda n:0)); t(lambda: h.opt_info()); h.set_export_name("nosuch"); t(lambda: h.opt_info()); h.set_export_name(""); t(lambda: h.opt_go()); 
'''

SIMPLE = 'h.set_request_structured_replies(False)'

CLIENTS = {
    'nbdsh': ['nbdsh', '-u', URI, '-c', NBDSH_MAIN],
    'nbdsh-bs': ['nbdsh', '-c', 'h.add_meta_context("base:allocation")', '-c', f'h.connect_uri("{URI}")', '-c', NBDSH_MAIN],
    'qio': ['qemu-io', '-f', 'raw', '-c', 'read 0 64k', '-c', 'write -P 9 64k 64k', '-c', 'write -f -P 8 128k 4k', '-c', 'write -z 0 64k',
            '-c', 'write -z -u 64k 32k', '-c', 'discard 0 64k', '-c', 'flush', '-c', 'aio_read 0 128k', '-c', 'aio_write 4k 8k',
            '-c', 'aio_flush', '-c', 'read 1000 3000', URI],
    'opt': ['nbdsh', '-c', OPT % URI, '-c', 'h.shutdown()'],
    'nbdsh-simple': ['nbdsh', '-c', SIMPLE, '-c', f'h.connect_uri("{URI}")', '-c', NBDSH_MAIN],
    'nbdsh-async': ['nbdsh', '-u', URI, '-c', NBDSH_ASYNC],
    'nbdsh-async-simple': ['nbdsh', '-c', SIMPLE, '-c', f'h.connect_uri("{URI}")', '-c', NBDSH_ASYNC],
    'opt-abort': ['nbdsh', '-c', OPT.replace('t(lambda: h.opt_go())', 'h.opt_abort()') % URI],
    'info': ['nbdinfo', URI],
    'info-list': ['nbdinfo', '--list', URI],
    'map': ['nbdinfo', '--map', URI],
    'copy': ['nbdcopy', URI, WORK + '/out.img'],
    'copy-to': ['nbdcopy', WORK + '/small.img', URI],
    'qimg-info': ['qemu-img', 'info', URI],
    'qimg-map': ['qemu-img', 'map', '-f', 'raw', URI],
    'ns-list': ['nbd-client', '-l', '127.0.0.1', '{port}'],
    'qimg-conv': ['qemu-img', 'convert', '-f', 'raw', URI, '-O', 'raw', WORK + '/out2.img'],
}
# every server meets the first four, and two of the others in turn
ALWAYS = 4


def plan():
    always, others = list(CLIENTS)[:ALWAYS], list(CLIENTS)[ALWAYS:]
    for i, server in enumerate(SERVERS):
        for client in always + [others[(2 * i + k) % len(others)] for k in range(2)]:
            yield server, client


def fill(text, port, uri=''):
    return text.replace('{work}', WORK).replace('{port}', str(port)).replace('{uri}', uri)


def listening(port):
    lines = open('/proc/net/tcp').readlines()[1:]
    return any(f[3] == '0A' and int(f[1].rsplit(':', 1)[1], 16) == port for f in map(str.split, lines))


def record(server, client, port, path):
    """Whether the server listened: a plugin or filter may be missing, or not know an option; its log says so."""
    with open(path[:-5] + '.log', 'w') as log:
        daemon = subprocess.Popen([*INSIDE, 'sh', '-c', 'exec ' + fill(SERVERS[server], port)], stdout=log, stderr=log)
        tcpdump = Tcpdump(path, f'tcp port {port}')
        for _ in range(100):
            # nbd-server ends well, and goes on in the background
            if listening(port) or daemon.poll() not in (None, 0):
                break
            time.sleep(0.05)
        up = listening(port)
        if up:
            # nbd-server has no default export
            uri = f'nbd://127.0.0.1:{port}' + ('/disk' if server.startswith('ns') else '')
            try:
                command = [fill(word, port, uri) for word in CLIENTS[client]]
                subprocess.run([*INSIDE, *command], stdout=log, stderr=log, timeout=20)
            except subprocess.TimeoutExpired:
                log.write('the client took too long')
        time.sleep(0.15)
        end(daemon)
        end_in_background(f'{WORK}/nbd-server.pid')
        tcpdump.stop()
    if not up:
        os.remove(path)
    return up


def end_in_background(pid_file):
    """nbd-server cannot be kept in the foreground."""
    if os.path.exists(pid_file):
        os.kill(int(open(pid_file).read()), signal.SIGTERM)
        # newer ones remove it themselves
        with contextlib.suppress(FileNotFoundError):
            os.remove(pid_file)


# (what its version is asked of, the implementation that it belongs to)
IMPLEMENTATIONS = {
    'nbdkit': ('nbdkit', 'nbdkit'), 'qemu-nbd': ('qemu-nbd', 'qemu'), 'qemu-storage-daemon': ('qemu-storage-daemon', 'qemu'),
    'qemu-io': ('qemu-io', 'qemu'), 'qemu-img': ('qemu-img', 'qemu'), 'nbdsh': ('nbdinfo', 'libnbd'), 'nbdinfo': ('nbdinfo', 'libnbd'),
    'nbdcopy': ('nbdcopy', 'libnbd'), 'nbd-client': ('nbd-client', 'nbd-client'), 'nbd-server': ('nbd-server', 'nbd-server'),
}  # fmt: skip


def program(words):
    return 'nbd-server' if words[0] == 'sh' else words[0]


def main():
    os.makedirs(OUT, exist_ok=True)
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(WORK, exist_ok=True)
    sessions = Sessions(OUT)
    names = {}
    for name, (asked, implementation) in IMPLEMENTATIONS.items():
        if sessions.has(name):
            names[name] = f'{implementation} {version(asked, "-V" if asked.startswith("nbd-") else "--version")}'
    subprocess.run([*INSIDE, 'sh', '-c', fill(IMAGES, 0)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    port = 20000
    for server, client in plan():
        name = f'{server}--{client}'
        path = f'{OUT}/{name}.pcap'
        parties = [names.get(program(words)) for words in (shlex.split(SERVERS[server]), CLIENTS[client])]
        if (ONLY and not any(part in name for part in ONLY)) or None in parties:
            continue
        port += 1
        if os.path.exists(path) or record(server, client, port, path):
            sessions.add(f'{name}.pcap', *parties)
        else:
            sessions.lacks(f'server {server} ({parties[0]})', f'see {path[:-5]}.log')
    sessions.write()


main()
