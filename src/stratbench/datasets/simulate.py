"""Simulated traits: liability = genetic + environment + family + noise (METHODS: traits; docs/traits.md).

Genetic and environmental parts are scaled so that their sample variances over all individuals are exactly
their shares; noise is drawn from N(0, what is left to 1). h2 0 with an environment is the pure shortcut, both
0 the pure null, environment 0 the clean control. Removing genetic differences between populations takes them
away after scaling, so that twins share what is within.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from stratbench.core.errors import UserError
from stratbench.core.words import counted
from stratbench.datasets.environment import (
    family_values,
    population_values,
    sharp_share,
    sharp_values,
    smooth_values,
)
from stratbench.datasets.genetic import draw_causal, draw_effects, draw_homes, values_by_home
from stratbench.datasets.interactions import Genotyped, dominance, epistasis
from stratbench.datasets.options import additive, needs_populations, problems
from stratbench.datasets.populations import population_means, require_known, require_two
from stratbench.genotypes.dosages import Dosages, frequencies

DRAWS = (
    "causal",
    "effects",
    "homes",
    "deme",
    "family",
    "noise",
    "ascertainment",
    "dominance",
    "epistasis",
)
SHARES = ("genetic", "environment", "environment_family", "noise")
GENETIC_PARTS = (
    "additive",
    "dominance",
    "epistasis",
)  # columns of parts where a trait has more than the first
NOTHING_WITHIN = 1e-12  # as a share of the liability's variance, no more than rounding
Rngs = Mapping[str, np.random.Generator]


@dataclass(frozen=True)
class Simulated:
    """A simulated trait: y (N,), its causal SNPs and the liability's parts.

    ``causal_R`` are rows of .bim, ``effect_R`` effects per A1 allele, ``home_R`` the one population that a
    SNP acts in (blank: all). ``parts`` has float64 columns genetic, genetic_within, environment,
    environment_expected, environment_family, noise, liability. Where genes do more than add up, ``term_R`` says
    which of GENETIC_PARTS a SNP enters and ``partner_R`` the row that it interacts with (-1: none), parts has
    the columns GENETIC_PARTS too, and all are sorted by row.
    """

    y_N: np.ndarray
    causal_R: np.ndarray
    effect_R: np.ndarray
    home_R: np.ndarray
    parts: pd.DataFrame
    term_R: np.ndarray | None = None
    partner_R: np.ndarray | None = None


def check(options: Mapping[str, Any]) -> None:
    """Raise UserError for options that contradict each other."""
    for name, message in problems(options):
        raise UserError(f"traits: {name}: {message}")


def simulate(
    genotypes: Dosages,
    candidate_R: np.ndarray,
    samples: pd.DataFrame,
    options: Mapping[str, Any],
    rngs: Rngs,
    chromosome_M: np.ndarray | None = None,
) -> Simulated:
    """Simulate a trait for all individuals of a cohort.

    Args:
        genotypes: all SNPs of the cohort, of its N individuals.
        candidate_R: rows of the .bim that causal SNPs are drawn from, int64.
        samples: the cohort's samples.tsv.
        options: those of ``options.OPTIONS``, complete.
        rngs: the generators of DRAWS. They are apart so that changing one share moves no other draw.
        chromosome_M: the chromosome of each row of the .bim, for pairs of interacting SNPs; one chromosome if left out.

    Returns:
        Labels, causal SNPs and the parts of the liability.

    Raises:
        UserError: for what ``check`` and the parts refuse, and for a binary trait of one class.
    """
    check(options)
    population_N = samples["population"].to_numpy()
    if what := needs_populations(options):
        require_two(what, population_N)
    genes = _genetic(genotypes, candidate_R, population_N, options, rngs)
    if options["dominance"] or options["epistasis"]:
        chromosome_M = np.zeros(len(genotypes.row_M), dtype=int) if chromosome_M is None else chromosome_M
        genes = _with_interactions(
            genes, Genotyped(genotypes, population_N, chromosome_M), candidate_R, options, rngs
        )
    parts = _parts(genes, samples, options, rngs)
    y_N = liability_N = parts["liability"].to_numpy()
    if options["kind"] == "binary":
        y_N = labels(liability_N, options["prevalence"], population_N)
    return Simulated(y_N, genes.causal_R, genes.effect_R, genes.home_R, parts, genes.term_R, genes.partner_R)


def _parts(genes: "_Genes", samples: pd.DataFrame, options: Mapping[str, Any], rngs: Rngs) -> pd.DataFrame:
    """The parts of everybody's liability, and their sum."""
    population_N, genetic_N = samples["population"].to_numpy(), genes.value_N
    within_N = genetic_N - population_means(genetic_N, population_N)
    environment_N, share = _environment(samples, options, rngs["deme"])
    family_N = np.zeros(len(samples))
    if options["family_environment"] > 0:
        raw_N = family_values(samples["family"].to_numpy(), rngs["family"])
        family_N = _scaled(raw_N, options["family_environment"])[0]
    noise_variance = max(1 - options["h2"] - share - options["family_environment"], 0)
    # Everyone in a population has the same environment, unless a gradient runs through it.
    smooth = options["environment_shape"] == "smooth"
    parts = pd.DataFrame(
        {
            "genetic": genetic_N if options["between"] == "kept" else within_N,
            "genetic_within": within_N,
            "environment": environment_N,
            "environment_expected": population_means(environment_N, population_N)
            if smooth
            else environment_N,
            "environment_family": family_N,
            "noise": rngs["noise"].standard_normal(len(samples)) * np.sqrt(noise_variance),
        }
    )
    liability_N = (
        parts["genetic"] + parts["environment"] + parts["environment_family"] + parts["noise"]
    ).to_numpy()
    parts = parts.assign(liability=liability_N, **genes.part_N)
    if genes.part_N and options["between"] == "removed":
        parts["additive"] -= population_means(parts["additive"].to_numpy(), population_N)
    return parts


