"""Who is related to whom, for errors and for accuracy within families: declared families, or else KING's relatives."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.cohorts import kinship as kin
from stratbench.core.job import say
from stratbench.core.words import counted
from stratbench.genotypes import tables
from stratbench.popgen import relatives

DEGREES = (relatives.THIRD_DEGREE, relatives.SECOND_DEGREE, relatives.FIRST_DEGREE)
LARGEST = 0.1  # share of the people; errors of a few large groups are too small


def with_relatives(people: pd.DataFrame, files: Mapping[str, Any]) -> pd.DataFrame:
    """The people with groups of KING's relatives as their families, where no two of them are of one declared family.

    A group is a chain of pairs of the third degree or closer. Where that makes a group of more than a tenth of the
    people, pairs of the second degree count, or of the first. Nobody is related where the SNPs span too little of a
    genome for kinships to be precise, where even the first degree makes so large a group, and where QC found no pairs;
    the log says so where there are pairs, or may be.

    Args:
        people: with ``family``, by iid.
        files: the paths of ``variants`` and ``kinship``, as QC left them; without them families are as declared.

    Returns:
        The same rows, perhaps with other families.

    Raises:
        UserError: where a table is damaged.
    """
    if people["family"].nunique() < len(people):
        return people
    if "kinship" not in files:
        return _unrelated(people, "there is no table of kinships")
    pairs, iids = tables.read(files["kinship"], tables.KINSHIP), people.index.tolist()
    if not len(relatives.pairs(pairs, iids, relatives.THIRD_DEGREE)):
        if len(pairs) or len(people) <= kin.MOST_PAIRED:
            return people
        why = f"QC lists no pairs; of more than {kin.MOST_PAIRED} people it compares them where it is told to"
        return _unrelated(people, why)
    if kin.span(files) < kin.SPAN:
        return _unrelated(
            people, f"the SNPs span under {kin.SPAN // 1_000_000} Mb, too little for KING's relatives"
        )
    for threshold in DEGREES:
        group_N = relatives.groups(pairs, iids, threshold)
        size_G = np.bincount(group_N)
        if size_G.max() <= max(2, LARGEST * len(people)):
            several = int((size_G > 1).sum())
            say(f"{counted(several, 'group')} of relatives by KING > {threshold:g} stand for families")
            return people.assign(family=group_N.astype(str))
    return _unrelated(
        people, f"chains of first-degree relatives by KING hold more than {LARGEST:.0%} of the people"
    )


def _unrelated(people: pd.DataFrame, why: str) -> pd.DataFrame:
    """The people as they are; the log says why."""
    say(f"{why}: errors take people for unrelated")
    return people
