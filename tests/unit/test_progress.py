"""A long job tells what it does: epochs, losses and what is left of a fit; how far the others are. No number moves."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from functools import cached_property, wraps
from io import StringIO
from pathlib import Path
from typing import Any

import jax
import pytest

from stratbench import __main__ as main
from stratbench.attributions import run as explaining
from stratbench.attributions.methods import gradient_input
from stratbench.core import files, job, progress
from stratbench.probes import run as probing
from stratbench.training import fit as fitting
from stratbench.training.loop import Progress, Stage
from stratbench.training.network import Network
from stratbench.training.watch import Watch
from trained import outputs, spec, write_dataset

NAMES = ["cohort", "trait", "split", "mlp"]
NONE = spec("adjustment", "none")
MODEL = spec("model", "mlp", epochs=4, batch_size=16, patience=None, widths=[8])
LOSSES = re.compile(
    r"epoch (\d) of 4: training loss ([\d.]+), validation loss ([\d.]+) \(best ([\d.]+) at epoch (\d)\)"
    r"(?:; at most \d+ s left)?, \d+ s so far$"
)


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return write_dataset(tmp_path_factory.mktemp("dataset"))


@pytest.fixture(scope="module")
def quiet(paths: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A fit that ends before its first line is due; it says no more than how its seeds ended."""
    said = StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said):
        patch.setattr(progress, "EVERY", 600)
        out = fitted(paths, tmp_path_factory.mktemp("quiet"))
    assert [line[9:] for line in said.getvalue().splitlines()] == [
        f"seed {seed} of 2: ok after 4 epochs " for seed in (1, 2)
    ]
    return out


class Voice:
    """How often a job has spoken; what is slow waits until it has done so."""

    def __init__(self) -> None:
        self.lines, self.spoken = 0, threading.Condition()

    def say(self, message: str) -> None:
        job.say(message)
        with self.spoken:
            self.lines += 1
            self.spoken.notify_all()

    def wait(self) -> None:
        """Wait for a line that was begun after now: the one after the next."""
        with self.spoken:
            due = self.lines + 2
            assert self.spoken.wait_for(lambda: self.lines >= due, timeout=60)


@pytest.fixture
def voice(monkeypatch: pytest.MonkeyPatch) -> Iterator[Voice]:
    """A line every hundredth of a second; no thread is left."""
    found, before = Voice(), threading.active_count()
    monkeypatch.setattr(progress, "EVERY", 0.01)
    monkeypatch.setattr(progress, "say", found.say)
    yield found
    assert threading.active_count() == before
    assert not progress._going_on


def slow(function: Callable[..., Any], voice: Voice) -> Callable[..., Any]:
    """The function, its result computed to the end, and then a pause."""

    @wraps(function)
    def call(*arguments: Any, **named: Any) -> Any:
        result = jax.block_until_ready(function(*arguments, **named))
        voice.wait()
        return result

    return call


def patch_compiled(monkeypatch: pytest.MonkeyPatch, voice: Voice, owner: type, name: str) -> None:
    """Make the calls of a compiled function slow, as on a large dataset."""
    compiled = getattr(owner, name).func
    patched = cached_property(lambda self: slow(compiled(self), voice))
    patched.__set_name__(owner, name)
    monkeypatch.setattr(owner, name, patched)


def fitted(
    paths: dict[str, Any], folder: Path, adjustment: dict[str, Any] = NONE, seeds: int = 2
) -> dict[str, Path]:
    out = outputs(folder)
    fitting.fit_one(paths, out, model=MODEL, adjustments=[adjustment], seeds=seeds, names=NAMES)
    return out


def test_a_fit_tells_of_epochs_losses_and_what_is_left(
    paths: dict[str, Any],
    quiet: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    voice: Voice,
) -> None:
    """After each epoch, as where an epoch takes long; the losses are history.tsv's, and no byte of a result changes."""
    monkeypatch.setattr("stratbench.training.loop.TOLD_EVERY", 0.0)
    patch_compiled(monkeypatch, voice, Stage, "advance")
    loud = fitted(paths, tmp_path)
    for name in ("params", "predictions", "history"):
        assert loud[name].read_bytes() == quiet[name].read_bytes()
    lines = capsys.readouterr().out.splitlines()
    history = files.read_tsv(loud["history"]).set_index(["seed", "epoch"])
    for seed in (1, 2):
        own = [line for line in lines if f" fit of mlp, seed {seed} of 2, " in line]
        assert any("epoch 1 of 4, which is compiled first, " in line for line in own)
        told = [found for line in own if (found := LOSSES.search(line))]
        assert {int(found[1]) for found in told} >= {1, 2, 3}
        for found in told:
            row = history.loc[(seed, int(found[1]))]
            assert (found[2], found[3]) == (f"{row['train_loss']:.3g}", f"{row['validation_loss']:.3g}")
            best = history.loc[seed]["validation_loss"][: int(found[1])]
            assert (found[4], int(found[5])) == (f"{best.min():.3g}", best.idxmin())


