"""The benchmark for GPUs runs on a CPU too: each part gives rows, and a fit repeated on the same device is the same."""

import importlib.util
import shutil
from pathlib import Path
from types import ModuleType

import pytest

from stratbench.commands.train import task_files
from stratbench.core import files
from stratbench.methods import registry
from stratbench.training.fit import fit_one
from trained import outputs, spec, write_results

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "gpu.py"


@pytest.fixture(scope="module")
def gpu() -> ModuleType:
    described = importlib.util.spec_from_file_location("gpu_benchmark", SCRIPT)
    assert described is not None
    assert described.loader is not None
    module = importlib.util.module_from_spec(described)
    described.loader.exec_module(module)
    return module


def test_a_study_is_repeated_and_compared(gpu: ModuleType, tmp_path: Path) -> None:
    """The folders are a study's; a network that learned something else shows."""
    study, at = tmp_path / "smoke", Path("cohort", "trait")
    write_results(study)
    paths = task_files(
        study / "cohorts" / "cohort",
        study / "datasets" / at,
        study / "splits" / at / "random.tsv",
        study / "structure" / at / "random",
    )
    none, names = [spec("adjustment", "none")], ["cohort", "trait", "random", "linear"]
    out = study / "models" / at / "random" / "linear" / "none"
    same = {"adjustments": none, "seeds": 2, "names": names}
    fit_one(paths, outputs(out), model=spec("model", "linear", epochs=5), **same)
    (row,) = gpu.smoke(study, tmp_path / "again")
    assert row["difference"] == "f 0 SD, AUROC 0"
    fit_one(paths, outputs(tmp_path / "other"), model=spec("model", "linear", epochs=1), **same)
    shutil.copy(tmp_path / "other" / "predictions.tsv", out / "predictions.tsv")
    (row,) = gpu.smoke(study, tmp_path / "differs")
    assert not row["difference"].startswith("f 0 SD")


def test_without_a_study_a_row_says_so(gpu: ModuleType, tmp_path: Path) -> None:
    (row,) = gpu.smoke(tmp_path / "nothing", tmp_path)
    assert row["result"].startswith("not run: ")


def test_every_method_has_a_row(gpu: ModuleType, tmp_path: Path) -> None:
    rows = list(gpu.methods(tmp_path))
    for part in ("adjustment", "attribution"):
        assert [row["what"] for row in rows if row["part"] == part] == registry.names(part)
    assert {row["result"] for row in rows} == {"ok"}


def test_rows_of_other_devices_are_kept(
    gpu: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "gpu.tsv"
    for name in ("gpu: a", "cpu: b", "gpu: a"):
        monkeypatch.setattr(gpu, "device", lambda name=name: name)
        rows = [{"part": "speed", "what": str(k), "device": name} for k in range(2)]
        gpu.store(gpu.pd.DataFrame(rows), out)
    assert files.read_tsv(out)["device"].tolist() == ["cpu: b"] * 2 + ["gpu: a"] * 2
