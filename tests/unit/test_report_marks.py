"""The report marks adjustments that read the population labels of those whom they predict, and lists all options."""

from typing import Any

import pytest

from example_results import Example
from made_results import change, made, words
from stratbench.report.analysis.results import Results
from stratbench.report.page import Listing, Table, Text
from stratbench.report.text import changes, methods
from stratbench.report.wording import reads_labels

MARK = "\N{DAGGER}"
COMBINED = "pc-covariates+population-standardise"


def results(*adjustments: str) -> Results:
    example = Example(
        traits=("confounded",), models=("cnn",), adjustments=("none", *adjustments), attributions=(), associations=(),
        real=False,
    )  # fmt: skip
    rows: list[dict[str, Any]] = [row for name in adjustments for row in change(name, "auroc_f", -0.2, -0.1)]
    found = made(example, [{**row, "p_holm": 0.01} for row in rows], several=False)
    for name in {part for label in adjustments for part in label.split("+")}:
        found.study.config["adjustments"][name] = {"method": name, "file": None, "options": {"pcs": 7}}
    return found


@pytest.mark.parametrize("label", ["population-standardise", COMBINED])
def test_adjustments_that_read_labels_at_test_are_marked(label: str) -> None:
    found = results("pc-covariates", label)
    assert reads_labels(found.study, label)
    section = changes.build(found)
    assert section is not None
    (table,) = (block for block in section.blocks if isinstance(block, Table))
    assert [row[1] for row in table.rows] == ["pc-covariates", f"{label} {MARK}"]
    assert table.caption.endswith(f"{MARK} reads the population labels of test individuals.")
    of_methods = methods.build(found)
    assert of_methods is not None
    said = words([Listing([block for block in of_methods.blocks if isinstance(block, Text)])])
    assert said.startswith("Labels at test. population-standardise reads the population labels")


def test_others_are_not_marked_and_their_options_are_listed() -> None:
    found = results("pc-covariates")
    section = changes.build(found)
    assert section is not None
    assert MARK not in "".join(block.caption for block in section.blocks if isinstance(block, Table))
    of_methods = methods.build(found)
    assert of_methods is not None
    (table,) = of_methods.blocks
    assert isinstance(table, Table)
    assert ["adjustment", "pc-covariates", "pc-covariates: pcs 7"] in [list(row[:3]) for row in table.rows]
