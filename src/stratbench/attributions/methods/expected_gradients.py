"""Expected gradients: integrated gradients from many training individuals in place of one made-up genotype."""

from collections.abc import Mapping
from typing import Any

import jax.numpy as jnp
import numpy as np
from jax import Array

from stratbench.attributions import completeness
from stratbench.attributions.contract import Explained

OPTIONS = {
    "donors": {
        "enum": ["all", "ancestry"],
        "default": "all",
        "description": "whom somebody is compared with: all training individuals, or those of the own population",
    },
    "draws": {
        "type": "integer",
        "minimum": 1,
        "default": 100,
        "description": "donors of each individual at first, each at another place of the path",
    },
    "max_draws": {"type": "integer", "minimum": 1, "default": 400, "description": "donors at most"},
    "tolerance": {
        "type": "number",
        "exclusiveMinimum": 0,
        "default": 0.01,
        "description": "relative completeness error above which donors are doubled and, at last, the result is flagged",
    },
}
CITATION = "Erion et al. 2021, Nat Mach Intell 3:620, arXiv:1906.10670"
NEEDS_GRADIENT = True
MOST = 200  # training individuals of a population over whom f is averaged


def attribute(
    explain: Explained, x_BM: Array, i_B: Array, options: Mapping[str, Any]
) -> tuple[Array, dict[str, Array]]:
    """a_j = mean over donors d of (x_j - d_j) df/dx_j at d + t (x - d); donor r of R is met at t = (r + 1/2) / R.

    Donors come in random order, so that their places on the path are random, and are spread evenly. PCs stay those of
    the individual. The sum of a is f(x) minus the mean of f over donors. So the sums of all donors' attributions and of
    those of the own population differ by the mean of f over the own population minus that over everyone: the part of
    the individual's f that lies between populations. It is taken from f itself, which needs no path.

    Figures: ``change`` and ``error``; with all donors ``centred``, f minus its mean over training individuals, and
    ``between``, the mean of f over those of the own population minus that over all; in both, everyone has the own PCs.
    """
    donor_BR = explain.panel.donors(np.asarray(i_B), options["draws"], options["donors"] == "ancestry")
    total_BM, f_donor_B = jnp.zeros_like(x_BM), jnp.zeros(len(x_BM), x_BM.dtype)
    for number, donor_B in enumerate(donor_BR.T):
        donor_BM = explain.inputs(jnp.asarray(donor_B))
        place = (number + 0.5) / options["draws"]
        total_BM += (x_BM - donor_BM) * explain.gradient(donor_BM + place * (x_BM - donor_BM), i_B)
        f_donor_B += explain.f(donor_BM, i_B)
    a_BM, f_B = total_BM / options["draws"], explain.f(x_BM, i_B)
    found = completeness.figures(a_BM, f_B - f_donor_B / options["draws"])
    if options["donors"] == "all":
        found |= _between(explain, i_B, f_B)
    return a_BM, found


def _between(explain: Explained, i_B: Array, f_B: Array) -> dict[str, Array]:
    """``centred`` and ``between``; both are NaN for somebody of a population without training individuals."""
    panel = explain.panel
    population_T = panel.population_N[panel.train_T]
    counts = {name: int((population_T == name).sum()) for name in panel.populations}
    mean = {name: _mean(explain, panel.sample(name, MOST), len(i_B)) for name, n in counts.items() if n}
    everyone = sum(mean[name] * counts[name] for name in mean) / len(population_T)
    own_B = np.array([mean.get(name, np.nan) for name in panel.population_N[np.asarray(i_B)]])
    unknown_B = np.where(np.isnan(own_B), np.nan, 0)
    return {"centred": f_B - everyone + unknown_B, "between": jnp.asarray(own_B - everyone)}


def _mean(explain: Explained, individuals: np.ndarray, at_once: int) -> float:
    """The mean of f over individuals."""
    parts = [individuals[k : k + at_once] for k in range(0, len(individuals), at_once)]
    found = [np.asarray(explain.own(jnp.asarray(np.resize(part, at_once))))[: len(part)] for part in parts]
    return float(np.concatenate(found).mean())


def refine(options: Mapping[str, Any], figures: completeness.Figures) -> dict[str, Any] | None:
    """Twice the donors, up to max_draws, while the largest relative error exceeds the tolerance."""
    return completeness.finer(options, figures, "draws", "max_draws")


def summary(options: Mapping[str, Any], figures: completeness.Figures) -> dict[str, Any]:
    """The relative completeness error and, with all donors, ``ancestry_share``.

    That is the variance of ``between`` over that of ``centred``, among individuals of populations that have training
    individuals; None where f does not vary.
    """
    found = {"draws": options["draws"], **completeness.report(figures, options["tolerance"])}
    if "between" not in figures:
        return found
    known = np.isfinite(figures["between"])
    whole = float(np.var(figures["centred"][known])) if known.any() else 0.0
    share = float(np.var(figures["between"][known])) / whole if whole > 0 else None
    return {**found, "ancestry_share": share}
