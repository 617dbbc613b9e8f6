"""The generated parts of adjustments.md: ``python docs/adjustments.py`` makes them anew.

They come from the method files, and from the published tables of the study adjustments-small and nothing else.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from stratbench.core.words import counted
from stratbench.genotypes import tables
from stratbench.methods import registry
from stratbench.metrics import rows
from stratbench.report.analysis.numbers import cell, listed, plain, signed

PAGE = Path(__file__).resolve().parent / "adjustments.md"
PUBLISHED = PAGE.parents[1] / "results" / "published" / "adjustments-small" / "summary"
FAILURE = "Known failure: "
COLUMNS = {  # metric -> head of its column
    "ancestry_logit": "f given y",
    "diff_ancestry_logit": "change",
    "ancestry_linear": "features, linear",
    "ancestry_linear_untrained": "untrained",
    "ancestry_nonlinear": "features, nonlinear",
    "ancestry_nonlinear_untrained": "untrained",
    "auroc_stratified_f": "AUROC of f within populations",
    "diff_auroc_stratified_f": "change",
}
CHANGES = {
    "diff_ancestry_logit": "ancestry decoded from f given y",
    "diff_auroc_stratified_f": "the AUROC of f within populations",
}
Rows = dict[tuple[str, str], Any]  # (adjustment, metric) -> row of comparisons.tsv


def paragraphs(module: Any) -> list[str]:
    """The paragraphs of a module's docstring, each in one line."""
    return [" ".join(part.split()) for part in module.__doc__.split("\n\n")]


def failure(module: Any) -> str:
    """What a method's docstring says that it fails at."""
    (found,) = [part for part in paragraphs(module) if part.startswith(FAILURE)]
    text = found.removeprefix(FAILURE).replace("``", "`")
    return text[0].upper() + text[1:]


def options(described: registry.Method) -> str:
    """A method's options with their defaults."""
    return ", ".join(
        f"`{name}` {json.dumps(schema['default'])}" for name, schema in described.options.items()
    )


def of_methods() -> dict[str, list[str]]:
    """The parts that are made from the method files, as lines by name."""
    table = ["| adjustment | what it does | acts on | options | source |", "|---|---|---|---|---|"]
    failures, at_test = [], []
    for name in registry.names("adjustment"):
        module, described = registry.load("adjustment", name), registry.describe("adjustment", name)
        defaults = {key: schema["default"] for key, schema in described.options.items()}
        places = sorted(place.replace("_", " ") for place in module.build(defaults).places)
        what = paragraphs(module)[0].replace("``", "`").replace("|", "\\|")
        acts = ", ".join(places) or "nothing"
        table.append(f"| `{name}` | {what} | {acts} | {options(described)} | {described.citation} |")
        failures.append(f"- `{name}`: {failure(module)}")
        reading = getattr(module, "READS_LABELS_AT_TEST", {})
        at_test += [f"`{name}` with `{key}: {value}`" for key, values in reading.items() for value in values]
    said = (
        f"Of the adjustments that ship, {', '.join(at_test)} reads the population labels of test individuals."
    )
    return {"table": table, "failures": failures, "labels": [said]}


