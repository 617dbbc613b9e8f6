"""Counts agree with their nouns, wherever they are said."""

import re
from pathlib import Path

import numpy as np
import pytest

from stratbench.cohorts.qc.waterfall import Waterfall
from stratbench.core.words import counted
from stratbench.metrics.correlation import pearson

SOURCES = Path(__file__).parents[2] / "src" / "stratbench"
NOUNS = "individuals|SNPs|populations|families|cohorts|replicates|seeds|PCs|splits|fits|columns"
# A length or an attribute beside a plural: where it may be 1, `counted` says it.
BARE = re.compile(rf"\{{(?:len\([\w.\[\]'\"()-]*\)|[\w.\[\]]+\.(?:sum|nunique)\(\))\}} (?:{NOUNS})")
OF = re.compile(r" of $")  # 1 of 80 individuals


def test_one_is_one() -> None:
    assert [counted(n, "SNP") for n in (0, 1, 2, 12_000)] == ["0 SNPs", "1 SNP", "2 SNPs", "12,000 SNPs"]
    assert [counted(n, "family", "families") for n in (1, 2)] == ["1 family", "2 families"]


def test_logs_and_reasons_say_so(capsys: pytest.CaptureFixture[str]) -> None:
    steps = Waterfall({"individuals": 3, "SNPs": 2}, "x.bed")
    steps.add("thin", "SNPs", 1)
    assert "thin: 1 SNP removed, 1 left" in capsys.readouterr().out
    assert pearson(np.ones(1), np.ones(1)).reason.startswith("1 individual; ")


def test_no_length_stands_bare_before_a_plural() -> None:
    found = []
    for path in SOURCES.rglob("*.py"):
        text = path.read_text()
        matches = [match for match in BARE.finditer(text) if not OF.search(text[: match.start()])]
        found += [f"{path.name}: {match[0]}" for match in matches]
    assert not found, f"use words.counted: {found}"
