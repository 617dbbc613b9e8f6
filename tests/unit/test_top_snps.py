"""The SNPs that associations put first, and QQ plots: numbers against the tables that they come from."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PolyCollection
from scipy import stats

from example_results import Example, make
from stratbench.genotypes import tables
from stratbench.report.analysis import top_snps
from stratbench.report.analysis.results import Results
from stratbench.report.figures import qq
from stratbench.report.text import genome
from stratbench.study.study import Study

EXAMPLE = Example(
    replicates=2,
    traits=("confounded",),
    adjustments=("none", "pc-covariates"),
    failed=(("cnn", "pc-covariates"),),
)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Results]:
    base = tmp_path_factory.mktemp("example")
    return base, Results(Study(make(base, EXAMPLE)), base)


def test_the_table_says_of_each_snp_what_the_tables_of_the_study_say(made):
    _, results = made
    table = top_snps.table(results)
    assert list(table.columns) == list(top_snps.COLUMNS)
    group = next(group for group in results.groups if group.trait == "cd8")
    split = group.splits[0]
    own = table[table["trait"] == "cd8"]
    association = results.association(split, "ols").set_index("snp")
    first = association["p"].nsmallest(top_snps.FIRST).index.tolist()
    assert set(first) <= set(own["snp"])
    assert len(set(own["snp"])) <= 2 * top_snps.FIRST
    variants = results.table(tables.VARIANTS, results.paths.variants, split).set_index("snp")
    fit = results.study.fits_of(split)[0]
    score = results.attribution(fit, "gradient-input").groupby("snp")["score"].mean()
    median = np.median(stats.chi2.isf(association["p"], 1)) / stats.chi2.median(1)
    for snp in first:
        row = own[(own["snp"] == snp) & (own["association"] == "ols")].iloc[0]
        frequency = variants["a1_freq"][snp]
        assert row["p"] == association["p"][snp]
        assert row["rank"] == (association["p"] < association["p"][snp]).sum() + 1
        assert row["lambda_gc"] == pytest.approx(median, rel=1e-3)  # the median of p, not that of chi-square
        assert row["maf"] == pytest.approx(min(frequency, 1 - frequency))
        assert [row[name] for name in ("chrom", "pos", "a1")] == variants.loc[
            snp, ["chrom", "pos", "a1"]
        ].tolist()
        keys = (own["snp"] == snp) & (own["model"] == fit.model) & (own["adjustment"] == fit.adjustment)
        rank = own[keys & (own["attribution"] == "gradient-input")]["rank"].item()
        assert rank == (score > score[snp]).sum() + 1
    failed = table[(table["model"] == "cnn") & (table["adjustment"] == "pc-covariates")]
    assert failed.empty


def test_the_page_shows_the_first_snps_of_the_test_that_is_calibrated_best(made):
    _, results = made
    group = next(group for group in results.groups if group.trait == "confounded")
    found = top_snps.tested(results, group)
    best = top_snps.best_calibrated(found)
    assert best is min(found, key=lambda one: abs(np.log(one.lambda_gc)))
    blocks = genome.build(results).blocks
    quantiles, first = [block for block in blocks if block.block == "table" and group.title in block.caption]
    assert [row[0] for row in first.rows] == best.first
    assert best.name in first.caption
    assert [row[:2] for row in quantiles.rows] == [["ols", "400"], ["ols-pcs", "400"]]
    ranks = {name: [row[k] for row in first.rows] for k, name in enumerate(first.head)}
    assert "rank, cnn pc-covariates" not in ranks  # its fit failed
    assert all(cell.startswith("(") for cell in ranks["rank, cnn none"])  # it is not shown to have learned
    assert not any(cell.startswith("(") for cell in ranks["rank, linear pc-covariates"])


def test_the_band_holds_the_order_statistics_of_uniform_p_values():
    expected, low, high = top_snps.band(200)
    rng = np.random.default_rng(1)
    drawn_RM = -np.log10(np.sort(rng.uniform(size=(4000, 200)), axis=1))
    inside_M = ((drawn_RM >= low) & (drawn_RM <= high)).mean(axis=0)
    assert inside_M == pytest.approx(np.full(200, 0.95), abs=0.02)
    assert np.abs(np.median(drawn_RM, axis=0)[5:] - expected[5:]).max() < 0.05


def test_the_points_of_a_plot_are_the_p_values_in_order(made):
    _, results = made
    group = next(group for group in results.groups if group.trait == "cd8")
    figure = qq.draw(qq.load(results, group.keys))
    collections = [one for one in figure.axes[0].collections if len(one.get_offsets()) == 400]
    for name, points in zip(group.associations, collections, strict=True):
        p = results.association(group.splits[0], name)["p"].to_numpy()
        observed = np.asarray(points.get_offsets())[:, 1]
        np.testing.assert_allclose(observed, -np.log10(np.sort(p)))
    said = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert said[0].startswith("ols (lambda ")


def plot_of(*counts: int) -> qq.QuantilePlot:
    """Tests of uniform p values, each of so many SNPs."""
    p = [pd.Series(np.linspace(0, 1, count + 2)[1:-1]) for count in counts]
    tests = tuple(top_snps.Tested(f"t{k}", one, one.rank(), 1.0) for k, one in enumerate(p))
    return qq.QuantilePlot("title", tests, {one.name: f"C{k}" for k, one in enumerate(tests)})


@pytest.mark.parametrize(("counts", "bands"), [((30, 30), [30]), ((30, 300, 30), [30, 300])])
def test_each_test_has_the_band_of_its_number_of_snps(counts, bands):
    figure = qq.draw(plot_of(*counts))
    drawn = [one for one in figure.axes[0].collections if isinstance(one, PolyCollection)]
    for count, one in zip(bands, drawn, strict=True):
        expected, _, high = top_snps.band(count)
        assert one.get_paths()[0].vertices.max(axis=0) == pytest.approx([expected[0], high[0]])
    assert len({tuple(one.get_facecolor()[0]) for one in drawn}) == len(bands)


def test_a_table_has_few_columns_of_ranks_those_that_learned_first():
    ranks = [({"model": "cnn", "adjustment": f"a{k}"}, pd.Series([1.0])) for k in range(12)]
    known = {("cnn", "a11"): genome.LEARNED, ("cnn", "a9"): genome.LEARNED}
    shown = [keys["adjustment"] for keys, _ in genome._shown(ranks, known)]
    assert shown == ["a9", "a11", "a0", "a1", "a2", "a3", "a4", "a5"]
    assert genome._shown(ranks[:8], known) == ranks[:8]