def test_a_fit_tells_of_its_second_stage_and_of_predictions(
    paths: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    voice: Voice,
) -> None:
    monkeypatch.setattr(fitting, "load", slow(fitting.load, voice))
    monkeypatch.setattr(fitting, "set_up", slow(fitting.set_up, voice))
    monkeypatch.setattr("stratbench.training.evaluate.EVALUATED_AT_ONCE", 50)
    monkeypatch.setattr("stratbench.training.loop.EVALUATED_AT_ONCE", 50)
    monkeypatch.setattr("stratbench.training.loop.TOLD_EVERY", 0.0)
    for owner, name in ((Stage, "advance"), (Network, "encoded"), (Network, "scores"), (Network, "initial")):
        patch_compiled(monkeypatch, voice, owner, name)
    fitted(paths, tmp_path, spec("adjustment", "feature-residual", pcs=2), seeds=1)
    said = capsys.readouterr().out
    for words in (
        "the dataset is read, 0 s so far",
        "fit of mlp, the adjustment is fitted, 0 s so far",
        "seed 1 of 1, the networks are set up, 0 s so far",
        "seed 1 of 1, hidden features of 0 of 84 individuals, ",
        "seed 1 of 1, hidden features of 50 of 84 individuals, ",
        "seed 1 of 1, second stage, epoch 2 of 4: training loss ",
        "seed 1 of 1, predictions of 100 of 120 individuals, ",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("further", "slowest", "left"),
    [(0, 0.0, "80 s"), (1, 0.0, "3 min"), (1, 60.0, "11 min"), (0, 60.0, "80 s")],
)
def test_what_is_left_counts_all_epochs_of_all_trainings(further: int, slowest: float, left: str) -> None:
    """2 of 10 epochs are done, 10 s each; a further training is as slow as the slowest so far."""
    rows = [{"epoch": k, "train_loss": 0.612, "validation_loss": 0.1 + 0.5 * k} for k in (1, 2)]
    now = Progress(epochs=10, rows=rows, best_epoch=1, pace=10.0)
    assert Watch(2, slowest).words(now, further) == (
        f"epoch 2 of 10: training loss 0.612, validation loss 1.1 (best 0.6 at epoch 1); at most {left} left"
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (41, "41 s"), (99, "99 s"), (540, "9 min"), (5999, "100 min"), (9000, "2.5 h")],
)
def test_durations_have_their_own_unit(seconds: float, text: str) -> None:
    assert progress.duration(seconds) == text


def test_attributions_tell_how_many_individuals_are_done(
    paths: dict[str, Any],
    quiet: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    voice: Voice,
) -> None:
    monkeypatch.setattr(gradient_input, "attribute", slow(gradient_input.attribute, voice))
    monkeypatch.setattr(explaining, "AT_ONCE", 4)
    label = "gradient-input"
    fit = {
        "model": MODEL, "adjustments": [NONE], "attributions": {label: spec("attribution", label)}, "names": NAMES,
    }  # fmt: skip
    inputs = paths | {"params": [quiet["params"]], "fit_json": [quiet["fit"]]}
    written = {"tables": [tmp_path / "a.tsv"], "records": [tmp_path / "a.json"]}
    explaining.attribute(inputs, written, fits=[fit])
    said = capsys.readouterr().out
    for seed in (1, 2):
        for done in (0, 4, 8):
            words = f"gradient-input, pass 1, seed {seed}, {done} of 12 individuals, "
            assert f" fit 1 of 1, attributions of mlp, {words}" in said


def test_probes_tell_of_fit_and_seed(
    paths: dict[str, Any],
    quiet: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    voice: Voice,
) -> None:
    monkeypatch.setattr(probing, "decode", slow(probing.decode, voice))
    patch_compiled(monkeypatch, voice, Network, "features")
    fit = {"model": "mlp", "adjustment": "none", "specs": {"model": MODEL, "adjustments": [NONE]}}
    inputs = paths | {"params": [quiet["params"]], "fit_json": [quiet["fit"]]}
    place = {"study": "s", "scenario": "c", "replicate": 1, "cohort": "c", "trait": "t", "split": "p"}
    probing.probe(inputs, {"probes": tmp_path / "probes.tsv"}, fits=[fit], place=place)
    said = capsys.readouterr().out
    for network in ("trained", "untrained"):
        for words in ("hidden features of 0 of 96 individuals, ", "populations are decoded, "):
            assert f" probes, mlp none, seed 1, {network}, {words}" in said


def test_the_command_prints_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    voice: Voice,
) -> None:
    write_dataset(tmp_path / "data")
    (tmp_path / "data" / "split.tsv").rename(tmp_path / "random.tsv")
    patch_compiled(monkeypatch, voice, Stage, "advance")
    command = [
        "fit",
        "--split",
        str(tmp_path / "random.tsv"),
        "--out",
        str(tmp_path / "out"),
        "--model",
        "mlp",
    ]
    for option in ("cohort", "dataset", "structure"):
        command += [f"--{option}", str(tmp_path / "data")]
    arguments = main.parser().parse_args([*command, "--model-options", '{"epochs": 3, "widths": [8]}'])
    arguments.run(arguments)
    lines = capsys.readouterr().out.splitlines()
    assert any("fit of mlp, seed 1 of 1, epoch 2 of 3: training loss " in line for line in lines)


def test_one_voice_tells_of_a_job_and_its_parts(capsys: pytest.CaptureFixture[str], voice: Voice) -> None:
    threads = threading.active_count()
    with progress.telling("job"):
        with progress.telling(lambda: "part"):
            assert threading.active_count() == threads + 1
            voice.wait()
        with pytest.raises(ValueError, match="x"), progress.telling("broken part"):
            raise ValueError("x")
        voice.wait()
    lines = [line.partition(" ")[2] for line in capsys.readouterr().out.splitlines()]
    assert set(lines) == {"job, part, 0 s so far", "job, 0 s so far"}
