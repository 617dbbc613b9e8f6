"""The one-machine cluster leaves nothing behind, whatever happens in it."""

from pathlib import Path

import pytest

from cluster.one_machine import DAEMONS, SETTINGS, cluster, run

pytestmark = pytest.mark.cluster


def test_nothing_is_left_after_a_failure() -> None:
    pids: list[int] = []

    def fail() -> None:
        with cluster() as base:
            pids.extend(int((base / name).read_text()) for name in DAEMONS)
            bases.append(base)
            run("sbatch", "--wrap", "sleep 600", "--output", "/dev/null")
            raise KeyError("of the test")

    bases: list[Path] = []
    with pytest.raises(KeyError, match="of the test"):
        fail()
    assert len(pids) == len(DAEMONS)
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert not (SETTINGS / "slurm.conf").exists()
    assert not bases[0].exists()
