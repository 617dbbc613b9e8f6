"""The records that stations pass on beside tables: trait.json of a dataset, and fit.json of a fit."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from stratbench.core.errors import damaged
from stratbench.core.files import read_json

TRAITS = ("binary", "quantitative")
STATES = ("ok", "failed")
Shares = Mapping[str, float]


@dataclass(frozen=True)
class TraitRecord:
    """trait.json: which trait a dataset has, and how large the dataset is.

    Attributes:
        kind: binary or quantitative.
        simulated: whether the trait was simulated.
        description: what the trait is, in words.
        prevalence: of a binary trait: the share of cases, or that of each population by its name.
        n, n_cases, n_snps, n_causal: individuals, cases among them, SNPs that a model may see, and causal SNPs. None
            where it does not apply, or where the record does not say.
        shares, shares_within: of a simulated trait: the share of each part in the variance of the liability, over
            everybody and within populations.
        shares_kept, shares_kept_within: the same among those whom ascertainment has kept, where there is any.
        ascertained: cases and controls of each population before (``from``) and after (``kept``) ascertainment.
    """

    kind: str
    simulated: bool
    description: str = ""
    prevalence: float | Mapping[str, float] | None = None
    n: int | None = None
    n_cases: int | None = None
    n_snps: int | None = None
    n_causal: int | None = None
    shares: Shares | None = None
    shares_within: Shares | None = None
    shares_kept: Shares | None = None
    shares_kept_within: Shares | None = None
    ascertained: Mapping[str, Mapping[str, Mapping[str, int]]] | None = None

    @property
    def content(self) -> dict[str, Any]:
        """What trait.json holds: parts that the trait does not have are left out, other missing values are null."""
        parts = ("shares", "shares_within", "shares_kept", "shares_kept_within", "ascertained")
        return {name: value for name, value in vars(self).items() if value is not None or name not in parts}


@dataclass(frozen=True)
class SeedRecord:
    """How the training of one seed went: ``ok`` or ``failed`` and the reason."""

    seed: int
    status: str
    reason: str = ""


@dataclass(frozen=True, order=True)
class Resample:
    """A resample of a split's training people: its number, from 1, and whether its labels are permuted."""

    number: int
    permuted: bool

    @property
    def name(self) -> str:
        """``1``, or ``1-permuted``."""
        return f"{self.number}-permuted" if self.permuted else str(self.number)

    @classmethod
    def named(cls, name: str) -> "Resample":
        """The resample of a name. Raises ValueError for other text."""
        number, _, rest = name.partition("-")
        if rest not in ("", "permuted"):
            raise ValueError(f"'{name}' names no resample")
        return cls(int(number), rest == "permuted")


@dataclass(frozen=True)
class ResampleRecord:
    """How the training on one resample went, by its name: ``ok`` or ``failed`` and the reason."""

    resample: str
    status: str
    reason: str = ""


@dataclass(frozen=True)
class FitRecord:
    """What other stations read of fit.json.

    Attributes:
        status, reason: whether any seed gave a network, and why not.
        model, adjustment: the specs of the methods; None in records that do not say.
        device, versions: what the fit was trained on and with.
        split_sha256: the digest of the split's table.
        seeds: how each seed went.
        resamples: how the network of each resample went; none where the fit has no resamples.
    """

    status: str
    seeds: tuple[SeedRecord, ...]
    reason: str = ""
    model: Mapping[str, Any] | None = None
    adjustment: list[Mapping[str, Any]] | None = None
    device: str | None = None
    versions: Mapping[str, str] | None = None
    split_sha256: str | None = None
    resamples: tuple[ResampleRecord, ...] = ()

    @property
    def resampled(self) -> list[str]:
        """The names of the resamples that gave a network."""
        return [run.resample for run in self.resamples if run.status == "ok"]

    @property
    def trained(self) -> list[int]:
        """The seeds that gave a network: the fit's other tables have rows of these and of no others."""
        return [run.seed for run in self.seeds if run.status == "ok"]


def read_trait(path: str | Path) -> TraitRecord:
    """trait.json. Raises UserError if it does not say what kind of trait it is."""
    content = _content(path, {"kind": TRAITS, "simulated": (True, False)})
    return TraitRecord(**_known(TraitRecord, content))


def read_fit(path: str | Path) -> FitRecord:
    """fit.json. Raises UserError if it does not say how the fit and each of its seeds went."""
    content = _content(path, {"status": STATES})
    seeds = tuple(SeedRecord(**run) for run in _runs(path, content, "seeds", SeedRecord))
    again = _runs(path, {"resamples": [], **content}, "resamples", ResampleRecord)
    resamples = tuple(ResampleRecord(**run) for run in again)
    return FitRecord(**{**_known(FitRecord, content), "seeds": seeds, "resamples": resamples})


def _runs(path: str | Path, content: Mapping[str, Any], name: str, record: Any) -> list[dict[str, Any]]:
    """What a list of runs says of each, in the fields of a record. Raises UserError where one has no name or status."""
    runs = content.get(name)
    needed = {name.removesuffix("s"), "status"}
    if not isinstance(runs, list) or not all(isinstance(run, dict) and needed <= run.keys() for run in runs):
        raise damaged(path, f"does not state {name.removesuffix('s')} and status of each run under '{name}'")
    return [_known(record, run) for run in runs]


def _known(record: Any, content: Mapping[str, Any]) -> dict[str, Any]:
    """The keys of a JSON object that a record has."""
    return {field.name: content[field.name] for field in fields(record) if field.name in content}


def _content(path: str | Path, choices: Mapping[str, tuple[Any, ...]]) -> dict[str, Any]:
    """A JSON object whose keys have one of these values. Raises UserError for any other content."""
    content = read_json(path)
    if not isinstance(content, dict):
        raise damaged(path, "is no JSON object")
    for key, values in choices.items():
        if content.get(key) not in values:
            raise damaged(path, f"'{key}' is {content.get(key)!r}, not {' or '.join(map(repr, values))}")
    return content
