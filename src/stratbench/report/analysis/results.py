"""A study's finished tables, as the figures and the text of the report read them."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core import files
from stratbench.datasets import keep
from stratbench.datasets.people import select as select_people
from stratbench.genotypes import records, tables
from stratbench.genotypes.records import FitRecord, TraitRecord
from stratbench.genotypes.tables import Ids, Kind
from stratbench.metrics.catalogue import metric
from stratbench.metrics.data import testable
from stratbench.metrics.rows import COMPARISONS, METRICS_TABLE
from stratbench.metrics.split_size import OVERLAP
from stratbench.study.paths import Paths, fill
from stratbench.study.study import Cohort, Dataset, Fit, Split, Study

KEYS = (
    "study", "scenario", "replicate", "cohort", "trait", "split", "population", "model", "adjustment",
    "attribution", "association", "against", "k", "seed", "metric", "status", "reason",
)  # fmt: skip
LOOKUP = (
    "scenario", "trait", "split", "population", "model", "adjustment", "attribution", "association",
    "against", "k", "metric",
)  # fmt: skip
FLOORS = {  # the names that metrics.tsv has for them, and the words of the report
    "floor-majority": "majority label",
    "floor-population": "population label",
    "floor-pcs": "PCs only",
    "floor-covariates": "covariates only",
    "floor-pcs-covariates": "PCs + covariates",
}
CEILINGS = {
    "ceiling-genetic": "true genetic liability",
    "ceiling-genetic-environment": "genetic + environment",
}


@dataclass(frozen=True)
class Group:
    """The replicates of one scenario with one trait and one split, or the repeats of one cohort's split."""

    scenario: str
    trait: str
    split: str
    splits: tuple[Split, ...]
    models: tuple[str, ...]
    explained: tuple[str, ...]  # the models of which attributions are asked
    resampled: tuple[str, ...]  # those of them that are trained on resamples, too
    adjustments: tuple[str, ...]
    attributions: tuple[str, ...]
    associations: tuple[str, ...]
    real: bool
    measured: bool
    kind: str
    shown: str  # the scenario's name for readers

    @property
    def name(self) -> str:
        return f"{self.scenario}_{self.trait}_{self.split}"

    @property
    def title(self) -> str:
        return f"{self.trait} in {self.shown}, {self.split} split"

    @property
    def keys(self) -> dict[str, str]:
        return {"scenario": self.scenario, "trait": self.trait, "split": self.split}

    @property
    def unit(self) -> str:
        """What is averaged over: ``replicate``, or ``split`` where one cohort is split more than once."""
        return "split" if len({split.cohort for split in self.splits}) < len(self.splits) else "replicate"

    @property
    def baseline(self) -> str:
        """The adjustment that the others are compared with."""
        return "none" if "none" in self.adjustments else (self.adjustments or ("",))[0]

    @property
    def attribution(self) -> str:
        """The attribution that is shown where there is room for one: the first; blank if there is none."""
        return self.attributions[0] if self.attributions else ""

    @property
    def quantitative(self) -> bool:
        return self.kind == "quantitative"

    @property
    def overall(self) -> str:
        return "pearson" if self.quantitative else "auroc"

    @property
    def within(self) -> str:
        return f"{self.overall}_stratified"

    @property
    def overall_f(self) -> str:
        """The accuracy of f, the network's own output without what its adjustment adds."""
        return f"{self.overall}_f"

    @property
    def within_f(self) -> str:
        """The accuracy of f on which verdicts are taken."""
        return f"{self.within}_f"

    @property
    def family_f(self) -> str:
        """The accuracy of f within families, which a cohort with families has."""
        return f"{self.overall}_family_f"

    @property
    def chance(self) -> float:
        """The chance level: the headline metrics' value for a model that has learned nothing."""
        return float(metric(self.overall).chance or 0)

    def causal_snps(self, study: Study) -> bool:
        """Whether the config asks for causal SNPs, so that there is something to recover."""
        simulate = study.spec("traits", self.trait).get("simulate") or {}
        return not self.measured and simulate.get("h2", 1) != 0 and simulate.get("causal", 1) != 0


