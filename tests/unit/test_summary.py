"""Comparisons: the replicate is the unit, seeds are nested in it, differences are paired."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from stratbench.core import files
from stratbench.genotypes.records import FitRecord
from stratbench.metrics import rows
from stratbench.metrics.intervals import narrower, normal_interval, t_interval
from stratbench.summary.comparisons import COLUMNS, comparisons
from stratbench.summary.provenance import provenance
from stratbench.summary.run import summary
from stratbench.summary.runtime import runtime

VALUES = {  # adjustment -> replicate -> the AUROC of each seed
    "none": {1: [0.7, 0.8], 2: [0.6, 0.6], 3: [0.9, 0.5]},
    "pc-covariates": {1: [0.6, 0.7], 2: [0.55, 0.45], 3: [0.5, 0.5]},
}


def row(**keys):
    base = {
        "study": "s",
        "scenario": "split",
        "trait": "t",
        "split": "random",
        "model": "cnn",
        "status": "ok",
    }
    return {**base, "metric": "auroc", "n": 90, "adjustment": "none", "replicate": 1, **keys}


def example(values=VALUES, **more) -> pd.DataFrame:
    return rows.table(
        row(adjustment=a, replicate=r, cohort=f"split-r{r:02d}", seed=s, value=v, **more)
        for a, by_replicate in values.items()
        for r, seeds in by_replicate.items()
        for s, v in enumerate(seeds)
    )


def one(table: pd.DataFrame, **keys) -> pd.Series:
    found = table
    for column, value in keys.items():
        found = found[found[column] == value]
    assert len(found) == 1
    return found.iloc[0]


def test_t_intervals_cover_what_they_say():
    rng = np.random.default_rng(1)
    for n in (3, 10):
        x = rng.normal(2, 5, (4000, n))
        low, high = t_interval(x.mean(axis=1), x.std(axis=1, ddof=1), np.full(4000, n))
        assert ((low < 2) & (high > 2)).mean() == pytest.approx(0.95, abs=0.012)
    low, high = t_interval(1.0, np.nan, 1)
    assert np.isnan(low)
    assert np.isnan(high)
    assert normal_interval(0.5, 0.1)[1] == pytest.approx(0.5 + 1.959964 * 0.1)


def test_the_replicate_is_the_unit():
    found = one(comparisons(example()), metric="auroc", adjustment="none")
    means = [0.75, 0.6, 0.7]
    half = stats.t.ppf(0.975, 2) * np.std(means, ddof=1) / np.sqrt(3)
    assert found["n_replicates"] == 3
    assert found["mean"] == pytest.approx(np.mean(means))
    assert found["ci_low"] == pytest.approx(np.mean(means) - half)
    assert found["ci_high"] == pytest.approx(np.mean(means) + half)


def test_differences_are_paired_and_adjustment_minus_none():
    found = one(comparisons(example()), metric="diff_auroc")
    differences = [-0.1, -0.1, -0.2]
    half = stats.t.ppf(0.975, 2) * np.std(differences, ddof=1) / np.sqrt(3)
    assert (found["adjustment"], found["against"]) == ("pc-covariates", "none")
    assert found["mean"] == pytest.approx(np.mean(differences))
    assert found["ci_low"] == pytest.approx(np.mean(differences) - half)


def test_a_failed_seed_leaves_its_pair_and_stays_visible():
    table = example()
    lost = (table["adjustment"] == "none") & (table["replicate"] == 3) & (table["seed"] == 0)
    table.loc[lost, ["value", "status", "reason"]] = [np.nan, "failed", "loss is NaN"]
    assert one(comparisons(table), metric="diff_auroc")["mean"] == pytest.approx((-0.1 - 0.1 + 0) / 3)
    all_lost = rows.table([row(model="mlp", status="failed", reason="loss is NaN")])
    found = one(comparisons(pd.concat([example(), all_lost])), model="mlp")
    assert found["n_replicates"] == 0
    assert np.isnan(found["mean"])


def test_one_replicate_takes_the_sampling_error():
    table = pd.concat(
        [example({"none": {1: [0.6, 0.8]}}), example({"none": {1: [0.04, 0.06]}}, metric="auroc_se")]
    )
    found = comparisons(table)
    assert set(found["metric"]) == {"auroc"}  # errors themselves are not compared
    assert found["ci_low"][0] == pytest.approx(0.7 - 1.959964 * 0.05)
    assert np.isnan(comparisons(example({"none": {1: [0.6]}}))["ci_low"][0])
    several = pd.concat([example(), example({"none": {1: [0.04, 0.06]}}, metric="auroc_se")])
    pd.testing.assert_frame_equal(comparisons(several), comparisons(example()))


def test_scenarios_and_k_are_not_pooled():
    table = pd.concat([example(), example(scenario="panmictic"), example(k=20), example(k=500)])
    found = comparisons(table)
    assert len(found) == 4 * 3
    assert found["k"].isna().sum() == 6
    assert list(found.columns) == COLUMNS
    shuffled = comparisons(table.sample(frac=1, random_state=1))
    pd.testing.assert_frame_equal(found, shuffled)


def test_a_narrower_interval_is_the_one_of_that_level():
    """Of a t interval over replicates, and of the normal interval of one replicate."""
    for n in (2, 6):
        wide, narrow = (t_interval(0.01, 0.02, n, level) for level in (0.95, 0.90))
        assert narrower(*wide, n) == pytest.approx(narrow)
    wide, narrow = (normal_interval(0.01, 0.02, level) for level in (0.95, 0.90))
    assert narrower(*wide, 1) == pytest.approx(narrow)


def test_large_seeds_and_numeric_labels_survive_the_file(tmp_path):
    table = rows.table(
        [row(seed=4294967291, scenario="05", k=20, value=1 / 3), row(reason="a\tb", value=None)]
    )
    files.write_tsv(table, tmp_path / "m.tsv")
    back = rows.read(tmp_path / "m.tsv")
    assert back["seed"].tolist()[0] == 4294967291
    assert back["scenario"][0] == "05"
    assert pd.isna(back["seed"][1])
    files.write_tsv(back, tmp_path / "again.tsv")
    assert (tmp_path / "m.tsv").read_bytes() == (tmp_path / "again.tsv").read_bytes()


def write_study(base):
    """Two splits' metrics, a fit, a benchmark and a QC table in the contract's layout."""
    for k, part in enumerate((example(), example(scenario="panmictic"))):
        files.write_tsv(part, base / f"metrics{k}.tsv")
    job = "split-r01/t/random/cnn"
    fit = f"{job}/none"
    ok = {"status": "ok", "device": "cpu", "versions": {"jax": "0.10"}, "seeds": []}
    files.write_json(ok, base / f"models/{fit}/fit.json")
    for path, seconds in ((f"fit/{job}", "12.5\t0:00:12\t300.5\t11.0"), ("qc/c", "0.1\t0:00:00\t-\tNA")):
        files.write_text(f"s\th:m:s\tmax_rss\tcpu_time\n{seconds}\n", base / f"benchmarks/{path}.tsv")
    qc = pd.DataFrame({"step": ["maf"], "unit": ["SNPs"], "removed": [3], "left": [7], "threshold": [0.05]})
    files.write_tsv(qc, base / "qc.tsv")
    return {
        "metrics": [base / "metrics0.tsv", base / "metrics1.tsv"],
        "qc": [base / "qc.tsv"],
        "fit_json": [base / f"models/{fit}/fit.json"],
        "benchmarks": [base / f"benchmarks/fit/{job}.tsv", base / "benchmarks/qc/c.tsv"],
    }


def test_summary_is_the_same_in_any_order_and_holds_times_in_one_table(tmp_path):
    inputs = write_study(tmp_path)
    names = ("metrics", "comparisons", "qc", "runtime")
    for name in ("a", "b"):
        outputs = {n: tmp_path / name / f"{n}.tsv" for n in names} | {
            "provenance": tmp_path / name / "p.json"
        }
        summary(inputs, outputs, cohorts=["hs-mice"], config={"study": "s", "seeds": 2})
        inputs = {key: paths[::-1] for key, paths in inputs.items()}
    for n in names:
        assert (tmp_path / f"a/{n}.tsv").read_bytes() == (tmp_path / f"b/{n}.tsv").read_bytes()
    times = files.read_tsv(tmp_path / "a/runtime.tsv")
    assert times[["rule", "job", "s", "device"]].values.tolist()[0] == [
        "fit",
        "split-r01/t/random/cnn",
        12.5,
        "cpu",
    ]
    assert pd.isna(times["max_rss"][1])
    assert (files.read_tsv(tmp_path / "a/qc.tsv")["cohort"] == "hs-mice").all()
    for n in ("metrics", "comparisons", "qc"):
        assert not {"s", "cpu_time", "seconds", "max_rss"} & set(
            files.read_tsv(tmp_path / f"a/{n}.tsv").columns
        )


def test_empty_tables_have_their_header(tmp_path):
    assert list(comparisons(rows.table([])).columns) == COLUMNS
    assert list(runtime([], {}).columns) == ["rule", "job", "s", "max_rss", "cpu_time", "device"]


def test_provenance_is_json_and_complete():
    fits = [
        FitRecord("ok", (), device="cpu", versions={"jax": "1"}),
        FitRecord("failed", (), device="cpu"),
    ]
    found = json.loads(json.dumps(provenance({"seeds": 2}, fits, 7), allow_nan=False))
    assert (found["seeds"], found["devices"], found["jobs"], found["fits_failed"]) == (2, {"cpu": 2}, 7, 1)
    assert {"stratbench", "jax", "numpy", "scikit-learn", "snakemake"} <= set(found["versions"])
    assert found["commit"] is None or len(found["commit"]) >= 40
    assert found["training_versions"] == [{"jax": "1"}]
