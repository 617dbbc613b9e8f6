"""What is known of a model: whether it learned anything within populations, ancestry only, or nothing.

Verdicts are taken on f, the network's own output without what its adjustment adds, because attributions explain f.
"""

import math

from stratbench.metrics.catalogue import metrics

LEARNED, ANCESTRY, NOTHING, NOT_SHOWN = "learned", "ancestry only", "learned nothing", "not shown"
Interval = tuple[float, float]  # the lower and the upper limit; NaN where there is no interval
MISSING: Interval = (math.nan, math.nan)


def verdict(within: Interval, overall: Interval, chance: float, nothing_below: float) -> str:
    """The first of the four verdicts that holds, in the order in which they are defined above.

    Args:
        within: 95% interval of the accuracy of f within populations. Without it nothing is shown.
        overall: 95% interval of the accuracy of f over all people. Where they are of one population this is the
            accuracy within it, and says nothing about ancestry: ``MISSING`` is given.
        chance: the accuracy of guessing, for both.
        nothing_below: as the metric of ``within`` declares it.

    Returns:
        One of LEARNED, ANCESTRY, NOTHING and NOT_SHOWN; ``meanings`` says when each is given.
    """
    if not has_interval(within):
        return NOT_SHOWN
    if within[0] > chance:
        return LEARNED
    if overall[0] > chance:
        return ANCESTRY
    return NOTHING if within[1] < nothing_below else NOT_SHOWN


def labels_too_coarse(pcs_within: Interval, chance: float, nothing_below: float) -> bool:
    """Whether ten principal components alone predict within the given populations, and not negligibly.

    Then the populations are themselves structured, and what a model predicts within them may still be ancestry.

    Args:
        pcs_within: 95% interval of the accuracy of the floor ``floor-pcs`` within populations.
        chance: the accuracy of guessing.
        nothing_below: as for ``verdict``; an interval that ends below it is negligible.
    """
    return has_interval(pcs_within) and pcs_within[0] > chance and pcs_within[1] >= nothing_below


def has_interval(interval: Interval) -> bool:
    """Whether both limits are numbers."""
    return not any(map(math.isnan, interval))


def meanings() -> dict[str, str]:
    """What each verdict means, for readers; the limits are those that the metrics declare."""
    limits = [
        f"{metric.nothing_below:g}".lstrip("0") + f" for {metric.term}"
        for metric in metrics()
        if metric.nothing_below is not None
    ]
    return {
        LEARNED: "a verdict: the 95% interval of the accuracy of f within populations lies above chance",
        ANCESTRY: (
            "a verdict: the model is not shown to have learned within populations, but the 95% interval of the "
            "accuracy of f overall lies above chance; it cannot be given where the test individuals are of one "
            "population"
        ),
        NOTHING: (
            "a verdict: the 95% interval of the accuracy of f within populations includes chance or lies below it, "
            f"and ends below {' and '.join(limits)}"
        ),
        NOT_SHOWN: (
            "a verdict: none of the other three, because the 95% interval of the accuracy of f within populations is "
            "too wide or because there is none"
        ),
    }
