"""What one process compiles the next one reads, whatever its genotypes are, and no bit changes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import stratbench
from trained import write_dataset

TRAIN = """
import sys
from pathlib import Path
import pytest

import stratbench
from stratbench.core import compiled, threads
threads.fix(1)
if sys.argv[3] == "kept":
    compiled.remember()
from stratbench.training.fit import fit_one
from trained import outputs, paths, spec
model, own = spec("model", "mlp", epochs=2), spec("adjustment", "input-residual")
where = paths(Path(sys.argv[1])), outputs(Path(sys.argv[2]))
fit_one(*where, model=model, adjustments=[own], seeds=1, names=["c", "t", "s", "m"])
"""

IMPORTED = os.pathsep.join((str(Path(__file__).parents[1]), str(Path(stratbench.__file__).parents[1])))


def train(base: Path, data: str, how: str) -> tuple[bytes, str]:
    """The trained parameters' bytes, and what the process said; it runs in ``base``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("JAX_")}
    environment["PYTHONPATH"] = IMPORTED
    command = [sys.executable, "-c", TRAIN, str(base / data), "out", how]
    run = subprocess.run(command, env=environment, cwd=base, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return (base / "out" / "params.msgpack").read_bytes(), run.stderr


def entries(base: Path) -> list[Path]:
    return sorted((base / ".cache" / "compiled").rglob("*-cache"))


def test_compiled_once_for_all_genotypes_and_the_same_bytes(tmp_path: Path) -> None:
    write_dataset(tmp_path / "one", seed=1)
    write_dataset(tmp_path / "two", seed=2)
    plain, _ = train(tmp_path, "two", "plain")
    assert not entries(tmp_path)
    first, _ = train(tmp_path, "one", "kept")
    compiled = entries(tmp_path)
    assert any("advance" in path.name for path in compiled)
    second, _ = train(tmp_path, "two", "kept")
    assert entries(tmp_path) == compiled
    assert plain == second != first


@pytest.mark.fault
def test_a_damaged_entry_is_compiled_anew(tmp_path: Path) -> None:
    """As a kill in the middle of writing leaves it."""
    write_dataset(tmp_path / "one")
    whole, _ = train(tmp_path, "one", "kept")
    for path in entries(tmp_path):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    again, said = train(tmp_path, "one", "kept")
    assert "persistent compilation cache" in said
    assert again == whole
