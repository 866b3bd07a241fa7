"""What the recorders of the lab share: what is installed, and the list of the sessions that they made.

A recorder writes captures into a folder, and `sessions.json` beside them: {"sessions": [{"capture", "server", "client"}],
"missing": [{"what", "install"}]}. A server or client is its name and version; `install` is what would bring what is missing.
"""
import json
import os
import re
import shlex
import signal
import subprocess
import time

# what the system's packages brought, not what a user's own folders hold
os.environ['PATH'] = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

# programs of another distribution, which is installed below this folder, run by chroot; empty: the host's
ROOT = os.environ.get('LAB_ROOT', '')
INSIDE = ['chroot', ROOT] if ROOT else []

# Debian's packages of the programs
PACKAGES = {
    'nbdkit': 'nbdkit', 'nbdsh': 'python3-libnbd', 'nbdinfo': 'libnbd-bin', 'nbdcopy': 'libnbd-bin', 'qemu-nbd': 'qemu-utils',
    'qemu-io': 'qemu-utils', 'qemu-img': 'qemu-utils', 'qemu-storage-daemon': 'qemu-system-common', 'nbd-server': 'nbd-server',
    'nbd-client': 'nbd-client', 'ceph-mon': 'ceph-mon', 'ceph-mgr': 'ceph-mgr', 'ceph-osd': 'ceph-osd', 'rados': 'ceph-common',
    'ceph': 'ceph-common', 'ceph-authtool': 'ceph-common', 'monmaptool': 'ceph-common',
}  # fmt: skip


def installed(program):
    return subprocess.run([*INSIDE, 'sh', '-c', f'command -v {program}'], capture_output=True).returncode == 0


def version(*command):
    """The first number with a dot in what a program says about itself."""
    said = subprocess.run([*INSIDE, *command], capture_output=True, text=True)
    found = re.search(r'\d+\.\d[\w.]*', said.stdout + said.stderr)
    return found.group(0) if found else 'unknown'


class Sessions:
    def __init__(self, out):
        self.out = out
        self.sessions = []
        self.missing = {}

    def add(self, capture, server, client):
        self.sessions.append({'capture': capture, 'server': server, 'client': client})

    def lacks(self, what, install):
        self.missing[what] = install

    def has(self, *programs):
        """Whether all of them are installed; what is not is noted with the command that installs it."""
        absent = [p for p in programs if not installed(p)]
        for program in absent:
            self.lacks(program, shlex.join([*INSIDE, 'apt-get', 'install', PACKAGES[program]]))
        return not absent

    def write(self):
        missing = [{'what': what, 'install': install} for what, install in self.missing.items()]
        with open(os.path.join(self.out, 'sessions.json'), 'w') as f:
            json.dump({'sessions': self.sessions, 'missing': missing}, f, indent=1)


class Tcpdump:
    """Records the loopback interface from when it is made until `stop`."""

    def __init__(self, path, condition):
        options = ['-i', 'lo', '-s', '0', '-U', '-B', '16384', '--immediate-mode', '-Z', 'root']
        self.process = subprocess.Popen(['tcpdump', *options, '-w', path, condition], stderr=subprocess.PIPE, text=True)
        self.process.stderr.readline()

    def stop(self):
        time.sleep(0.05)
        self.process.send_signal(signal.SIGINT)
        self.process.communicate()


def end(process):
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
