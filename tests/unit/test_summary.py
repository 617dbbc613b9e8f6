"""Comparisons: the replicate is the unit, seeds are nested in it, differences are paired."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit

from stratbench.core import files
from stratbench.genotypes.records import FitRecord
from stratbench.metrics import rows
from stratbench.metrics.intervals import narrower, normal_interval, t_interval
from stratbench.metrics.significance import holm, p_values
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
    mean, half = np.mean(means), stats.t.ppf(0.975, 2) * np.std(means, ddof=1) / np.sqrt(3)
    assert (found["n_replicates"], found["basis"]) == (3, "replicates")
    assert found["mean"] == pytest.approx(mean)
    on_logit = half / (mean * (1 - mean))
    assert found["ci_low"] == pytest.approx(expit(logit(mean) - on_logit))
    assert found["ci_high"] == pytest.approx(expit(logit(mean) + on_logit))
    assert np.isnan(found["p"])  # a mean that is no difference is not tested


def test_differences_are_paired_and_adjustment_minus_none():
    found = one(comparisons(example()), metric="diff_auroc")
    differences = [-0.1, -0.1, -0.2]
    half = stats.t.ppf(0.975, 2) * np.std(differences, ddof=1) / np.sqrt(3)
    assert (found["adjustment"], found["against"]) == ("pc-covariates", "none")
    assert found["mean"] == pytest.approx(np.mean(differences))
    fisher = np.arctanh(np.mean(differences)) - half / (1 - np.mean(differences) ** 2)
    assert found["ci_low"] == pytest.approx(np.tanh(fisher))


@pytest.mark.fault
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
    assert found["ci_low"][0] == pytest.approx(expit(logit(0.7) - 1.959964 * 0.05 / (0.7 * 0.3)))
    assert found["basis"][0] == "test people"
    assert np.isnan(comparisons(example({"none": {1: [0.6]}}))["ci_low"][0])
    several = pd.concat([example(), example({"none": {1: [0.04, 0.06]}}, metric="auroc_se")])
    pd.testing.assert_frame_equal(comparisons(several), comparisons(example()))


def test_no_interval_holds_an_impossible_number():
    for low, high, mean in ((0, 1, 0.98), (0, 1, 0.02), (-1, 1, 0.9), (0, np.inf, 0.3), (-np.inf, 1, 0.9)):
        for ends in (
            t_interval(mean, 0.4, 3, low=low, high=high),
            normal_interval(mean, 0.3, low=low, high=high),
        ):
            assert low <= ends[0] < mean < ends[1] <= high
    assert normal_interval(1.0, 0.05, low=0, high=1)[1] == 1
    assert normal_interval(0.5, 0.001, low=0, high=1)[0] == pytest.approx(0.5 - 1.959964e-3, abs=1e-7)
    table = example({"none": {1: [0.99], 2: [0.99], 3: [0.9]}})
    assert comparisons(table)["ci_high"][0] < 1


def test_one_cohort_has_an_interval_on_every_difference():
    """Paired by what test people add to the error where that is known, else as if unpaired, and the table says so."""
    one = {name: {1: by_replicate[1]} for name, by_replicate in VALUES.items()}
    errors = example({name: {1: [0.03, 0.05]} for name in VALUES}, metric="auroc_se")
    unpaired = comparisons(pd.concat([example(one), errors]))
    found = unpaired[unpaired["metric"] == "diff_auroc"].iloc[0]
    assert found["basis"] == "test people, unpaired"
    fisher = np.arctanh(-0.1) + 1.959964 * 0.04 * np.sqrt(2) / (1 - 0.01) * np.array([-1, 1])
    assert [found["ci_low"], found["ci_high"]] == pytest.approx(np.tanh(fisher))
    assert found["p"] == pytest.approx(2 * stats.norm.sf(0.1 / 0.04 / np.sqrt(2)))
    own = rows.table([row(adjustment="pc-covariates", against="none", metric="diff_auroc_se", value=0.02)])
    paired = comparisons(pd.concat([example(one), errors, own]))
    found = paired[paired["metric"] == "diff_auroc"].iloc[0]
    assert found["basis"] == "test people"
    assert found["p"] == pytest.approx(2 * stats.norm.sf(0.1 / 0.02))


def test_splits_of_one_cohort_are_not_independent():
    """Nadeau and Bengio's variance by hand: (1 / R + test people over training people) times that of the splits."""
    sizes = rows.table(
        row(adjustment="", model="", metric="test_ratio", replicate=r, cohort="mice", value=0.5)
        for r in (1, 2, 3)
    )
    found = comparisons(pd.concat([example().assign(cohort="mice"), sizes]))
    apart = one(found, metric="diff_auroc")
    differences = [-0.1, -0.1, -0.2]
    half = stats.t.ppf(0.975, 2) * np.std(differences, ddof=1) * np.sqrt(1 / 3 + 0.5)
    fisher = np.arctanh(np.mean(differences)) - half / (1 - np.mean(differences) ** 2)
    assert (apart["n_replicates"], apart["basis"]) == (3, "repeated splits")
    assert apart["ci_low"] == pytest.approx(np.tanh(fisher))
    assert np.isnan(apart["p"])  # of three
    unknown = comparisons(example().assign(cohort="mice"))
    assert unknown["ci_low"].isna().all()
    tests = {"adjustment": "", "model": "", "association": "ols", "metric": "lambda_gc", "cohort": "mice"}
    everyone = rows.table(row(**tests, replicate=r, value=1.1 + 1e-6 * r) for r in (1, 2, 3))
    of_everyone = one(comparisons(pd.concat([everyone, sizes])), metric="lambda_gc")
    assert (of_everyone["mean"], of_everyone["basis"]) == (pytest.approx(1.1, abs=1e-4), "")
    assert np.isnan(of_everyone["ci_low"])
    more = {
        name: {r: [0.6 + 0.01 * r * (r + shift)] for r in range(1, 7)}
        for name, shift in zip(VALUES, (0, 1), strict=True)
    }
    six = pd.concat([example(more), sizes]).assign(cohort="mice")
    apart = np.array([more["pc-covariates"][r][0] - more["none"][r][0] for r in range(1, 7)])
    t = apart.mean() / apart.std(ddof=1) / np.sqrt(1 / 6 + 0.5)
    assert one(comparisons(six), metric="diff_auroc")["p"] == pytest.approx(2 * stats.t.sf(t, 5))


