"""Genotypes survive .bed files, and all count A1: our bytes, pandas-plink on numpy 2, plink2, the model."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from helpers import punch_missing, read_counts, write_cohort
from stations import cohort_files, raw_files
from stratbench.cohorts.qc.run import qc
from stratbench.core.errors import UserError
from stratbench.genotypes import packed, plink
from stratbench.genotypes.dosages import open_bed, open_cohort
from stratbench.genotypes.fileset import FilesetDosages


def random_counts(m: int, n: int) -> np.ndarray:
    rng = np.random.default_rng(m * 1000 + n)
    return punch_missing(rng.integers(0, 3, (m, n)).astype(np.int8), 0.2, rng)


def plink2_counts(plink2, prefix: Path, out: Path) -> np.ndarray:
    """A1 counts int8 (M, N) as plink2 --export A gives them, -1 for missing."""
    bim = plink.read_bim(f"{prefix}.bim")
    alleles = out.with_suffix(".alleles")
    bim[["snp", "a1"]].to_csv(alleles, sep="\t", header=False, index=False)
    plink2("--bfile", prefix, "--export", "A", "--export-allele", alleles, "--out", out)
    raw = pd.read_csv(out.with_suffix(".raw"), sep="\t").iloc[:, 6:]
    assert list(raw.columns) == [f"{row.snp}_{row.a1}" for row in bim.itertuples()]
    return raw.fillna(-1).to_numpy(dtype=np.int8).T


@pytest.mark.parametrize("n", [1, 3, 4, 5, 17])
def test_bytes_and_pandas_plink_give_back_the_counts(tmp_path: Path, n: int) -> None:
    count_MN = random_counts(7, n)
    write_cohort(tmp_path, count_MN)
    assert (read_counts(tmp_path) == count_MN).all()
    reader = FilesetDosages(cohort_files(tmp_path), n, 7, cells=3 * n)
    chunks = list(reader.chunks())
    assert [part for part, _ in chunks] == [slice(0, 3), slice(3, 6), slice(6, 7)]
    assert (np.concatenate([count for _, count in chunks]) == count_MN).all()


def test_dosages_of_some_people_at_some_snps(tmp_path: Path) -> None:
    count_MN = random_counts(200, 6)
    write_cohort(tmp_path, count_MN)
    genotypes = open_bed(tmp_path / "genotypes.bed", 6, 200)
    row_R = np.r_[np.arange(199, 0, -2), 3, 3]
    for of_N in (np.ones(6, dtype=bool), np.array([True, False, False, True, True, False])):
        parts = list(genotypes.snps(row_R).people(of_N).chunks())
        dosage_RN = np.concatenate([dosage for _, dosage in parts])
        assert (dosage_RN == count_MN[row_R][:, of_N]).all()


def test_all_count_the_allele_that_plink2_counts(tmp_path: Path, plink2) -> None:
    count_MN = random_counts(30, 9)
    prefix = write_cohort(tmp_path, count_MN) / "genotypes"
    assert (plink2_counts(plink2, prefix, tmp_path / "peer") == count_MN).all()


def test_from_raw_through_qc_to_the_models_input(tiny_fileset: Path, tmp_path: Path, plink2) -> None:
    qc(
        raw_files(tiny_fileset / "genotypes", tiny_fileset / "samples.tsv"),
        cohort_files(tmp_path),
        options={},
    )
    peer_MN = plink2_counts(plink2, tmp_path / "genotypes", tmp_path / "peer")
    assert (read_counts(tmp_path) == peer_MN).all()
    raw_bim, bim = plink.read_bim(tiny_fileset / "genotypes.bim"), plink.read_bim(tmp_path / "genotypes.bim")
    raw_fam, fam = plink.read_fam(tiny_fileset / "genotypes.fam"), plink.read_fam(tmp_path / "genotypes.fam")
    rows = raw_bim.reset_index().set_index("snp").loc[bim["snp"], "index"]
    people = raw_fam.reset_index().set_index("iid").loc[fam["iid"], "index"]
    raw_MN = read_counts(tiny_fileset)
    assert (peer_MN == raw_MN[np.ix_(rows, people)]).all()
    assert (raw_bim.loc[rows, ["a1", "a2"]].to_numpy() == bim[["a1", "a2"]].to_numpy()).all()
    # A1 may be the major allele: it was not recoded to the file's minor one.
    assert (np.where(peer_MN < 0, 0, peer_MN).mean(axis=1) > 1).any()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:-1], "need"),
        (lambda data: data + b"\0", "need"),
        (lambda data: b"no" + data[2:], "magic"),
        (lambda data: data[:2] + b"\0" + data[3:], "sample-major"),
        (lambda data: b"", "magic"),
    ],
)
def test_a_damaged_bed_is_refused(tmp_path: Path, damage, message: str) -> None:
    write_cohort(tmp_path, random_counts(5, 6))
    bed = tmp_path / "genotypes.bed"
    bed.write_bytes(damage(bed.read_bytes()))
    with pytest.raises(UserError, match=message):
        FilesetDosages(cohort_files(tmp_path), 6, 5)


@pytest.mark.parametrize(
    ("end", "text", "message"),
    [
        ("bim", "", "empty"),
        ("bim", "1 a 0 5 A G\n1 b 0 x A G\n", "line 2: pos is 'x', not a whole"),
        ("bim", "1 a inf 5 A G\n", "line 1: cm is 'inf', not a number"),
        ("bim", "1 a 0 inf A G\n", "line 1: pos is 'inf'"),
        ("bim", "1 a 0 5.5 A G\n", "line 1: pos is '5.5'"),
        ("bim", "1 a 0 5 A G\n1 b 0 5 A\n", "line 2 has fewer columns"),
        ("bim", "1 a 0 5 A\n", "5 columns, at least 6"),
        ("fam", "f a 0 0 1 1\nf b 0 0 1 1 7\n", "Expected 6 fields in line 2, saw 7"),
        ("fam", b"f \xff 0 0 1 1\n", "line 1 is not UTF-8"),
        ("fam", 'f a 0 0 1 1\nf "b 0 0 1 1\n', "line 2 holds a quotation mark"),
    ],
)
def test_a_damaged_table_is_refused_by_file_and_line(
    tmp_path: Path, end: str, text: str | bytes, message: str
) -> None:
    path = tmp_path / f"x.{end}"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(UserError, match=message) as error:
        {"bim": plink.read_bim, "fam": plink.read_fam}[end](path)
    assert str(error.value).startswith(str(path))


def test_tables_may_have_tabs_spaces_crlf_and_na(tmp_path: Path) -> None:
    path = tmp_path / "x.fam"
    path.write_bytes(b"NA  i1\t0 0 1 -9\r\nf i2 0 0 2 nan\r\n")
    table = plink.read_fam(path)
    assert table["fid"].tolist() == ["NA", "f"]
    assert table["iid"].tolist() == ["i1", "i2"]
    assert table["phenotype"].tolist() == ["-9", "nan"]


@pytest.mark.parametrize("chunk", [1, 6, 4096])
def test_packed_codes_are_those_of_the_bed_individual_by_individual(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """Whatever the chunks: each but the last must fill whole bytes."""
    count_MN = random_counts(23, 9)
    write_cohort(tmp_path, count_MN)
    monkeypatch.setattr(packed, "CHUNK", chunk)
    row_M, person_N, train_N = np.delete(np.arange(23), 4), np.array([0, 2, 3, 5, 6, 8]), np.array([0, 1, 4])
    chosen = open_cohort(cohort_files(tmp_path)).snps(row_M).people(person_N)
    code_NM = plink.CODE[count_MN[np.ix_(row_M, person_N)]].T
    made = packed.pack(chosen, train_N)
    assert (made.codes(np.arange(6)) == code_NM).all()
    expected_M4 = [np.bincount(code_M, minlength=4) for code_M in code_NM[train_N].T]
    assert (made.code_count_M4 == expected_M4).all()
