"""Whether a model learned anything within populations; if not, its attributions are noise or ancestry."""

import pandas as pd

from stratbench.metrics.catalogue import judged

LEARNED, NOTHING, UNDECIDED = "learned", "learned nothing", "undecided"
WHO = ["study", "scenario", "trait", "split", "model", "adjustment"]


def verdict(ci_low: float, ci_high: float, chance: float) -> str:
    """``learned nothing`` where the interval includes chance or lies below it; ``undecided`` without one."""
    if pd.isna(ci_low) or pd.isna(ci_high):
        return UNDECIDED
    return LEARNED if ci_low > chance else NOTHING


def learned(comparisons: pd.DataFrame, suffix: str = "") -> pd.DataFrame:
    """A row per model and adjustment of comparisons.tsv: its keys, the interval it is judged by, ``verdict``.

    Judged are the metrics that are declared so (auroc_stratified, and pearson_stratified for quantitative
    traits), of the score, or with ``suffix`` ``_f`` of the network alone. Floors and ceilings are not judged.
    A fit that failed everywhere is undecided.
    """
    chance = comparisons["metric"].map({f"{metric}{suffix}": level for metric, level in judged().items()})
    adjusted = comparisons["adjustment"].fillna("") != ""
    rows = comparisons[chance.notna() & adjusted]
    verdicts = [
        verdict(low, high, level)
        for low, high, level in zip(rows["ci_low"], rows["ci_high"], chance[rows.index], strict=True)
    ]
    kept = [*WHO, "metric", "mean", "ci_low", "ci_high", "n_replicates"]
    return rows[kept].assign(verdict=verdicts).reset_index(drop=True)
