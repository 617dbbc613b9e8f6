"""A locus that models do not see: the association of all SNPs finds it, and the report says so in words."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import balding_nichols, write_cohort
from stratbench.associations.run import load
from stratbench.core.errors import UserError
from stratbench.report.analysis import top_snps
from stratbench.report.analysis.results import Results
from stratbench.report.page import Table, Text
from stratbench.report.text import genome
from stratbench.study.study import Study
from whole_study import summarised

N, M, SEEN = 150, 120, 20
CAUSAL = "s0062"  # of every sixth SNP, s0064 is the nearest that models see


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """An own cohort with one strong SNP, in its whole study up to the summary."""
    base, rng = tmp_path_factory.mktemp("thinned"), np.random.default_rng(3)
    count_MN, _ = balding_nichols([N], M, 0, rng)
    write_cohort(base, count_MN, chromosomes=2)
    y_N = 1.5 * count_MN[int(CAUSAL[1:]) - 1] + rng.normal(size=N)
    table = pd.DataFrame({"IID": [f"i{k + 1:04d}" for k in range(N)], "height": y_N.round(4)})
    table.to_csv(base / "mine.tsv", sep="\t", index=False)
    raw = {
        "study": "mine",
        "cohort": {"bfile": "genotypes", "phenotypes": "mine.tsv", "trait": "height", "snps": SEEN},
        "models": {"linear": {"method": "linear", "epochs": 2}},
        "splits": {"random": {"method": "random"}},
        "adjustments": ["none"],
        "seeds": 1,
        "resamples": 2,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(base)
        study, _ = summarised(raw)
    return Results(Study(study.config), base)


def test_the_association_of_all_snps_finds_what_the_view_lacks(results: Results) -> None:
    (group,) = results.groups
    assert len(results.snps(group.splits[0]).names) == SEEN
    assert CAUSAL not in results.snps(group.splits[0]).names
    found = {one.name: one for one in top_snps.tested(results, group)}
    assert list(found) == ["ols", "ols-pcs", "ols-pcs-all"]
    assert len(found["ols-pcs"].p) == SEEN
    assert found["ols-pcs"].p.min() > 1e-4
    assert len(found["ols-pcs-all"].p) == M
    assert found["ols-pcs-all"].first[0] == CAUSAL
    assert found["ols-pcs-all"].p[CAUSAL] < 1e-10
    (row,) = results.metrics[
        (results.metrics["metric"] == "lambda_gc") & (results.metrics["association"] == "ols-pcs-all")
    ].itertuples()
    assert row.n == M
    written = top_snps.table(results)
    assert written.loc[written["snp"] == CAUSAL, "association"].tolist() == ["ols-pcs-all"]
    assert written.loc[written["snp"] == CAUSAL, "seen"].tolist() == [0]


def test_the_report_says_that_the_view_does_not_hold_it(results: Results) -> None:
    section = genome.build(results)
    assert section is not None
    said = " ".join(block.text for block in section.blocks if isinstance(block, Text))
    assert f"The strongest SNP of ols-pcs-all, {CAUSAL} (chromosome 2, position 62,000; p = " in said
    assert (
        "is not among the 20 SNPs that models see, so no model can point at it. The nearest that they see is"
        in said
    )
    assert "of ols," not in said
    quantiles = next(block for block in section.blocks if isinstance(block, Table))
    assert [row[:2] for row in quantiles.rows] == [["ols", "20"], ["ols-pcs", "20"], ["ols-pcs-all", "120"]]


def test_all_snps_are_those_of_the_cohort_without_untyped_causal_ones(
    results: Results, tmp_path: Path
) -> None:
    split = results.groups[0].splits[0]
    names = (
        *("bed", "bim", "fam", "samples", "variants", "trait", "trait_json", "truth", "keep_snp", "split"),
        *("pcs", "covariates"),
    )
    inputs = {name: results.base / getattr(results.paths, name).format(**vars(split)) for name in names}
    truth = tmp_path / "truth.tsv"
    truth.write_text("snp\teffect\tvisible\tpopulation\ns0002\t1\t0\t\n")
    data = load(inputs | {"truth": truth}, "everyone", "all")
    assert data.snp_M.tolist() == [f"s{k + 1:04d}" for k in range(M) if k != 1]
    assert data.chrom_M.tolist() == ["1"] * 59 + ["2"] * 60
    assert data.genotypes.read().shape == (M - 1, N)
    with pytest.raises(UserError, match="snps is 'some'; choose one of view, all"):
        load(inputs, "everyone", "some")
