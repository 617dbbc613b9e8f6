"""A made-up study's results in the layout of docs/contracts.md: random numbers for report tests."""

from dataclasses import dataclass, field
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from stratbench.cohorts.real.matching import COUNTS
from stratbench.cohorts.simulated.simulate import all_options
from stratbench.core import files, seeds
from stratbench.metrics.rows import read, sort, tidy
from stratbench.report.analysis.results import KEYS
from stratbench.study.paths import Paths, fill
from stratbench.study.study import Fit, Split, Study
from stratbench.summary.comparisons import comparisons
from stratbench.summary.run import qc

ADJUSTMENTS = (
    "none",
    "pc-covariates",
    "input-residual",
    "input-residual-class",
    "feature-residual",
    "placebo",
)
CHROMOSOMES = 4
OPTIONS = {key: option["default"] for key, option in all_options("split").items()} | {"individuals": 60}
SHARES = {"genetic": 0.5, "genetic_within": 0.45, "environment": 0.25, "noise": 0.27, "covariance": -0.02}
BETWEEN = {"ceiling-genetic": 0.1, "ceiling-genetic-environment": 0.4, "ceiling-liability": 0.25}
WITHIN = {"genetic": 0.58, "environment": 0.0, "noise": 0.4, "covariance": 0.02, "liability": 0.7}


@dataclass(frozen=True)
class Example:
    """What a made-up study holds. ``failed`` are (model, adjustment) whose fits failed everywhere."""

    replicates: int = 3
    populations: int = 2
    adjustments: tuple[str, ...] = ADJUSTMENTS
    models: tuple[str, ...] = ("linear", "cnn")
    traits: tuple[str, ...] = ("confounded", "shortcut", "control")
    nothing: tuple[str, ...] = ("cnn",)
    failed: tuple[tuple[str, str], ...] = ()
    quantitative: bool = False
    real: bool = True
    snps: int = 400
    attributions: tuple[str, ...] = ("gradient-input", "gradient-dosage", "integrated-gradients")
    associations: tuple[str, ...] = ("ols", "ols-pcs")
    dial: tuple[tuple[str, float | str], ...] = ()  # cohort and its place; instead of split-fst05

    @property
    def scenarios(self) -> tuple[str, ...]:
        return tuple(label for label, _ in self.dial) or ("split-fst05",)

    def strength(self, scenario: str) -> float:
        """How strong structure is: it grows over the dial."""
        if scenario not in self.scenarios or not self.dial:
            return 1.0
        return (self.scenarios.index(scenario) + 0.2) / len(self.scenarios)


@dataclass
class _Rows:
    rows: list[dict[str, Any]] = field(default_factory=list)

    def add(self, base: dict[str, Any], metric: str, value: float, **keys: Any) -> None:
        self.rows.append(
            {**base, **keys, "metric": metric, "value": value, "n": 120, "status": "ok", "reason": ""}
        )


def _spec(name: str) -> dict[str, Any]:
    return {"method": name, "file": None, "options": {}}


