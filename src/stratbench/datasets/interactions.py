"""Genetic parts that no sum of effects of A1 counts can express: dominance, and epistasis of pairs (docs/traits.md).

Each part is a sum of terms of equal variance with random signs. Within every population it is made orthogonal to the
mean, to what the SNPs of its terms can say one by one and to the parts before it. It is scaled exactly to its share. So
the shares add up to h2 in the sample itself, and neither part differs between the means of populations.

Sources: Cockerham 1954, Genetics 39:859 (orthogonal partition of the genetic variance); the two forms of epistasis are
those of XAI-TRIS (Clark et al. 2024, Machine Learning 113:6871) in terms of SNPs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from stratbench.core.errors import UserError
from stratbench.core.words import counted
from stratbench.datasets.options import FORMS
from stratbench.genotypes.dosages import Dosages, frequencies, with_nan

REACH = 4  # the SNPs of a pair within an LD block are at most so many candidates apart
MOST_R2 = 0.2  # their largest squared correlation: two SNPs that say the same have no interaction
NEAR = 20  # neighbours of a SNP are so many candidates on each side
LINKED = 0.05  # a neighbour with a larger r2 with a SNP of the pair could show the interaction by itself


@dataclass(frozen=True)
class Part:
    """One part: its values (N,), and for each of its causal SNPs the row, the effect and the partner's row (or -1)."""

    value_N: np.ndarray
    causal_R: np.ndarray
    effect_R: np.ndarray
    partner_R: np.ndarray


@dataclass(frozen=True)
class Genotyped:
    """What terms are computed from: everyone's genotypes and population, and the chromosome of each row of the .bim."""

    genotypes: Dosages
    population_N: np.ndarray
    chromosome_M: np.ndarray

    def counts(self, row_R: np.ndarray) -> np.ndarray:
        """A1 counts, float64 (N, R), a missing one being the whole number next to the SNP's mean."""
        count_NR = with_nan(self.genotypes.snps(np.asarray(row_R, dtype=np.int64)).read()).T
        mean_R = np.rint(np.nanmean(count_NR, axis=0)) if len(row_R) else np.empty(0)
        return np.where(np.isnan(count_NR), mean_R, count_NR)

    def r2(self, row: int, row_R: np.ndarray) -> np.ndarray:
        """Squared correlations within populations of one SNP with others, float64 (R,)."""
        z_NR = self.counts(np.concatenate([[row], row_R]))
        for name in np.unique(self.population_N):
            z_NR[self.population_N == name] -= z_NR[self.population_N == name].mean(axis=0)
        covariance_R = z_NR[:, 0] @ z_NR
        variance_R = np.maximum((z_NR**2).sum(axis=0), 1e-12)
        r2_R: np.ndarray = (covariance_R**2 / (variance_R * variance_R[0]))[1:]
        return r2_R

    def residual(self, value_N: np.ndarray, design_NC: np.ndarray) -> np.ndarray:
        """The residual of a regression on the mean and a design, in each population by itself, float64 (N,)."""
        left_N = np.empty(len(value_N))
        for name in np.unique(self.population_N):
            inside_N = self.population_N == name
            design = np.column_stack([np.ones(inside_N.sum()), design_NC[inside_N]])
            fitted, *_ = np.linalg.lstsq(design, value_N[inside_N], rcond=None)
            left_N[inside_N] = value_N[inside_N] - design @ fitted
        return left_N


def mains(count_NR: np.ndarray) -> np.ndarray:
    """Everything that SNPs can say one by one: indicators of one and of two A1 alleles, float64 (N, 2R)."""
    return np.concatenate([count_NR == 1, count_NR == 2], axis=1).astype(np.float64)


def dominance(
    people: Genotyped,
    candidate_R: np.ndarray,
    before_NC: np.ndarray,
    options: Mapping[str, Any],
    rng: np.random.Generator,
) -> Part:
    """Deviations of heterozygotes from the line through the homozygotes, of SNPs drawn from the candidates.

    Args:
        people: everyone.
        candidate_R: rows of .bim, none of them causal yet.
        before_NC: the parts before.
        options: of the trait.
        rng: draws SNPs and signs.

    Returns:
        The part; effects are per heterozygote, before its own count is regressed out.

    Raises:
        UserError: for too few candidates, or for SNPs with so few heterozygotes that nothing is left.
    """
    n = options["dominance_snps"]
    if n > len(candidate_R):
        raise UserError(
            f"traits: dominance_snps is {n}, but {counted(len(candidate_R), 'SNP')} can be drawn; "
            "lower it or raise `snps`"
        )
    row_R = np.sort(rng.choice(candidate_R, size=n, replace=False))
    count_NR = people.counts(row_R)
    terms = [people.residual((x_N == 1).astype(float), x_N[:, None]) for x_N in count_NR.T]
    value_N, effect_R = _sum(people, terms, count_NR, before_NC, options["dominance"], rng)
    return Part(value_N, row_R, effect_R, np.full(n, -1))


