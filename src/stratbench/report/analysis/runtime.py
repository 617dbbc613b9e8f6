"""Where a study's time and memory went."""

import pandas as pd

from stratbench.report.analysis.results import Results


def by_rule(results: Results) -> pd.DataFrame:
    """Jobs, total and median seconds and the largest memory (MB) of each rule, in the order of first use."""
    table = results.runtime
    if table.empty:
        return pd.DataFrame(columns=["rule", "jobs", "total", "median", "memory"])
    seconds = "s" if "s" in table else "seconds"
    table = table.assign(memory=table["max_rss"] if "max_rss" in table else float("nan"))
    return (
        table.groupby("rule", sort=False)
        .agg(
            jobs=(seconds, "size"), total=(seconds, "sum"), median=(seconds, "median"),
            memory=("memory", "max"),
        )
        .reset_index()
    )  # fmt: skip
