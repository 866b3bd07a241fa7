#!/usr/bin/env bash
# Runs docs/scale.md's recipe for Slurm in a real one: Debian's slurmctld and slurmd on this machine, a job array of `check --shard auto`,
# `merge`, and the merged report of every format compared byte for byte with that of a run without shards, exit status included.
# Needs root, systemd or not, and apt-get install slurm-wlm munge. Leaves nothing running.
#
#   npm run bundle && test/lab/slurm.sh [SHARDS] [CAPTURE...]
set -euo pipefail
cd "$(dirname "$0")/../.."
shards=${1:-4}
shift || true
[ $# -gt 0 ] || set -- captures/nbd captures/pesto
captures=()
for path in "$@"; do captures+=("$(realpath --relative-to . "$path")"); done
for command in slurmctld slurmd sbatch sinfo munged; do
  command -v "$command" >/dev/null || { echo "$command is not installed: apt-get install slurm-wlm munge"; exit 2; }
done

work=$(mktemp -d "${TMPDIR:-/tmp}/wirelint-slurm.XXXXXX")
started=()
finish() {
  for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

# the daemons' own signatures: every message between them carries one
mkdir -p "$work"/{munge,state,spool,bin,out}
chown munge: "$work/munge"
chmod 0711 "$work"
dd if=/dev/urandom of="$work/munge/key" bs=128 count=1 status=none
chmod 0400 "$work/munge/key"
chown munge: "$work/munge/key"
runuser -u munge -- munged --foreground --key-file="$work/munge/key" --socket="$work/munge/socket" --pid-file="$work/munge/pid" \
  --seed-file="$work/munge/seed" --log-file="$work/munge/log" >"$work/munged.txt" 2>&1 &
started+=($!)

host=$(hostname -s)
cat >"$work/slurm.conf" <<CONF
ClusterName=lab
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge/socket
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SchedulerType=sched/backfill
ReturnToService=2
SlurmctldPort=16817
SlurmdPort=16818
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
export SLURM_CONF=$work/slurm.conf
slurmctld -D >"$work/ctl.txt" 2>&1 &
started+=($!)
slurmd -D >"$work/d.txt" 2>&1 &
started+=($!)
for _ in $(seq 60); do
  sinfo -h -o %T 2>/dev/null | grep -q idle && break
  sleep 1
done
sinfo -h -o '%N %T' | grep -q idle || { tail -5 "$work"/*.log; exit 1; }
echo "$(slurmctld -V): one node, $(nproc) processors"

printf '#!/bin/sh\nexec node %q "$@"\n' "$PWD/dist/bin.js" >"$work/bin/wirelint"
chmod +x "$work/bin/wirelint"
export PATH=$work/bin:$PATH

failed=0
for format in ndjson text json sarif junit gitlab table; do
  # what follows is the recipe
  sbatch --quiet --wait --array=1-"$shards" --output="$work/out/%a.log" --wrap \
    "wirelint check --shard auto -f $format=$work/out/shard-\$SLURM_ARRAY_TASK_ID.$format ${captures[*]}" || true
  merged=0
  wirelint merge "$work"/out/shard-*."$format" -o "$work/out/all.$format" 2>"$work/out/merge.log" || merged=$?
  whole=0
  wirelint check -f "$format=$work/out/whole.$format" "${captures[@]}" >/dev/null 2>&1 || whole=$?
  if [ "$merged" = "$whole" ] && cmp "$work/out/all.$format" "$work/out/whole.$format"; then
    echo "$format: $shards shards equal the whole, $(stat -c %s "$work/out/whole.$format") bytes, exit status $whole"
  else
    echo "$format: DIFFERS (exit status $merged, whole $whole)"
    cat "$work/out/merge.log"
    failed=1
  fi
done
exit $failed
