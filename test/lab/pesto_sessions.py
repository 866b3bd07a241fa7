"""Records sessions of passt's pesto through `wirelint record`, one capture each.

    python3 test/lab/pesto_sessions.py OUT_FOLDER

PASST_SOURCE names passt's source, which is copied and built (make, a C compiler), or a folder that holds the programs passt and pesto;
where it is not set, those that are installed are taken. `npm run bundle` has to have been run.
"""
import os
import shutil
import subprocess
import sys
import time

from recorder import Sessions, end

OUT = os.path.abspath(sys.argv[1])
SOURCE = os.environ.get('PASST_SOURCE', '')
WORK = '/tmp/pesto-sessions'
WIRELINT = ['node', os.path.abspath('dist/bin.js')]
# passt makes a namespace of its own for its user, which root may not be
NOBODY = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] if os.getuid() == 0 else []

UPDATES = {
    'show': '-s',
    'add-tcp': '-A -t 20002',
    'add-range': '-A -t 20010-20020:30010-30020',
    'add-address': '-A -t 127.0.0.1/20030 -u 20031',
    'add-exclude': '-A -t 20040-20050,~20045',
    'delete': '-D -t 20002',
    'replace': '-t 20060 -u none',
    'conflict': '-A -t 20060:1',
    'clear': '-C HOST',
    'add-after-clear': '-A -t 20070 -u 20071-20075',
}


def programs():
    """Paths of passt and pesto, or None."""
    if not SOURCE:
        return [shutil.which('passt'), shutil.which('pesto')]
    folder = SOURCE
    if os.path.exists(f'{SOURCE}/Makefile'):
        folder = f'{WORK}/source'
        shutil.copytree(SOURCE, folder, symlinks=True)
        subprocess.run(['make', '-C', folder, 'passt', 'pesto'], check=True, stdout=subprocess.DEVNULL)
    return [f'{folder}/{name}' if os.path.exists(f'{folder}/{name}') else None for name in ('passt', 'pesto')]


def main():
    os.makedirs(OUT, exist_ok=True)
    shutil.rmtree(WORK, ignore_errors=True)
    os.makedirs(f'{WORK}/run')
    os.chmod(f'{WORK}/run', 0o777)
    sessions = Sessions(OUT)
    passt, pesto = programs()
    if passt is None or pesto is None:
        sessions.lacks('passt with pesto', 'git clone https://passt.top/passt && export PASST_SOURCE=$PWD/passt')
        sessions.write()
        return
    # passt's versions are dates of commits
    said = subprocess.run([passt, '--version'], capture_output=True, text=True).stdout.split('\n')[0]
    version = said.replace('passt ', '', 1)
    control, proxy = f'{WORK}/run/control', f'{WORK}/run/proxy'
    log = open(f'{OUT}/passt.log', 'w')
    daemon = subprocess.Popen([*NOBODY, passt, '-f', '-s', f'{WORK}/run/guest', '-c', control, '-t', '20001', '-u', 'none'], stdout=log, stderr=log)
    for _ in range(100):
        if os.path.exists(control) or daemon.poll() is not None:
            break
        time.sleep(0.05)
    for name, words in UPDATES.items():
        capture = f'{name}.pcapng'
        subprocess.run([*WIRELINT, 'record', '--listen', proxy, '--connect', control, '-w', f'{OUT}/{capture}', '--', pesto, *words.split(), proxy],
                       stdout=log, stderr=log, timeout=60)  # fmt: skip
        sessions.add(capture, f'passt {version}', f'pesto {version}')
    end(daemon)
    sessions.write()


main()
