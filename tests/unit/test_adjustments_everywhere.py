"""Every adjustment on every kind of model, trait and cohort: it runs, or says why not; nothing is NaN."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stratbench.core import files
from stratbench.genotypes.records import read_fit
from stratbench.methods import registry
from stratbench.training.fit import fit
from trained import outputs, spec, write_dataset

MODELS = ("linear", "mlp", "cnn")
NAMES = registry.names("adjustment")
KINDS = ("binary", "quantitative")


def cohort(folder: Path, kind: str, labelled: bool) -> dict[str, Any]:
    """120 people and 300 SNPs: a simulated trait in two populations, or a measured one without population labels."""
    paths = write_dataset(folder, kind=kind, n=60, m=300)
    if not labelled:
        samples = files.read_tsv(paths["samples"]).assign(population="all")
        files.write_tsv(samples, paths["samples"])
        files.write_json({"kind": kind, "simulated": False}, paths["trait_json"])
    return paths


def run(paths: dict[str, Any], out: Path, models: tuple[str, ...]) -> dict[tuple[str, str], str]:
    """All fits of a cohort in one job: (model, adjustment) -> blank, or why it failed. Scores must be numbers."""
    asked = [(model, name) for model in models for name in NAMES]
    written = [outputs(out / model / name) for model, name in asked]
    fits = [
        {
            "model": spec("model", model, epochs=2),
            "adjustments": [spec("adjustment", name)],
            "names": ["cohort", "trait", "split", model],
            "seeds": 1,
        }
        for model, name in asked
    ]
    fit(paths, {key: [one[key] for one in written] for key in written[0]}, fits=fits)
    reasons = {}
    for key, one in zip(asked, written, strict=True):
        record, table = read_fit(one["fit"]), files.read_tsv(one["predictions"])
        if record.status == "ok":
            assert len(table) == 120, key
            assert np.isfinite(table[["score", "f"]].to_numpy()).all(), key
            assert np.isfinite(files.read_tsv(one["history"])["train_loss"]).all(), key
        else:
            assert record.reason, key
        reasons[key] = record.reason
    return reasons


@pytest.mark.slow
def test_on_a_simulated_case_control_trait_every_adjustment_runs(tmp_path: Path) -> None:
    reasons = run(cohort(tmp_path / "data", "binary", labelled=True), tmp_path, ("linear",))
    assert len(reasons) >= 12
    assert {key: why for key, why in reasons.items() if why} == {}


@pytest.mark.slow
@pytest.mark.parametrize("labelled", [True, False], ids=["simulated", "label-free"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_adjustment_runs_or_says_why_not(tmp_path: Path, kind: str, labelled: bool) -> None:
    """In one process, on three models; what a model refuses it refuses for what the cohort is, so all three do."""
    reasons = run(cohort(tmp_path / "data", kind, labelled), tmp_path, MODELS)
    for name in NAMES:
        assert len({reasons[model, name] for model in MODELS}) == 1, name
    refused = sorted({name for _, name in reasons if reasons["linear", name]})
    print(kind, "simulated" if labelled else "label-free", "refused:", refused)
    assert set(refused).isdisjoint({"none", "pc-covariates", "input-residual", "mixed-model"})
    if not labelled:
        assert {"group-dro", "v-rex", "oracle-causal", "oracle-environment"} <= set(refused)
