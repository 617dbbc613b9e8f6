"""How many people test for each that trains, which says how much repeated splits of one cohort overlap."""

from stratbench.metrics.estimate import Estimate
from stratbench.metrics.metric import Metric
from stratbench.metrics.rows import Row, rows
from stratbench.metrics.split_results import SplitResults

OVERLAP = "test_ratio"
METRICS: tuple[Metric, ...] = (
    Metric(
        OVERLAP,
        "test people over training people, by which intervals over repeated splits allow for their overlap",
        *(0, float("inf"), "neither"),
        source="n2 / n1 of Nadeau & Bengio 2003",
        label="test people over training people",
        term="ratio of test people",
    ),
)


def of_split(results: SplitResults) -> list[Row]:
    """The one row of a split; none where nobody trains."""
    test, train = (len(results.data.of_set(name)) for name in ("test", "train"))
    return rows(results.place.keys(), OVERLAP, Estimate(test / train, test + train)) if train else []
