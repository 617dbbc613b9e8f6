"""Populations are called what their owners call them, in tables, figures and report, or refused in a line."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from example_results import Example, figure_outputs, make
from stratbench.cohorts.real import tables
from stratbench.cohorts.real.labels import require
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.report import style
from stratbench.report.figures.run import figures
from stratbench.report.report import report

NAMES = [
    "$x$",
    r"$\frac$",
    r"\alpha\$",
    "{trait}",
    'a"b',
    "a/b",
    "<b>&amp;",
    "_x",
    "01",
    "NA",
    "%s {0}",
    'id="#"',
]
COLUMNS = ("population", "population_1", "population_2", "population_declared")
SMALL = Example(
    replicates=1, populations=len(NAMES), traits=("confounded",), models=("linear",), adjustments=("none",),
    attributions=("gradient-input",), snps=90,
)  # fmt: skip
KINDS = {"pca", "fst", "kinship", "qc-checks", "qc-pca", "demography"}


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Figures and report of a study whose populations are called so."""
    base = tmp_path_factory.mktemp("names")
    config = make(base, SMALL)
    called = {f"p{k + 1}": name for k, name in enumerate(NAMES)}
    for path in base.rglob("*.tsv"):
        table = files.read_tsv(path)
        if set(COLUMNS) & set(table.columns):
            files.write_tsv(table.replace(dict.fromkeys(COLUMNS, called)), path)
    every = base / "results/example/cohorts/mice"
    for name in ("samples.tsv", "qc_samples.tsv"):
        table = files.read_tsv(every / name)
        files.write_tsv(table.assign(population=np.resize(NAMES, len(table))), every / name)
    figures({}, figure_outputs(base), config=config, base=base)
    report({}, {"report": base / "results/example/report.html"}, config=config, base=base)
    return base / "results/example/figures", (base / "results/example/report.html").read_text()


def shown(svg: str) -> list[str]:
    """The texts of a picture."""
    return [html.unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)]


@pytest.mark.parametrize(
    "name", ["pca_split-fst05", "fst_split-fst05", "kinship_split-fst05", "qc-checks_mice", "qc-pca_mice"]
)
def test_figures_show_names_as_they_are(page: tuple[Path, str], name: str) -> None:
    folder, _ = page
    texts = shown((folder / f"{name}.svg").read_text())
    assert [own for own in NAMES if own not in texts] == []


def test_no_figure_has_mathematics(page: tuple[Path, str]) -> None:
    """Mathematics would be tried with what stands between two $ of a name."""
    drawn = sorted(page[0].glob("*.svg"))
    assert len(drawn) > 10
    assert [path.name for path in drawn if "mathdefault" in path.read_text()] == []


class Texts(HTMLParser):
    """The text of a page between tags, and its tags."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)


def test_the_report_shows_names_as_they_are(page: tuple[Path, str]) -> None:
    read = Texts(page[1])
    assert [own for own in NAMES if own not in read.texts] == []
    assert "b" not in read.tags


def test_a_log_axis_has_powers_of_ten(tmp_path: Path) -> None:
    figure, axes = style.canvas(3, 3)
    style.log_axis(axes[0, 0], "y")
    axes[0, 0].set_ylim(0.005, 2e4)
    style.save(figure, tmp_path / "x")
    assert {"10⁻²", "10⁰", "10²", "10⁴"} <= set(shown((tmp_path / "x.svg").read_text()))


def test_tables_keep_names_as_they_are(tmp_path: Path) -> None:
    table = pd.DataFrame({"population_1": NAMES, "population_2": NAMES[::-1], "population": "01", "fst": 0.1})
    files.write_tsv(table, tmp_path / "fst.tsv")
    pd.testing.assert_frame_equal(files.read_tsv(tmp_path / "fst.tsv"), table)
    files.write_tsv(table[table["population"] == table["population_1"]], tmp_path / "numbers.tsv")
    assert files.read_tsv(tmp_path / "numbers.tsv")["population_1"].tolist() == ["01"]


def test_names_are_good_as_they_are() -> None:
    require(pd.Series([*NAMES, "Grün", "中", "a b"]), pd.Series("i", range(15)), "declared", "table.tsv")


@pytest.mark.parametrize(
    ("name", "code"),
    [("a\nb", "000A"), ("a\tb", "0009"), ("a\u00a0b", "00A0"), ("a\u200bb", "200B"), ("a\u2028b", "2028")],
)
def test_what_nobody_sees_is_refused_in_a_line(name: str, code: str) -> None:
    with pytest.raises(UserError) as refused:
        require(pd.Series(["p1", name]), pd.Series(["i1", "i2"]), "declared", "table.tsv, column 'pop'")
    assert str(refused.value) == (
        f"table.tsv, column 'pop': the population {name!r} holds a character that nobody sees (U+{code}); rename it"
    )


def test_a_value_over_two_lines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text('IID,pop\ni1,p1\n\ni2,"a\nb"\n')
    with pytest.raises(
        UserError, match=r"own\.csv: line 4: a value in quotation marks goes on in the next line"
    ):
        tables.read(path)
