"""A chromosome's name may be written in many ways; what its number means is a matter of the species."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import balding_nichols, write_cohort
from stations import cohort_files, raw_files
from stratbench.cohorts import kinship as kin
from stratbench.cohorts.qc.run import qc
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.genotypes import plink
from stratbench.popgen import chromosomes, long_range_ld
from stratbench.popgen.chromosomes import Species
from stratbench.report.analysis.genome import at_locus


@pytest.mark.parametrize(
    ("written", "bare"),
    [
        *((name, "1") for name in ("1", "01", "chr1", "Chr1", "CHR1", "Chr01", "chr_1", "CHR_01")),
        *((name, "X") for name in ("x", "chrX", "ChrX", "Chr_x")),
        *((name, "0") for name in ("0", "00", "chr0")),
        *((name, name.upper()) for name in ("10", "1A", "Un", "chr", "chr_", "scaffold_12", "²")),
    ],
)
def test_a_name_without_its_dress(written: str, bare: str) -> None:
    assert chromosomes.bare(written) == ("_" if written == "chr_" else bare)


@pytest.mark.parametrize("n_autosomes", [12, 22, None])
@pytest.mark.parametrize("written", ["{}", "0{}", "chr{}", "Chr{}", "CHR{}", "Chr0{}", "chr_{}"])
def test_every_name_is_understood(n_autosomes: int | None, written: str) -> None:
    chrom = pd.Series([written.format(name) for name in ("1", "6", "0", "X", "y", "M", "Mt")])
    of_sex = chromosomes.is_sex_or_mitochondrial(chrom, n_autosomes)
    assert chromosomes.is_autosome(chrom, n_autosomes).tolist() == [True, True] + [False] * 5
    assert of_sex.tolist() == [False] * 3 + [True] * 4
    bim = pd.DataFrame({"chrom": chrom, "pos": 30_000_000, "snp": list("abcdefg")})
    assert chromosomes.is_placed(bim).tolist() == [True, True, False, True, True, True, True]
    mhc = [False, True] + [False] * 5
    assert long_range_ld.inside(bim, long_range_ld.regions("hg19")).tolist() == mhc
    assert long_range_ld.inside(bim, long_range_ld.regions(["CHR06:1-40000000"])).tolist() == mhc
    for locus in ({"chrom": 6}, {"chrom": "chr6", "start": 1, "end": 40_000_000}):
        assert at_locus(bim, locus)["snp"].tolist() == ["b"]
    assert chromosomes.map_order(bim).tolist() == [2, 0, 1, 3, 4, 5, 6]


def test_a_digit_that_is_no_number_is_a_name() -> None:
    for n_autosomes in (22, None):
        assert chromosomes.is_autosome(pd.Series(["²"]), n_autosomes).tolist() == [n_autosomes is None]
        assert not chromosomes.is_sex_or_mitochondrial(pd.Series(["²"]), n_autosomes).any()


def test_23_to_26_are_refused_where_nobody_says_what_they_are() -> None:
    message = r"x\.bim: has chromosome 23, 26: 23 is X in people, but .* say build \(hg18, hg19 or hg38\), or autosomes"
    with pytest.raises(UserError, match=message):
        chromosomes.require_known(["1", "chr26", "23", "X", "27"], Species("UMD3.1"), "x.bim")
    chromosomes.require_known(["1", "22", "X", "27"], Species(), "x.bim")
    for species in (Species("GRCh37"), Species("UMD3.1", 29)):
        chromosomes.require_known(["1", "23"], species, "x.bim")


@pytest.mark.parametrize(
    ("about", "autosomes"),
    [
        ({"autosomes": 19}, ["1", "19"]),
        ({"autosomes": 29}, ["1", "19", "20", "23", "25", "26"]),
        ({"build": "hg38"}, ["1", "19", "20"]),
    ],
)
def test_king_has_the_autosomes_of_the_species(
    tmp_path: Path, about: dict[str, Any], autosomes: list
) -> None:
    """All SNPs are kept; qc says which of them lie on an autosome, and KING of splits and structure reads that."""
    names = ["1", "19", "20", "23", "25", "26", "30", "X", "0", "1"]
    count_MN, _ = balding_nichols([40], len(names), 0, np.random.default_rng(5))
    raw = write_cohort(tmp_path / "raw", count_MN)
    bim = plink.read_bim(raw / "genotypes.bim").assign(chrom=names)
    bim.loc[9, "pos"] = -1
    plink.write_bim(bim, raw / "genotypes.bim")
    options = {"sex_chromosomes": "keep", "unplaced": "keep", "hwe": None, "maf": 0}
    qc(
        raw_files(raw / "genotypes", raw / "samples.tsv"),
        cohort_files(tmp_path / "out"),
        options=options,
        about=about,
    )
    assert len(files.read_tsv(tmp_path / "out/variants.tsv")) == len(names)
    assert kin.autosomal(cohort_files(tmp_path / "out"))["chrom"].tolist() == autosomes
