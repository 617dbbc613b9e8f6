"""QC's steps beyond call rate, HWE and MAF: each removes what it says, and says what it does not test."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import balding_nichols, punch_missing, read_counts, write_cohort
from stations import cohort_files, raw_files
from stratbench.cohorts.qc import individuals
from stratbench.cohorts.qc import run as qc_module
from stratbench.cohorts.qc.run import qc
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.genotypes import plink
from stratbench.popgen import chromosomes, long_range_ld

M = 1200


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two populations of 30; i0005 is i0003 again, i0031 the child of i0032 and i0033; i0060 is inbred."""
    rng = np.random.default_rng(4)
    count_MN, populations = balding_nichols([30, 30], M, 0.1, rng)
    count_MN[:, 30] = sum(rng.binomial(1, count_MN[:, k] / 2) for k in (31, 32))
    count_MN[:, 59] = np.where(rng.random(M) < 0.6, 2 * rng.binomial(1, count_MN[:, 59] / 2), count_MN[:, 59])
    count_MN = punch_missing(count_MN, 0.01, rng)
    count_MN[:, 4] = np.where(rng.random(M) < 0.03, -1, count_MN[:, 2])
    return write_cohort(tmp_path_factory.mktemp("people"), count_MN, populations)


def clean(source: Path, out: Path, about: dict[str, Any] | None = None, **options: Any) -> pd.DataFrame:
    """The waterfall by step."""
    qc(
        raw_files(source / "genotypes", source / "samples.tsv"),
        cohort_files(out),
        options=options,
        about=about or {},
    )
    return files.read_tsv(out / "qc.tsv").set_index("step")


def removed(out: Path) -> dict[str, str]:
    table = files.read_tsv(out / "qc_samples.tsv")
    gone = table[table["removed_by"].fillna("") != ""]
    return dict(zip(gone["iid"], gone["removed_by"], strict=True))


def test_of_duplicates_the_one_called_less_goes(people: Path, tmp_path: Path) -> None:
    steps = clean(people, tmp_path)
    assert removed(tmp_path) == {"i0005": "duplicates"}
    assert steps.loc["duplicates", ["removed", "threshold"]].tolist() == [1, "KING > 0.354"]
    pairs = files.read_tsv(tmp_path / "kinship.tsv.gz").set_index(["iid_1", "iid_2"])
    assert pairs.loc[("i0003", "i0005"), "kinship"] > 0.49
    assert {("i0031", "i0032"), ("i0031", "i0033")} <= set(pairs.index)


def test_of_relatives_whoever_has_most_goes(people: Path, tmp_path: Path) -> None:
    clean(people, tmp_path, relatives=0.177)
    assert removed(tmp_path) == {"i0005": "duplicates", "i0031": "relatives"}


def test_heterozygosity_is_compared_within_the_population(people: Path, tmp_path: Path) -> None:
    clean(people, tmp_path, heterozygosity=4, duplicates=None)
    assert removed(tmp_path) == {"i0060": "heterozygosity"}


def test_heterozygosity_is_plink2s(people: Path, tmp_path: Path, plink2) -> None:
    samples = files.read_tsv(people / "samples.tsv").assign(population="all")
    files.write_tsv(samples, tmp_path / "samples.tsv")
    qc(
        raw_files(people / "genotypes", tmp_path / "samples.tsv"),
        cohort_files(tmp_path / "out"),
        options={"maf": 0, "geno": 1},
    )
    plink2("--bfile", people / "genotypes", "--het", "--out", tmp_path / "peer")
    peer = pd.read_csv(tmp_path / "peer.het", sep=r"\s+")
    ours = files.read_tsv(tmp_path / "out" / "qc_samples.tsv")
    assert ours["f"].to_numpy() == pytest.approx(peer["F"].to_numpy(), abs=1e-4)


def test_removed_individuals_count_no_longer(people: Path, tmp_path: Path) -> None:
    clean(people, tmp_path, relatives=0.177)
    count_MN, variants = read_counts(tmp_path), files.read_tsv(tmp_path / "variants.tsv")
    called_MN = count_MN >= 0
    frequency_M = np.where(called_MN, count_MN, 0).sum(axis=1) / called_MN.sum(axis=1) / 2
    assert count_MN.shape[1] == 58
    assert variants["a1_freq"].to_numpy() == pytest.approx(frequency_M)


