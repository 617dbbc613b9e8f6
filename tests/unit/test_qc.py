"""QC removes what plink2 removes, prunes what plink2 prunes, and says so; bad input is refused."""

from dataclasses import fields
from fractions import Fraction
from math import comb, factorial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import read_counts, write_cohort
from stations import cohort_files, raw_files
from stratbench.cohorts.qc.asked import QCOptions
from stratbench.cohorts.qc.options import OPTIONS
from stratbench.cohorts.qc.run import qc
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.genotypes import fileset, plink
from stratbench.popgen import hwe, ld

OPEN: dict[str, Any] = {"unplaced": "keep", "mind": 1, "geno": 1, "hwe": None, "maf": 0}


def raw(directory: Path, count_MN: Any, **columns: Any) -> Path:
    """A raw cohort of these A1 counts."""
    return write_cohort(directory / "raw", np.asarray(count_MN, dtype=np.int8), **columns)


def clean(source: Path, out: Path, samples: Path | None = None, **options: Any) -> Path:
    qc(raw_files(source / "genotypes", samples or source / "samples.tsv"), cohort_files(out), options=options)
    return out


def snps(directory: Path) -> list[str]:
    return plink.read_bim(directory / "genotypes.bim")["snp"].tolist()


def exact_by_hand(hom1: int, het: int, hom2: int) -> float:
    """The exact test by enumeration, in whole numbers: ways to draw genotypes with the same alleles."""
    n, a = hom1 + het + hom2, 2 * hom1 + het

    def ways(h: int) -> Fraction:
        one = (a - h) // 2
        return Fraction(factorial(n) * 2**h, factorial(one) * factorial(h) * factorial(n - one - h))

    possible = range(a % 2, min(a, 2 * n - a) + 1, 2)
    total = sum(ways(h) for h in possible)
    assert total == comb(2 * n, a)
    return float(sum(ways(h) for h in possible if ways(h) <= ways(het)) / total)


def test_hwe_is_exact() -> None:
    counts = [(i, j, k) for i in range(7) for j in range(9) for k in range(7)]
    expected = [exact_by_hand(*count) for count in counts]
    assert hwe.exact(*np.array(counts).T) == pytest.approx(expected, rel=1e-9)


def test_hwe_of_nothing_and_of_many() -> None:
    assert hwe.exact(*np.zeros((3, 0), dtype=int)).tolist() == []
    many = hwe.exact(np.array([100_000, 0]), np.array([0, 50_000]), np.array([100_000, 0]))
    assert many == pytest.approx([0, 0], abs=1e-300)


def test_hwe_agrees_with_plink2(tiny_fileset: Path, tmp_path: Path, plink2) -> None:
    clean(tiny_fileset, tmp_path, **OPEN | {"unplaced": "drop"})
    plink2("--bfile", tmp_path / "genotypes", "--hardy", "--out", tmp_path / "peer")
    peer = pd.read_csv(tmp_path / "peer.hardy", sep="\t")
    assert peer["ID"].tolist() == snps(tmp_path)
    count_MN = read_counts(tmp_path)
    p_M = hwe.exact(*((count_MN == value).sum(axis=1) for value in (2, 1, 0)))
    assert p_M == pytest.approx(peer["P"].to_numpy(), rel=1e-5)
    assert p_M.min() < 1e-6


def test_every_step_leaves_what_plink2_leaves(
    tiny_fileset: Path, one_population: Path, tmp_path: Path, plink2
) -> None:
    plink2("--bfile", tiny_fileset / "genotypes", "--sort-vars", "--make-pgen", "--out", tmp_path / "sorted")
    given: dict[str, Any] = dict(OPEN, unplaced="drop")
    flags: list[object] = ["--mac", 1]
    steps = {
        "mind": ("sample call rate", 0.1),
        "geno": ("SNP call rate", 0.05),
        "hwe": ("HWE", 1e-3),
        "maf": ("MAF", 0.03),
    }
    for name, (step, value) in steps.items():
        given[name] = value
        flags += [f"--{name}", value]
        ours = clean(tiny_fileset, tmp_path / name, one_population, **given)
        peer = tmp_path / f"peer-{name}"
        plink2("--pfile", tmp_path / "sorted", *flags, "--make-bed", "--out", peer)
        assert files.read_tsv(ours / "qc.tsv").set_index("step").loc[step, "removed"] > 0
        peer_iid = plink.read_fam(f"{peer}.fam")["iid"].tolist()
        assert plink.read_fam(ours / "genotypes.fam")["iid"].tolist() == peer_iid
        assert snps(ours) == plink.read_bim(f"{peer}.bim")["snp"].tolist()
        assert (ours / "genotypes.bed").read_bytes() == Path(f"{peer}.bed").read_bytes()


