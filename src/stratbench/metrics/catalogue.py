"""All metrics and their families, found: a file of this folder that declares ``METRICS`` is a family.

A family has ``METRICS``, a tuple of ``Metric``, and ``of_split(results)``, its rows of metrics.tsv. Its file is read
when it is asked for, not when this module is imported: the families import scipy, which figures' names do not need.
"""

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from stratbench.core.found import declaring
from stratbench.metrics.metric import Metric

FINDS = "METRICS"  # core/digest.py counts the files that declare it to all code that imports this module
FOLDER = Path(__file__).parent


@cache
def families() -> tuple[ModuleType, ...]:
    """The modules of the families, in the order of their names: the order in which they are evaluated."""
    return tuple(import_module(f"{__package__}.{name}") for name in declaring(FOLDER, FINDS))


@cache
def metrics() -> tuple[Metric, ...]:
    """All metrics, in the order of families and within each as it declares them.

    Raises ValueError where two have one name.
    """
    found = tuple(metric for family in families() for metric in family.METRICS)
    names = [metric.name for metric in found]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"{', '.join(twice)}: declared twice in {FOLDER}; a metric has one name and one family"
        )
    return found


def paired() -> tuple[str, ...]:
    """The metrics of which comparisons.tsv has paired differences."""
    return tuple(metric.name for metric in metrics() if metric.paired)


def metric(name: str) -> Metric:
    """The declaration of the metric of this name."""
    return next(metric for metric in metrics() if metric.name == name)


def label(name: str) -> str:
    """The label of an axis that shows this metric."""
    return metric(name).label


def terms() -> tuple[tuple[str, str], ...]:
    """The glossary's words on metrics with their meanings; the first metric of a word explains it."""
    found: dict[str, str] = {}
    for metric in metrics():
        found.setdefault(metric.term, metric.meaning or metric.says)
    return tuple(found.items())