@pytest.mark.parametrize("mating", ["inbred", "pedigree"])
def test_what_the_mating_rules_out_is_left_out_and_said(people: Path, tmp_path: Path, mating: str) -> None:
    steps = clean(people, tmp_path, {"mating": mating})
    assert steps.loc[["HWE", "duplicates"], "threshold"].tolist() == [f"not tested: {mating}"] * 2
    assert steps.loc[["HWE", "duplicates"], "removed"].tolist() == [0, 0]
    assert removed(tmp_path) == {}


def test_pairs_are_told_where_nobody_is_removed_for_them(
    people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KING means nothing among the inbred, takes too long of many, and can be done without."""

    def pairs(mating: str, **options: Any) -> set[tuple[str, str]]:
        clean(people, tmp_path, {"mating": mating}, **options)
        table = files.read_tsv(tmp_path / "kinship.tsv.gz")
        assert (table["kinship"] >= 0.0442).all()
        return set(zip(table["iid_1"], table["iid_2"], strict=True))

    relatives = {("i0003", "i0005"), ("i0031", "i0032"), ("i0031", "i0033")}
    assert relatives <= pairs("pedigree")
    assert removed(tmp_path) == {}
    assert pairs("pedigree") == pairs("pedigree", duplicates=0.4)  # of whom nobody had been removed yet
    assert pairs("pedigree") == pairs("outbred", duplicates=0.5)
    assert removed(tmp_path) == {}
    assert pairs("inbred") == pairs("pedigree", duplicates=None) == pairs("outbred", duplicates=None) == set()
    monkeypatch.setattr(qc_module, "MOST_PAIRED", 59)
    assert pairs("pedigree") == pairs("outbred") == set()
    assert relatives <= pairs("outbred", relatives=0.4)


@pytest.mark.parametrize("option", ["hwe", "heterozygosity", "duplicates", "relatives"])
def test_what_means_nothing_among_the_inbred_is_refused(people: Path, tmp_path: Path, option: str) -> None:
    with pytest.raises(UserError, match=f"'{option}' is 0.1, but the cohort is declared inbred"):
        clean(people, tmp_path, {"mating": "inbred"}, **{option: 0.1})
    clean(people, tmp_path, {"mating": "pedigree"}, **{option: 0.1})


def test_pooled_hwe_removes_what_structure_does(people: Path, tmp_path: Path) -> None:
    limits = {"hwe": 1e-3, "maf": 0}
    within = clean(people, tmp_path / "within", **limits).loc["HWE", "removed"]
    assert (
        clean(people, tmp_path / "pooled", hwe_within="pooled", **limits).loc["HWE", "removed"] > within + 5
    )


def test_few_snps_are_no_kinship(tmp_path: Path) -> None:
    source = write_cohort(tmp_path / "raw", np.array([[0, 1, 2, 1]] * 20, dtype=np.int8))
    assert clean(source, tmp_path).loc["duplicates", "threshold"] == "not tested: fewer than 500 SNPs"


@pytest.mark.parametrize(
    ("n_autosomes", "sex"), [(None, "X MT"), (22, "23 26 X MT"), (19, "20 22 23 X MT"), (12, "X MT")]
)
def test_23_is_x_only_where_there_are_22_autosomes(n_autosomes: int | None, sex: str) -> None:
    chrom = pd.Series(["1", "12", "20", "22", "23", "26", "0", "chrX", "MT"])
    of_sex = chromosomes.is_sex_or_mitochondrial(chrom, n_autosomes)
    assert chrom[of_sex].str.removeprefix("chr").tolist() == sex.split()
    assert not (of_sex & chromosomes.is_autosome(chrom, n_autosomes)).any()
    assert not chromosomes.is_autosome(chrom, n_autosomes)[6]


def test_autosomes_come_from_the_file_or_a_human_build() -> None:
    for build, expected in [
        ("GRCh37", 22),
        ("hg18 (NCBI36)", 22),
        ("MSU6", None),
        ("as in the source", None),
    ]:
        assert chromosomes.Species(build).autosomes == expected
    assert chromosomes.Species("GRCm38", 19).autosomes == 19


def test_sex_chromosomes_ambiguous_snps_and_regions_go_as_told(tmp_path: Path) -> None:
    rng = np.random.default_rng(2)
    source = write_cohort(tmp_path / "raw", rng.binomial(2, 0.5, (6, 40)).astype(np.int8))
    bim = plink.read_bim(source / "genotypes.bim")
    bim["chrom"], bim["pos"] = ["1", "6", "6", "8", "23", "X"], [5, 30_000_000, 40_000_000, 9_000_000, 7, 8]
    bim["a1"], bim["a2"] = list("ACACAA"), list("GGTTGG")
    plink.write_bim(bim, source / "genotypes.bim")
    human = {"build": "hg19"}
    loose = {"ld_r2": 1}
    steps = clean(source, tmp_path / "out", human, ambiguous="drop", **loose)
    assert steps.loc[["sex chromosomes", "ambiguous", "long-range LD"], "removed"].tolist() == [2, 2, 1]
    variants = files.read_tsv(tmp_path / "out" / "variants.tsv")
    assert variants.set_index("snp")["structure"].to_dict() == {"s0001": 1, "s0004": 0}
    kept = clean(source, tmp_path / "kept", human, sex_chromosomes="keep", long_range_ld=["1:1-9"], **loose)
    assert kept.loc[["autosomes", "long-range LD", "LD pruning"], "removed"].tolist() == [2, 1, 0]
    assert "long-range LD" not in clean(source, tmp_path / "none", human, long_range_ld=None).index
    with pytest.raises(UserError, match="long_range_ld is hg38, but the cohort's positions are of hg19"):
        clean(source, tmp_path / "wrong", human, long_range_ld="hg38")


def test_regions_hold_the_mhc_and_the_inversion_of_chromosome_8() -> None:
    for build, mhc in {"hg18": 32_713_000, "hg19": 32_605_000, "hg38": 32_637_000}.items():  # HLA-DQA1
        table = pd.DataFrame({"chrom": ["6", "chr6", "8", "1"], "pos": [mhc, mhc, 10_000_000, 10_000_000]})
        assert long_range_ld.inside(table, long_range_ld.regions(build)).tolist() == [True, True, True, False]


def test_regions_are_the_same_24_in_every_build() -> None:
    """Order and number by chromosome; lengths within 2 Mb (hg19 has a wider MHC and 8p23, hg38 longer centromeres)."""
    expected = long_range_ld.REGIONS["hg19"]
    assert len(expected) == 24
    for build, regions in long_range_ld.REGIONS.items():
        assert [chrom for chrom, _, _ in regions] == [chrom for chrom, _, _ in expected], build
        for (_, start, end), (_, start_19, end_19) in zip(regions, expected, strict=True):
            assert abs((end - start) - (end_19 - start_19)) <= 2_000_100, (build, start)
            assert abs(start - start_19) < 2_000_000, (build, start)
        for (chrom, _, end), (next_chrom, start, _) in pairwise(regions):
            assert chrom != next_chrom or end < start, (build, start)


def test_lactase_lies_in_a_region_of_every_build() -> None:
    """rs4988235 at its position of each build (dbSNP)."""
    for build, at in {"hg18": 136_325_116, "hg19": 136_608_646, "hg38": 135_851_076}.items():
        table = pd.DataFrame({"chrom": ["2", "2"], "pos": [at, 140_000_000]})
        assert long_range_ld.inside(table, long_range_ld.regions(build)).tolist() == [True, False], build


def test_of_equal_duplicates_the_later_one_goes() -> None:
    pairs = pd.DataFrame({"iid_1": ["a", "a"], "iid_2": ["b", "c"], "kinship": [0.5, 0.5]})
    gone = individuals.duplicates(pairs, pd.Series(["a", "b", "c"]), np.zeros(3), 0.354)
    assert gone.tolist() == [False, True, True]
