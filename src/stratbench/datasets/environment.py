"""The environmental parts of a simulated trait, before they are scaled to their shares of the liability.

Populations differ by a value for each of them, by a smooth gradient over columns of samples.tsv, or by one
sharp deme (Zaidi & Mathieson 2020, eLife 9:e61548). Families share one normal draw each.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from stratbench.core.errors import UserError
from stratbench.datasets.populations import require_known
from stratbench.methods.registry import nearest


def population_values(population_N: np.ndarray, effects: Mapping[str, float]) -> np.ndarray:
    """Each individual's unscaled environment, float64 (N,).

    ``effects`` states a value for every population; if it is empty the values are 0, 1, 2, ... over the
    populations sorted by name. Raises UserError for effects that name other populations than the cohort has
    or that are all equal.
    """
    names = require_known("population_effects", effects, population_N, every=bool(effects))
    values = effects or {name: float(k) for k, name in enumerate(names)}
    if len(set(values.values())) == 1:
        raise UserError("traits: population_effects: all values are equal; give different ones")
    return np.array([values[name] for name in population_N], dtype=np.float64)


def smooth_values(samples: pd.DataFrame, columns: Sequence[str]) -> np.ndarray:
    """The sum of the columns' z-scores over all individuals, float64 (N,); each column has the same weight.

    Raises UserError for a column that is absent, not numeric, missing for somebody, or constant.
    """
    total_N = np.zeros(len(samples))
    for column in columns:
        values_N = _numeric(samples, column)
        if np.ptp(values_N) == 0:
            raise UserError(
                f"traits: gradient: column '{column}' is {values_N[0]:g} for everyone; name one that varies"
            )
        total_N += (values_N - values_N.mean()) / values_N.std()
    if total_N.std() < 1e-9:
        raise UserError(f"traits: gradient: {' and '.join(columns)} cancel each other out; leave one out")
    return total_N


def _numeric(samples: pd.DataFrame, column: str) -> np.ndarray:
    """A column of samples.tsv as float64 (N,); UserError if it is not there or not a number for everyone."""
    if column not in samples.columns:
        known = sorted(str(name) for name in samples.columns if name != "iid")
        raise UserError(f"traits: gradient: samples.tsv has no column '{column}': {nearest(column, known)}")
    values = pd.to_numeric(samples[column], errors="coerce").astype(np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        iid, text = samples["iid"][bad].iloc[0], samples[column][bad].iloc[0]
        raise UserError(
            f"traits: gradient: column '{column}' is '{text}' for individual {iid}; it must be a number for "
            "everyone: name another column"
        )
    return values.to_numpy()


def sharp_values(population_N: np.ndarray, deme: str | None, rng: np.random.Generator) -> np.ndarray:
    """1 in one population and 0 elsewhere, float64 (N,); if ``deme`` is None, a population is drawn."""
    names = require_known("deme", [deme] if deme else [], population_N, every=False)
    chosen = deme or names[rng.integers(len(names))]
    return (population_N == chosen).astype(np.float64)


def sharp_share(apart_N: np.ndarray, sd: float) -> float:
    """The share of the liability's variance if one deme lies ``sd`` standard deviations of all other parts higher.

    With a fraction f of the individuals in the deme, share = f (1 - f) sd^2 (1 - share), solved for the share.
    """
    variance = float(apart_N.var()) * sd**2
    return variance / (1 + variance)


def family_values(family_N: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One N(0, 1) draw for each family, in the order of their names, for all of its members: float64 (N,).

    Raises UserError if nobody shares a family, because the draws would then be nothing but noise.
    """
    names, at_N = np.unique(family_N.astype(str), return_inverse=True)
    if len(names) in (1, len(family_N)):
        what = "everyone is in one family" if len(names) == 1 else "everyone is a family of their own"
        raise UserError(
            f"traits: family_environment > 0 needs families of two or more, but {what}; set "
            "family_environment: 0, or choose a cohort with families"
        )
    values: np.ndarray = rng.standard_normal(len(names))[at_N]
    return values
