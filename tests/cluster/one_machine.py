"""A Slurm cluster of one machine: munge, slurmctld and slurmd, up for as long as a ``with`` block lasts."""

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MARK = "# Written by StratBench's tests/cluster, which removes it at the end.\n"
SETTINGS = Path("/etc/slurm")  # job steps look nowhere else: SLURM_CONF does not reach them
PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
CONFIG = """
ClusterName=one
SlurmctldHost=localhost
SlurmUser=root
AuthInfo=socket={base}/munge/munge.socket
ProctrackType=proctrack/linuxproc
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
GresTypes=gpu
MinJobAge=7200
StateSaveLocation={base}/state
SlurmdSpoolDir={base}/spool
SlurmctldPidFile={base}/slurmctld.pid
SlurmdPidFile={base}/slurmd.pid
SlurmctldLogFile={base}/slurmctld.log
SlurmdLogFile={base}/slurmd.log
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=2
JobAcctGatherParams=OverMemoryKill
NodeName=localhost NodeAddr=127.0.0.1 CPUs={cores} RealMemory=8000 Gres=gpu:1
PartitionName=plain Nodes=localhost Default=YES
PartitionName=accelerated Nodes=localhost
"""
DAEMONS = ("slurmd.pid", "slurmctld.pid", "munge/munged.pid")


def run(*command: str | Path) -> str:
    """What a command prints; raises RuntimeError with its words if it fails."""
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PATH": PATH},
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(done.args)}: {done.stdout}{done.stderr}")
    return done.stdout


@contextmanager
def cluster() -> Iterator[Path]:
    """Partitions ``plain`` and ``accelerated`` (one GPU, which is /dev/null) on this machine.

    Yields the folder that all of it lies in, which munge wants everybody to reach. Whatever happens in the block, its
    jobs, the three daemons and the two files in /etc/slurm are gone afterwards. A cluster that a killed test left is
    ended first.
    """
    settings = SETTINGS / "slurm.conf"
    if settings.exists():
        assert settings.read_text().startswith(MARK), f"{settings} is not ours"
        _down(_place_of(settings))
    base = Path(tempfile.mkdtemp(prefix="stratbench-slurm-"))
    base.chmod(0o711)
    try:
        _up(base)
        yield base
    finally:
        _down(base)


def _place_of(settings: Path) -> Path:
    """The ``base`` of a cluster, from its slurm.conf."""
    lines = [line for line in settings.read_text().splitlines() if line.startswith("StateSaveLocation=")]
    return Path(lines[0].partition("=")[2]).parent


def _up(base: Path) -> None:
    for folder in ("munge", "state", "spool"):
        (base / folder).mkdir(parents=True)
    (base / "munge").chmod(0o711)
    key = base / "munge" / "key"
    key.write_bytes(os.urandom(1024))
    key.chmod(0o600)
    SETTINGS.mkdir(exist_ok=True)
    (SETTINGS / "slurm.conf").write_text(MARK + CONFIG.format(base=base, cores=os.cpu_count()))
    (SETTINGS / "gres.conf").write_text(f"{MARK}Name=gpu File=/dev/null\n")
    files = {
        name: base / "munge" / name for name in ("munge.socket", "munged.pid", "munged.log", "munged.seed")
    }
    options = zip(("socket", "pid-file", "log-file", "seed-file"), files.values(), strict=True)
    run("munged", f"--key-file={key}", *(f"--{option}={path}" for option, path in options))
    run("slurmctld", "-c")
    run("slurmd", "-N", "localhost")
    deadline = time.monotonic() + 60
    while "idle" not in run("sinfo", "--noheader", "--format=%T"):
        assert time.monotonic() < deadline, (base / "slurmctld.log").read_text()[-2000:]
        time.sleep(0.5)


def _down(base: Path) -> None:
    with suppress(RuntimeError, OSError):
        run("scancel", "--user=root")
        deadline = time.monotonic() + 30
        while run("squeue", "--noheader") and time.monotonic() < deadline:
            time.sleep(0.5)
    for name in DAEMONS:
        _end(base / name)
    for name in ("slurm.conf", "gres.conf"):
        (SETTINGS / name).unlink(missing_ok=True)
    shutil.rmtree(base, ignore_errors=True)


def _end(pid_file: Path) -> None:
    """End a daemon, if it runs, and wait until it has."""
    with suppress(OSError, ValueError):
        pid = int(pid_file.read_text())
        os.kill(pid, 15)
        deadline = time.monotonic() + 20
        while Path(f"/proc/{pid}").exists():
            time.sleep(0.1)
            if time.monotonic() > deadline:
                os.kill(pid, 9)
