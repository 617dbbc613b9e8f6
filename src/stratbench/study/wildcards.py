"""Which values a wildcard of the rules may have, as regular expressions.

A study of many replicates has as many labels of cohorts. Snakemake compiles the constraint into the pattern of each
output and matches thousands of files with it, so what the labels share is written once.
"""

import re
from collections.abc import Iterable

from stratbench.study.study import Dataset

NOTHING = "(?!)"


def names(labels: Iterable[str]) -> str:
    """A wildcard's constraint: these labels and no others. Labels that differ in their last sign share the rest."""
    last: dict[str, set[str]] = {}
    for label in labels:
        last.setdefault(label[:-1], set()).add(label[-1:])
    return "|".join(_ending(start, last[start]) for start in sorted(last)) or NOTHING


def _ending(start: str, signs: set[str]) -> str:
    """The labels that begin alike and end in one of these signs."""
    if len(signs) == 1:
        return re.escape(start + next(iter(signs)))
    return f"{re.escape(start)}[{''.join(re.escape(sign) for sign in sorted(signs))}]"


def only(items: Iterable[Dataset]) -> str:
    """A constraint of {cohort} that admits these datasets, splits or models alone, whatever follows it in a path."""
    cohorts: dict[str, set[str]] = {}  # of what follows the cohort
    for item in items:
        cohort, *others = vars(item).values()
        cohorts.setdefault("/".join(others), set()).add(cohort)
    rests: dict[frozenset[str], list[str]] = {}
    for rest, of in cohorts.items():
        rests.setdefault(frozenset(of), []).append(rest)
    admitted = [f"(?:{names(of)})/(?:{names(same)})" for of, same in rests.items()]
    return f"(?=(?:{'|'.join(sorted(admitted)) or NOTHING})[./])[^/]+"
