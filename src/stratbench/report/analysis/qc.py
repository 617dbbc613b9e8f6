"""What quality control saw and did: the steps of a scenario's cohorts, and who and what each step saw of a cohort."""

import re

import numpy as np
import pandas as pd

from stratbench.genotypes import tables
from stratbench.report.analysis.numbers import MINUS
from stratbench.report.analysis.results import Results, scenarios
from stratbench.study.study import Cohort, Study

NOT_TESTED = "not tested"
NOT_ASKED = f"{NOT_TESTED}: not asked for"
NO_LABEL = "no label"


def real_scenarios(study: Study) -> list[str]:
    """The real cohorts; simulated ones are clean from the start."""
    return [name for name, cohorts in scenarios(study).items() if cohorts[0].real]


def waterfall(results: Results, cohort: Cohort) -> pd.DataFrame:
    """qc.tsv with its thresholds as text, in the order of the steps."""
    table = results.table(tables.QC, results.paths.qc, cohort)
    return table.assign(threshold=table["threshold"].fillna("").astype(str))


def steps(results: Results, scenario: str) -> pd.DataFrame:
    """Summarise the steps of QC over a scenario's cohorts, in a row for each step and unit.

    The columns are ``threshold``; ``removed``, ``least`` and ``most``, the mean, smallest and largest number that a
    cohort's step removed; and ``left``, the mean number that it left.
    """
    found = [
        waterfall(results, cohort).assign(order=lambda table: range(len(table)))
        for cohort in scenarios(results.study)[scenario]
    ]
    together = pd.concat(found, ignore_index=True)
    return (
        together.groupby(["unit", "step"], sort=False)
        .agg(
            order=("order", "min"),
            threshold=("threshold", "first"),
            removed=("removed", "mean"),
            least=("removed", "min"),
            most=("removed", "max"),
            left=("left", "mean"),
        )
        .reset_index()
        .sort_values("order", kind="stable")
    )


def people(results: Results, cohort: Cohort) -> pd.DataFrame:
    """Read qc_samples.tsv, all individuals of the source, and add the populations that the other pictures show.

    ``declared`` are the source's labels, by which QC tested; ``population`` may have been called since. Removed
    people keep the source's label.
    """
    table = _steps_as_text(results.table(tables.QC_SAMPLES, results.paths.qc_samples, cohort))
    kept = results.table(tables.SAMPLES, results.paths.samples, cohort)
    table["declared"] = table["population"].fillna("").astype(str)
    final = table["iid"].map(kept.set_index("iid")["population"])  # QC may have called it
    table["population"] = final.fillna(table["declared"]).replace("", NO_LABEL)
    return table


def snps(results: Results, cohort: Cohort) -> pd.DataFrame:
    """Read qc_snps.tsv.gz, all SNPs of the source."""
    return _steps_as_text(results.table(tables.QC_SNPS, results.paths.qc_snps, cohort))


def _steps_as_text(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(removed_by=table["removed_by"].fillna("").astype(str))  # numbers if all are blank


def hwe_tests(results: Results, cohort: Cohort, table: pd.DataFrame) -> int:
    """The number of P values of Hardy-Weinberg equilibrium of which QC took the smallest, one for each population.

    ``table`` is what ``people`` returns. The number is 1 where QC tested all individuals together.
    """
    left = table.loc[table["removed_by"] == "", "declared"]
    within = (results.study.cohort_spec(cohort.label).get("qc") or {}).get("hwe_within", "population")
    return 1 if within == "pooled" else max(len(set(left) - {""}), 1)


def turned(table: pd.DataFrame) -> pd.DataFrame:
    """Give the PCs after QC the signs of those before it, because the sign of a PC is arbitrary."""
    table = table.copy()
    for axis in ("pc1", "pc2"):
        both_N2 = table[[f"{axis}_before", f"{axis}_after"]].dropna().to_numpy(dtype=float)
        if len(both_N2) and np.sum(both_N2[:, 0] * both_N2[:, 1]) < 0:
            table[f"{axis}_after"] = -table[f"{axis}_after"]
    return table


def threshold(steps: pd.DataFrame, step: str) -> str:
    """The waterfall's threshold of a step; 'not tested' with the reason if the step was not taken."""
    found = steps.loc[steps["step"] == step, "threshold"]
    return str(found.iloc[0]) if len(found) else NOT_ASKED


def limit(text: str) -> float | None:
    """The number of a threshold, 'missing > 0.1' or '3 SD of F'; None of a step that was not taken."""
    found = re.search(r"\d+(\.\d+)?(e-?\d+)?", text)
    return None if text.startswith(NOT_TESTED) or not found else float(found[0])


def shown(text: str) -> str:
    """A threshold as the report writes numbers: missing > .1, P < 1e−6."""
    text = re.sub(r"(?<![\d.])0\.(?=\d)", ".", text)
    return re.sub(r"e-0*(\d)", rf"e{MINUS}\1", text).replace("r2", "r\N{SUPERSCRIPT TWO}")


def seen(table: pd.DataFrame, steps: pd.DataFrame, unit: str, step: str) -> pd.DataFrame:
    """Select the rows of individuals or SNPs that were still there when a step of QC began.

    Args:
        table: what ``people`` or ``snps`` returns.
        steps: what ``waterfall`` returns.
        unit: what the table's rows are: 'individuals' or 'SNPs'.
        step: the step's name.

    Returns:
        The rows that no earlier step of this unit removed. If the step was not taken, these are the rows that no step
        removed.
    """
    order = steps.loc[steps["unit"] == unit, "step"].tolist()
    earlier = order[: order.index(step)] if step in order else order
    return table[~table["removed_by"].isin(earlier)]


def counted(steps: pd.DataFrame, unit: str, step: str) -> int:
    """The number by which the counts of missing genotypes at a step are divided.

    It is a number of SNPs where ``unit`` is 'individuals', and a number of individuals where it is 'SNPs'.
    """
    others = steps.loc[: steps.index[steps["step"] == step][0]]
    return int(others.loc[others["unit"].isin({"individuals", "SNPs"} - {unit}), "left"].iloc[-1])