def crossed(config: dict[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Each trait and model of a study, in the order of its config, with the adjustments that it crosses."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for block in config["blocks"]:
        for trait in block["traits"]:
            for model in block["models"]:
                found.setdefault((trait, model), {}).update(dict.fromkeys(block["adjustments"]))
    for (trait, model), labels in found.items():
        yield trait, model, list(labels)


def results(folder: Path = PUBLISHED) -> list[str]:
    """What a study of adjustments shows, as lines of the page.

    Args:
        folder: the study's summary: comparisons.tsv, runtime.tsv and provenance.json, and metrics.tsv, which may be
            too large to be committed and states why fits failed.

    Returns:
        A head, what the jobs took, and for each trait and model a table and the changes that its intervals show. One
        line that says so, where there is no such folder.
    """
    if not folder.is_dir():
        return [
            "No tables of this study are published with this version, and so nothing is said here of what they show."
        ]
    made = json.loads((folder / "provenance.json").read_text())
    found = tables.read(folder / "comparisons.tsv", rows.COMPARISONS)
    found = found[(found["population"] == "") & found["metric"].isin([*COLUMNS, "ancestry_chance"])]
    n = int(found["n_replicates"].max())
    said = [_head(made, found, n), "", _cost(tables.read(folder / "runtime.tsv", tables.RUNTIME))]
    reasons = _reasons(folder / "metrics.tsv")
    for trait, model, labels in crossed(made["config"]):
        here = found[(found["trait"] == trait) & (found["model"] == model)]
        by = {(row["adjustment"], row["metric"]): row for row in here.to_dict("records")}
        said += ["", f"### {trait}, {model}", *_table(by, labels, n), "", *_changes(by, labels)]
        said += [
            f"`{label}` has no value: {reasons.get((trait, model, label), 'the reason is not published')}."
            for label in labels
            if not _any(by, label)
        ]
    return said


def _any(by: Rows, label: str) -> bool:
    """Whether an adjustment has a value in any column."""
    return any(by.get((label, metric), {}).get("n_replicates") for metric in COLUMNS)


def _head(made: dict[str, Any], found: pd.DataFrame, n: int) -> str:
    """What the numbers are."""
    chance = found.loc[found["metric"] == "ancestry_chance", "mean"].max()
    return (
        f"Study `{made['config']['study']}`, {counted(n, 'replicate')}, {counted(made['fits'], 'fit')}: means with "
        "95% t intervals over replicates (n where a mean has fewer). Ancestry is decoded from f, the network's own "
        "output, given y, and from its hidden features, as balanced accuracy, of which chance is "
        f"{plain(chance)}. Untrained is the same network under the same adjustment before its training; a change is "
        "the paired difference from `none`."
    )


def _cost(runtime: pd.DataFrame) -> str:
    """What the jobs that trained took: one trains all fits of a split, so that no adjustment has a time of its own."""
    fits = runtime[runtime["rule"] == "fit"]
    minutes, most = fits["cpu_time"].sum() / 60, fits["max_rss"].max()
    return (
        f"{counted(len(fits), 'job')} trained the networks, all adjustments together, in {minutes:.0f} CPU minutes and "
        f"with at most {most:,.0f} MB; the tables hold no time or memory of single adjustments."
    )


def _reasons(path: Path) -> dict[tuple[str, str, str], str]:
    """Why fits gave no value: the first reason of each (trait, model, adjustment); none without the table."""
    if not path.is_file():
        return {}
    metrics = tables.read(path, rows.METRICS_TABLE)
    bad = metrics[metrics["status"] == "failed"]
    first = bad.groupby(["trait", "model", "adjustment"])["reason"].first()
    return {key: text.rstrip(".") for key, text in first.items()}


def _table(by: Rows, labels: list[str], n: int) -> list[str]:
    """A line for each adjustment that has a value."""
    lines = ["| adjustment | " + " | ".join(COLUMNS.values()) + " |", "|---" * (len(COLUMNS) + 1) + "|"]
    for label in labels:
        if _any(by, label):
            cells = [_cell(by.get((label, metric)), metric, n) for metric in COLUMNS]
            lines.append(f"| `{label}` | " + " | ".join(cells) + " |")
    return lines


def _cell(row: Any, metric: str, n: int) -> str:
    """Mean and interval; blank where there is no value, with its number of replicates where that is lower than n."""
    if row is None or not row["n_replicates"]:
        return ""
    few = f", n = {row['n_replicates']:.0f}" if row["n_replicates"] < n else ""
    return cell(row, signed if metric in CHANGES else plain) + few


def _changes(by: Rows, labels: list[str]) -> list[str]:
    """Sentences that say where the interval of a paired difference excludes 0, and how many intervals there are."""
    lines = []
    for metric, what in CHANGES.items():
        there = [
            row for label in labels if (row := by.get((label, metric))) and row["ci_low"] == row["ci_low"]
        ]
        fell = [f"`{row['adjustment']}`" for row in there if row["ci_high"] < 0]
        rose = [f"`{row['adjustment']}`" for row in there if row["ci_low"] > 0]
        apart = len(fell) + len(rose)
        lines.append(
            f"Of {counted(len(there), 'interval')} of the change of {what}, {apart} "
            f"{'excludes' if apart == 1 else 'exclude'} 0 (one in twenty would where nothing changes): it "
            f"fell under {listed(fell) or 'none of them'}, and rose under {listed(rose) or 'none of them'}."
        )
    return lines


def parts() -> dict[str, str]:
    """The generated parts of the page by their names."""
    found = {**of_methods(), "results": results()}
    return {name: "\n".join(lines) + "\n" for name, lines in found.items()}


def marks(name: str) -> tuple[str, str]:
    """The lines that a generated part stands between."""
    return f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->\n"


def page(text: str) -> str:
    """The page with its generated parts made anew."""
    for name, part in parts().items():
        begin, end = marks(name)
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}{part}{end}{after}"
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text()))