@pytest.mark.parametrize(("window", "step", "r2"), [(50, 5, 0.2), (20, 7, 0.5), (2, 1, 0.1), (300, 40, 0.05)])
def test_pruning_keeps_what_plink2_keeps(
    tiny_fileset: Path, tmp_path: Path, plink2, window: int, step: int, r2: float
) -> None:
    options = {"ld_window": window, "ld_step": step, "ld_r2": r2}
    clean(tiny_fileset, tmp_path, mind=0.5, geno=0.5, hwe=None, **options)
    peer = tmp_path / "peer"
    limits = ["--maf", 0.05, "--indep-pairwise", window, step, r2]
    plink2("--bfile", tmp_path / "genotypes", *limits, "--out", peer)
    variants = files.read_tsv(tmp_path / "variants.tsv")
    kept = variants.loc[variants["structure"] == 1, "snp"].tolist()
    assert kept == peer.with_suffix(".prune.in").read_text().split()
    assert 0 < len(kept) < len(variants)


def block(count_MN: np.ndarray) -> np.ndarray:
    return ld.summands(count_MN)


def test_ld_is_the_squared_correlation_of_those_with_both() -> None:
    rng = np.random.default_rng(3)
    count_MN = rng.integers(-1, 3, (12, 40)).astype(np.int8)
    for left, right in ((count_MN, count_MN), (np.abs(count_MN), np.abs(count_MN))):
        for a in range(12):
            for b in range(12):
                both = (left[a] >= 0) & (right[b] >= 0)
                r2 = np.corrcoef(left[a][both], right[b][both])[0, 1] ** 2
                above = [ld.exceeds(block(left[[a]]), block(right[[b]]), r2 + d)[0, 0] for d in (-1e-9, 1e-9)]
                assert above == [True, False]
    constant = np.ones((1, 40), dtype=np.int8)
    assert not ld.exceeds(block(constant), block(count_MN), 1e-6).any()


