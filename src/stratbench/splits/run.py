"""Who trains, validates and tests."""

import inspect
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.core.job import say
from stratbench.core.seeds import seed
from stratbench.core.words import counted
from stratbench.datasets.people import read_kept, read_people
from stratbench.genotypes import tables
from stratbench.genotypes.tables import SETS
from stratbench.methods.options import complete
from stratbench.methods.spec import MethodSpec
from stratbench.splits import TRAIN_ON


def split(
    inputs: Mapping[str, Any],
    outputs: Mapping[str, Any],
    *,
    spec: Mapping[str, Any],
    names: Sequence[object],
    mating: str = "outbred",
) -> None:
    """Write ``iid set`` for the individuals of keep.iid, in its order; individuals that are left out have no row.

    Args:
        inputs: the cohort's ``samples`` and ``fam`` and, for methods that ask for kinships, its ``bed``, ``bim`` and
            ``variants``; the dataset's ``trait``, ``trait_json`` and ``keep_iid``.
        outputs: ``split``.
        spec: ``{method, file, options}``.
        names: what random numbers are drawn by: cohort, trait and split. The same names give the same split whatever
            the order of the cohort.
        mating: the cohort's.

    Raises UserError for fractions that sum to 1 or more, an empty set, and a set with cases only or controls only.
    """
    chosen = MethodSpec.of("split", spec)
    method = chosen.load()
    options = complete_options(method.OPTIONS, chosen)
    people = with_strata(inputs)
    ordered = people.sort_values("iid", ignore_index=True)
    rng = np.random.default_rng(seed(*names, "split"))
    further = {}
    if "kinship" in inspect.signature(method.assign).parameters:
        further["kinship"] = partial(_kinships, inputs, ordered["iid"].tolist(), mating)
    sets = pd.Series(method.assign(ordered, options, rng, **further), index=ordered["iid"])
    table = pd.DataFrame({"iid": people["iid"], "set": sets.loc[people["iid"]].to_numpy()})
    table = table[table["set"] != ""]
    require_sets(table, people)
    files.write_tsv(table, outputs["split"])
    counts = table["set"].value_counts()
    left_out = len(people) - len(table)
    say(", ".join(f"{counts[name]} {name}" for name in SETS) + (f", {left_out} left out" if left_out else ""))


def _kinships(cohort: Mapping[str, Any], iids: list[str], mating: str) -> pd.DataFrame:
    """KING kinships of these people. Raises UserError in an inbred cohort."""
    from stratbench.cohorts.kinship import kinships

    if mating == "inbred":
        raise UserError(
            "splits: KING kinships mean nothing in an inbred cohort, which has hardly a heterozygote; keep "
            "declared groups together instead (by: family), or give the split by a column ('given'), e.g. of "
            "clusters of the GRM"
        )
    return kinships(cohort, iids)


def complete_options(schemas: Mapping[str, Any], spec: MethodSpec) -> dict[str, Any]:
    """The spec's options over the defaults. Raises UserError if nobody is left to train."""
    required = {name: {"default": None, **schema} for name, schema in schemas.items()}
    options = complete(required, spec.options, f"split '{spec.method}'")
    held = options.get("validation", 0) + options.get("test", 0)
    if held >= 1 and spec.method != TRAIN_ON:  # its validation is a share of those who are not tested
        raise UserError(f"splits: validation + test is {held:g}; keep it below 1, to leave someone to train")
    return options


def with_strata(files: Mapping[str, Any]) -> pd.DataFrame:
    """The people of a dataset as a method sees them.

    Args:
        files: paths by name: ``samples``, ``fam``, ``keep_iid``, ``trait`` and ``trait_json``.

    Returns:
        The rows of samples.tsv, all text, in the order of keep.iid, with ``stratum`` and, of a binary trait,
        ``label``.

    Raises UserError where a file is damaged or does not agree with the others.
    """
    kept = read_kept(files["keep_iid"])
    people = read_people(files, kept)
    labels, about = tables.read_labels(files["trait"], files["trait_json"], rows=kept)
    stratum = people["population"].copy()
    if about.kind == "binary":
        label_N = np.where(labels["y"] == 1, "case", "control")
        people["label"] = label_N
        stratum = stratum + "\t" + label_N
    return people.assign(stratum=stratum)


def require_sets(table: pd.DataFrame, people: pd.DataFrame) -> None:
    """Raise UserError for a set without individuals or, of a binary trait, with one class."""
    for name in SETS:
        iids = table["iid"][table["set"] == name]
        if len(iids) == 0:
            raise UserError(
                f"splits: nobody of {counted(len(people), 'individual')} is in the {name} set; raise its fraction, or "
                "check the column of a given split"
            )
        if "label" in people:
            labels = people["label"][people["iid"].isin(iids)].unique()
            if len(labels) == 1:
                raise UserError(
                    f"splits: the {name} set ({counted(len(iids), 'individual')}) has {labels[0]}s only; raise its "
                    "fraction, or use a trait with a prevalence nearer 0.5"
                )
