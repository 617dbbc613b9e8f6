"""What one split gave: its fits, attributions, associations and probes, from which each family makes its rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from stratbench.genotypes.records import FitRecord
from stratbench.metrics.data import Resampled, Scores, SplitTables
from stratbench.metrics.rows import SplitPlace

Label = Mapping[str, str]
Reasons = dict[int | None, str]  # the reason of each failed seed; under None that of a failed fit


@dataclass(frozen=True)
class FitResult:
    """A fit: its label (model, adjustment), its fit.json and its predictions.tsv."""

    label: Label
    record: FitRecord
    predictions: pd.DataFrame

    @property
    def reasons(self) -> Reasons:
        """Why the fit, or seeds of it, failed; empty if all went well."""
        reasons: Reasons = {}
        if self.record.status != "ok":
            reasons[None] = self.record.reason or "the fit failed"
        for seed in self.record.seeds:
            if seed.status != "ok":
                reasons[seed.seed] = seed.reason or reasons.get(None) or "the fit failed"
        return reasons

    def tested(self) -> Iterator[tuple[int | None, str, pd.DataFrame]]:
        """(seed, why it failed or blank, its rows of test individuals) of every seed; seed None without any."""
        reasons, test = self.reasons, self.predictions[self.predictions["set"] == "test"]
        seeds: list[int | None] = [run.seed for run in self.record.seeds]
        for seed in seeds or [None]:
            yield seed, reasons.get(seed, reasons.get(None, "")), test[test["seed"] == seed]


@dataclass(frozen=True)
class AttributionResult:
    """One attribution of a fit.

    Attributes:
        label: model, adjustment and attribution.
        scores: by seed.
        reasons: why the fit, or seeds of it, failed.
        resampled: the scores by resample; None where the study asks for no resamples.
        failed_resamples: why networks of resamples are missing.
        about: what attributions.json says about the attribution; its failure is among the reasons, under None.
    """

    label: Label
    scores: Scores
    reasons: Reasons
    resampled: Resampled | None = None
    failed_resamples: tuple[str, ...] = ()
    about: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """Why there are no scores at all, where there are none."""
        return next(iter(self.reasons.values()), "the attribution has no scores")

    @property
    def without(self) -> Reasons:
        """Why seeds have no scores, by seed; under None where none of them has any."""
        found = {seed: why for seed, why in self.reasons.items() if seed not in (None, *self.scores)}
        return found if found or self.scores else {None: self.reason}

    @property
    def resampled_reason(self) -> str:
        """Why there are no scores of resamples, where there are none."""
        return next(iter(self.failed_resamples), self.reason)


@dataclass(frozen=True)
class SplitResults:
    """All that the metrics of one split are made of.

    Attributes:
        place: which split it is.
        data: the split's people and SNPs.
        fits, attributions: in the order of the study.
        associations: the table of each association by its label, a row for each of the data's SNPs, or for all of
            the cohort.
        probes: the tables of probes.tsv, none or one.
        failures: why an association failed, by its label; the others are absent.
    """

    place: SplitPlace
    data: SplitTables
    fits: tuple[FitResult, ...]
    attributions: tuple[AttributionResult, ...]
    associations: Mapping[str, pd.DataFrame]
    probes: tuple[pd.DataFrame, ...]
    failures: Mapping[str, str] = field(default_factory=dict)