def test_small_chunks_change_nothing(
    tiny_fileset: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = clean(tiny_fileset, tmp_path / "whole")
    monkeypatch.setattr(fileset.FilesetDosages.__init__, "__defaults__", (120 * 37,))
    monkeypatch.setattr(ld, "BLOCK", 9)
    parts = clean(tiny_fileset, tmp_path / "parts")
    for path in whole.iterdir():
        assert path.read_bytes() == (parts / path.name).read_bytes(), path.name


def test_tables_say_what_is_in_the_bed(tiny_fileset: Path, tmp_path: Path) -> None:
    clean(tiny_fileset, tmp_path)
    count_MN = read_counts(tmp_path)
    variants, bim = files.read_tsv(tmp_path / "variants.tsv"), plink.read_bim(tmp_path / "genotypes.bim")
    called_MN = count_MN >= 0
    columns = ["snp", "chrom", "pos", "a1", "a2", "a1_freq", "call_rate", "structure", "autosome"]
    assert list(variants.columns) == columns
    assert (variants[["snp", "chrom", "pos", "a1", "a2"]] == bim[["snp", "chrom", "pos", "a1", "a2"]]).all(
        None
    )
    assert variants["call_rate"].to_numpy() == pytest.approx(called_MN.mean(axis=1))
    frequency_M = np.where(called_MN, count_MN, 0).sum(axis=1) / called_MN.sum(axis=1) / 2
    assert variants["a1_freq"].to_numpy() == pytest.approx(frequency_M)
    assert (bim.sort_values(["chrom", "pos"], kind="stable")["snp"] == bim["snp"]).all()
    samples, fam = files.read_tsv(tmp_path / "samples.tsv"), plink.read_fam(tmp_path / "genotypes.fam")
    assert samples["iid"].tolist() == fam["iid"].tolist()
    steps = files.read_tsv(tmp_path / "qc.tsv")
    assert list(steps.columns) == ["step", "unit", "removed", "left", "threshold"]
    assert steps["step"].tolist()[:2] == ["input", "input"]
    for unit, left in (("individuals", len(fam)), ("SNPs", len(bim))):
        rows = steps[steps["unit"] == unit]
        assert (
            rows["left"].iloc[:-1].to_numpy() - rows["removed"].iloc[1:].to_numpy() == rows["left"][1:]
        ).all()
        assert rows["left"].iloc[-1] == left


def test_hwe_is_tested_within_populations(tmp_path: Path) -> None:
    fixed = np.repeat(
        [[2, 0]], 50, axis=1
    )  # differs between populations: no heterozygotes when they are pooled
    excess = np.r_[np.ones(50), np.random.default_rng(0).binomial(2, 0.5, 50)][None]
    source = raw(tmp_path, np.r_[fixed, excess], populations=["a"] * 50 + ["b"] * 50)
    assert snps(clean(source, tmp_path / "within")) == ["s0001"]
    one = raw(tmp_path / "pooled", np.r_[fixed, excess, fixed * 0 + [[0, 1] * 50]])
    assert snps(clean(one, tmp_path / "out")) == ["s0003"]


def test_snps_without_position_go_or_stay_as_told(tmp_path: Path) -> None:
    source = raw(tmp_path, [[0, 1, 2, 1]] * 5)
    bim = plink.read_bim(source / "genotypes.bim")
    bim["chrom"], bim["pos"] = ["10", "2", "0", "X", "2"], [5, 0, 7, 1, -9]
    plink.write_bim(bim, source / "genotypes.bim")
    kept = clean(source, tmp_path / "keep", unplaced="keep", sex_chromosomes="keep")
    assert snps(kept) == ["s0003", "s0005", "s0002", "s0001", "s0004"]
    dropped = clean(source, tmp_path / "drop", unplaced="drop", sex_chromosomes="keep")
    assert snps(dropped) == ["s0001", "s0004"]
    steps = files.read_tsv(dropped / "qc.tsv")
    assert steps.loc[steps["step"] == "unplaced", ["removed", "left"]].values.tolist() == [[3, 2]]


def test_thinning_is_even_and_stated(tmp_path: Path) -> None:
    source = raw(tmp_path, [[0, 1, 2, 1]] * 10)
    thinned = clean(source, tmp_path / "out", thin=4)
    assert snps(thinned) == ["s0001", "s0003", "s0006", "s0008"]
    steps = files.read_tsv(thinned / "qc.tsv")
    assert steps[steps["unit"] == "SNPs"].iloc[-1].tolist() == ["thin", "SNPs", 6, 4, "at most 4"]
    assert len(snps(clean(source, tmp_path / "all", thin=100))) == 10


def test_parents_do_not_switch_filters_off_and_stay(tmp_path: Path) -> None:
    source = raw(tmp_path, [[1] * 60, [0, 1, 2] * 20, [0] * 60])
    fam = plink.read_fam(source / "genotypes.fam").assign(father="f", mother="m")
    plink.write_fam(fam, source / "genotypes.fam")
    out = clean(source, tmp_path / "out")
    assert snps(out) == ["s0002"]
    assert (plink.read_fam(out / "genotypes.fam") == fam).all(None)


def test_labels_and_covariates_pass_through_unseen(tmp_path: Path) -> None:
    source = raw(tmp_path, [[0, 1, 2, -1]] * 3, columns={"cd8": ["1.234567890123", "", "NA", "x"]})
    out = clean(source, tmp_path / "out", geno=0.5, mind=0.5)
    assert files.read_tsv(out / "samples.tsv", text=("cd8",))["cd8"].tolist() == ["1.234567890123", "", "NA"]


def test_duplicate_snp_ids_are_refused(tmp_path: Path) -> None:
    source = raw(tmp_path, [[0, 1, 2]] * 3)
    bim = plink.read_bim(source / "genotypes.bim").assign(snp=["a", ".", "."])
    plink.write_bim(bim, source / "genotypes.bim")
    with pytest.raises(UserError, match=r"genotypes\.bim: 1 SNP id used a second time, first '\.'"):
        clean(source, tmp_path / "out")


def test_samples_in_another_order_are_refused(tmp_path: Path) -> None:
    source = raw(tmp_path, [[0, 1, 2]] * 3)
    table = files.read_tsv(source / "samples.tsv")
    files.write_tsv(table[::-1], source / "samples.tsv")
    with pytest.raises(
        UserError, match=r"samples\.tsv: its rows are not those of .*\.fam: line 2 holds 'i0003'"
    ):
        clean(source, tmp_path / "out")


@pytest.mark.parametrize(
    ("counts", "options", "message"),
    [
        ([[0, 0, 0]], {}, "no SNPs left after the step 'MAF'"),
        ([[-1, -1, -1]], {}, "no individuals left after the step 'sample call rate'"),
        ([[1, 0, -1]], {"mind": 1}, "no SNPs left after the step 'SNP call rate'"),
        ([[1, 0, 1]], {"maf": 0.7}, "'maf' is 0.7"),
        ([[1, 0, 1]], {"unplaced": "maybe"}, "'unplaced'"),
        ([[1, 0, 1]], {"mfa": 0.1}, "did you mean 'maf'"),
    ],
)
def test_what_cannot_be_is_said(tmp_path: Path, counts: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        clean(raw(tmp_path, counts), tmp_path / "out", **options)


def test_options_are_documented_and_have_valid_defaults() -> None:
    assert all("description" in schema for schema in OPTIONS.values())
    settings, notes = QCOptions.of({}, "outbred")
    assert (settings.maf, settings.hwe, settings.auto, notes) == (0.01, 1e-6, {"hwe", "duplicates"}, {})
    assert [field.name for field in fields(settings)] == [*OPTIONS, "auto"]
