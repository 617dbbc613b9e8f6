"""The columns of a user's table: their names in samples.tsv, the trait's kind, the covariates' kinds."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from stratbench.cohorts.real import sex, tables, values
from stratbench.cohorts.real.cohort_file import TAKEN
from stratbench.core import decimals
from stratbench.core.errors import UserError

LIKE_MISSING = (
    "nan",
    "n/a",
    "#n/a",
    "<na>",
    "null",
)  # words that mean a missing value, in upper or lower case


def names(columns: Sequence[str]) -> dict[str, str]:
    """Each column's name in samples.tsv, which no other column has."""
    found: dict[str, str] = {}
    for k, column in enumerate(columns, 1):
        name = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")
        if not name[:1].isalpha() or name in TAKEN:
            name = f"own_{name}".rstrip("_")
        while name in {*TAKEN, *found.values()}:
            name = f"{name}_{k}"
        found[column] = name
    return found


def blanked(column: pd.Series, missing: Sequence[str]) -> pd.Series:
    """Text with missing values blank, and -9, which is missing in every trait and covariate."""
    return column.mask(column.isin(missing) | tables.minus_nine(column), "")


def require_labels(
    cohort: Mapping[str, Any], table: pd.DataFrame, kinds: Mapping[str, str], iid: pd.Series
) -> None:
    """Refuse labels of populations, families and categories that are probably not meant as they are written.

    Args:
        cohort: the config's ``cohort``.
        table: the user's columns for the .fam's individuals, text, blank where missing.
        kinds: the kind of each covariate.
        iid: whose rows these are, with the table's index.

    Raises UserError for words that mean a missing value, and for populations, and categories whose kind nobody stated,
    that differ in capitals or blanks alone.
    """
    categories = [("covariates", column) for column, kind in kinds.items() if kind == "categorical"]
    for key, column in [("population", cohort["population"]), ("family", cohort["family"]), *categories]:
        if column in table:
            where = f"cohort.{key}: {cohort['phenotypes']}, column '{column}'"
            _require_no_word(table[column], iid, where)
            if key == "population" or (key == "covariates" and not isinstance(cohort["covariates"], Mapping)):
                _require_one_spelling(table[column], where)


def _require_no_word(labels: pd.Series, iid: pd.Series, where: str) -> None:
    like = labels.str.casefold().isin(LIKE_MISSING)
    if like.any():
        first = like.idxmax()
        raise UserError(
            f"{where} of individual '{iid[first]}' is '{labels[first]}'; add it to cohort.missing if it means that, or "
            "give it another name"
        )


def _require_one_spelling(labels: pd.Series, where: str) -> None:
    spelled: dict[str, str] = {}
    for text in labels.unique():
        other = spelled.setdefault(" ".join(text.casefold().split()), text)
        if other != text:
            raise UserError(
                f"{where} holds '{other}' and '{text}', which would be two groups; write both alike, or give "
                "them names that differ in more than capitals and blanks"
            )


def covariate_kinds(
    cohort: Mapping[str, Any], table: pd.DataFrame | None, fam: pd.DataFrame, fam_path: str
) -> dict[str, str]:
    """The kind of each covariate, as stated or as its values say; sex is categorical.

    Args:
        cohort: the config's ``cohort``.
        table: the user's columns for the .fam's individuals, text, blank where missing; None if there is no table.
        fam: the .fam, with its sexes in PLINK's code.
        fam_path: where it lies.

    Returns:
        ``numeric`` or ``categorical`` by the covariate's column.

    Raises:
        UserError: for a covariate that is the trait, for one without values, and for values that are not of one kind.
    """
    given = cohort["covariates"]
    if cohort["trait"] in given:
        raise UserError(
            f"cohort.covariates: '{cohort['trait']}' is the trait, which cannot be adjusted for itself; leave it out"
        )
    stated = given if isinstance(given, Mapping) else dict.fromkeys(given)
    return {column: _kind(column, kind, cohort, table, fam, fam_path) for column, kind in stated.items()}