def config(example: Example) -> dict[str, Any]:
    """The config of the made-up study, with its defaults filled."""
    kind = "quantitative" if example.quantitative else "binary"
    simulated = {
        "confounded": {"kind": kind, "h2": 0.5, "causal": 12, "environment": 0.25},
        "shortcut": {"kind": kind, "h2": 0.0, "causal": 0, "environment": 0.3},
        "control": {"kind": kind, "h2": 0.8, "causal": 4, "environment": 0.0},
        "null": {"kind": kind, "h2": 0.0, "causal": 0, "environment": 0.0},
    }
    block = {
        "cohorts": list(example.scenarios),
        "traits": list(example.traits),
        "splits": ["random"],
        "models": list(example.models),
        "adjustments": list(example.adjustments),
        "attributions": list(example.attributions),
        "associations": list(example.associations),
        "resamples": 3,
    }
    made: dict[str, Any] = {
        "study": "example",
        "seeds": 2,
        "gpu": 0,
        "cohorts": {
            label: {
                "simulate": {"demography": "split", "file": None, "options": OPTIONS},
                "replicates": example.replicates,
            }
            for label in example.scenarios
        },
        "traits": {name: {"simulate": simulated[name], "snps": example.snps} for name in example.traits},
        "splits": {"random": {"method": "random"}, "halves": {"method": "given", "column": "half"}},
        "models": {name: _spec(name) for name in example.models},
        "adjustments": {name: _spec(name) for name in example.adjustments},
        "attributions": {name: _spec(name) for name in example.attributions},
        "associations": {name: _spec(name) for name in example.associations},
        "blocks": [block],
    }
    if example.dial:
        made["dial"] = {"title": "Hudson FST", "points": dict(example.dial)}
    if example.real:
        made["cohorts"]["mice"] = {"real": "config/cohorts/mice.yaml"}
        made["traits"] |= {"cd8": {"measured": "cd8"}, "cd8-case": {"measured": "cd8-case"}}
        of_mice = {"cohorts": ["mice"], "traits": ["cd8", "cd8-case"], "splits": ["halves"]}
        few = [name for name in example.adjustments if name in ("none", "pc-covariates")]
        made["blocks"].append({**block, **of_mice, "adjustments": few or list(example.adjustments)})
    return made


def figure_outputs(base: Path) -> dict[str, Any]:
    """What the job of figures writes below ``base``: it takes the pictures' folder from the first of them."""
    folder = base / "results/example/figures"
    tables = {name: folder / f"{name}.tsv" for name in ("top_snps", "known_loci")}
    return {"figures": [folder / "headline.svg"], **tables}


def make(base: Path, example: Example | None = None, **further: Any) -> dict[str, Any]:
    """Write results/example below ``base`` and return the config, which has these further keys."""
    example = example or Example()
    settings = config(example) | further
    study = Study(settings)
    paths = Paths(study.name)
    (base / "config/cohorts").mkdir(parents=True, exist_ok=True)
    mice = {
        "title": "Made-up mice",
        "citation": "Nobody (2000)",
        "licence": "CC0",
        "published": [
            {"trait": "cd8-case", "split": "halves", "metric": "auroc", "value": 0.78, "source": "A manual"},
            {"trait": "cd8", "split": "halves", "metric": "pearson", "value": 0.65, "source": "A manual"},
        ],
        "known_loci": [
            {"trait": ["cd8", "cd8-case"], "gene": "MHC", "chrom": 3, "start": 6000, "end": 9000, "rank": 2}
        ],
    }
    bounds = {"trait": "cd8", "value": 1.05, "low": 1.0, "high": 1.1, "source": "A manual"}
    mice["inflation"] = [{"method": "ols", **bounds}, {"method": "nobody's", **bounds}]
    (base / "config/cohorts/mice.yaml").write_text(yaml.safe_dump(mice))
    rows = _Rows()
    for cohort in study.cohorts:
        _cohort(base, paths, cohort, example)
    for split in study.splits:
        _split(base, paths, study, split, example, rows)
    metrics = sort(tidy(pd.DataFrame(rows.rows, columns=[*KEYS[:-2], "value", "n", "status", "reason"])))
    files.write_tsv(metrics, base / paths.summary_metrics)
    files.write_tsv(comparisons(read(base / paths.summary_metrics)), base / paths.comparisons)
    labels = [cohort.label for cohort in study.cohorts]
    tables = qc(labels, [str(base / fill(paths.qc, cohort)) for cohort in study.cohorts])
    files.write_tsv(tables, base / paths.summary_qc)
    _runtime(base, paths, study)
    files.write_json(
        {
            "versions": {"python": "3.11.9", "jax": "0.10.2", "stratbench": "0.1.0"},
            "commit": "0123456789abcdef",
            "dirty": False,
            "python": "3.11.9",
            "platform": "a machine",
            "devices": {"cpu": len(study.fits)},
            "training_versions": [{"jax": "0.10.2"}],
            "fits": len(study.fits),
            "fits_failed": 0,
            "jobs": len(study.splits),
            "seeds": 2,
            "config": study.made_from,
            "config_sha256": "ab" * 32,
        },
        base / paths.provenance,
    )
    return settings


