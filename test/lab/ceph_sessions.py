"""Records a small Ceph cluster, one capture for each way its messengers can be set: a monitor, a manager and two OSDs with their data in
memory, and a client that writes, reads, lists and removes objects.

    python3 test/lab/ceph_sessions.py OUT_FOLDER [PART_OF_NAME...]

Needs tcpdump and the right to record on the loopback interface, whose ports 3300, 6789 and 6800-7568 must be free. With
LAB_ROOT=FOLDER the daemons are those of another distribution that is installed there (they run by chroot, and must see the same /tmp).
OUT_FOLDER/lab.keyring has the keys of all captures.
"""
import os
import shutil
import subprocess
import sys
import time
import uuid

from recorder import INSIDE, Sessions, Tcpdump, end, version

OUT = os.path.abspath(sys.argv[1])
ONLY = sys.argv[2:]
WORK = '/tmp/ceph-sessions'
FSID = str(uuid.uuid5(uuid.NAMESPACE_DNS, 'lab.wirelint'))

V2 = '[v2:127.0.0.1:3300,v1:127.0.0.1:6789]'
V1 = '[v1:127.0.0.1:6789]'
MODES = {
    'crc': (V2, 'crc', ''),
    'secure': (V2, 'secure', ''),
    'compressed': (V2, 'crc', 'ms_osd_compress_mode = force\nms_osd_compress_min_size = 64\nms_compress_secure = false\n'),
    'v1': (V1, 'crc', 'ms_bind_msgr2 = false\n'),
}

CONFIGURATION = """[global]
fsid = {fsid}
mon_host = {address}
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
auth_cluster_required = cephx
auth_service_required = cephx
auth_client_required = cephx
ms_cluster_mode = {mode}
ms_service_mode = {mode}
ms_client_mode = {mode}
ms_mon_cluster_mode = {mode}
ms_mon_service_mode = {mode}
ms_mon_client_mode = {mode}
keyring = {work}/lab.keyring
run_dir = {work}
log_file = {work}/$name.log
admin_socket = {work}/$name.asok
crash_dir = {work}
osd_objectstore = memstore
memstore_device_bytes = 268435456
osd_pool_default_size = 2
osd_pool_default_min_size = 1
osd_crush_chooseleaf_type = 0
osd_pool_default_pg_num = 8
mon_data = {work}/mon
mgr_data = {work}/mgr
osd_data = {work}/osd.$id
osd_class_load_list = *
{more}"""

WORK_LOAD = """
ceph osd pool create lab 8
rados -p lab bench 3 write -b 8192 -t 4 --no-cleanup
rados -p lab bench 2 rand -t 4
rados -p lab put plain /etc/services
rados -p lab setxattr plain name value
rados -p lab setomapval plain key value
rados -p lab listomapvals plain
rados -p lab stat plain
rados -p lab ls
rados -p lab get plain {work}/got
rados -p lab rm plain
rados -p lab cleanup
ceph status
ceph osd df
"""


def run(*command):
    done = subprocess.run([*INSIDE, *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120)
    if done.returncode != 0:
        raise RuntimeError(f'{" ".join(command)}: {done.stdout.strip()[-500:]}')
    return done.stdout


def wait_for(what, words, *command):
    for _ in range(60):
        if words in run(*command):
            return
        time.sleep(1)
    raise RuntimeError(f'no {what} after a minute')


def prepare(mode):
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(f'{WORK}/mgr')
    for osd in (0, 1):
        os.makedirs(f'{WORK}/osd.{osd}')
    address, ms_mode, more = MODES[mode]
    with open(f'{WORK}/ceph.conf', 'w') as f:
        f.write(CONFIGURATION.format(fsid=FSID, address=address, mode=ms_mode, work=WORK, more=more))
    keyring = f'{OUT}/lab.keyring'
    if not os.path.exists(keyring):
        made = f'{WORK}/lab.keyring'
        all_caps = ['--cap', 'mon', 'allow *', '--cap', 'mgr', 'allow *', '--cap', 'osd', 'allow *']
        for name in ('mon.', 'client.admin', 'mgr.x', 'osd.0', 'osd.1'):
            create = [] if os.path.exists(made) else ['--create-keyring']
            run('ceph-authtool', made, *create, '--gen-key', '-n', name, *all_caps)
        shutil.copy(made, keyring)
    shutil.copy(keyring, f'{WORK}/lab.keyring')
    settings = ['-c', f'{WORK}/ceph.conf']
    run('monmaptool', '--create', '--addv', 'a', address, '--fsid', FSID, f'{WORK}/monmap')
    run('ceph-mon', *settings, '--mkfs', '-i', 'a', '--monmap', f'{WORK}/monmap', '--keyring', f'{WORK}/lab.keyring')
    return settings


def record(mode):
    settings = prepare(mode)
    daemons = []

    def daemon(*command):
        log = open(f'{WORK}/{command[0]}.out', 'a')
        daemons.append(subprocess.Popen([*INSIDE, *command, *settings, '-f'], stdout=log, stderr=log))

    tcpdump = Tcpdump(f'{OUT}/{mode}.pcap', 'tcp port 3300 or tcp port 6789 or tcp portrange 6800-7568')
    try:
        daemon('ceph-mon', '-i', 'a')
        wait_for('quorum', '"quorum":[0]', 'ceph', *settings, 'quorum_status')
        daemon('ceph-mgr', '-i', 'x')
        for osd in ('0', '1'):
            run('ceph', *settings, 'osd', 'new', str(uuid.uuid5(uuid.NAMESPACE_DNS, f'{osd}.lab.wirelint')), osd)
            run('ceph-osd', *settings, '--mkfs', '-i', osd, '--osd-uuid', str(uuid.uuid5(uuid.NAMESPACE_DNS, f'{osd}.lab.wirelint')))
            daemon('ceph-osd', '-i', osd)
        wait_for('OSDs', '2 up', 'ceph', *settings, 'osd', 'stat')
        for line in WORK_LOAD.format(work=WORK).strip().split('\n'):
            program, *words = line.split(' ')
            run(program, *settings, *words)
    finally:
        for process in reversed(daemons):
            end(process)
        tcpdump.stop()


def main():
    os.makedirs(OUT, exist_ok=True)
    sessions = Sessions(OUT)
    if sessions.has('ceph-mon', 'ceph-mgr', 'ceph-osd', 'ceph', 'rados'):
        ceph = f'ceph {version("ceph-mon", "--version")}'
        for mode in MODES:
            if ONLY and not any(part in mode for part in ONLY):
                continue
            try:
                record(mode)
                sessions.add(f'{mode}.pcap', ceph, ceph)
            except (RuntimeError, subprocess.TimeoutExpired) as failure:
                sessions.lacks(f'Ceph, {mode}', f'see {WORK}: {failure}')
    sessions.write()


main()