def _in_order(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def groups(study: Study, kinds: dict[str, str] | None = None) -> list[Group]:
    """A study's groups in the config's order.

    ``kinds`` has the kinds of traits, binary or quantitative, by '<scenario>/<trait>', where they are known.
    """
    collected: dict[tuple[str, str, str], list[Split]] = {}
    for split in study.splits:
        place = study.place(split)
        collected.setdefault((place["scenario"], place["trait"], place["split"]), []).append(split)
    made = []
    for (scenario, trait, name), splits in collected.items():
        fits = [fit for split in splits for fit in study.fits_of(split)]
        spec = study.spec("traits", trait)
        simulate = dict(spec.get("simulate") or {})
        made.append(
            Group(
                scenario, trait, name, tuple(splits),
                models=_in_order(fit.model for fit in fits),
                explained=_in_order(fit.model for fit in fits if study.attributions_of(fit)),
                resampled=_in_order(
                    fit.model for fit in fits if study.attributions_of(fit) and study.resamples_of(fit)
                ),
                adjustments=_in_order(fit.adjustment for fit in fits),
                attributions=_in_order(label for fit in fits for label in study.attributions_of(fit)),
                associations=_in_order(label for split in splits for label in study.associations_of(split)),
                real=study.cohort(splits[0].cohort).real,
                measured="simulate" not in spec,
                kind=(kinds or {}).get(f"{scenario}/{trait}") or str(simulate.get("kind", "binary")),
                shown=study.shown(scenario),
            )
        )  # fmt: skip
    return made


def scenarios(study: Study) -> dict[str, list[Cohort]]:
    """The cohorts of each scenario, in the config's order."""
    found: dict[str, list[Cohort]] = {}
    for cohort in study.cohorts:
        found.setdefault(cohort.scenario, []).append(cohort)
    return found


def select(table: pd.DataFrame, **keys: str) -> pd.DataFrame:
    """Rows whose key columns equal the given values; an empty string asks for a blank."""
    mask = pd.Series(True, index=table.index)
    for column, value in keys.items():
        mask &= table[column] == value
    return table[mask]


class Results:
    """The results of one study. Tables are read when first asked for."""

    def __init__(self, study: Study, base: str | Path = ".") -> None:
        self.study = study
        self.base = Path(base)
        self.paths = Paths(study.name)

    def _keyed(self, pattern: str, kind: Kind) -> pd.DataFrame:
        table = tables.read(self.base / pattern, kind, text=KEYS)
        for column in ("value", "mean", "ci_low", "ci_high", "n", "n_replicates", "p", "p_holm"):
            if column in table:
                table[column] = pd.to_numeric(table[column], errors="coerce")
        return table

    @cached_property
    def metrics(self) -> pd.DataFrame:
        return self._keyed(self.paths.summary_metrics, METRICS_TABLE)

    @cached_property
    def comparisons(self) -> pd.DataFrame:
        return self._keyed(self.paths.comparisons, COMPARISONS)

    @cached_property
    def runtime(self) -> pd.DataFrame:
        return tables.read(self.base / self.paths.runtime, tables.RUNTIME)

    @cached_property
    def provenance(self) -> dict[str, Any]:
        return dict(files.read_json(self.base / self.paths.provenance))

    @cached_property
    def groups(self) -> list[Group]:
        kinds = {}
        for dataset in self.study.datasets:
            path = self.base / fill(self.paths.trait_json, dataset)
            if path.is_file():
                key = f"{self.study.cohort(dataset.cohort).scenario}/{dataset.trait}"
                kinds[key] = records.read_trait(path).kind
        return groups(self.study, kinds)

    def group(self, keys: dict[str, str]) -> Group:
        """The group with these keys; further keys, such as a model's, do not matter."""
        return next(group for group in self.groups if group.keys.items() <= keys.items())

    def table(self, kind: Kind, pattern: str, item: Any, **wildcards: str) -> pd.DataFrame:
        """A table of a cohort, dataset, split or fit, e.g. ``table(tables.PCS, paths.pcs, split)``.

        Raises UserError, as ``tables.read`` does.
        """
        keys = {"cohort": item.label} if isinstance(item, Cohort) else vars(item)
        return tables.read(self.base / pattern.format(**keys, **wildcards), kind)

    def people(self, split: Split) -> pd.DataFrame:
        """Everyone in a split's dataset, in its order: iid, population and family, ``fitted`` and PCs."""
        pcs = self.table(tables.PCS, self.paths.pcs, split)
        samples = self.table(tables.SAMPLES, self.paths.samples, split)
        at, source = (self.base / fill(path, split) for path in (self.paths.pcs, self.paths.samples))
        chosen = select_people(samples, source, Ids(pcs["iid"].tolist(), at))
        return chosen[["iid", "population", "family"]].join(pcs.drop(columns="iid"))

    def snps(self, dataset: Dataset) -> Ids:
        """The SNPs that a model may see."""
        path = self.base / fill(self.paths.keep_snp, dataset)
        return Ids(keep.read_snps(path), path)

    def testable(self, dataset: Dataset) -> Ids:
        """The SNPs of the cohort that an association of all SNPs tests: all but untyped causal ones."""
        files = {name: self.base / fill(getattr(self.paths, name), dataset) for name in ("variants", "truth")}
        return testable(files)

    def association(self, split: Split, label: str) -> pd.DataFrame:
        """The table of an association: a test of each SNP that a model may see, or of all SNPs of the cohort."""
        path = self.base / self.paths.association.format(**vars(split), association=label)
        rows = self.testable(split) if self.study.tests_all(label) else self.snps(split)
        return tables.read(path, tables.ASSOCIATION, rows=rows)

    def attribution(self, fit: Fit, label: str) -> pd.DataFrame:
        """The table of an attribution: a score of each SNP that a model may see, for each seed that was trained."""
        path = self.base / self.paths.attribution.format(**vars(fit), attribution=label)
        return tables.read(path, tables.ATTRIBUTION, rows=self.snps(fit), seeds=self.fit(fit).trained)

    def trait(self, group: Group) -> TraitRecord | None:
        """trait.json of a group's first replicate; None where it is not there."""
        path = self.base / fill(self.paths.trait_json, group.splits[0])
        return records.read_trait(path) if path.is_file() else None

    def fit(self, fit: Fit) -> FitRecord:
        return records.read_fit(self.base / fill(self.paths.fit, fit))

    def value(self, group: Group, metric: str, **keys: str) -> Any:
        """The row of comparisons.tsv with these keys, all other keys blank; None if there is none."""
        wanted = {**dict.fromkeys(LOOKUP, ""), "metric": metric, **group.keys, **keys}
        return self._values.get(tuple(wanted[key] for key in LOOKUP))

    @cached_property
    def _values(self) -> dict[tuple[str, ...], Any]:
        """Rows of comparisons.tsv by their keys, kept as a dict because figures look up thousands."""
        rows = self.comparisons[self.comparisons["mean"].notna()].to_dict("records")
        return {tuple(str(row[key]) for key in LOOKUP): dict(row) for row in rows}

    def several_populations(self, group: Group) -> bool:
        """Whether the test individuals are of several populations, which have rows of their own then."""
        return (group.scenario, group.trait, group.split) in self._several_populations

    @cached_property
    def _several_populations(self) -> set[tuple[str, str, str]]:
        rows = self.comparisons[self.comparisons["population"] != ""]
        return set(rows[["scenario", "trait", "split"]].itertuples(index=False, name=None))

    def per_replicate(self, group: Group, metric: str, **keys: str) -> np.ndarray:
        """A metric's value in each replicate that has one, the mean over its seeds; other keys blank."""
        wanted = {**dict.fromkeys(LOOKUP, ""), "metric": metric, **group.keys, **keys}
        return self._per_replicate.get(tuple(wanted[key] for key in LOOKUP), np.empty(0))

    @cached_property
    def _per_replicate(self) -> dict[tuple[str, ...], np.ndarray]:
        found = self.metrics[self.metrics["value"].notna()]
        means = found.groupby([*LOOKUP, "replicate"], sort=False)["value"].mean().reset_index()
        groups = means.groupby(list(LOOKUP), sort=False)["value"]
        return {tuple(map(str, key)): values.to_numpy() for key, values in groups}

    def reason(self, group: Group, metric: str, model: str, adjustment: str) -> str:
        """Look up why a metric has no number.

        Args:
            group: the group.
            metric: the metric's name.
            model: the model's label.
            adjustment: the adjustment's label.

        Returns:
            The first reason that metrics.tsv states for it; blank if it states none.

        Raises:
            UserError: if the study's metrics.tsv is absent or damaged.
        """
        wanted = {**group.keys, "metric": metric, "model": model, "adjustment": adjustment, "population": ""}
        reasons = [text for text in select(self.metrics, **wanted)["reason"] if text]
        return reasons[0] if reasons else ""

    def overlap(self, group: Group) -> float:
        """By how much a group's splits overlap, as ``intervals.mean_error`` takes it; 0 for replicates."""
        row = self.value(group, OVERLAP) if group.unit == "split" else None
        return 0.0 if row is None else float(row["mean"])

    def replicates(self, group: Group, metric: str = "") -> int:
        """The largest number of replicates (or repeats) behind any number of the group, or of a metric of it."""
        wanted = {**group.keys, "metric": metric} if metric else group.keys
        counts = select(self.comparisons, **wanted)["n_replicates"]
        return int(counts.max()) if counts.notna().any() else 0

    def cohort_file(self, scenario: str) -> dict[str, Any]:
        """What the file of a real cohort states; empty for a simulated one."""
        import yaml

        source = self.study.config["cohorts"][scenario].get("real")
        if isinstance(source, dict):
            return source
        path = self.base / source if source else None
        return yaml.safe_load(path.read_text()) or {} if path and path.is_file() else {}

    def measured_as(self, group: Group) -> str:
        """The cohort file's name of a trait."""
        return str(self.study.spec("traits", group.trait).get("measured", group.trait))

    def known_loci(self, group: Group) -> list[dict[str, Any]]:
        """The known loci of a measured trait: trait, gene, chrom and, where stated, start and end."""
        if not group.measured:
            return []
        loci = self.cohort_file(group.scenario).get("known_loci") or []
        return [locus for locus in loci if _concerns(locus, self.measured_as(group))]

    def inflation(self, group: Group) -> list[dict[str, Any]]:
        """The inflation that the cohort file says to expect of associations with a measured trait."""
        if not group.measured:
            return []
        entries = self.cohort_file(group.scenario).get("inflation") or []
        return [entry for entry in entries if _concerns(entry, self.measured_as(group))]

    def published(self, group: Group) -> list[dict[str, Any]]:
        """Published results of a measured trait and this split; results that name no split hold for every split."""
        if not group.measured:
            return []
        entries = self.cohort_file(group.scenario).get("published") or []
        here = [entry for entry in entries if entry.get("split") in (None, group.split)]
        return [entry for entry in here if _concerns(entry, self.measured_as(group))]


def _concerns(entry: dict[str, Any], trait: str) -> bool:
    named = entry.get("trait")
    return trait in named if isinstance(named, list) else named == trait
