"""``stratbench choose CONFIG``: which recipe a study's validation people choose, as a table.

Recipes of each architecture, or options of each adjustment under each architecture. Only the criterion ``oracle`` looks
at test people: it shows what could have been chosen, and is no choice.
"""

import argparse
import re
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
    text = "show which recipe of each architecture or adjustment the validation people of a finished study choose"
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
    command.add_argument(
        "--of",
        choices=["models", "adjustments"],
        default="models",
        help="whose recipes: labels that differ by a number at their end, as adversarial-1, are one adjustment's grid",
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
    if arguments.of == "adjustments":
        print("\n".join(of_adjustments(own, study.config, higher, words)))
    else:
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


def of_adjustments(own: Any, config: Mapping[str, Any], higher: bool, words: str) -> list[str]:
    """The table's lines, of adjustments.

    Args:
        own: rows of metrics.tsv of one metric, of every fit of a study.
        config: the study's config.
        higher: whether higher is better.
        words: what the metric is.

    Returns:
        A head that says what the numbers are, and a line for each pair of a model and an adjustment: a grid is all
        pairs of one architecture and one adjustment, which has options of its own, or whose models differ. The means
        over traits choose, of those that have a number in every replicate.
    """
    value = own.groupby(["model", "adjustment", "trait", "cohort"])["value"].mean().unstack("cohort")
    by_task = value.mean(axis=1, skipna=False).unstack("trait")
    error = value.sem(axis=1).unstack("trait")
    chosen = by_task.mean(axis=1, skipna=False)
    grids: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for model, adjustment in by_task.index:
        grids.setdefault((config["models"][model]["method"], stem(adjustment)), []).append(
            (model, adjustment)
        )
    head = [
        f"Means over {value.shape[1]} replicates (standard error): {words}. The best mean of a grid comes first; "
        "one without a number in every replicate is blank and not chosen.",
        "",
        f"| architecture | adjustment | of | options | {' | '.join(by_task.columns)} | mean | first |",
        "|---" * (len(by_task.columns) + 6) + "|",
    ]
    body = []
    for (method, name), pairs in grids.items():
        ordered = chosen[pairs].sort_values(ascending=not higher, na_position="last")
        for place, (model, adjustment) in enumerate(ordered.index):
            cells = [
                _cell(by_task.loc[(model, adjustment), t], error.loc[(model, adjustment), t]) for t in by_task
            ]
            mean = ordered.iloc[place]
            yes = "yes" if place == 0 and mean == mean else ""
            options = _of_pair(config, pairs, model, adjustment)
            shown = "" if mean != mean else f"{mean:.4f}"
            body.append(
                f"| {method} | {name} | {len(pairs)} | {options} | {' | '.join(cells)} | {shown} | {yes} |"
            )
    return head + body


def stem(adjustment: str) -> str:
    """An adjustment's label without the numbers of its grid: ``input-residual+adversarial-2`` is of one grid."""
    return re.sub(r"-\d+(?=\+|$)", "", adjustment)


def _of_pair(config: Mapping[str, Any], pairs: list[tuple[str, str]], model: str, adjustment: str) -> str:
    """The options in which the pairs of a grid differ, of the model and of each part of the adjustment."""
    found = []
    models = list(dict.fromkeys(name for name, _ in pairs))
    if len(models) > 1:
        found.append(_differing(config["models"], models, model))
    labels = list(dict.fromkeys(name for _, name in pairs))
    for k, part in enumerate(adjustment.split("+")):
        others = list(dict.fromkeys(label.split("+")[k] for label in labels))
        if len(others) > 1:
            found.append(_differing(config["adjustments"], others, part))
    return ", ".join(found) or "defaults"


def _cell(mean: float, error: float) -> str:
    return "" if mean != mean else f"{mean:.3f} ({error:.3f})"


def _differing(specs: Mapping[str, Mapping[str, Any]], labels: list[str], label: str) -> str:
    """The options of a model or an adjustment that are not the same under all of these labels."""
    options = specs[label]["options"]
    keys = [key for key in options if len({repr(specs[other]["options"][key]) for other in labels}) > 1]
    return ", ".join(f"{key} {options[key]}" for key in keys) or "defaults"
