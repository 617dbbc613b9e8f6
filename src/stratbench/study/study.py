"""A checked config, expanded to plain lists: what is made, in a stable order, and the options of each part.

Everything here follows from the config alone; no file is read but what method files state, and nothing heavy is
imported.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from stratbench.methods import gradients
from stratbench.methods.options import of_place
from stratbench.study import batches

ALL = "all"  # the job that trains or explains all models of a split


@dataclass(frozen=True)
class Cohort:
    """One set of genotyped individuals: a replicate of a simulated scenario, or a real study."""

    label: str
    scenario: str
    replicate: int
    real: bool


@dataclass(frozen=True)
class Dataset:
    """A trait on a cohort."""

    cohort: str
    trait: str


@dataclass(frozen=True)
class Split(Dataset):
    """A dataset and who of it trains, validates and tests."""

    split: str


@dataclass(frozen=True)
class Fit(Split):
    """A model on a split under one adjustment."""

    model: str
    adjustment: str

    @property
    def of(self) -> Split:
        """The split that this fit was trained on."""
        return Split(self.cohort, self.trait, self.split)


@dataclass(frozen=True)
class Job(Split):
    """What one job trains or explains: the fits of one model of a split (``job`` is its label), or ``ALL`` of them."""

    job: str


class JobPart(NamedTuple):
    """A fit of a job without its split: its networks, those of resamples of people, and how they are explained."""

    model: str
    adjustment: str
    seeds: int
    resamples: int
    attributions: tuple[str, ...]


@dataclass(frozen=True)
class Point:
    """One scenario's place on the dial: a number, or words (then ``value`` is None)."""

    scenario: str
    value: float | None
    text: str


@dataclass(frozen=True)
class Dial:
    """The one axis of a study. Points are in order: numbers first, ascending, then words as the config lists them."""

    title: str
    points: tuple[Point, ...]

    @property
    def numbers(self) -> tuple[Point, ...]:
        return tuple(point for point in self.points if point.value is not None)


def read_dial(spec: Mapping[str, Any]) -> Dial:
    """The dial that a checked config states."""
    points = [
        Point(label, None, place) if isinstance(place, str) else Point(label, float(place), f"{place:g}")
        for label, place in spec["points"].items()
    ]
    points.sort(key=lambda point: (point.value is None, point.value or 0.0))
    return Dial(spec["title"], tuple(points))


def expand_cohort(label: str, spec: Mapping[str, Any], batch: range | None = None) -> list[Cohort]:
    """The replicates of a simulated scenario, or the one cohort of a real study; those of a batch if there is one."""
    made = range(1, spec.get("replicates", 1) + 1)
    chosen = made if batch is None else [r for r in batch if r in made]
    if "real" in spec:
        return [Cohort(label, label, r, real=True) for r in chosen if r == 1]
    return [Cohort(f"{label}-r{r:02d}", label, r, real=False) for r in chosen]


def expand_split(label: str, spec: Mapping[str, Any]) -> list[str]:
    """The splits that a config's split stands for: itself or, where it is repeated, ``<label>-1``, ``<label>-2`` ..."""
    repeats = spec.get("repeats", 1)
    return [label] if repeats == 1 else [f"{label}-{k}" for k in range(1, repeats + 1)]


