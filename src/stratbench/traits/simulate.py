"""Simulated traits: liability = genetic + environment tied to population + noise (METHODS: traits).

Genetic and environmental parts are scaled so that their sample variances over all individuals are exactly
``h2`` and ``environment``; noise is drawn from N(0, 1 - h2 - environment). h2 0 with an environment is the
pure shortcut, both 0 the pure null, environment 0 the clean control.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from stratbench.errors import UserError
from stratbench.genotypes import Genotypes, frequencies
from stratbench.traits.environment import population_values
from stratbench.traits.genetic import draw_causal, draw_effects, genetic_values

OPTIONS = {
    "kind": {
        "enum": ["binary", "quantitative"],
        "default": "binary",
        "description": "case/control by a threshold of the liability, or the liability itself",
    },
    "h2": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0.5,
        "description": "genetic share of the liability",
    },
    "causal": {"type": "integer", "minimum": 0, "default": 20, "description": "number of causal SNPs"},
    "alpha": {
        "type": "number",
        "minimum": -2,
        "maximum": 1,
        "default": -1,
        "description": "effects per allele are N(0, [2p(1-p)]^alpha); -1 is equal variance per SNP",
    },
    "environment": {
        "type": "number",
        "minimum": 0,
        "maximum": 1,
        "default": 0,
        "description": "share of the liability that the environments of populations have",
    },
    "population_effects": {
        "type": "object",
        "additionalProperties": {"type": "number"},
        "default": {},
        "description": "environment of each population before scaling; {} is 0, 1, 2, ... sorted by name",
    },
    "prevalence": {
        "type": "number",
        "exclusiveMinimum": 0,
        "exclusiveMaximum": 1,
        "default": 0.5,
        "description": "share of cases (binary traits)",
    },
    "untyped": {
        "type": "boolean",
        "default": False,
        "description": "draw causal SNPs from all SNPs after QC and hide them from the models",
    },
}


@dataclass(frozen=True)
class Simulated:
    """A simulated trait: y (N,), the causal rows of .bim with their effects, and the liability's parts.

    ``parts`` has float64 columns genetic, environment, environment_expected, noise, liability.
    """

    y_N: np.ndarray
    causal_C: np.ndarray
    effect_C: np.ndarray
    parts: pd.DataFrame


def check(options: Mapping[str, Any]) -> None:
    """Raise UserError for shares that exceed 1, and for h2 > 0 without causal SNPs."""
    if options["h2"] + options["environment"] > 1:
        total = options["h2"] + options["environment"]
        raise UserError(f"traits: h2 + environment is {total:g}; lower one: the shares cannot exceed 1")
    if options["h2"] > 0 and options["causal"] == 0:
        raise UserError(f"traits: h2 is {options['h2']:g} but causal is 0; set causal >= 1 or h2: 0")


def simulate(
    genotypes: Genotypes,
    candidate_C: np.ndarray,
    population_N: np.ndarray,
    options: Mapping[str, Any],
    rngs: Mapping[str, np.random.Generator],
) -> Simulated:
    """Simulate a trait for all individuals of ``genotypes`` (all SNPs of a cohort, N individuals).

    ``candidate_C`` are the rows that causal SNPs are drawn from; ``rngs`` the generators ``causal``,
    ``effects`` and ``noise``, apart so that changing one share moves no other draw.
    Raises UserError for what ``check``, ``draw_causal`` and ``population_values`` refuse, and if a binary
    trait has cases only or controls only.
    """
    check(options)
    n = len(population_N)
    genetic_N, causal_C, effect_C = _genetic(genotypes, candidate_C, options, rngs)
    environment_N = np.zeros(n)
    if options["environment"] > 0:
        raw_N = population_values(population_N, options["population_effects"])
        environment_N = _scaled(raw_N, options["environment"])[0]
    noise_variance = max(1 - options["h2"] - options["environment"], 0)
    noise_N = rngs["noise"].standard_normal(n) * np.sqrt(noise_variance)
    liability_N = genetic_N + environment_N + noise_N
    parts = pd.DataFrame(
        {
            "genetic": genetic_N,
            "environment": environment_N,
            "environment_expected": environment_N,  # it is the same for everyone in a population
            "noise": noise_N,
            "liability": liability_N,
        }
    )
    y_N = threshold(liability_N, options["prevalence"]) if options["kind"] == "binary" else liability_N
    return Simulated(y_N, causal_C, effect_C, parts)


def threshold(liability_N: np.ndarray, prevalence: float) -> np.ndarray:
    """1 above the sample quantile 1 - prevalence, else 0: int64 (N,). UserError if a class is empty."""
    y_N = (liability_N > np.quantile(liability_N, 1 - prevalence)).astype(np.int64)
    if y_N.min() == y_N.max():
        only = "cases" if y_N.min() else "controls"
        raise UserError(
            f"traits: prevalence {prevalence:g} of {len(y_N)} individuals leaves only {only}; "
            "choose a prevalence nearer 0.5, more individuals, or h2 + environment < 1"
        )
    return y_N


def shares(parts: pd.DataFrame, population_N: np.ndarray) -> dict[str, float]:
    """Realised variances of the parts over that of the liability, and the rest (twice their covariances).

    ``genetic_within`` is the variance of g around its population means.
    """
    total = parts["liability"].var(ddof=0)
    share = {name: parts[name].var(ddof=0) / total for name in ("genetic", "environment", "noise")}
    g = parts["genetic"]
    within = (g - g.groupby(population_N).transform("mean")).var(ddof=0) / total
    return {**share, "genetic_within": within, "covariance": 1 - sum(share.values())}


def _genetic(
    genotypes: Genotypes,
    candidate_C: np.ndarray,
    options: Mapping[str, Any],
    rngs: Mapping[str, np.random.Generator],
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scaled genetic values (N,), causal rows (C,) and effects (C,); no causal SNPs if h2 is 0."""
    if options["h2"] == 0:
        return np.zeros(len(genotypes.person_N)), np.empty(0, dtype=np.int64), np.empty(0)
    causal_C = draw_causal(candidate_C, options["causal"], rngs["causal"])
    chosen = genotypes.snps(causal_C)
    effect_C = draw_effects(frequencies(chosen), options["alpha"], rngs["effects"])
    genetic_N = genetic_values(chosen, effect_C)
    if not np.nanvar(genetic_N) > 0:
        raise UserError("traits: the causal SNPs do not vary between individuals; raise qc maf or `causal`")
    genetic_N, factor = _scaled(genetic_N, options["h2"])
    return genetic_N, causal_C, effect_C * factor


def _scaled(raw_N: np.ndarray, variance: float) -> tuple[np.ndarray, float]:
    """``raw_N`` centred and scaled to a sample variance (ddof 0), and the factor."""
    factor = float(np.sqrt(variance) / raw_N.std())
    return (raw_N - raw_N.mean()) * factor, factor