def epistasis(
    people: Genotyped,
    candidate_R: np.ndarray,
    before_NC: np.ndarray,
    options: Mapping[str, Any],
    rng: np.random.Generator,
) -> Part:
    """Interactions of pairs: a product of centred counts, or whether exactly one of the two is carried (xor).

    Args:
        people: everyone.
        candidate_R: rows of .bim, none of them causal yet, sorted.
        before_NC: the parts before.
        options: of the trait.
        rng: draws pairs and signs.

    Returns:
        The part; both SNPs of a pair have the effect of its product or xor, before the regression
        on what the two SNPs and, within an LD block, their neighbours say one by one.

    Raises:
        UserError: for too few pairs, or people.
    """
    pair_R2 = _pairs(people, candidate_R, options, rng)
    forms, terms = FORMS[options["epistasis_form"]], []
    near_R = np.empty(0, dtype=np.int64)
    if options["epistasis_place"] == "within":
        near_R = np.unique([row for pair in pair_R2 for row in _linked(people, candidate_R, pair)]).astype(
            np.int64
        )
    singles = mains(people.counts(np.union1d(pair_R2.ravel(), near_R)))
    for k, pair in enumerate(pair_R2):
        count_N2 = people.counts(pair)
        raw_N = np.prod(count_N2 - count_N2.mean(axis=0), axis=1)
        if forms[k % len(forms)] == "xor":
            raw_N = ((count_N2[:, 0] > 0) ^ (count_N2[:, 1] > 0)).astype(float)
        terms.append(people.residual(raw_N, singles))
    value_N, effect_R = _sum(people, terms, singles, before_NC, options["epistasis"], rng)
    return Part(value_N, pair_R2.ravel(), np.repeat(effect_R, 2), pair_R2[:, ::-1].ravel())


def _sum(
    people: Genotyped,
    terms: list[np.ndarray],
    singles_NC: np.ndarray,
    before_NC: np.ndarray,
    share: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """The sum of the terms with variance ``share``, float64 (N,), and the effect of each term."""
    sign_R = np.where(rng.random(len(terms)) < 0.5, -1.0, 1.0)
    sd_R = np.array([term_N.std() for term_N in terms])
    if (sd_R < 1e-6).any():
        raise UserError(
            "traits: nothing is left of an interaction once what single SNPs say is taken out; "
            "take more individuals in each population, or raise `causal_maf` or `epistasis_maf`"
        )
    raw_N = (sign_R / sd_R) @ np.array(terms)
    raw_N = people.residual(raw_N, np.column_stack([singles_NC, before_NC]))
    factor = np.sqrt(share) / raw_N.std()
    return raw_N * factor, sign_R / sd_R * factor


def _pairs(
    people: Genotyped, candidate_R: np.ndarray, options: Mapping[str, Any], rng: np.random.Generator
) -> np.ndarray:
    """Pairs of rows without a SNP in common, int64 (R, 2)."""
    across, wanted = options["epistasis_place"] == "across", options["epistasis_pairs"]
    chromosome_R = people.chromosome_M[candidate_R]
    free_R = _common(people, candidate_R, options["epistasis_maf"])
    chosen: list[tuple[int, int]] = []
    for a in rng.permutation(np.flatnonzero(free_R)):
        if not free_R[a] or len(chosen) == wanted:
            continue
        free_R[a] = False
        same_R = chromosome_R == chromosome_R[a]
        partner_R = np.flatnonzero(
            free_R & ~same_R if across else free_R & same_R & _around(a, len(free_R), REACH)
        )
        if not across:
            partner_R = partner_R[people.r2(candidate_R[a], candidate_R[partner_R]) < MOST_R2]
        if len(partner_R):
            b = int(rng.choice(partner_R))
            free_R[b] = False
            chosen.append((min(a, b), max(a, b)))
    if len(chosen) < wanted:
        found, of = counted(len(chosen), "pair"), "chromosomes" if across else "LD blocks"
        raise UserError(
            f"traits: epistasis_pairs is {wanted}, but only {found} {options['epistasis_place']} {of} can be drawn "
            f"with MAF >= {options['epistasis_maf']:g} in every population; lower one of these, raise `snps`, "
            "or simulate more chromosomes"
        )
    return candidate_R[np.array(chosen, dtype=np.int64)]


def _common(people: Genotyped, candidate_R: np.ndarray, least: float) -> np.ndarray:
    """Which candidates have a minor allele frequency of at least ``least`` in every population: bool (R,)."""
    kept_R = np.ones(len(candidate_R), dtype=bool)
    for name in np.unique(people.population_N):
        p_R = frequencies(people.genotypes.snps(candidate_R).people(people.population_N == name))
        kept_R &= np.minimum(p_R, 1 - p_R) >= least
    return kept_R


def _around(place: int, n: int, reach: int) -> np.ndarray:
    return np.abs(np.arange(n) - place) <= reach


def _linked(people: Genotyped, candidate_R: np.ndarray, pair: np.ndarray) -> np.ndarray:
    """Rows of the pair's neighbours that are in LD with one of the two."""
    found: list[np.ndarray] = []
    for row in pair:
        place = int(np.searchsorted(candidate_R, row))
        around_R = _around(place, len(candidate_R), NEAR)
        around_R &= people.chromosome_M[candidate_R] == people.chromosome_M[row]
        near_R = np.setdiff1d(candidate_R[around_R], pair)
        found.append(near_R[people.r2(row, near_R) > LINKED])
    return np.concatenate(found)
