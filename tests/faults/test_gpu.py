"""A GPU that is absent, busy or full, and a loss that is not a number."""

import json
from pathlib import Path

import jax
import pytest

import jobs
from stratbench.core import files, machine
from stratbench.methods.guard import Guard, training

pytestmark = pytest.mark.fault


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return jobs.prepare(tmp_path_factory.mktemp("gpu"))


def test_a_gpu_is_asked_for_and_there_is_none(here: Path) -> None:
    status, said = jobs.run(jobs.fit(gpu=1), here)
    assert status == 0
    assert jobs.line_of(said).startswith(
        "fit: no GPU was found, though the study asks for one (gpu: 1): this job runs on the CPU, more slowly"
    )
    told = (here / jobs.FIT / "params.msgpack").read_bytes()
    assert json.loads((here / jobs.FIT / "fit.json").read_text())["device"].startswith("cpu")
    assert jobs.run(jobs.fit(config={"deterministic": True}), here) == (0, "")  # XLA knows the flag
    assert (here / jobs.FIT / "params.msgpack").read_bytes() == told


def test_a_gpu_is_insisted_on_and_there_is_none(here: Path) -> None:
    status, said = jobs.run(jobs.fit(gpu=1), here, JAX_PLATFORMS="cuda")
    assert status == 1
    assert jobs.line_of(said).startswith("fit: JAX_PLATFORMS=cuda: JAX cannot start that here (")


@pytest.mark.parametrize(
    ("raised", "line"),
    [
        (
            "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 25769803776 bytes.",
            "out of GPU memory (it asked for 25769 MB at once); free the GPU of other programs (nvidia-smi; XLA",
        ),
        (
            "INTERNAL: Failed to initialize: CUDA_ERROR_DEVICE_UNAVAILABLE: all CUDA-capable devices are busy",
            "the GPU failed (INTERNAL: Failed to initialize: CUDA_ERROR_DEVICE_UNAVAILABLE: all CUDA-capable devices",
        ),
    ],
    ids=["full", "busy"],
)
def test_a_gpu_is_full_or_busy(monkeypatch: pytest.MonkeyPatch, raised: str, line: str) -> None:
    """JAX's own error on a backend that says it is a GPU; no GPU was at hand. It is not blamed on a user's method."""
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    with pytest.raises(jax.errors.JaxRuntimeError) as caught, training([Guard("model", Path("own.py"))]):
        raise jax.errors.JaxRuntimeError(raised)
    assert (machine.refusal(caught.value, "fit", 4000) or "").startswith(line)


def test_a_loss_is_not_a_number(here: Path) -> None:
    """A result, with its reason: the job ends well, and there is no score that anything could average."""
    assert jobs.run(jobs.fit(learning_rate=1e38), here) == (0, "")
    record = json.loads((here / jobs.FIT / "fit.json").read_text())
    assert record["status"] == "failed"
    assert " loss is " in record["reason"]
    assert len(files.read_tsv(here / jobs.FIT / "predictions.tsv")) == 0