def _kind(
    column: str,
    stated: str | None,
    cohort: Mapping[str, Any],
    table: pd.DataFrame | None,
    fam: pd.DataFrame,
    fam_path: str,
) -> str:
    """One covariate's kind; see ``covariate_kinds``."""
    if table is not None and column in table:
        found, where = table[column], f"cohort.covariates: {cohort['phenotypes']}, column '{column}'"
    else:
        found, where = fam["sex"].replace("0", ""), f"cohort.covariates: {fam_path}, column 5 (sex)"
    values.require_some(found, where)
    kind = stated or ("categorical" if sex.is_name(column) else None)
    if kind is None:
        stating = f"covariates: {{{column}: categorical}}, or numeric"
        remedy = f"correct it, add it to cohort.missing, or state the kind ({stating})"
        return values.kind(found, fam["iid"], where, remedy)
    if kind == "numeric":
        remedy = "correct it, add it to cohort.missing, or state the kind categorical"
        values.require_numbers(found, fam["iid"], where, remedy)
    else:
        values.require_groups(found, where)
    return kind


def trait_kind(
    column: pd.Series, iid: pd.Series, where: str, stated: str | None, own: bool
) -> tuple[str, str]:
    """The trait's kind, as stated or as the values say by PLINK's rules.

    Args:
        column: values of everyone in the .fam, text, blank where missing.
        iid: whose they are, with the same index.
        where: the file and column, for messages.
        stated: the kind that the config states, if it does.
        own: whether the column is the .fam's phenotype, which PLINK codes in its own way.

    Returns:
        ``binary`` or ``quantitative``, and a line about it for the log and the report.

    Raises:
        UserError: for values that are no numbers, that leave the kind open, or that nothing can be learned from.
    """
    remedy = "code controls 0 and cases 1, or add it to cohort.missing"
    values.require_numbers(column, iid, f"cohort.trait: {where}", remedy)
    there = column[column != ""]
    levels = set(decimals.read(there).tolist())
    kind = stated or _detected(levels, where, own)
    _require_levels(levels, kind, where)
    coding = ""
    if kind == "binary":
        coding = ", 1 control and 2 case, 0 missing" if 2 in levels else ", 0 control and 1 case"
    found = "stated" if stated else "by its values"
    return kind, f"{where}: {kind} ({found}{coding}), {len(there)} of {len(column)} not missing"


def _detected(levels: set[float], where: str, own: bool) -> str:
    """Binary if 0/1 or 1/2 alone occur, as PLINK has it; quantitative if there are many values."""
    if levels <= {0, 1} or levels <= {1, 2} or (own and levels <= {0, 1, 2}):
        return "binary"
    if len(levels) == 2 or levels <= {0, 1, 2}:
        raise UserError(
            f"cohort.trait: {where} has the values {_listed(levels)} alone; say cohort.kind: quantitative if they "
            "are amounts, or binary, coded 0/1 or 1/2 (then 0 is missing)"
        )
    return "quantitative"


def _require_levels(levels: set[float], kind: str, where: str) -> None:
    """Refuse, before anything runs, a trait from which nothing can be learned."""
    if not levels:
        raise UserError(f"cohort.trait: {where}: every value is missing; name a column with values")
    classes = levels - {0} if kind == "binary" and 2 in levels else levels
    if kind == "binary" and not levels <= {0, 1, 2}:
        raise UserError(
            f"cohort.trait: {where} has the values {_listed(levels)}; code a binary trait 0/1 or 1/2, or say "
            "cohort.kind: quantitative"
        )
    if len(classes) < 2:
        what = "has one class only: it needs cases and controls" if kind == "binary" else "is constant"
        raise UserError(f"cohort.trait: {where} {what} (every value is {_listed(classes)})")


def _listed(levels: set[float]) -> str:
    return ", ".join(f"{level:g}" for level in sorted(levels)[:5]) + (", ..." if len(levels) > 5 else "")
