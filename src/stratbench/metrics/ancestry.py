"""How well a population can be read from a model: the metrics of probes.tsv, whose values probes/ computes."""

import numpy as np

from stratbench.metrics.metric import Metric
from stratbench.metrics.rows import Row
from stratbench.metrics.split_results import SplitResults

BALANCED = "accuracy averaged over classes of equal weight"
CHANCE = "`ancestry_chance`"
METRICS: tuple[Metric, ...] = (
    Metric(
        "ancestry_linear",
        "balanced accuracy of the population decoded from hidden features by ridge logistic regression",
        *(0, 1, "neither"),
        source="mean recall of the populations; binomial standard error",
        label="balanced accuracy, linear probe",
        term="balanced accuracy",
        meaning=BALANCED,
        chance=CHANCE,
        paired=True,
    ),
    Metric(
        "ancestry_nonlinear",
        "balanced accuracy of the population decoded by a random forest or a support vector machine",
        *(0, 1, "neither"),
        source="as `ancestry_linear`",
        label="balanced accuracy, nonlinear probe",
        term="balanced accuracy",
        chance=CHANCE,
        paired=True,
    ),
    Metric(
        "ancestry_linear_untrained",
        "`ancestry_linear` of the network before its training",
        *(0, 1, "neither"),
        source="as `ancestry_linear`",
        label="balanced accuracy, linear probe, untrained",
        term="balanced accuracy",
        chance=CHANCE,
    ),
    Metric(
        "ancestry_nonlinear_untrained",
        "`ancestry_nonlinear` of the network before its training",
        *(0, 1, "neither"),
        source="as `ancestry_linear`",
        label="balanced accuracy, nonlinear probe, untrained",
        term="balanced accuracy",
        chance=CHANCE,
    ),
    Metric(
        "ancestry_logit",
        "balanced accuracy of the population decoded from `f`, the network's own logit, given y",
        *(0, 1, "neither"),
        source="as `ancestry_linear`, averaged over classes of y",
        label="balanced accuracy, from the logit given y",
        term="balanced accuracy",
        chance=CHANCE,
        paired=True,
        claimed=True,
    ),
    *(
        Metric(
            f"ancestry_{name}_permuted",
            f"`ancestry_{name}` of permuted populations{given}: what the probe reaches without ancestry",
            *(0, 1, "neither"),
            source=source,
            label=f"balanced accuracy, {shown}, permuted populations",
            term="balanced accuracy",
            chance=CHANCE,
        )
        for name, given, source, shown in (
            ("linear", "", "as `ancestry_linear`; one permutation, of the first seed", "linear probe"),
            ("nonlinear", "", "as `ancestry_linear`; one permutation, of the first seed", "nonlinear probe"),
            (
                "logit",
                ", within classes of y",
                "as `ancestry_logit`; mean of five permutations",
                "from the logit",
            ),
        )
    ),
    Metric(
        "ancestry_chance",
        "1 over the number of populations that are decoded",
        *(0, 1, "neither"),
        source="its definition",
        label="balanced accuracy of guessing",
        term="balanced accuracy",
    ),
)


def of_split(results: SplitResults) -> list[Row]:
    """The rows of probes.tsv, as they are."""
    found: list[Row] = []
    for table in results.probes:
        records = table.astype(object).where(table.notna(), np.nan).to_dict("records")
        found += [{str(column): value for column, value in record.items()} for record in records]
    return found