class Study:
    """Lists of what a study makes (cohorts, datasets, splits, fits), and the options behind each label."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.name: str = batches.named(config["study"], config.get("batch"))
        self.gpu: int = config["gpu"]
        self._cohorts: dict[str, Cohort] = {}
        self._fits: dict[Split, dict[Fit, None]] = {}
        self._attributions: dict[Fit, dict[str, None]] = {}
        self._associations: dict[Split, dict[str, None]] = {}
        self._seeds: dict[Fit, int] = {}
        self._resamples: dict[Fit, int] = {}
        self._probed: set[Split] = set()
        self._repeats = {
            drawn: (label, number)
            for label, spec in config.get("splits", {}).items()
            for number, drawn in enumerate(expand_split(label, spec), start=1)
            if drawn != label
        }
        for block in config["blocks"]:
            self._add(block)

    def _add(self, block: Mapping[str, Any]) -> None:
        """Add one block: the cross of its lists. Parts that two blocks share are made once."""
        specs, batch = self.config["cohorts"], batches.replicates(self.config.get("batch"))
        cohorts = [
            cohort for label in block["cohorts"] for cohort in expand_cohort(label, specs[label], batch)
        ]
        self._cohorts |= {cohort.label: cohort for cohort in cohorts}
        splits = [
            drawn
            for label in block["splits"]
            for drawn in expand_split(label, self.config.get("splits", {}).get(label, {}))
        ]
        for cohort, trait, name in product(cohorts, block["traits"], splits):
            split = Split(cohort.label, trait, name)
            self._fits.setdefault(split, {})
            if block.get("probes", True):
                self._probed.add(split)
            self._associations.setdefault(split, {}).update(dict.fromkeys(block["associations"]))
            for model, adjustment in product(block["models"], block["adjustments"]):
                fit = Fit(cohort.label, trait, name, model, adjustment)
                self._fits[split][fit] = None
                self._attributions.setdefault(fit, {}).update(dict.fromkeys(block["attributions"]))
                seeds = block.get("seeds", self.config["seeds"])
                self._seeds[fit] = max(self._seeds.get(fit, 0), seeds)
                again = block.get("resamples", 0) if self._repeats.get(name, (name, 1))[1] == 1 else 0
                self._resamples[fit] = max(self._resamples.get(fit, 0), again)

    @property
    def cohorts(self) -> list[Cohort]:
        return list(self._cohorts.values())

    @property
    def datasets(self) -> list[Dataset]:
        return list(dict.fromkeys(Dataset(split.cohort, split.trait) for split in self._fits))

    @property
    def splits(self) -> list[Split]:
        return list(self._fits)

    @property
    def fits(self) -> list[Fit]:
        return [fit for split in self._fits for fit in self._fits[split]]

    @property
    def probed(self) -> list[Split]:
        """The splits whose networks are probed: all networks of a split that any block wants probed."""
        return [split for split in self._fits if self.is_probed(split)]

    def is_probed(self, split: Split) -> bool:
        """Whether any block wants the networks of this split probed."""
        return split in self._probed

    def cohort(self, label: str) -> Cohort:
        return self._cohorts[label]

    def place(self, split: Split) -> dict[str, Any]:
        """What every row of a split's metrics says of it; repeats of a split are its replicates."""
        cohort = self.cohort(split.cohort)
        name, number = self._repeats.get(split.split, (split.split, cohort.replicate))
        about = {"study": self.name, "scenario": cohort.scenario, "replicate": number}
        return {**about, "cohort": split.cohort, "trait": split.trait, "split": name}

    def fits_of(self, split: Split) -> list[Fit]:
        return list(self._fits[split])

    def attributions_of(self, fit: Fit) -> list[str]:
        """The labels of all attributions that any block asks of this fit."""
        return list(self._attributions[fit])

    def seeds_of(self, fit: Fit) -> int:
        """How many networks of this fit are trained: the most that any block asks for."""
        return self._seeds[fit]

    def resamples_of(self, fit: Fit) -> int:
        """How many resamples this fit's networks are trained on again: the most that any block asks for.

        Of the repeats of a split the first alone has resamples: agreement is that of one cohort either way.
        """
        return self._resamples[fit]

    def associations_of(self, split: Split) -> list[str]:
        return list(self._associations[split])

    def tests_all(self, association: str) -> bool:
        """Whether an association tests all SNPs of a cohort, not those alone that models see."""
        return bool(self.spec("associations", association)["options"].get("snps") == "all")

    def fit_sets(self) -> dict[tuple[str, tuple[JobPart, ...]], list[Job]]:
        """The jobs that train, by their name and their parts: the outputs of one rule.

        One job trains a model under all of its adjustments or, where the config says ``job: split``, all models of a
        split, because importing and compiling can cost more than training. A model that was trained elsewhere has a job
        of its own: no other is trained again when its predictions come or change.
        """
        return self._jobs((fit, ()) for fit in self.fits)

    def attribution_sets(self) -> dict[tuple[str, tuple[JobPart, ...]], list[Job]]:
        """The jobs that explain, by their name and their parts: the outputs of one rule."""
        return self._jobs((fit, tuple(labels)) for fit, labels in self._attributions.items() if labels)

    def part(self, fit: Fit, attributions: tuple[str, ...] = ()) -> JobPart:
        """A fit as the part of a job that trains it, or that explains it by these attributions."""
        return JobPart(fit.model, fit.adjustment, self.seeds_of(fit), self.resamples_of(fit), attributions)

    def _jobs(
        self, fits: Iterable[tuple[Fit, tuple[str, ...]]]
    ) -> dict[tuple[str, tuple[JobPart, ...]], list[Job]]:
        wanted: dict[Job, tuple[JobPart, ...]] = {}
        for fit, attributions in fits:
            part = self.part(fit, attributions)
            together = self.config["job"] == "split" and gradients.is_network(self.spec("models", fit.model))
            job = Job(fit.cohort, fit.trait, fit.split, ALL if together else fit.model)
            wanted[job] = (*wanted.get(job, ()), part)
        return _group(((job.job, own), job) for job, own in wanted.items())

    def association_sets(self) -> dict[tuple[str, ...], list[Split]]:
        return _group((tuple(labels), split) for split, labels in self._associations.items() if labels)

    @property
    def dial(self) -> Dial | None:
        """The axis that figures and report show the results over, if the config states one; in a batch, what it has."""
        if "dial" not in self.config:
            return None
        there = {cohort.scenario for cohort in self.cohorts}
        points = {label: place for label, place in self.config["dial"]["points"].items() if label in there}
        return read_dial({**self.config["dial"], "points": points}) if points else None

    @property
    def made_from(self) -> dict[str, Any]:
        """The config without the keys that only change how results are shown."""
        return {key: value for key, value in self.config.items() if key not in ("dial", "unavailable")}

    def spec(self, section: str, label: str) -> Any:
        """What the config says about a label, with defaults, e.g. ``spec("models", "cnn")``."""
        if section == "splits":
            label = self._repeats.get(label, (label, 1))[0]
            return {key: value for key, value in self.config[section][label].items() if key != "repeats"}
        return self.config[section][label]

    def model(self, fit: Fit) -> Any:
        """The spec of a fit's model; the path of predictions that were made elsewhere is the split's."""
        return of_place("model", self.spec("models", fit.model), vars(fit))

    def association(self, split: Split, label: str) -> Any:
        """The spec of an association of a split; the path of scores that were made elsewhere is the split's."""
        return of_place("association", self.spec("associations", label), vars(split))

    def cohort_spec(self, label: str) -> Any:
        return self.config["cohorts"][self._cohorts[label].scenario]

    def declared(self, cohort: str) -> Any:
        """What the file of a real cohort declares; empty for a simulated one."""
        return self.cohort_spec(cohort).get("declared", {})

    def shown(self, name: str) -> str:
        """A scenario's or cohort's name for readers, with the mark of its cohort file, e.g. semi-simulated."""
        mark = self.config["cohorts"].get(name, {}).get("declared", {}).get("marked")
        return f"{name} ({mark})" if mark else name

    def adjustment(self, label: str) -> list[Any]:
        """The parts of an adjustment; ``a+b`` has two."""
        return [self.config["adjustments"][part] for part in label.split("+")]

    def counts(self) -> dict[str, int]:
        """How large the study is. JAX jobs train, explain and probe networks."""
        fits, probes = len(self.fits), sum(bool(self._fits[split]) for split in self.probed)
        jobs = [
            job for jobs in (*self.fit_sets().values(), *self.attribution_sets().values()) for job in jobs
        ]
        return {
            "cohorts": len(self._cohorts),
            "datasets": len(self.datasets),
            "splits": len(self._fits),
            "fits": fits,
            "trainings": sum(self._seeds.values()) + 2 * sum(self._resamples.values()),
            "jax_jobs": len(jobs) + probes,
        }


def _group(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    groups: dict[Any, list[Any]] = {}
    for key, item in pairs:
        groups.setdefault(key, []).append(item)
    return groups
