"""An oracle: the true environment of a simulated trait is a fixed offset, so that f has nothing to gain by ancestry.

The offset is e, the environment of everyone's liability (that of populations and that of families), less its training
mean. For a quantitative trait it is in the trait's units. A binary trait is a threshold of the liability: in the logit
e has the slope 1.702 / sd, where sd is the standard deviation over training individuals of the liability less e, and
1.702 turns a probit into a logit. Nothing is trained. Where populations have thresholds of their own (a ``prevalence``
for each), e lacks what the thresholds add, and the fit fails with that reason.

Known failure: it takes away the environment alone; genes that differ between populations stay in f. The slope in the
logit holds for a network that explains nothing of the genes; one that explains them would need a steeper one.
"""

from typing import Any

import numpy as np
from jax import Array

from stratbench.adjustments.contract import Adjustment, Batch, Context, Params, State
from stratbench.core.errors import ScientificFailure

OPTIONS: dict[str, Any] = {}
READS = ("truth",)
CITATION = "StratBench's oracle; Camilli 1994, J Educ Behav Stat 19:293 (1.702 between probit and logit)"
IN_WORDS = "giving the true environment"
PROBIT_TO_LOGIT = 1.702
ROUNDING = 1e-6  # of a liability as it is stored, in its standard deviations


def require_one_threshold(liability_T: np.ndarray, y_T: np.ndarray, rounding: float) -> None:
    """Raise ScientificFailure where no threshold of the liability parts all training cases from all controls."""
    largest, smallest = liability_T[y_T == 0].max(initial=-np.inf), liability_T[y_T == 1].min(initial=np.inf)
    if largest > smallest + rounding:  # of controls and of cases
        raise ScientificFailure(
            "some controls have a higher liability than some cases, so that populations have thresholds of their own, "
            "which the true environment does not hold; oracle-environment needs one prevalence for all populations"
        )


def build(options: dict[str, Any]) -> Adjustment:
    """The truth is read from the dataset; a measured trait has none, and the fit fails with that reason."""

    def fit(context: Context) -> State:
        parts, train = context.truth().liability, context.sets["train"]
        environment_N = (parts["environment"] + parts["environment_family"]).to_numpy(dtype=np.float64)
        liability_N = parts["liability"].to_numpy(dtype=np.float64)
        rest, unit = (float(part_N[train].std()) for part_N in (liability_N - environment_N, liability_N))
        if context.kind == "binary":
            require_one_threshold(liability_N[train], context.y_N[train], ROUNDING * unit)
            if not rest > ROUNDING * unit:
                raise ScientificFailure(
                    "the true environment decides the label alone, so that its slope in the logit is infinite; "
                    "oracle-environment needs a trait with h2 or noise"
                )
            unit = rest / PROBIT_TO_LOGIT
        offset_N = (environment_N - environment_N[train].mean()) / unit
        return State({}, {"offset": offset_N.astype(np.float32)})

    def offset(state: State, params: Params, batch: Batch) -> Array:
        return state.rows["offset"][batch.i_B]

    return Adjustment(fit=fit, offset=offset)
