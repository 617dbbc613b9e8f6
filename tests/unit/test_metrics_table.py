"""The metrics of one split from its files: everything that should be there is, failures included."""

import numpy as np
import pandas as pd
import pytest

from stations import task_files
from stratbench.core import files
from stratbench.genotypes import plink, tables
from stratbench.genotypes.dosages import open_bed
from stratbench.metrics import rows
from stratbench.metrics.data import PROBED, read
from stratbench.metrics.run import metrics
from stratbench.popgen.fst import fst

N, M, CAUSAL = 400, 120, 6
FITS = [{"model": "cnn", "adjustment": a} for a in ("none", "pc-covariates", "placebo")]
FAILED = {"none": [], "pc-covariates": [2], "placebo": [1, 2]}
PLACE = {"study": "s", "scenario": "split", "replicate": 1, "cohort": "c", "trait": "t", "split": "random"}


def people(rng):
    population = np.repeat(["a", "b"], N // 2)
    genetic = rng.normal(size=N)
    environment = np.where(population == "a", 1.0, -1.0)
    liability = genetic + environment + rng.normal(0, 0.5, N)
    return pd.DataFrame(
        {
            "iid": [f"i{k:03d}" for k in range(N)],
            "population": population,
            "set": np.array(["train", "test"])[np.arange(N) % 2],
            "y": (liability > 0).astype(int),
            "genetic": genetic,
            "environment_expected": environment,
            "liability": liability,
        }
    )


def write_split(base, rng, kind="binary", simulated=True):
    table = people(rng)
    if kind == "quantitative":
        table["y"] = table["liability"]
    snps = [f"s{k}" for k in range(M)]
    files.write_json({"kind": kind, "simulated": simulated}, base / "trait.json")
    files.write_tsv(table[["iid", "y"]], base / "trait.tsv")
    files.write_tsv(table[["iid", "population"]].assign(family=table["iid"]), base / "samples.tsv")
    files.write_tsv(pd.DataFrame(columns=list(tables.KINSHIP.columns)), base / "kinship.tsv.gz")
    plink.write_fam(
        pd.DataFrame(
            {"fid": table["iid"], "iid": table["iid"], "father": 0, "mother": 0, "sex": 0, "phenotype": -9}
        ),
        base / "genotypes.fam",
    )
    files.write_tsv(table[["iid"]], base / "covariates.tsv")
    files.write_tsv(table[["iid", "set"]], base / "split.tsv")
    pcs = table[["iid"]].assign(fitted=1, pc1=table["environment_expected"], pc2=rng.normal(size=N))
    files.write_tsv(pcs, base / "pcs.tsv")
    files.write_text("".join(f"{snp}\n" for snp in snps), base / "keep.snp")
    write_genotypes(base, table["population"].to_numpy(), [*snps, "hidden"], rng)
    truth = pd.DataFrame(
        {"snp": [*snps[: CAUSAL - 1], "hidden"], "effect": 1.0, "visible": [1] * (CAUSAL - 1) + [0]}
    ).assign(population="")
    parts = {name: 0.0 for name in tables.LIABILITY.columns if name not in table}
    liability = table.assign(**parts)[list(tables.LIABILITY.columns)]
    files.write_tsv(truth if simulated else truth.iloc[:0], base / "truth.tsv")
    files.write_tsv(liability if simulated else liability.iloc[:0], base / "liability.tsv")
    for label in FITS:
        write_fit(base, label["adjustment"], table, snps, rng)
    p = np.where(np.arange(M) < CAUSAL - 1, 1e-5, rng.random(M))
    ols = pd.DataFrame({"snp": snps, "beta": 0.1, "se": 0.1, "statistic": 1.0, "p": p, "n": N})
    files.write_tsv(ols, base / "ols.tsv.gz")
    record = {
        "ols": {"status": "ok", "reason": ""},
        "lost": {"status": "failed", "reason": "one class alone"},
    }
    files.write_json(record, base / "associations.json")
    files.write_tsv(pd.DataFrame({"snp": snps}, columns=list(ols)), base / "lost.tsv.gz")
    good, bad = {"value": 0.9, "status": "ok"}, {"status": "failed", "reason": "loss is NaN"}
    probes = [
        {
            **PLACE,
            **label,
            "seed": seed,
            "metric": metric,
            **(bad if seed in FAILED[label["adjustment"]] else good),
        }
        for label in FITS
        for seed in (1, 2)
        for metric in PROBED
    ]
    files.write_tsv(rows.table(probes), base / "probes.tsv")


def write_genotypes(base, population, snps, rng):
    """Independent SNPs, 10 Mb apart, but for the last that is seen: 70% of it is the causal s0."""
    p = rng.uniform(0.2, 0.8, (len(snps), 1)) + rng.normal(0, 0.15, (len(snps), 1)) * (population == "a")
    dosage = rng.binomial(2, np.clip(p, 0.05, 0.95)).astype(np.int8)
    dosage[M - 1] = np.where(rng.random(N) < 0.7, dosage[0], dosage[M - 1])
    with plink.write_bed(base / "genotypes.bed", N) as writer:
        writer.append(dosage)
    pos = 10_000_000 * (1 + np.arange(len(snps)))
    bim = pd.DataFrame({"chrom": "1", "snp": snps, "cm": 0, "pos": pos, "a1": "A", "a2": "C"})
    plink.write_bim(bim, base / "genotypes.bim")
    _, per_snp = fst(open_bed(base / "genotypes.bed", N, len(snps)), population)
    per_snp.insert(0, "snp", snps)
    files.write_tsv(per_snp.iloc[:M], base / "fst_snp.tsv.gz")


RESAMPLES = ["1", "1-permuted", "2", "2-permuted"]


def write_fit(base, name, table, snps, rng):
    """none succeeds, pc-covariates loses its second seed, placebo fails."""
    failed = FAILED[name]
    states = [
        {
            "seed": s,
            "status": "failed" if s in failed else "ok",
            "reason": "loss is NaN" if s in failed else "",
        }
        for s in (1, 2)
    ]
    lost = {0: [], 1: ["2"], 2: RESAMPLES}[len(failed)]
    fit = {"status": "failed" if len(failed) == 2 else "ok", "reason": "no seed trained", "seeds": states}
    fit["resamples"] = [
        {
            "resample": one,
            "status": "failed" if one in lost else "ok",
            "reason": "loss is NaN" if one in lost else "",
        }
        for one in RESAMPLES
    ]
    predictions, scores = [], []
    for seed in {1, 2} - set(failed):
        score = table["genetic"] + rng.normal(0, 0.5, N)
        predictions.append(
            table[["iid", "set", "y"]].assign(
                seed=seed, score=score, f=score, probability=1 / (1 + np.exp(-score))
            )
        )
        scores.append(
            pd.DataFrame({"seed": seed, "snp": snps, "score": rng.random(M), "rms": 1.0, "mean": 0.0})
        )
    empty = pd.DataFrame(columns=["seed", "iid", "set", "y", "score", "f", "probability"])
    files.write_json(fit, base / name / "fit.json")
    files.write_tsv(pd.concat(predictions) if predictions else empty, base / name / "predictions.tsv")
    names = [resample for resample in RESAMPLES if resample not in lost]
    again = pd.DataFrame({"resample": np.repeat(names, M), "snp": list(snps) * len(names), "score": 0.0})
    again["score"] = rng.random(len(again))
    files.write_tsv(again, base / name / "gradient.resamples.tsv.gz")
    nothing = pd.DataFrame(columns=["seed", "snp", "score", "rms", "mean"])
    files.write_tsv(pd.concat(scores) if scores else nothing, base / name / "gradient.tsv.gz")
    files.write_json({"gradient": {}}, base / name / "attributions.json")


def run(base) -> pd.DataFrame:
    labels = [label["adjustment"] for label in FITS]
    inputs = {
        **task_files(base, base, base / "split.tsv", base),
        "predictions": [base / a / "predictions.tsv" for a in labels],
        "fit_json": [base / a / "fit.json" for a in labels],
        "attributions": [base / a / "gradient.tsv.gz" for a in labels],
        "resamples": [base / a / "gradient.resamples.tsv.gz" for a in labels],
        "attribution_records": [base / a / "attributions.json" for a in labels],
        "associations": [base / "ols.tsv.gz", base / "lost.tsv.gz"],
        "association_records": [base / "associations.json"],
        "probes": [base / "probes.tsv"],
    }
    attributions = [{**label, "attribution": "gradient", "resampled": True} for label in FITS]
    metrics(
        inputs,
        {"metrics": base / "metrics.tsv"},
        place=PLACE,
        fits=FITS,
        attributions=attributions,
        associations=["ols", "lost"],
    )
    return rows.read(base / "metrics.tsv")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    base = tmp_path_factory.mktemp("split")
    write_split(base, np.random.default_rng(1))
    return run(base)


def value(table, metric, population="", **keys):
    found = table[(table["metric"] == metric) & (table["population"] == population)]
    for column, wanted in keys.items():
        found = found[found[column] == wanted]
    assert len(found) == 1
    return found.iloc[0]


def test_floors_and_ceilings_stand_in_order(table):
    floor, pcs, genetic, best = (
        value(table, "auroc", model=m)["value"]
        for m in ("floor-population", "floor-pcs", "ceiling-genetic", "ceiling-genetic-environment")
    )
    assert value(table, "auroc", model="floor-majority")["value"] == 0.5
    assert min(floor, pcs) > 0.7
    assert max(floor, genetic) < best
    assert value(table, "auroc_stratified", model="floor-population")["value"] == 0.5
    assert value(table, "auroc_stratified", model="ceiling-genetic")["value"] > 0.9
    assert value(table, "accuracy", model="floor-majority")["value"] < 0.65
    both = [value(table, "auroc", p, model="ceiling-genetic")["value"] for p in "ab"]
    assert min(both) > 0.9


def test_failures_are_rows(table):
    lost = value(table, "auroc_stratified", adjustment="pc-covariates", seed=2)
    assert (lost["status"], lost["reason"]) == ("failed", "loss is NaN")
    assert value(table, "auroc_stratified", adjustment="pc-covariates", seed=1)["status"] == "ok"
    assert set(table[table["adjustment"] == "placebo"]["status"]) == {"failed", "ok"}
    assert set(table.loc[(table["adjustment"] == "placebo") & (table["status"] == "ok"), "metric"]) == {
        "agreement_jaccard_chance",
        "agreement_rbo_chance",
    }
    assert value(table, "causal_auc_pr", adjustment="placebo", seed=1)["status"] == "failed"
    between = value(table, "agreement_spearman", adjustment="placebo", against="none")
    assert (between["status"], between["reason"]) == ("failed", "loss is NaN")
    assert table.loc[table["status"] != "ok", "value"].isna().all()
    assert (table.loc[table["status"] != "ok", "reason"] != "").all()


def test_every_number_of_a_failed_association_is_a_row_that_says_why(table):
    lost, there = (table[table["association"] == name] for name in ("lost", "ols"))
    assert set(lost["status"]) == {"failed"}
    assert set(lost["reason"]) == {"one class alone"}
    assert lost["metric"].tolist() == there["metric"].tolist()


def test_rankings_associations_and_probes_are_there(table):
    assert value(table, "causal_auc_pr", association="ols")["value"] > 0.9
    assert value(table, "precision_at_k", association="ols", k=CAUSAL)["value"] == pytest.approx(
        5 / 6, abs=0.01
    )
    assert value(table, "lambda_gc", association="ols")["status"] == "ok"
    assert value(table, "ancestry_linear", adjustment="none", seed=2)["value"] == 0.9
    assert value(table, "agreement_spearman", adjustment="none", against="none")["n"] == 2
    assert value(table, "agreement_permuted_spearman", adjustment="none", against="none")["n"] == 2
    assert (
        value(table, "agreement_delta_spearman", adjustment="pc-covariates", against="none")["reason"]
        == "agreement needs two resamples"
    )
    assert value(table, "agreement_jaccard", adjustment="none", against="none")["k"] == CAUSAL
    assert not table.duplicated(rows.KEYS).any()


def test_shortcuts_stand_beside_the_truth(table):
    """The environment is wholly between populations, which pc1 knows; the made-up f follows the genetic value."""
    best, truth = (
        value(table, "pcs_partial_r2", model=f"ceiling-genetic{ending}") for ending in ("-environment", "")
    )
    assert best["value"] == pytest.approx(1)
    assert truth["value"] == 0
    assert abs(value(table, "pcs_partial_r2", adjustment="none", seed=1)["value"]) < 0.05
    assert value(table, "fst_mass", model="ceiling-genetic")["value"] == 0
    found = value(table, "fst_mass_share", association="ols")
    assert (found["value"], found["n"]) == (pytest.approx(0.5), 11)  # all |beta / se| are 1
    for metric in ("fst_mass", "fst_mass_share", "fst_partial_spearman"):
        assert value(table, metric, adjustment="none", seed=2)["status"] == "ok"
        assert value(table, metric, adjustment="pc-covariates", seed=2)["reason"] == "loss is NaN"
        assert value(table, metric, adjustment="placebo", seed=1)["status"] == "failed"
    assert value(table, "pcs_partial_r2", adjustment="placebo", seed=1)["reason"] == "loss is NaN"


def test_null_snps_are_linked_to_no_causal_one(tmp_path):
    write_split(tmp_path, np.random.default_rng(3))
    named = task_files(tmp_path, tmp_path, tmp_path / "split.tsv", tmp_path)
    null = read(named).null
    assert sorted(set(range(M)) - set(null.index_R)) == [*range(CAUSAL - 1), M - 1]
    assert null.fst_R == pytest.approx(files.read_tsv(named["fst_snp"])["fst"].to_numpy()[null.index_R])
    assert null.ld_R == pytest.approx(1, abs=1e-4)  # nobody stands within 1 Mb
    files.write_tsv(pd.DataFrame(columns=["snp", "fst", "fst_wc"]), named["fst_snp"])
    assert read(named).null.reason == "one population: no SNP has an FST"


def test_a_measured_quantitative_trait(tmp_path):
    write_split(tmp_path, np.random.default_rng(2), kind="quantitative", simulated=False)
    table = run(tmp_path)
    assert value(table, "pearson", model="floor-population")["value"] > 0.4
    assert value(table, "pearson", model="ceiling-genetic")["status"] == "not-applicable"
    assert value(table, "pearson_stratified", adjustment="none", seed=1)["value"] > 0.5
    assert "causal SNPs are not known" in value(table, "causal_auc_pr", association="ols")["reason"]
    assert value(table, "agreement_jaccard", adjustment="none", against="none")["k"] == 50
    for metric, keys in (("pcs_partial_r2", {"seed": 1}), ("fst_mass_share", {"seed": 1})):
        assert "measured trait" in value(table, metric, adjustment="none", **keys)["reason"]
    assert "auroc" not in set(table["metric"])
