#!/usr/bin/env bash
# What tests/cluster needs: Debian's slurm-wlm and munge, and to be root. Root gets them installed; otherwise one line
# says what is missing, and the exit status is 1.
set -uo pipefail
PATH=$PATH:/usr/sbin:/sbin
programs=(munged slurmctld slurmd sbatch)
missing() { for program in "${programs[@]}"; do command -v "$program" >/dev/null || echo "$program"; done; }

if [ "$(id -u)" -ne 0 ]; then
    echo "tests/cluster: not run: its one-machine Slurm has to be started by root" >&2
    exit 1
fi
if [ -n "$(missing)" ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install --yes --no-install-recommends slurm-wlm munge; } >/dev/null 2>&1
fi
if [ -n "$(missing)" ]; then
    echo "tests/cluster: not run: no $(missing | paste -sd ' '), which Debian's packages slurm-wlm and munge would bring" >&2
    exit 1
fi
if [ -e /etc/slurm/slurm.conf ] && ! grep -q "^# Written by StratBench" /etc/slurm/slurm.conf; then
    echo "tests/cluster: not run: this machine belongs to a Slurm cluster already (/etc/slurm/slurm.conf)" >&2
    exit 1
fi