def test_claims_are_adjusted_for_their_number_and_not_made_of_few_replicates():
    rng, many = np.random.default_rng(2), range(1, 7)
    values = {
        name: {r: [0.6 + shift + 0.02 * rng.normal()] for r in many}
        for name, shift in (("none", 0), ("pc-covariates", 0.03), ("placebo", 0.005))
    }
    table = comparisons(
        pd.concat([example(values, metric="auroc_f"), example(values, population="p1", metric="auroc_f")])
    )
    found = table[table["metric"] == "diff_auroc_f"].set_index("adjustment")
    apart = {name: [values[name][r][0] - values["none"][r][0] for r in many] for name in found.index}
    p = {name: stats.ttest_1samp(apart[name], 0).pvalue for name in apart}
    assert found["p"].to_dict() == pytest.approx(p)
    small, large = sorted(p, key=p.get)
    assert found["p_holm"].to_dict() == pytest.approx(
        {small: 2 * p[small], large: max(2 * p[small], p[large])}
    )
    twice = comparisons(
        pd.concat([example(values, metric=name) for name in ("auroc_f", "auroc_stratified_f")])
    )
    assert sorted(twice["p_holm"].dropna().round(9)) == sorted(
        2 * [*found["p_holm"].round(9)]
    )  # the same numbers
    other = comparisons(example(values, metric="auroc"))  # no report claims a change of it
    assert other["p_holm"].isna().all()
    assert other["p"].notna().sum() == 2
    few = comparisons(example({name: {r: values[name][r] for r in range(1, 6)} for name in values}))
    assert few[["p", "p_holm"]].isna().all(axis=None)


def test_holm_is_what_r_prints():
    """p.adjust(c(.01, .02, .03, .04, .05), "holm") and ties, with a missing p that does not count."""
    assert holm(np.array([0.01, 0.02, 0.03, 0.04, 0.05])).tolist() == pytest.approx(
        [0.05, 0.08, 0.09, 0.09, 0.09]
    )
    assert holm(np.array([0.6, np.nan, 0.01]))[[0, 2]].tolist() == pytest.approx([0.6, 0.02])
    assert np.isnan(p_values(0.1, 0.0, 5))


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
        assert narrower(*wide, n) == pytest.approx(tuple(map(float, narrow)))
    wide, narrow = (normal_interval(0.01, 0.02, level) for level in (0.95, 0.90))
    assert narrower(*wide, 1) == pytest.approx(tuple(map(float, narrow)))


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


def test_the_interval_of_agreement_in_one_cohort_is_over_training_resamples():
    values = {
        "agreement_delta_spearman": 0.2,
        "agreement_delta_spearman_se": 0.05,
        "auroc": 0.7,
        "auroc_se": 0.02,
    }
    found = comparisons(
        rows.table(row(metric=name, value=value, adjustment="none") for name, value in values.items())
    )
    basis = found.set_index("metric")["basis"]
    assert basis["agreement_delta_spearman"] == "training resamples"
    assert basis["auroc"] == "test people"
