"""The tables that stations pass on (docs/contracts.md): a reader gets a whole table, or is told what is wrong with it.

A table that was cut at the end of a line looks whole. Where an id is lost, all rows that follow may be taken for rows
of others. So a reader says which kind of table it wants, and whose rows the table must have.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from stratbench.core.errors import UserError, damaged
from stratbench.core.files import read_texts, read_tsv
from stratbench.genotypes import plink
from stratbench.genotypes.records import TraitRecord, read_trait

SETS = ("train", "validation", "test")


@dataclass(frozen=True)
class Kind:
    """What a table must hold.

    Attributes:
        columns: the columns that it must have; it may have more.
        key: columns that no two rows have the same values in, if there are such; the last of them holds the rows' ids.
        finite: columns that hold a finite number in every row.
        numbers: columns that hold a number or a blank.
        rest: whether all further columns hold finite numbers, too.
        text: columns that stay text, beside those that ``files.read_tsv`` knows.
        exact: whether numbers may have more digits than nine, see ``files.read_tsv``.
        choices: the values that a column may have.
        some: whether there is at least one row.
    """

    columns: tuple[str, ...]
    key: tuple[str, ...]
    finite: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    rest: bool = False
    text: tuple[str, ...] = ()
    exact: bool = False
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    some: bool = False


SAMPLES = Kind(("iid", "population", "family"), ("iid",))
MATCHED = Kind(
    ("table", "individuals", "without_row", "rows", "strangers"),
    (),
    finite=("individuals", "without_row", "rows", "strangers"),
    text=("table",),
)
VARIANTS = Kind(
    ("snp", "chrom", "pos", "a1", "a2", "a1_freq", "call_rate", "structure", "autosome"),
    ("snp",),
    finite=("pos", "a1_freq", "call_rate", "structure", "autosome"),
)
QC = Kind(
    ("step", "unit", "removed", "left", "threshold"),
    ("step", "unit"),
    finite=("removed", "left"),
    text=("step", "unit", "threshold"),
)
QC_SAMPLES = Kind(
    (
        *("iid", "population", "missing", "heterozygosity", "f"),
        *("pc1_before", "pc2_before", "pc1_after", "pc2_after", "removed_by"),
    ),
    ("iid",),
    finite=("missing",),
    numbers=("heterozygosity", "f", "pc1_before", "pc2_before", "pc1_after", "pc2_after"),
    text=("removed_by",),
)
QC_SNPS = Kind(
    ("snp", "chrom", "pos", "missing", "maf", "hwe_p", "removed_by"),
    ("snp",),
    finite=("pos", "missing", "maf"),
    numbers=("hwe_p",),
    text=("removed_by",),
)
KINSHIP = Kind(
    ("iid_1", "iid_2", "snps", "ibs0", "kinship"),
    ("iid_1", "iid_2"),
    finite=("snps", "ibs0", "kinship"),
    text=("iid_1", "iid_2"),
)
TRAIT = Kind(("iid", "y"), ("iid",), finite=("y",), exact=True)
TRUTH = Kind(("snp", "effect", "visible", "population"), ("snp",), finite=("effect", "visible"))
LIABILITY = Kind(
    (
        *("iid", "genetic", "genetic_within", "environment", "environment_expected"),
        *("environment_family", "noise", "liability"),
    ),
    ("iid",),
    rest=True,
)
SPLIT = Kind(("iid", "set"), ("iid",), choices={"set": SETS}, some=True)
PCS = Kind(("iid", "fitted"), ("iid",), rest=True)
LOADINGS = Kind(("snp", "a1_freq"), ("snp",), finite=("a1_freq",), rest=True)
COVARIATES = Kind(("iid",), ("iid",), rest=True)
FST = Kind(
    ("population_1", "population_2", "fst", "fst_wc", "n_snps"),
    ("population_1", "population_2"),
    finite=("n_snps",),
    numbers=("fst", "fst_wc"),
)
FST_SNP = Kind(("snp", "fst", "fst_wc"), ("snp",), numbers=("fst", "fst_wc"))
PREDICTIONS = Kind(
    ("seed", "iid", "set", "y", "score", "f", "probability"),
    ("seed", "iid"),
    finite=("seed", "y"),
    numbers=("score", "f", "probability"),
    choices={"set": SETS},
)
ATTRIBUTION = Kind(
    ("seed", "snp", "score", "rms", "mean"),
    ("seed", "snp"),
    finite=("seed",),
    numbers=("score", "rms", "mean"),
)
RESAMPLED_ATTRIBUTION = Kind(
    ("resample", "snp", "score"),
    ("resample", "snp"),
    numbers=("score",),
    text=("resample",),
)
ASSOCIATION = Kind(
    ("snp", "beta", "se", "statistic", "p", "n"),
    ("snp",),
    numbers=("beta", "se", "statistic", "p", "n"),
)
RUNTIME = Kind(
    ("rule", "job", "s", "max_rss", "cpu_time", "device"),
    ("rule", "job"),
    numbers=("s", "max_rss", "cpu_time"),
    text=("rule", "job", "device"),
)


class Ids(NamedTuple):
    """Ids in their order, and the file that they were read from."""

    names: list[str]
    source: str | Path


def read(
    path: str | Path,
    kind: Kind,
    rows: Ids | None = None,
    among: Ids | None = None,
    seeds: Sequence[int] | None = None,
    text: tuple[str, ...] = (),
    texts: bool = False,
) -> pd.DataFrame:
    """A table of a kind.

    Args:
        path: a TSV that a job of ours wrote, perhaps gzipped.
        kind: what it must hold.
        rows: ids that its rows must have, all of them in this order.
        among: ids of which its rows have some, in this order.
        seeds: with ``rows``: those rows are wanted for each of these seeds, one seed after the other.
        text: further columns that stay text, see ``files.read_tsv``.
        texts: whether all columns stay text, blank where missing.

    Returns:
        The table, with the columns of the file.

    Raises:
        UserError: for a table that is cut or holds anything else. The message names the file and what to do.
    """
    text = (*text, *kind.text, *kind.choices)
    table = read_texts(path) if texts else read_tsv(path, text, kind.exact)
    absent = [column for column in kind.columns if column not in table]
    if absent:
        raise damaged(path, f"has no column '{absent[0]}'")
    if kind.some and not len(table):
        raise damaged(path, "has a header and no row")
    if rows is not None:
        _require_rows(table, path, kind, rows, seeds)
    elif kind.key:
        twice_R = table.duplicated(list(kind.key)).to_numpy()
        if twice_R.any():
            raise damaged(
                path,
                f"line {int(twice_R.argmax()) + 2} has the same {' and '.join(kind.key)} as one before it",
            )
    if among is not None:
        positions(table[kind.key[-1]].tolist(), path, among)
    _require_values(table, path, kind)
    return table


def _require_rows(
    table: pd.DataFrame, path: str | Path, kind: Kind, rows: Ids, seeds: Sequence[int] | None
) -> None:
    """Raise UserError unless a table has exactly these rows, in this order and, if given, for each seed."""
    wanted = pd.DataFrame({kind.key[-1]: list(rows.names) * (1 if seeds is None else len(seeds))})
    if seeds is not None:
        wanted.insert(0, "seed", np.repeat(np.array(seeds, dtype=np.int64), len(rows.names)))
    found = table[list(wanted)]
    if len(found) == len(wanted) and all((found[x].to_numpy() == wanted[x].to_numpy()).all() for x in wanted):
        return
    ours, theirs = (
        [" ".join(map(str, row)) for row in ids.itertuples(index=False)] for ids in (found, wanted)
    )
    first = next((k for k, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]), None)
    first = min(len(ours), len(theirs)) if first is None else first
    here, due = (f"'{ids[first]}'" if first < len(ids) else "nothing" for ids in (ours, theirs))
    each = (
        "" if seeds is None else f", for each seed that was trained ({', '.join(map(str, seeds)) or 'none'})"
    )
    count = "" if len(ours) == len(theirs) else f", and it has {len(ours)} rows, not {len(theirs)}"
    raise disagreement(
        path,
        f"its rows are not those of {rows.source}{each}: line {first + 2} holds {here} where {due} is due{count}",
    )


def positions(names: Sequence[str], path: str | Path, among: Ids) -> np.ndarray:
    """Where the ids of a file stand among others, int64.

    Raises UserError for one that is not among them, and for ids in another order.
    """
    at = {name: k for k, name in enumerate(among.names)}
    found = np.array([at.get(name, -1) for name in names], dtype=np.int64)
    unknown, later = found < 0, np.diff(found, prepend=-1) > 0
    if unknown.any():
        name = names[int(unknown.argmax())]
        raise disagreement(path, f"'{name}' is not among the {len(at)} ids of {among.source}")
    if not later.all():
        name = names[int(later.argmin())]
        raise disagreement(path, f"'{name}' does not stand in the order of {among.source}")
    return found


def disagreement(path: str | Path, what: str) -> UserError:
    """The error of two files that do not agree; ``what`` names the other, which the first should follow."""
    return UserError(
        f"{path}: {what}; one of the two has changed since its job: delete both and run the study again, which makes "
        "them anew"
    )


def _require_values(table: pd.DataFrame, path: str | Path, kind: Kind) -> None:
    """Raise UserError for a value that is not a number where one is wanted, or not one of the choices."""
    others = [column for column in table if column not in (*kind.key, *kind.finite)] if kind.rest else []
    for column in (*kind.finite, *others):
        _require(np.isfinite(_numbers(table[column])), table[column], path, "a finite number")
    for column in kind.numbers:
        good_R = (
            np.isfinite(_numbers(table[column]))
            | (table[column].isin(["", np.nan, np.inf, -np.inf])).to_numpy()
        )
        _require(good_R, table[column], path, "a number")
    for column, choices in kind.choices.items():
        _require(table[column].isin(choices).to_numpy(), table[column], path, " or ".join(choices))


def _numbers(column: pd.Series) -> np.ndarray:
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64)


def _require(good_R: np.ndarray, column: pd.Series, path: str | Path, what: str) -> None:
    if not good_R.all():
        row = int(good_R.argmin())
        raise damaged(path, f"line {row + 2}: {column.name} is '{column.iloc[row]}', not {what}")


def read_samples(cohort: Mapping[str, Any], texts: bool = False) -> pd.DataFrame:
    """samples.tsv of a cohort, a row for each individual of its .fam.

    Args:
        cohort: the paths of ``samples`` and ``fam``, by these names.
        texts: whether all columns stay text, blank where missing.

    Raises UserError for a table that is damaged, or does not follow the .fam.
    """
    people = Ids(plink.read_fam(cohort["fam"])["iid"].tolist(), cohort["fam"])
    return read(cohort["samples"], SAMPLES, rows=people, texts=texts)


def read_variants(cohort: Mapping[str, Any]) -> pd.DataFrame:
    """variants.tsv of a cohort, a row for each SNP of its .bim.

    ``cohort`` has the paths of ``variants`` and ``bim``, by these names. Raises UserError for a table that is damaged,
    or does not follow the .bim.
    """
    snps = Ids(plink.read_bim(cohort["bim"])["snp"].tolist(), cohort["bim"])
    return read(cohort["variants"], VARIANTS, rows=snps)


def read_labels(
    trait: str | Path, trait_json: str | Path, rows: Ids | None = None, among: Ids | None = None
) -> tuple[pd.DataFrame, TraitRecord]:
    """trait.tsv and trait.json.

    Args:
        trait, trait_json: their paths.
        rows, among: ids that trait.tsv must have, as in ``read``.

    Returns:
        ``iid y``, and the record.

    Raises:
        UserError: where the two do not say what kind of trait it is, or hold a label that this kind does not have.
    """
    about = read_trait(trait_json)
    table = read(trait, TRAIT, rows=rows, among=among)
    require_size(trait, len(table), about, "n", trait_json)
    if about.kind == "binary":
        _require(table["y"].isin([0, 1]).to_numpy(), table["y"], trait, "0 or 1, as a binary trait has it")
    return table, about


def require_size(path: str | Path, found: int, about: TraitRecord, key: str, trait_json: str | Path) -> None:
    """Check that a file of a dataset has as many rows as its trait.json says; records of older versions say less.

    Args:
        path: the file.
        found: its number of rows.
        about: the record at ``trait_json``.
        key: where the record states the number: ``n``, ``n_snps`` or ``n_causal``.
        trait_json: the path of the record.

    Raises:
        UserError: if the two numbers differ.
    """
    stated = getattr(about, key)
    if stated not in (None, found):
        raise disagreement(path, f"holds {found} rows, and {trait_json} states {stated} ({key})")
