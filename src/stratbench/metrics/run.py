"""All numbers of a split: predictions, baselines, attributions, associations and probes as tidy rows."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stratbench.core import job
from stratbench.core.files import write_tsv
from stratbench.core.words import counted
from stratbench.genotypes import tables
from stratbench.genotypes.tables import Ids, read_fit, trained
from stratbench.metrics import rows as tidy
from stratbench.metrics.agreement import agreement, top_k
from stratbench.metrics.association import lambda_gc, ranking
from stratbench.metrics.data import Data, Scores, read, read_predictions, read_probes, read_scores
from stratbench.metrics.estimate import failed, not_applicable
from stratbench.metrics.floors import CEILINGS, Prediction, ceilings, floors
from stratbench.metrics.prediction import MINIMUM, RANKING, evaluate, names
from stratbench.metrics.recovery import names as recovery_names
from stratbench.metrics.recovery import recovery

Row = dict[str, Any]
Label = Mapping[str, str]


def metrics(
    files: Mapping[str, Any],
    output: str | Path,
    place: Mapping[str, Any],
    fits: Sequence[Label],
    attributions: Sequence[Label],
    associations: Sequence[str],
    minimum: int = MINIMUM,
) -> None:
    """Write metrics.tsv of one split.

    ``files`` names the tables of ``data.read`` and lists: predictions and fit_json (parallel to ``fits``,
    which give model and adjustment), attributions (parallel to ``attributions``: model, adjustment,
    attribution), associations (parallel to the labels ``associations``) and probes (none or one).
    ``place`` fills study, scenario, replicate, cohort, trait and split. What a failed fit should have
    given is there as rows with status failed and its reason. ``minimum``: see ``evaluate``.
    """
    data = read(files)
    snps = Ids(data.snps.tolist(), files["keep_snp"])
    status = {
        (label["model"], label["adjustment"]): read_fit(path)
        for label, path in zip(fits, files["fit_json"], strict=True)
    }
    found: list[Row] = []
    for label, fit, path in zip(fits, status.values(), files["predictions"], strict=True):
        predictions = read_predictions(path, data, trained(fit), files)
        found += fit_rows({**place, **label}, data, fit, predictions, minimum)
    found += baseline_rows(place, data, minimum)
    for name, path in zip(associations, files["associations"], strict=True):
        table = tables.read(path, tables.ASSOCIATION, rows=snps)
        found += association_rows({**place, "association": name}, data, table)
    scores = [
        read_scores(path, snps, trained(status[label["model"], label["adjustment"]]))
        for label, path in zip(attributions, files["attributions"], strict=True)
    ]
    reasons = {fit: why_failed(record) for fit, record in status.items()}
    found += attribution_rows(place, data, attributions, scores, reasons)
    runs = [(*fit, run["seed"]) for fit, record in status.items() for run in record["seeds"]]
    probes = [read_probes(path, place, runs) for path in files["probes"]]
    table = tidy.sort(pd.concat([tidy.table(found), *(probe for probe in probes if len(probe))]))
    job.say(f"{counted(len(table), 'row')}, {(table['status'] == 'failed').sum()} of them failed")
    write_tsv(table, output)


def why_failed(fit: Mapping[str, Any]) -> dict[int | None, str]:
    """The reason of each failed seed; of the fit as a whole under None if it failed."""
    reasons: dict[int | None, str] = {}
    if fit["status"] != "ok":
        reasons[None] = fit.get("reason") or "the fit failed"
    for seed in fit.get("seeds", []):
        if seed["status"] != "ok":
            reasons[int(seed["seed"])] = seed.get("reason") or reasons.get(None) or "the fit failed"
    return reasons


def fit_rows(
    keys: Mapping[str, Any], data: Data, fit: Mapping[str, Any], predictions: pd.DataFrame, minimum: int
) -> list[Row]:
    """The prediction rows of every seed of a fit, those of failed seeds included."""
    reasons = why_failed(fit)
    seeds: list[int | None] = [int(seed["seed"]) for seed in fit.get("seeds", [])]
    found: list[Row] = []
    for seed in seeds or [None]:
        of_seed = predictions[predictions["seed"] == seed] if len(predictions) else predictions
        test = of_seed[of_seed["set"] == "test"]
        reason = reasons.get(seed, reasons.get(None, ""))
        if reason or not len(test):
            missing = failed(reason or "no predictions of test individuals")
            estimates = [(name, "", missing) for name in names(data.kind)]
        else:
            people = test.assign(population=data.people["population"].reindex(test["iid"]).to_numpy())
            estimates = evaluate(data.kind, people, minimum)
        for metric, population, estimate in estimates:
            found += tidy.rows(keys, metric, estimate, population=population, seed=seed)
    return found


def baseline_rows(place: Mapping[str, Any], data: Data, minimum: int) -> list[Row]:
    """Floors, and ceilings where the liability is known, on the split's test individuals."""
    train, test = data.of_set("train"), data.of_set("test")
    name = RANKING[data.kind][0]
    if not len(train) or not len(test):
        return []
    y = train["y"].to_numpy(dtype=float)
    found: list[Row] = []
    predictions = floors(
        data.kind,
        y,
        train["population"].to_numpy(dtype=str),
        train[data.pcs].to_numpy(dtype=float),
        test["population"].to_numpy(dtype=str),
        test[data.pcs].to_numpy(dtype=float),
        train[data.covariates].to_numpy(dtype=float),
        test[data.covariates].to_numpy(dtype=float),
    )
    if data.causal_M is not None:
        predictions |= ceilings(data.kind, y, data.liability.loc[train.index], data.liability.loc[test.index])
    for model, prediction in predictions.items():
        for metric, population, estimate in evaluate(data.kind, _people(test, prediction), minimum):
            found += tidy.rows({**place, "model": model}, metric, estimate, population=population)
    if data.causal_M is None:
        unknown = not_applicable("measured trait: the true liability is not known")
        for model in CEILINGS:
            for metric in (name, f"{name}_stratified"):
                found += tidy.rows({**place, "model": model}, metric, unknown)
    return found