def _rng(*names: object) -> np.random.Generator:
    return np.random.default_rng(seeds.seed("example", *names))


def _cohort(base: Path, paths: Paths, cohort: Any, example: Example) -> None:
    rng = _rng(cohort.label)
    n, m = 80, example.snps
    names = (
        ["all"]
        if cohort.real or example.populations == 1
        else [f"p{k + 1}" for k in range(example.populations)]
    )
    iid = [f"i{k:03d}" for k in range(n)]
    population = [names[k * len(names) // n] for k in range(n)]
    samples = pd.DataFrame({"iid": iid, "population": population, "family": iid, "sex": 1})
    files.write_tsv(samples, base / paths.samples.format(cohort=cohort.label))
    variants = pd.DataFrame(
        {
            "snp": [f"s{k:04d}" for k in range(m)],
            "chrom": [str(k * CHROMOSOMES // m + 1) for k in range(m)],
            "pos": [1000 * (k % (m // CHROMOSOMES)) + 5000 for k in range(m)],
            "a1": "A",
            "a2": "G",
            "a1_freq": rng.uniform(0.05, 0.5, m),
            "call_rate": 1.0,
            "structure": 1,
            "autosome": 1,
        }
    )
    files.write_tsv(variants, base / paths.variants.format(cohort=cohort.label))
    qc = [
        ("input", "individuals", 0, n + 5, ""),
        ("input", "SNPs", 0, 4 * m, ""),
        ("sample call rate", "individuals", 2, n + 3, "missing > 0.1"),
        ("SNP call rate", "SNPs", m // 9, 4 * m - m // 9, "missing > 0.05"),
        ("heterozygosity", "individuals", 2, n + 1, "3 SD of F"),
        ("duplicates", "individuals", 1, n, "KING > 0.354"),
        ("HWE", "SNPs", m - m // 9, 3 * m, "P < 1e-06"),
        ("MAF", "SNPs", 2 * m, m, "MAF < 0.05"),
        ("common", "structure SNPs", 0, m, "MAF < 0.05"),
        ("LD pruning", "structure SNPs", m // 2, m - m // 2, "50 SNPs, step 5, r2 > 0.2"),
    ]
    table = pd.DataFrame(qc, columns=["step", "unit", "removed", "left", "threshold"])
    files.write_tsv(table, base / paths.qc.format(cohort=cohort.label))
    if cohort.real:
        matched = pd.DataFrame([("mice.tsv", n + 5, 3, n + 9, 7)], columns=list(COUNTS))
        files.write_tsv(matched, base / paths.raw_tables.format(cohort=cohort.label))
        _under_qc(base, paths, cohort.label, samples, variants)


def _under_qc(base: Path, paths: Paths, cohort: str, samples: pd.DataFrame, variants: pd.DataFrame) -> None:
    """QC's own tables of a cohort that is made up of whom and what QC left."""
    rng = _rng("qc", cohort)
    n, m = len(samples), len(variants)
    steps = ["sample call rate"] * 2 + ["heterozygosity"] * 2 + ["duplicates"]
    gone = pd.DataFrame({"iid": [f"gone{k}" for k in range(5)], "population": samples["population"][0]})
    people = pd.concat([samples[["iid", "population"]], gone], ignore_index=True)
    people["missing"] = [*rng.uniform(0, 0.1, n), 0.12, 0.2, *rng.uniform(0, 0.1, 3)]
    people["heterozygosity"] = 0.3
    people["f"] = [*rng.normal(0, 0.01, n), np.nan, np.nan, 0.2, -0.2, 0.0]
    for name in ("pc1_before", "pc2_before", "pc1_after", "pc2_after"):
        people[name] = rng.normal(0, 0.1, n + 5)
    people.loc[n : n + 1, ["pc1_before", "pc2_before"]] = np.nan
    people.loc[n:, ["pc1_after", "pc2_after"]] = np.nan
    people["removed_by"] = [""] * n + steps
    files.write_tsv(people, base / paths.qc_samples.format(cohort=cohort))
    called, tested = m // 9, m - m // 9
    snps = pd.DataFrame(
        {
            "snp": [*variants["snp"], *(f"gone{k}" for k in range(3 * m))],
            "chrom": "1",
            "pos": 1,
            "missing": [*rng.uniform(0, 0.05, m), *[0.3] * called, *rng.uniform(0, 0.05, 3 * m - called)],
            "maf": 0.2,
            "hwe_p": [*rng.uniform(1e-5, 1, m), *[np.nan] * called, *[1e-9] * tested, *[0.5] * 2 * m],
            "removed_by": [""] * m + ["SNP call rate"] * called + ["HWE"] * tested + ["MAF"] * 2 * m,
        }
    )
    files.write_tsv(snps, base / paths.qc_snps.format(cohort=cohort))
    pairs = pd.DataFrame(
        {
            "iid_1": "i000",
            "iid_2": ["gone4", "i001", "i002"],
            "snps": 9,
            "ibs0": 0.0,
            "kinship": [0.49, 0.25, 0.07],
        }
    )
    files.write_tsv(pairs, base / paths.kinship.format(cohort=cohort))


def _split(base: Path, paths: Paths, study: Study, split: Split, example: Example, rows: _Rows) -> None:
    rng = _rng(split.cohort, split.trait, split.split)
    cohort, m = study.cohort(split.cohort), example.snps
    samples = files.read_tsv(base / fill(paths.samples, split))
    snps = [f"s{k:04d}" for k in range(m)]
    quantitative = example.quantitative or split.trait == "cd8"
    spec = study.spec("traits", split.trait).get("simulate", {})
    causal = sorted(rng.choice(m, spec.get("causal", 0), replace=False)) if spec.get("causal") else []
    truth = pd.DataFrame(
        {
            "snp": [snps[k] for k in causal],
            "effect": rng.normal(size=len(causal)),
            "visible": [1] * len(causal),
            "population": "",
        }
    )
    files.write_tsv(truth, base / fill(paths.truth, split))
    files.write_text("".join(f"{snp}\n" for snp in snps), base / fill(paths.keep_snp, split))
    trait = {
        "kind": "quantitative" if quantitative else "binary",
        "simulated": not cohort.real,
        "n": len(samples),
    }
    if split.trait in ("confounded", "control"):
        trait |= {"shares": SHARES} | (
            {"shares_within": WITHIN} if len(set(samples["population"])) > 1 else {}
        )
    files.write_json(trait | {"description": f"{split.trait}, made up"}, base / fill(paths.trait_json, split))
    label = samples["population"].astype("category").cat.codes.to_numpy()
    pcs = {f"pc{k + 1}": rng.normal(label * (k == 0) * 6.0, 1.0) for k in range(4)}
    fitted = (rng.random(len(samples)) < 0.7).astype(int)
    files.write_tsv(
        pd.DataFrame({"iid": samples["iid"], "fitted": fitted, **pcs}), base / fill(paths.pcs, split)
    )
    related = (
        (label[:, None] == label) * 0.1
        + np.eye(len(samples)) * 0.9
        + rng.normal(0, 0.01, (len(samples),) * 2)
    )
    with files.whole(base / fill(paths.grm, split)) as path, open(path, "wb") as out:
        np.savez(out, grm_NN=related.astype(np.float32))
    names = sorted(set(samples["population"]))
    pairs = [(a, b, 0.05 + 0.01 * rng.normal(), m) for i, a in enumerate(names) for b in names[i + 1 :]]
    fst = pd.DataFrame(pairs, columns=["population_1", "population_2", "fst", "n_snps"])
    fst.insert(3, "fst_wc", fst["fst"] + 0.001)
    files.write_tsv(fst, base / fill(paths.fst, split))
    for association in study.associations_of(split):
        p = rng.uniform(size=m)
        p[causal] = 10.0 ** -rng.uniform(2, 9, len(causal))
        if cohort.real:
            p[int(0.6 * m)] = 1e-12
        table = pd.DataFrame({"snp": snps, "beta": 0.1, "se": 0.1, "statistic": 1.0, "p": p, "n": 80})
        files.write_tsv(table, base / paths.association.format(**vars(split), association=association))
    for fit in study.fits_of(split):
        _fit(base, paths, study, fit, example, snps, causal, quantitative)
    _metrics(study, split, example, rows, quantitative, len(causal), len(names))
    _further(study, split, example, rows, quantitative, len(causal))


def _fit(
    base: Path,
    paths: Paths,
    study: Study,
    fit: Fit,
    example: Example,
    snps: list[str],
    causal: list,
    quantitative: bool,
) -> None:
    rng = _rng(fit)
    failed = (fit.model, fit.adjustment) in example.failed
    reason = "the loss is not a number after 3 epochs" if failed else ""
    status = "failed" if failed else "ok"
    run = {
        "status": status,
        "reason": reason,
        "epochs": 20,
        "best_epoch": 9,
        "seconds": float(rng.uniform(1, 4)),
    }
    about = {
        "status": status, "reason": reason, "kind": "quantitative" if quantitative else "binary",
        "model": fit.model, "adjustment": fit.adjustment, "n_parameters": 401, "n_train": 56,
        "n_validation": 12, "n_test": 12, "n_snps": len(snps), "device": "cpu", "versions": {"jax": "0.10.2"},
        "split_sha256": "00",
        "seeds": [{"seed": seed, **run} for seed in (1, 2)],
    }  # fmt: skip
    files.write_json(about, base / fill(paths.fit, fit))
    for attribution in study.attributions_of(fit):
        score = rng.gamma(1.0, 1.0, (2, len(snps)))
        score[:, causal] += 0 if fit.model in example.nothing else rng.uniform(1, 6, len(causal))
        table = pd.concat(
            [
                pd.DataFrame({"seed": s + 1, "snp": snps, "score": score[s], "rms": score[s], "mean": 0.0})
                for s in (0, 1)
            ]
        )
        table = table.iloc[:0] if failed else table
        files.write_tsv(table, base / paths.attribution.format(**vars(fit), attribution=attribution))
    about = {
        name: {"completeness_error": {"median": 0.001, "p95": 0.004, "max": 0.01}}
        for name in example.attributions
    }
    files.write_json(about, base / fill(paths.attributions_json, fit))


def _metrics(
    study: Study,
    split: Split,
    example: Example,
    rows: _Rows,
    quantitative: bool,
    causal: int,
    populations: int,
) -> None:
    cohort = study.cohort(split.cohort)
    rng, rng_f = _rng("metrics", split), _rng("f", split)
    base = {
        **dict.fromkeys(KEYS, ""), "study": study.name, "scenario": cohort.scenario,
        "replicate": str(cohort.replicate), "cohort": cohort.label, "trait": split.trait,
        "split": split.split,
    }  # fmt: skip
    name, chance = ("pearson", 0.0) if quantitative else ("auroc", 0.5)
    shortcut = 0.22 if split.trait in ("confounded", "shortcut") and populations > 1 else 0.0
    shortcut *= example.strength(cohort.scenario)

    def jitter(value: float, scale: float = 0.012) -> float:
        return float(value + scale * rng.normal())

    levels = {
        "floor-majority": (0, 0), "floor-population": (shortcut, 0), "floor-pcs": (shortcut, 0),
        "ceiling-genetic": (0.3, 0.28), "ceiling-genetic-environment": (0.36, 0.28),
    }  # fmt: skip
    if cohort.real:
        levels = {key: level for key, level in levels.items() if key.startswith("floor")}
    for label, (overall, within) in levels.items():
        rows.add(base, name, jitter(chance + overall, 0.01 * (overall > 0)), model=label)
        rows.add(base, f"{name}_stratified", jitter(chance + within, 0.01 * (within > 0)), model=label)
    for fit in study.fits_of(split):
        of = {"model": fit.model, "adjustment": fit.adjustment}
        if (fit.model, fit.adjustment) in example.failed:
            rows.rows.append(
                {
                    **base,
                    **of,
                    "metric": name,
                    "value": np.nan,
                    "status": "failed",
                    "reason": "the loss is not a number",
                }
            )
            continue
        removes = fit.adjustment not in ("none", "placebo", "pc-covariates")
        signal = 0.0 if fit.model in example.nothing or split.trait in ("shortcut", "null") else 0.14
        for seed in ("1", "2"):
            at = {**of, "seed": seed}
            overall = chance + signal + shortcut * (0.2 if removes else 1)
            rows.add(base, name, jitter(overall), **at)
            rows.add(base, f"{name}_f", overall + 0.012 * rng_f.normal(), **at)
            rows.add(base, f"{name}_stratified", jitter(chance + signal), **at)
            rows.add(base, f"{name}_stratified_f", jitter(chance + signal), **at)
            for f in ("", "_f"):
                rows.add(base, f"{name}{f}_se", 0.03, **at)
                rows.add(base, f"{name}_stratified{f}_se", 0.035, **at)
            for population in range(populations if populations > 1 else 0):
                rows.add(base, name, jitter(chance + signal), population=f"p{population + 1}", **at)
        for attribution in study.attributions_of(fit):
            if causal:
                value = abs(jitter(0.05 + signal, 0.03))
                rows.add(base, "causal_auc_pr", value, attribution=attribution, **of)
                rows.add(
                    base, "causal_auc_pr_ratio", value * example.snps / causal, attribution=attribution, **of
                )
        if populations > 1:
            for metric, level in (
                ("ancestry_linear", 0.7 if removes else 0.97), ("ancestry_linear_untrained", 0.84),
                ("ancestry_nonlinear", 0.95), ("ancestry_nonlinear_untrained", 0.88),
                ("ancestry_logit", 0.55 if removes else 0.75),
            ):  # fmt: skip
                rows.add(base, metric, min(jitter(level), 1.0), **of)
            rows.add(base, "ancestry_chance", 1 / populations, **of)
    for association in study.associations_of(split):
        if causal:
            value = abs(jitter(0.12 if association == "ols" else 0.24, 0.02))
            rows.add(base, "causal_auc_pr", value, association=association)
            rows.add(base, "causal_auc_pr_ratio", value * example.snps / causal, association=association)
        rows.add(
            base,
            "lambda_gc",
            jitter(1.6 if association == "ols" and shortcut else 1.01),
            association=association,
        )
    working = [fit for fit in study.fits_of(split) if (fit.model, fit.adjustment) not in example.failed]
    for one in working:
        for attribution in study.attributions_of(one):
            of = {"model": one.model, "adjustment": one.adjustment, "attribution": attribution}
            for other in working:
                if other.model == one.model and other.adjustment >= one.adjustment:
                    level = (
                        0.8
                        if other == one
                        else 0.72
                        if "placebo" in (one.adjustment, other.adjustment)
                        else 0.5
                    )
                    rows.add(base, "agreement_spearman", jitter(level), against=other.adjustment, **of)
                    rows.add(
                        base, "agreement_permuted_spearman", jitter(0.05), against=other.adjustment, **of
                    )
                    rows.add(
                        base, "agreement_jaccard", jitter(level / 2), against=other.adjustment, k="12", **of
                    )
    for one, other in permutations(working, 2):
        if one.model == other.model and other.adjustment == "none":
            for attribution in study.attributions_of(one):
                of = {"model": one.model, "adjustment": one.adjustment, "attribution": attribution}
                level = 0.06 if one.adjustment == "placebo" else 0.28
                rows.add(base, "agreement_delta_spearman", jitter(level), against="none", **of)


def _further(
    study: Study, split: Split, example: Example, rows: _Rows, quantitative: bool, causal: int
) -> None:
    """The metrics that only the pages of the dial show, from draws of their own."""
    rng, cohort = _rng("further", split), study.cohort(split.cohort)
    base = dict.fromkeys(KEYS, "") | {
        "study": study.name,
        "scenario": cohort.scenario,
        "cohort": cohort.label,
    }
    base |= {"replicate": str(cohort.replicate), "trait": split.trait, "split": split.split}

    def near(level: float) -> float:
        return float(level + 0.02 * rng.normal())

    scores = {"r2": 0.1} if quantitative else {"accuracy": 0.65, "auprc": 0.7, "brier": 0.22, "ece": 0.08}
    for model in ("floor-population", "ceiling-genetic"):
        for metric, level in scores.items():
            rows.add(base, metric, near(level), model=model)
    rankings = [{"association": label} for label in study.associations_of(split)]
    shortcut = _rng("shortcut", split)
    for fit in study.fits_of(split):
        if (fit.model, fit.adjustment) in example.failed:
            continue
        of = {"model": fit.model, "adjustment": fit.adjustment}
        for metric, level in scores.items():
            rows.add(base, metric, near(level), seed="1", **of)
        if not cohort.real:
            rows.add(base, "pcs_partial_r2", 0.3 + 0.02 * shortcut.normal(), seed="1", **of)
        for attribution in study.attributions_of(fit):
            where = {**of, "attribution": attribution}
            rankings.append(where)
            rows.add(base, "agreement_jaccard_chance", 0.1, against="none", k="12", **where)
            if fit.adjustment != "none":
                rows.add(base, "agreement_delta_jaccard", near(0.15), against="none", k="12", **where)
    for where in rankings if example.populations > 1 and not cohort.real else []:
        rows.add(base, "fst_mass_share", 0.55 + 0.02 * shortcut.normal(), **where)
    for where in rankings if causal else []:
        for k in (causal, 50):
            rows.add(base, "precision_at_k", abs(near(0.2)), k=str(k), **where)
    several = example.populations > 1 and not cohort.real
    for model, level in BETWEEN.items() if several else ():
        rows.add(base, "between_share", near(level), model=model)
    for fit in study.fits_of(split) if several else ():
        if (fit.model, fit.adjustment) not in example.failed:
            for seed in ("1", "2"):
                of = {"model": fit.model, "adjustment": fit.adjustment, "seed": seed}
                rows.add(base, "between_share", near(0.5 if fit.adjustment == "none" else 0.2), **of)


def _runtime(base: Path, paths: Paths, study: Study) -> None:
    rng = _rng("runtime")
    jobs = {
        "simulate": len(study.cohorts),
        "qc": len(study.cohorts),
        "fit": len(study.fits),
        "metrics": 4,
        "report": 1,
    }
    rows = [
        {
            "rule": rule,
            "job": f"{study.name}/{rule}-{k}",
            "s": float(rng.gamma(4, 2)),
            "max_rss": float(rng.uniform(120, 900)),
            "cpu_time": 1.0,
            "device": "cpu" if rule == "fit" else "",
        }
        for rule, count in jobs.items()
        for k in range(count)
    ]
    files.write_tsv(pd.DataFrame(rows), base / paths.runtime)