def labels(
    liability_N: np.ndarray, prevalence: float | Mapping[str, float], population_N: np.ndarray
) -> np.ndarray:
    """0/1 by one threshold for everyone, or by one of each population: int64 (N,)."""
    if not isinstance(prevalence, Mapping):
        return threshold(liability_N, prevalence)
    y_N = np.zeros(len(liability_N), dtype=np.int64)
    for name in require_known("prevalence", prevalence, population_N, every=True):
        inside_N = population_N == name
        y_N[inside_N] = threshold(liability_N[inside_N], prevalence[name], f" of {name}")
    return y_N


def threshold(liability_N: np.ndarray, prevalence: float, of: str = "") -> np.ndarray:
    """1 above the sample quantile 1 - prevalence, else 0: int64 (N,). UserError if a class is empty."""
    y_N = (liability_N > np.quantile(liability_N, 1 - prevalence)).astype(np.int64)
    if y_N.min() == y_N.max():
        only = "cases" if y_N.min() else "controls"
        raise UserError(
            f"traits: prevalence {prevalence:g} of {counted(len(y_N), 'individual')}{of} leaves only {only}; "
            "choose a prevalence nearer 0.5, more individuals, or h2 + environment < 1"
        )
    return y_N


def shares(parts: pd.DataFrame, population_N: np.ndarray) -> dict[str, float]:
    """Realised variances of the parts over that of the liability, and the rest (twice their covariances).

    ``genetic_within`` is the variance of g around its population means. GENETIC_PARTS follow where parts has them.
    """
    total = parts["liability"].var(ddof=0)
    share = {name: parts[name].var(ddof=0) / total for name in SHARES}
    of_genetic = {name: parts[name].var(ddof=0) / total for name in GENETIC_PARTS if name in parts}
    g_N = parts["genetic"].to_numpy()
    within = float((g_N - population_means(g_N, population_N)).var()) / total
    return {**share, "genetic_within": within, "covariance": 1 - sum(share.values()), **of_genetic}


def shares_within(parts: pd.DataFrame, population_N: np.ndarray) -> dict[str, float]:
    """The same within populations: variances around the means of populations over that of the liability.

    ``liability`` is the part of the liability's whole variance that lies within populations. Where nothing does
    (an environment alone, or one person of each population), all are 0.
    """
    names = [*SHARES, "liability", *(name for name in GENETIC_PARTS if name in parts)]
    around = pd.DataFrame(
        {
            name: parts[name].to_numpy() - population_means(parts[name].to_numpy(), population_N)
            for name in names
        }
    )
    variance = around.var(ddof=0)
    of_all = float(variance["liability"] / parts["liability"].var(ddof=0))
    if of_all < NOTHING_WITHIN:
        return dict.fromkeys([*SHARES, "covariance", *names[len(SHARES) :]], 0.0)
    share = {name: float(variance[name] / variance["liability"]) for name in names if name != "liability"}
    covariance = 1 - sum(share[name] for name in SHARES)
    return {
        **{name: share[name] for name in SHARES},
        "covariance": covariance,
        "liability": of_all,
        **{name: share[name] for name in names[len(SHARES) + 1 :]},
    }


@dataclass(frozen=True)
class _Genes:
    """Genetic values (N,), and rows, effects and homes of causal SNPs (R,); the rest as in Simulated."""

    value_N: np.ndarray
    causal_R: np.ndarray
    effect_R: np.ndarray
    home_R: np.ndarray
    part_N: dict[str, np.ndarray] = field(default_factory=dict)
    term_R: np.ndarray | None = None
    partner_R: np.ndarray | None = None


