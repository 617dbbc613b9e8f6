"""An association test as a ranking of SNPs, and its inflation."""

import numpy as np
import pandas as pd

from stratbench.metrics.data import SplitTables
from stratbench.metrics.estimate import Estimate, failed, not_applicable
from stratbench.metrics.metric import Metric
from stratbench.metrics.rows import Row, rows
from stratbench.metrics.split_results import SplitResults

METRICS: tuple[Metric, ...] = (
    Metric(
        "lambda_gc",
        "inflation of an association test: 1 is none",
        *(0, np.inf, "neither"),
        source="Devlin & Roeder 1999",
        label="inflation (lambda GC)",
        term="lambda GC",
        chance=1.0,
    ),
    Metric(
        "srmsd",
        "calibration of an association's p values over SNPs that are not causal: 0 is calibrated, above 0 inflated",
        *(-1, 1, "neither"),
        source="Yao & Ochoa 2023, SRMSD_p",
        label="signed deviation of null p values (SRMSD)",
        term="SRMSD",
        chance=0.0,
    ),
)


def ranking(p_M: np.ndarray, statistic_M: np.ndarray) -> np.ndarray:
    """-log10 p (M,); where p underflows to 0 the statistic decides; a SNP without a test stands last (0).

    Scores that were made elsewhere may have no p values at all: then it is the size of the statistic.
    """
    tested = np.isfinite(p_M)
    if not tested.any():
        return np.abs(np.nan_to_num(statistic_M))
    score = np.zeros(len(p_M))
    score[tested] = -np.log10(np.clip(p_M[tested], 5e-324, 1))
    zero = tested & (p_M == 0)
    score[zero] = 324 + np.abs(np.nan_to_num(statistic_M[zero]))
    return score


def lambda_gc(p_M: np.ndarray) -> Estimate:
    """Genomic control: the median chi-square (1 df) of the p values over .4549 (Devlin & Roeder 1999)."""
    from scipy import stats  # takes a second to import, and whoever plans a study imports this module

    tested = p_M[np.isfinite(p_M)]
    if len(tested) == 0:
        return not_applicable("no SNP has a p value")
    median = max(float(np.median(tested)), 5e-324)
    return Estimate(float(stats.chi2.isf(median, 1) / stats.chi2.ppf(0.5, 1)), len(tested))


def srmsd(p_M: np.ndarray, causal_M: np.ndarray | None) -> Estimate:
    """Root mean square deviation of null p values from their expectations, negative where they are too large.

    Over m0 tested SNPs that are not causal: sqrt(mean (u_i - p_(i))^2), u_i = (i - 1/2) / m0, with the sign + where the
    median p is at most 1/2 (Yao & Ochoa 2023, eLife 12:e79238). SNPs linked to causal ones are null here, too.

    Args:
        p_M: p values; NaN for a SNP without a test.
        causal_M: which SNPs are causal; None for a measured trait.

    Returns:
        The estimate; not applicable where the causal SNPs are not known, or where no null SNP has a p value.
    """
    if causal_M is None:
        return not_applicable("measured trait: the causal SNPs are not known", len(p_M))
    null_R = np.sort(p_M[np.isfinite(p_M) & ~causal_M])
    if len(null_R) == 0:
        return not_applicable("no SNP without effect has a p value", len(p_M))
    expected_R = (np.arange(len(null_R)) + 0.5) / len(null_R)
    size = float(np.sqrt(((expected_R - null_R) ** 2).mean()))
    return Estimate(size if np.median(null_R) <= 0.5 else -size, len(null_R))


def numbers(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """The p values and statistics (M,) of an association's table."""
    p_M, statistic_M = (pd.to_numeric(table[c]).to_numpy(dtype=float) for c in ("p", "statistic"))
    return p_M, statistic_M


def standardised(table: pd.DataFrame) -> np.ndarray:
    """|beta / se| of each SNP (M,), whatever statistic a test has; 0 for a SNP that it could not test."""
    beta_M, se_M = (pd.to_numeric(table[c]).to_numpy(dtype=float) for c in ("beta", "se"))
    tested_M = np.isfinite(beta_M) & (se_M > 0)
    return np.abs(np.divide(beta_M, se_M, out=np.zeros(len(beta_M)), where=tested_M))


def of_split(results: SplitResults) -> list[Row]:
    """The inflation of each association test, and how far its null p values are calibrated."""
    found: list[Row] = []
    for name, table in results.associations.items():
        keys, (p_M, _) = results.place.keys(association=name), numbers(table)
        reason = results.failures.get(name)
        inflation = failed(reason) if reason else lambda_gc(p_M)
        calibration = failed(reason) if reason else srmsd(p_M, _causal(table, results.data))
        found += rows(keys, "lambda_gc", inflation) + rows(keys, "srmsd", calibration)
    return found


def _causal(table: pd.DataFrame, data: SplitTables) -> np.ndarray | None:
    """Which SNPs of an association's table are causal, bool (M,); None for a measured trait."""
    if data.causal_M is None:
        return None
    return table["snp"].isin(data.snps[data.causal_M]).to_numpy()
