"""Quality control in the report: its waterfall, what the steps looked at, axes before and after."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from example_results import Example, make
from stratbench.core import files
from stratbench.report import style
from stratbench.report.analysis import qc as steps_of_qc
from stratbench.report.analysis.numbers import MINUS
from stratbench.report.analysis.results import Results, scenarios
from stratbench.report.figures import _qc, pca, qc, qc_checks, qc_pca
from stratbench.report.page import Table, Text
from stratbench.report.text import cohorts
from stratbench.study.study import Study

SMALL = Example(traits=(), models=(), attributions=(), associations=(), adjustments=("none",), snps=90)


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(Study(make(tmp_path, SMALL)), tmp_path)


def written(results: Results, pattern: str) -> Path:
    return results.base / pattern.format(cohort="mice")


def change(results: Results, pattern: str, **columns: object) -> None:
    """Write columns of a table of the mice anew."""
    path = written(results, pattern)
    files.write_tsv(pd.read_csv(path, sep="\t").assign(**columns), path)


def panels(results: Results) -> dict[str, object]:
    figure = qc_checks.draw(qc_checks.load(results, "mice"))
    figure.canvas.draw()
    return {axis.get_title(loc="left").split(" (")[0]: axis for axis in figure.axes}


def heights(axis: object, colour: str) -> float:
    """All bars of a colour together."""
    from matplotlib.colors import to_rgba

    return sum(bar.get_height() for bar in axis.patches if bar.get_facecolor() == to_rgba(colour))


def texts(axis: object) -> list[str]:
    return [text.get_text() for text in axis.texts]


def test_what_ids_match_nobody_stands_in_the_report(results: Results) -> None:
    lost = (
        "Of 85 individuals in the .fam, 3 have no row in the table mice.tsv, and so no values of its columns; 7 of the "
        "table's 89 rows match nobody and are left out."
    )
    assert words(results).count(lost) == 1
    change(results, results.paths.raw_tables, without_row=0, strangers=0)
    assert not [text for text in words(results) if "match nobody" in text]


def words(results: Results) -> list[str]:
    return [block.text for block in cohorts.build(results).blocks if isinstance(block, Text)]


def test_only_real_cohorts_have_pictures_of_what_qc_saw(results: Results) -> None:
    for module, name in ((qc_checks, "qc-checks_mice"), (qc_pca, "qc-pca_mice")):
        assert module.pictures(results.study, results.groups) == [(name, "mice")]


def test_bars_count_what_the_steps_removed_and_lines_are_thresholds(results: Results) -> None:
    found = panels(results)
    person, snp, hwe = (
        found[name] for name in ("Missing per individual", "Missing per SNP", "Hardy-Weinberg equilibrium")
    )
    assert heights(person, _qc.REMOVED) == 2
    assert heights(person, _qc.LEFT) == 85  # of everyone: those removed are drawn over them
    assert heights(snp, _qc.REMOVED) == 10
    assert heights(hwe, _qc.REMOVED) == 80
    assert heights(found["Relatedness of pairs"], _qc.REMOVED) == 1
    for axis, at in ((person, 0.1), (snp, 0.05), (hwe, 6.0)):
        assert at in [line.get_xdata()[0] for line in axis.lines]
    assert "missing > .1" in texts(person)
    assert f"P < 1e{MINUS}6" in texts(hwe)
    assert [text for text in texts(found["Relatedness of pairs"]) if text.startswith(("3rd", "same"))] == [
        "3rd degree\n1",
        "same\n1",
    ]


def test_thresholds_of_heterozygosity_are_those_that_qc_drew(results: Results) -> None:
    f_N = pd.read_csv(written(results, results.paths.qc_samples), sep="\t")["f"].dropna()
    lines = sorted(
        line.get_ydata()[0] for line in panels(results)["Heterozygosity against missingness"].lines
    )
    assert lines == pytest.approx([f_N.mean() - 3 * f_N.std(ddof=1), f_N.mean() + 3 * f_N.std(ddof=1)])
    assert f_N.between(*lines).sum() == 81  # all but the two that the step removed


def test_expected_p_values_are_the_smallest_of_as_many_as_there_are_populations(results: Results) -> None:
    data = qc_checks.load(results, "mice")
    assert data.tests == 1
    rng = np.random.default_rng(1)
    p_M = rng.uniform(size=(200_000, 3)).min(axis=1)
    snps = pd.DataFrame({"hwe_p": p_M, "missing": 0.0, "removed_by": ""})
    axes = qc_checks.draw(replace(data, snps=snps, tests=3)).axes
    stairs = next(patch for patch in axes[3].patches if patch.__class__.__name__ == "StepPatch")
    expected, edges, _ = stairs.get_data()
    seen = np.histogram(-np.log10(p_M), edges)[0]
    assert len(seen) > 8
    assert (np.abs(seen - expected) < 5 * np.sqrt(expected) + 1).all()


@pytest.mark.parametrize("mating", ["inbred", "pedigree"])
def test_what_was_not_tested_is_said_with_the_reason(results: Results, mating: str) -> None:
    path = written(results, results.paths.qc)
    steps = pd.read_csv(path, sep="\t", keep_default_na=False)
    steps.loc[steps["step"] == "duplicates", "threshold"] = f"not tested: {mating}"
    files.write_tsv(steps[~steps["step"].isin(["HWE", "heterozygosity"])], path)
    change(results, results.paths.qc_snps, hwe_p=np.nan)
    files.write_tsv(
        pd.DataFrame(columns=["iid_1", "iid_2", "snps", "ibs0", "kinship"]),
        written(results, results.paths.kinship),
    )
    cohort = results.base / "config/cohorts/mice.yaml"
    cohort.write_text(f"{cohort.read_text()}mating: {mating}\n")
    found = panels(results)
    assert texts(found["Relatedness of pairs"]) == [f"not tested: {mating}\n({_qc.WHY[mating]})"]
    assert texts(found["Hardy-Weinberg equilibrium"]) == [
        f"not tested: not asked for\n({mating}: {_qc.WHY[mating]})"
    ]
    assert "no threshold" in texts(found["Heterozygosity against missingness"])
    shown = [text.get_text() for axis in qc.draw(qc.load(results, "mice")).axes for text in axis.texts]
    assert f"not tested: {mating}" in shown


def test_relatives_of_a_pedigree_are_drawn_though_none_was_to_be_removed(results: Results) -> None:
    path = written(results, results.paths.qc)
    steps = pd.read_csv(path, sep="\t", keep_default_na=False)
    steps.loc[steps["step"] == "duplicates", "threshold"] = "not tested: pedigree"
    files.write_tsv(steps, path)
    axis = panels(results)["Relatedness of pairs"]
    assert heights(axis, _qc.LEFT) == 3
    assert heights(axis, _qc.REMOVED) == 0
    assert not [line for line in axis.lines if line.get_linestyle() == "--"]
    assert "no threshold" in texts(axis)
    assert "1st degree\n1" in texts(axis)


def test_nobody_removed_nothing_varies(results: Results) -> None:
    """Blank and constant columns, and axes that are not there, still draw."""
    blank = {f"pc{k}_{when}": np.nan for k in (1, 2) for when in ("before", "after")}
    change(results, results.paths.qc_samples, missing=0, f=np.nan, removed_by=np.nan, **blank)
    change(results, results.paths.qc_snps, missing=0, removed_by=np.nan, hwe_p=0)
    found = panels(results)
    assert heights(found["Missing per individual"], _qc.REMOVED) == 0
    assert texts(found["Heterozygosity against missingness"]) == ["no heterozygosity: no SNP was left for it"]
    (said,) = qc_pca.draw(qc_pca.load(results, "mice")).axes[0].texts
    assert said.get_text().startswith("Too few SNPs")


def test_axes_after_keep_the_signs_of_those_before_and_crosses_are_the_removed(results: Results) -> None:
    path = written(results, results.paths.qc_samples)
    table = pd.read_csv(path, sep="\t")
    table["pc1_after"] = -table["pc1_before"].where(table["removed_by"].isna())
    files.write_tsv(table, path)
    data = qc_pca.load(results, "mice")
    left = data.people.table["removed_by"] == ""
    turned = data.people.table[left]
    np.testing.assert_allclose(turned["pc1_after"], turned["pc1_before"])
    before, after = qc_pca.draw(data).axes[:2]
    sizes = [[len(drawn.get_offsets()) for drawn in axis.collections] for axis in (before, after)]
    assert sizes == [[83, 3], [80, 0]]


def test_populations_have_the_colours_of_the_pca_figure(tmp_path: Path) -> None:
    results = Results(Study(make(tmp_path, SMALL)), tmp_path)
    path = written(results, results.paths.samples)
    samples = files.read_tsv(path)
    samples["population"] = [("b", "c", "d")[k % 3] for k in range(len(samples))]
    files.write_tsv(samples, path)
    change(results, results.paths.qc_samples, population=["a"] * 85)  # what the source said; QC called others
    people = _qc.people(results, scenarios(results.study)["mice"][0])
    assert people.colours.items() >= pca.load(results, "mice").colours.items()
    assert people.colours["a"] == style.QUIET  # only the removed
    assert set(people.table["population"][people.table["removed_by"] != ""]) == {"a"}


def test_waterfall_is_shown_as_a_table(results: Results) -> None:
    section = cohorts.build(results)
    assert section is not None
    (table,) = [
        block for block in section.blocks if isinstance(block, Table) and "Quality control" in block.caption
    ]
    assert list(table.head) == ["step", "of", "removes, if", "removed", "left"]
    assert ["SNP call rate", "SNPs", "missing > .05", "10", "350"] in table.rows
    assert table.rows[-1] == [
        "LD pruning",
        "structure SNPs",
        "50 SNPs, step 5, r\N{SUPERSCRIPT TWO} > .2",
        "45",
        "45",
    ]
    names = [block.name for block in section.blocks if block.block == "image"]
    assert {"qc_mice", "qc-checks_mice", "qc-pca_mice"} <= set(names)


@pytest.mark.parametrize(
    ("text", "limit", "shown"),
    [
        ("missing > 0.1", 0.1, "missing > .1"),
        ("P < 1e-06", 1e-6, f"P < 1e{MINUS}6"),
        ("3 SD of F", 3.0, "3 SD of F"),
        ("not tested: fewer than 500 SNPs", None, "not tested: fewer than 500 SNPs"),
        ("missing > 1", 1.0, "missing > 1"),
        ("", None, ""),
    ],
)
def test_thresholds(text: str, limit: float | None, shown: str) -> None:
    assert steps_of_qc.limit(text) == limit
    assert steps_of_qc.shown(text) == shown


@pytest.mark.parametrize(("limit", "n"), [(0.05, 425), (0.1, 352_035), (0.2, 374), (0.0, 10), (1.0, 90)])
def test_bins_are_as_wide_and_end_at_the_limit(limit: float, n: int) -> None:
    edges = qc_checks.bins(max(1.15 * limit, 0.001), limit, n)
    counts = np.arange(n + 1)
    inside = counts[(counts / n < edges[-1])]
    removed = inside[inside / n > limit * (1 + 1e-9)]
    per_bin = np.histogram(inside / n, edges)[0]
    assert per_bin.sum() == len(inside)
    assert len(set(per_bin[edges[1:] <= 1])) == 1
    assert not len(removed) or np.isclose(edges, (removed[0] - 0.5) / n).any()


def test_thresholds_of_heterozygosity_follow_the_labels_that_qc_knew(results: Results) -> None:
    samples = files.read_tsv(written(results, results.paths.samples))
    files.write_tsv(samples.assign(population="called"), written(results, results.paths.samples))
    change(results, results.paths.qc_samples, population=["", "x", "y", "z", "w"] * 17)
    table = _qc.people(results, scenarios(results.study)["mice"][0]).table.dropna(subset="f")
    lines = sorted(
        line.get_ydata()[0] for line in panels(results)["Heterozygosity against missingness"].lines
    )
    spread = table.groupby("declared")["f"].agg(["mean", "std"])
    assert len(spread) == 5
    expected = [*(spread["mean"] - 3 * spread["std"]), *(spread["mean"] + 3 * spread["std"])]
    assert lines == pytest.approx(sorted(expected))


def test_people_without_a_population_are_a_step_of_the_waterfall_and_in_the_text(results: Results) -> None:
    """Two of those who were removed had no label, and were left out before anything else."""
    steps_path, people_path = (
        written(results, name) for name in (results.paths.qc, results.paths.qc_samples)
    )
    people = files.read_tsv(people_path, text=("population", "removed_by")).fillna("")
    gone_N = people["iid"].isin(["gone0", "gone1"])
    people.loc[gone_N, ["population", "removed_by"]] = ["", "population"]
    files.write_tsv(people, people_path)
    steps = files.read_tsv(steps_path, text=("step", "threshold"))
    first = {"step": "population", "unit": "individuals", "removed": 2, "left": 83, "threshold": "no label"}
    steps.loc[steps["step"] == "sample call rate", "removed"] = 0
    files.write_tsv(pd.concat([steps[:2], pd.DataFrame([first]), steps[2:]]), steps_path)
    found = panels(results)
    assert heights(found["Missing per individual"], _qc.LEFT) == 83
    assert qc_checks.load(results, "mice").people.colours.keys() == {"all"}
    labels = [
        text.get_text() for axis in qc.draw(qc.load(results, "mice")).axes for text in axis.get_yticklabels()
    ]
    assert "population: no label" in labels
    section = cohorts.build(results)
    assert section is not None
    (about,) = [
        block.text for block in section.blocks if getattr(block, "text", "").startswith("A real cohort")
    ]
    assert about.startswith(
        "A real cohort: 80 individuals and 90 SNPs after quality control, without 2 individuals who"
    )


@pytest.mark.parametrize(
    ("axes", "people", "said"),
    [
        (20, 60, []),
        (20, 24, ["20 PCs from 24 unrelated training individuals, more than one for three people"]),
        (9, 10, ["9 PCs could be had of the 20", "9 PCs from 10 unrelated training individuals"]),
        (1, 40, ["1 PC could be had of the 20 that are asked for"]),
    ],
)
def test_few_people_behind_many_axes_are_said_in_the_report(
    results: Results, axes: int, people: int, said: list[str]
) -> None:
    """Of two splits of the cohort the worse one."""
    for number, split in enumerate(split for split in results.study.splits if split.cohort == "mice"):
        fitted = people if number == 0 else 70
        table = {"iid": [f"i{k:03d}" for k in range(80)], "fitted": [int(k < fitted) for k in range(80)]}
        table |= {f"pc{k + 1}": 0.5 for k in range(axes if number == 0 else 20)}
        files.write_tsv(pd.DataFrame(table), results.base / results.paths.pcs.format(**vars(split)))
    section = cohorts.build(results)
    assert section is not None
    texts = [block.text for block in section.blocks if isinstance(block, Text)]
    found = [text for text in texts if " PC" in text and not text.startswith("A real")]
    assert len(found) == bool(said)
    assert all(part in found[0] for part in said)
