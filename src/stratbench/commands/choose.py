"""``stratbench choose CONFIG``: which recipe of each architecture a study's validation people choose, as a table.

Only the criterion ``oracle`` looks at test people: it shows what could have been chosen, and is no choice.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

CRITERIA = {  # name -> (metric, whether higher is better, words)
    "known": ("selection_within", True, "accuracy of f within populations, validation people"),
    "unknown": ("selection_loss", False, "pooled loss, validation people"),
    "oracle": ("auroc_stratified_f", True, "AUROC of f within populations, test people"),
}


def add(commands: Any) -> None:
    """Add the command to argparse's subparsers."""
    text = "show which recipe of each architecture the validation people of a finished study choose"
    command = commands.add_parser("choose", help=text, description=text)
    command.add_argument(
        "config", type=Path, metavar="CONFIG", help="config of the study, such as config/tune.yaml"
    )
    command.add_argument(
        "--criterion",
        choices=list(CRITERIA),
        default="known",
        help="whether populations are known where recipes are chosen; oracle looks at test people, and is no choice",
    )
    command.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> None:
    """Print a Markdown table: a row for each recipe, the best of each architecture first."""
    from stratbench.commands.plan import plan
    from stratbench.core import yaml_file
    from stratbench.metrics import rows
    from stratbench.study.paths import Paths

    study = plan(yaml_file.read(arguments.config))
    table = rows.read(Paths(study.name).summary_metrics)
    metric, higher, words = CRITERIA[arguments.criterion]
    own = table[(table["metric"] == metric) & (table["status"] == "ok") & table["seed"].notna()]
    if own.empty:
        sys.exit(f"stratbench: {Paths(study.name).summary_metrics} has no {metric}; run the study first")
    print("\n".join(lines(own, study.config["models"], higher, words)))


def lines(own: Any, models: Mapping[str, Mapping[str, Any]], higher: bool, words: str) -> list[str]:
    """The table's lines.

    Args:
        own: rows of metrics.tsv of one metric, of every model of a study.
        models: the spec of each model label.
        higher: whether higher is better.
        words: what the metric is.

    Returns:
        A head that says what the numbers are, and a line for each model: means over replicates by trait and
        adjustment (blank where the study does not have that fit), and the mean of these, which chooses.
    """
    by_cohort = own.groupby(["model", "trait", "adjustment", "cohort"])["value"].mean()
    by_task = by_cohort.groupby(["model", "trait", "adjustment"])
    mean, error = by_task.mean().unstack([1, 2]), by_task.sem().unstack([1, 2])
    chosen = mean.mean(axis=1)
    tasks, n = sorted(mean.columns, key=lambda task: (task[1] != "none", task)), own["cohort"].nunique()
    head = [
        f"Means over {n} replicates (standard error): {words}. The best mean of a row comes first.",
        "",
        f"| architecture | recipe | {' | '.join(' under '.join(task) for task in tasks)} | mean | first |",
        "|---" * (len(tasks) + 4) + "|",
    ]
    body = []
    for method in dict.fromkeys(models[label]["method"] for label in mean.index):
        labels = [label for label in mean.index if models[label]["method"] == method]
        for place, label in enumerate(chosen[labels].sort_values(ascending=not higher).index):
            cells = [_cell(mean.loc[label, task], error.loc[label, task]) for task in tasks]
            recipe, yes = _differing(models, labels, label), "" if place else "yes"
            body.append(f"| {method} | {recipe} | {' | '.join(cells)} | {chosen[label]:.4f} | {yes} |")
    return head + body


def _cell(mean: float, error: float) -> str:
    return "" if mean != mean else f"{mean:.3f} ({error:.3f})"


def _differing(models: Mapping[str, Mapping[str, Any]], labels: list[str], label: str) -> str:
    """The options of a model that are not the same in all models of its architecture."""
    options = models[label]["options"]
    keys = [key for key in options if len({repr(models[other]["options"][key]) for other in labels}) > 1]
    return ", ".join(f"{key} {options[key]}" for key in keys) or "defaults"
