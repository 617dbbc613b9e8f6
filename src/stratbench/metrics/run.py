"""All numbers of a split as tidy rows, which each family of metrics makes for its own metrics."""

from collections.abc import Mapping, Sequence
from typing import Any

from stratbench.core import job
from stratbench.core.files import write_tsv
from stratbench.core.words import counted
from stratbench.genotypes import tables
from stratbench.genotypes.records import read_fit
from stratbench.genotypes.tables import Ids
from stratbench.metrics import rows as tidy
from stratbench.metrics.catalogue import families
from stratbench.metrics.data import (
    read,
    read_about,
    read_failures,
    read_predictions,
    read_probes,
    read_resampled,
    read_scores,
    testable,
)
from stratbench.metrics.split_results import AttributionResult, FitResult, Label, Reasons, SplitResults


def metrics(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    place: Mapping[str, Any],
    fits: Sequence[Label],
    attributions: Sequence[Label],
    associations: Sequence[str],
    on_all: Sequence[str] = (),
) -> None:
    """Write metrics.tsv of one split, in the order of its keys.

    What a failed fit should have given is there as rows with status failed and its reason.

    Args:
        inputs: the tables of ``data.read`` and lists: ``predictions`` and ``fit_json`` (parallel to ``fits``),
            ``attributions``, ``attribution_records`` (both parallel to the labels of attributions), ``associations``
            (parallel to the labels of that name), ``association_records`` (one if there are any), ``resamples``
            (parallel to those ``attributions`` whose label says so) and ``probes`` (none or one).
        outputs: ``metrics``.
        place: study, scenario, replicate, cohort, trait and split.
        fits: labels of the fits: model and adjustment.
        attributions: labels of the attributions: model, adjustment and attribution; and ``resampled``, whether there is
            a table of resamples, too.
        associations: the associations' names.
        on_all: those of them that test all SNPs of the cohort, not those that models see alone.

    Raises UserError where a table is damaged or does not agree with the others.
    """
    results = read_results(inputs, tidy.SplitPlace(**place), fits, attributions, associations, on_all)
    table = tidy.sort(tidy.table(row for family in families() for row in family.of_split(results)))
    job.say(f"{counted(len(table), 'row')}, {(table['status'] == 'failed').sum()} of them failed")
    write_tsv(table, outputs["metrics"])


def read_results(
    files: Mapping[str, Any],
    place: tidy.SplitPlace,
    fits: Sequence[Label],
    attributions: Sequence[Label],
    associations: Sequence[str],
    on_all: Sequence[str] = (),
) -> SplitResults:
    """Everything that the split gave, read and compared with its people and SNPs.

    Args:
        files: the ``inputs`` of ``metrics``.
        place: which split it is.
        fits, attributions, associations, on_all: labels, as of ``metrics``.

    Returns:
        The split's results.

    Raises:
        UserError: where a table is damaged or does not agree with the others.
    """
    data = read(files)
    snps = Ids(data.snps.tolist(), files["keep_snp"])
    records = [read_fit(path) for path in files["fit_json"]]
    fitted = {
        (label["model"], label["adjustment"]): FitResult(
            label, record, read_predictions(path, data, record.trained, files)
        )
        for label, record, path in zip(fits, records, files["predictions"], strict=True)
    }
    tested = {
        name: tables.read(path, tables.ASSOCIATION, rows=testable(files) if name in on_all else snps)
        for name, path in zip(associations, files["associations"], strict=True)
    }
    failures = read_failures(files["association_records"][0], associations) if associations else {}
    resampled = iter(files.get("resamples", ()))
    explained = []
    paths = zip(files["attributions"], files["attribution_records"], strict=True)
    for label, (path, record) in zip(attributions, paths, strict=True):
        fit, about = fitted[label["model"], label["adjustment"]], read_about(record, label["attribution"])
        failed = about.get("status") == "failed"
        explains = fit.record.trained and not failed
        reasons: Reasons = {None: str(about.get("reason"))} if failed else fit.reasons
        scores, again = read_scores(path, snps, fit.record.trained if explains else ()), None
        if label.get("resampled"):
            again = read_resampled(next(resampled), snps, fit.record.resampled if explains else [])
        broken = tuple(run.reason for run in fit.record.resamples if run.status != "ok")
        explained.append(AttributionResult(label, scores, reasons, again, broken, about))
    runs = [(*name, run.seed) for name, fit in fitted.items() for run in fit.record.seeds]
    probes = tuple(read_probes(path, place, runs) for path in files["probes"])
    return SplitResults(place, data, tuple(fitted.values()), tuple(explained), tested, probes, failures)
