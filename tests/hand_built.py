"""Networks whose right attribution is known in closed form, with genotypes to explain, and what a method makes of them.

The right attribution is the Shapley value of f(x) - f(x'), where x' is the mean genotype and the SNPs are the players:
the only one that is complete, gives a SNP without effect nothing, treats like SNPs alike, and adds up over sums of
functions (Shapley 1953). Of two SNPs it is the mean of the effects of both orders.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import jax.numpy as jnp
import numpy as np
from flax import linen as nn

from explaining import explained
from stratbench.attributions.contract import Explained
from stratbench.attributions.scores import balanced_weights
from stratbench.core.errors import ScientificFailure
from stratbench.methods import registry

M, N, EXPLAINED = 12, 400, 32  # SNPs, individuals, and how many are explained
MARKERS = np.array([4, 6, 8])  # SNPs that differ between the two populations
BACKGROUNDS = ("independent", "correlated")
OF_NETWORKS = [name for name in registry.names("attribution") if name != "tree-shap"]  # which explains trees
CLOSE = 0.01  # of the largest right attribution
Shapley = Callable[[np.ndarray, np.ndarray], np.ndarray]  # from x (B, M) and x' (M,) to attributions (B, M)


@dataclass(frozen=True)
class HandBuilt:
    """A network.

    Attributes:
        says: f in words.
        function: from inputs (B, M) to f (B,).
        snps: the SNPs in it.
        right: the right attribution.
    """

    says: str
    function: Callable[[Any], Any]
    snps: tuple[int, ...]
    right: Shapley


def _additive(x: Any) -> Any:
    return 1.5 * x[:, 0] - x[:, 2]


def _additive_right(x: np.ndarray, base: np.ndarray) -> np.ndarray:
    weight_M = np.zeros(M)
    weight_M[[0, 2]] = 1.5, -1
    return weight_M * (x - base)


def _dominance(x: Any) -> Any:
    """1 for a heterozygote, 0 for homozygotes."""
    return nn.relu(x[:, 0]) - 2 * nn.relu(x[:, 0] - 1)


def _dominance_right(x: np.ndarray, base: np.ndarray) -> np.ndarray:
    a_BM = np.zeros_like(x)
    a_BM[:, 0] = np.asarray(_dominance(x)) - np.asarray(_dominance(base[None, :]))
    return a_BM


def _product(x: Any) -> Any:
    return x[:, 0] * x[:, 2]


def _xor(x: Any) -> Any:
    """Whether one carries A1 at one of the two SNPs alone, as a network of relus."""
    carrier, other = (x[:, snp] - nn.relu(x[:, snp] - 1) for snp in (0, 2))
    return carrier + other - 2 * nn.relu(carrier + other - 1)


def _of_two(function: Callable[[Any], Any]) -> Shapley:
    """The Shapley value of a function of SNPs 0 and 2: the mean over the two orders in which they may be replaced."""

    def right(x: np.ndarray, base: np.ndarray) -> np.ndarray:
        a_BM = np.zeros_like(x)
        start = np.broadcast_to(base, x.shape)
        for one, other in ((0, 2), (2, 0)):
            first, second = start.copy(), start.copy()
            first[:, one], second[:, other] = x[:, one], x[:, other]
            whole, none = np.asarray(function(x)), np.asarray(function(start))
            alone, last = np.asarray(function(first)) - none, whole - np.asarray(function(second))
            a_BM[:, one] = (alone + last) / 2
        return a_BM

    return right


def _gate(x: Any) -> Any:
    """The effect of SNP 0 in proportion to ancestry, which is read off the markers."""
    return x[:, 0] * x[:, MARKERS].mean(axis=1)


def _gate_right(x: np.ndarray, base: np.ndarray) -> np.ndarray:
    """f is linear in SNP 0 and in the markers' mean, so each of the two stands at the mean of its values."""
    a_BM, ancestry = np.zeros_like(x), x[:, MARKERS].mean(axis=1)
    a_BM[:, 0] = (x[:, 0] - base[0]) * (ancestry + base[MARKERS].mean()) / 2
    a_BM[:, MARKERS] = (x - base)[:, MARKERS] / len(MARKERS) * ((x[:, 0] + base[0]) / 2)[:, None]
    return a_BM


NETWORKS = {
    "additive": HandBuilt("1.5 x0 - x2", _additive, (0, 2), _additive_right),
    "dominance": HandBuilt("1 if x0 is 1, else 0", _dominance, (0,), _dominance_right),
    "product": HandBuilt("x0 x2", _product, (0, 2), _of_two(_product)),
    "xor": HandBuilt("1 if A1 is carried at one of x0 and x2 alone", _xor, (0, 2), _of_two(_xor)),
    "gate": HandBuilt("x0 times the mean of x4, x6, x8 (ancestry)", _gate, (0, 4, 6, 8), _gate_right),
}


@cache
def people(background: str) -> tuple[np.ndarray, np.ndarray]:
    """A1 counts, (N, M), and populations of individuals of two populations.

    With a correlated background every odd SNP is a copy of the one before it, but for one genotype in ten.
    """
    rng = np.random.default_rng(14)
    population_N = np.repeat(["p1", "p2"], N // 2)
    frequency_LM = np.tile(rng.uniform(0.3, 0.6, M), (2, 1))
    frequency_LM[:, MARKERS] = [[0.2], [0.8]]
    count_NM = rng.binomial(2, frequency_LM[(population_N == "p2").astype(int)])
    if background == "correlated":
        copied = rng.random((N, M // 2)) < 0.9
        count_NM[:, 1::2] = np.where(copied, count_NM[:, ::2], count_NM[:, 1::2])
    return count_NM, population_N


@cache
def seen(network: str, background: str) -> Explained:
    """The network as methods see it."""
    count_NM, population_N = people(background)
    return explained(NETWORKS[network].function, count_NM, population_N, lengths=[M])


def _refined(method: Any, options: dict[str, Any] | None, one: Explained, i_B: Any) -> np.ndarray:
    """Attributions, once the method asks for no finer options."""
    while options is not None:
        a_BM, figures = method.attribute(one, one.inputs(i_B), i_B, options)
        figures = {name: np.asarray(value) for name, value in figures.items()}
        options = method.refine(options, figures) if hasattr(method, "refine") else None
    return np.asarray(a_BM)


def judged(attribution: str, network: str, background: str) -> str:
    """What a method makes of a network, with the options that it has by default, refined as a job refines them.

    Returns:
        ``exact``: every individual's attributions are right within 1% of the largest; ``SNPs``: every SNP of f has a
        larger mean |a| than
        every other; ``no``: neither; ``refused``: the method says that it has no rule for this network.
    """
    one, built = seen(network, background), NETWORKS[network]
    schemas = registry.describe("attribution", attribution).options
    options = {name: schema["default"] for name, schema in schemas.items()}
    i_B = jnp.asarray(np.arange(0, N, N // EXPLAINED)[:EXPLAINED])
    x_BM = one.inputs(i_B)
    try:
        a_BM = _refined(registry.load("attribution", attribution), options, one, i_B)
    except ScientificFailure:
        return "refused"
    right_BM = built.right(np.asarray(x_BM, np.float64), np.asarray(one.background.baseline_M, np.float64))
    if np.abs(a_BM - right_BM).max() <= CLOSE * np.abs(right_BM).max():
        return "exact"
    weight_B = balanced_weights(people(background)[1][np.asarray(i_B)])
    score_M = weight_B @ np.abs(a_BM)
    others = np.delete(score_M, built.snps)
    return "SNPs" if score_M[list(built.snps)].min() > others.max() * (1 + 1e-6) else "no"