def _with_interactions(
    genes: _Genes, people: Genotyped, candidate_R: np.ndarray, options: Mapping[str, Any], rngs: Rngs
) -> _Genes:
    """The additive genes, and dominance and epistasis of further SNPs."""
    value_N = {"additive": genes.value_N}
    rows, effects = [genes.causal_R], [genes.effect_R]
    partners, terms = [np.full(len(genes.causal_R), -1)], ["additive"] * len(genes.causal_R)
    for name, draw in (("dominance", dominance), ("epistasis", epistasis)):
        value_N[name] = np.zeros(len(genes.value_N))
        if options[name]:
            free_R = np.setdiff1d(candidate_R, np.concatenate(rows))
            before_NC = np.column_stack([value_N[part] for part in GENETIC_PARTS if part in value_N])
            part = draw(people, free_R, before_NC, options, rngs[name])
            value_N[name] = part.value_N
            rows, effects = [*rows, part.causal_R], [*effects, part.effect_R]
            partners, terms = [*partners, part.partner_R], [*terms, *[name] * len(part.causal_R)]
    row_R = np.concatenate(rows)
    order_R = np.argsort(row_R)
    home_R = np.concatenate([genes.home_R, np.full(len(row_R) - len(genes.home_R), "", dtype=object)])
    return _Genes(
        sum(value_N.values(), start=np.zeros(len(genes.value_N))),
        row_R[order_R],
        np.concatenate(effects)[order_R],
        home_R[order_R],
        value_N,
        np.array(terms, dtype=object)[order_R],
        np.concatenate(partners)[order_R],
    )


def _genetic(
    genotypes: Dosages,
    candidate_R: np.ndarray,
    population_N: np.ndarray,
    options: Mapping[str, Any],
    rngs: Rngs,
) -> _Genes:
    """The additive part, scaled; no causal SNPs if its share is 0."""
    share = additive(options)
    if share == 0:
        none = np.empty(0, dtype=object)
        return _Genes(np.zeros(len(population_N)), np.empty(0, dtype=np.int64), np.empty(0), none)
    causal_R = draw_causal(candidate_R, options["causal"], rngs["causal"], options["causal_maf"])
    chosen = genotypes.snps(causal_R)
    p_R = frequencies(chosen)
    if not ((p_R > 0) & (p_R < 1)).all():
        raise UserError("traits: a causal SNP does not vary between individuals; set `causal_maf` or qc maf")
    effect_R = draw_effects(p_R, options["alpha"], rngs["effects"], options["effects"])
    homes = options["causal_populations"]
    homes = homes or require_known("causal_populations", homes, population_N, every=False)
    require_known("causal_populations", homes, population_N, every=False)
    home_R = draw_homes(len(causal_R), options["causal_shared"], homes, rngs["homes"])
    genetic_N = values_by_home(chosen, effect_R, home_R, population_N)
    if not np.nanvar(genetic_N) > 0:
        raise UserError("traits: the causal SNPs do not vary between individuals; raise qc maf or `causal`")
    genetic_N, factor = _scaled(genetic_N, share)
    return _Genes(genetic_N, causal_R, effect_R * factor, home_R)


def _environment(
    samples: pd.DataFrame, options: Mapping[str, Any], rng: np.random.Generator
) -> tuple[np.ndarray, float]:
    """The environment (N,) in the shape asked for, scaled, and its share of the liability."""
    shape, share = options["environment_shape"], options["environment"]
    population_N = samples["population"].to_numpy()
    if shape == "sharp":
        raw_N = sharp_values(population_N, options["deme"], rng)
        if options["deme_sd"] is not None:
            share = sharp_share(raw_N, options["deme_sd"])
    elif share == 0:
        return np.zeros(len(samples)), 0.0
    elif shape == "smooth":
        raw_N = smooth_values(samples, options["gradient"])
    else:
        raw_N = population_values(population_N, options["population_effects"])
    if share + options["h2"] + options["family_environment"] > 1 + 1e-9:
        raise UserError(
            f"traits: deme_sd: a deme {options['deme_sd']:g} SDs up is {share:.3g} of the liability; with h2 "
            f"and family_environment that exceeds 1; lower one"
        )
    return _scaled(raw_N, share)[0], share


def _scaled(raw_N: np.ndarray, variance: float) -> tuple[np.ndarray, float]:
    """``raw_N`` centred and scaled to a sample variance (ddof 0), and the factor."""
    factor = float(np.sqrt(variance) / raw_N.std())
    return (raw_N - raw_N.mean()) * factor, factor