def _people(test: pd.DataFrame, prediction: Prediction) -> pd.DataFrame:
    return test[["y", "population"]].assign(score=prediction.score, probability=prediction.probability)


def association_rows(keys: Mapping[str, Any], data: Data, table: pd.DataFrame) -> list[Row]:
    """Inflation of an association test, whose table follows the data's SNPs, and how it ranks the causal ones."""
    p, statistic = (pd.to_numeric(table[c]).to_numpy(dtype=float) for c in ("p", "statistic"))
    found = tidy.rows(keys, "lambda_gc", lambda_gc(p))
    for metric, k, estimate in recovery(ranking(p, statistic), data.causal_M, data.n_causal):
        found += tidy.rows(keys, metric, estimate, k=k)
    return found


def attribution_rows(
    place: Mapping[str, Any],
    data: Data,
    labels: Sequence[Label],
    scores: Sequence[Scores],
    reasons: Mapping[tuple[str, str], Mapping[int | None, str]],
) -> list[Row]:
    """Recovery of the causal SNPs by each attribution, and agreement among each model's adjustments."""
    found: list[Row] = []
    groups: dict[tuple[str, str], dict[str, Scores]] = {}
    for label, by_seed in zip(labels, scores, strict=True):
        why = reasons.get((label["model"], label["adjustment"]), {})
        found += recovery_rows({**place, **label}, data, by_seed, why)
        groups.setdefault((label["model"], label["attribution"]), {})[label["adjustment"]] = by_seed
    k = top_k(data.n_causal, len(data.snps))
    for (model, attribution), by_adjustment in groups.items():
        missing = {name: _reason(reasons.get((model, name), {})) for name in by_adjustment}
        for metric, adjustment, against, size, estimate in agreement(
            by_adjustment, len(data.snps), k, missing
        ):
            keys = {**place, "model": model, "attribution": attribution, "adjustment": adjustment}
            found += tidy.rows(keys, metric, estimate, against=against, k=size)
    return found


def _reason(reasons: Mapping[int | None, str]) -> str:
    return next(iter(reasons.values()), "the attribution has no scores")


def recovery_rows(
    keys: Mapping[str, Any], data: Data, scores: Scores, reasons: Mapping[int | None, str]
) -> list[Row]:
    """Recovery by each seed's scores; failed rows for seeds without any."""
    found: list[Row] = []
    without = {at: reason for at, reason in reasons.items() if at not in (None, *scores)}
    if not scores and not without:
        without = {None: _reason(reasons)}
    for seed, score in scores.items():
        for metric, k, estimate in recovery(score, data.causal_M, data.n_causal):
            found += tidy.rows(keys, metric, estimate, k=k, seed=seed)
    for at, reason in without.items():
        for metric, k in recovery_names(data.n_causal, len(data.snps)):
            found += tidy.rows(keys, metric, failed(reason), k=k, seed=at)
    return found
