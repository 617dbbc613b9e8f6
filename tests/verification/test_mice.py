"""The mice: fetched, read and filtered as plink2 does it on the same file, to the last SNP."""

from pathlib import Path
from typing import Any

import pytest

import peers
from stratbench import files, plink
from stratbench.associate import associate, load
from stratbench.cohorts import cohort_file
from stratbench.cohorts.fetch import fetch
from stratbench.cohorts.qc import qc
from stratbench.cohorts.real import read_cohort
from stratbench.split import split
from stratbench.structure.structure import structure
from stratbench.traits.dataset import dataset

FILE = Path(__file__).resolve().parents[2] / "config" / "cohorts" / "hs-mice.yaml"
MOUSE = ("--chr-set", 19)


@pytest.fixture(scope="module")
def mice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw cohort; what is fetched is kept in .cache for the next run. Fails where no source works."""
    fetch(FILE, peers.CACHE / "hs-mice")
    out = tmp_path_factory.mktemp("mice")
    declared = cohort_file.read(FILE)
    paths = {end: peers.CACHE / "hs-mice" / entry["name"] for end, entry in declared["files"].items()}
    read_cohort(declared, paths, out / "genotypes", out / "samples.tsv")
    return out


def filtered(mice: Path, out: Path, **options: Any) -> dict[str, tuple[int, int]]:
    """QC with these options: by step, the SNPs removed and left."""
    qc(mice / "genotypes", mice / "samples.tsv", out, options)
    steps = files.read_tsv(out / "qc.tsv")
    snps = steps[steps["unit"] == "SNPs"]
    return {row.step: (row.removed, row.left) for row in snps.itertuples()}


def test_samples_say_what_the_source_says(mice: Path) -> None:
    samples = files.read_tsv(mice / "samples.tsv")
    assert len(samples) == 1940
    assert samples["half"].value_counts().to_dict() == {"train": 757, "test": 653, "": 530}
    assert samples["cd8"].notna().sum() == 1410
    assert samples["mch"].notna().sum() == 1580
    sizes = samples["family"].value_counts()
    assert (len(sizes), sizes.max()) == (173, 48)
    for half in ("train", "test"):
        assert (samples[f"cd8_{half}"].notna() == (samples["half"] == half)).all()
        assert (samples[f"cd8_case_{half}"].notna() == (samples["half"] == half)).all()


def test_our_filters_are_the_cohorts(mice: Path, tmp_path: Path) -> None:
    steps = filtered(mice, tmp_path, **cohort_file.read(FILE)["qc"])
    assert "HWE" not in steps
    assert steps["unplaced"] == (1926, 10300)
    assert steps["MAF"] == (1187, 9113)


def test_individuals_snps_and_pruned_set_are_those_of_plink2(mice: Path, tmp_path: Path, plink2) -> None:
    steps = filtered(mice, tmp_path, mind=0.1, geno=0.05, hwe=1e-6, maf=0.01, structure_maf=0.01)
    assert steps == {
        "input": (0, 12226),
        "unplaced": (1926, 10300),
        "SNP call rate": (0, 10300),
        "HWE": (703, 9597),
        "MAF": (1187, 8410),
    }
    fam = plink.read_fam(mice / "genotypes.fam")
    source, peer = tmp_path / "source", tmp_path / "peer"
    plink.write_fam(
        fam.assign(father="0", mother="0"), source.with_suffix(".fam")
    )  # else plink2 sees no founders
    for end in ("bed", "bim"):
        source.with_suffix(f".{end}").symlink_to(mice / f"genotypes.{end}")
    plink2("--bfile", source, *MOUSE, "--sort-vars", "--make-pgen", "--out", source)
    limits = ("--mind", 0.1, "--geno", 0.05, "--hwe", 1e-6, "--maf", 0.01)
    plink2("--pfile", source, *MOUSE, *limits, "--make-bed", "--out", peer)
    assert (tmp_path / "genotypes.bed").read_bytes() == peer.with_suffix(".bed").read_bytes()
    for end, read in (("fam", plink.read_fam), ("bim", plink.read_bim)):
        ours, theirs = read(tmp_path / f"genotypes.{end}"), read(f"{peer}.{end}")
        column = {"fam": ["iid"], "bim": ["snp", "chrom", "pos", "a1", "a2"]}[end]
        assert (ours[column] == theirs[column]).all(None)
    plink2("--bfile", peer, *MOUSE, "--indep-pairwise", 50, 5, 0.2, "--out", peer)
    variants = files.read_tsv(tmp_path / "variants.tsv")
    kept = variants.loc[variants["structure"] == 1, "snp"].tolist()
    assert kept == peer.with_suffix(".prune.in").read_text().split()
    assert len(kept) == 722


def test_the_best_cd8_snps_of_ols_lie_on_chromosome_17(mice: Path, tmp_path: Path) -> None:
    """GEMMA's demo.txt: "you will see a strong signal in chr17"; the training half alone shows it."""
    cohort = tmp_path / "cohort"
    filtered(mice, cohort, **cohort_file.read(FILE)["qc"])
    declared = cohort_file.read(FILE)["traits"]
    dataset(cohort, {"measured": "cd8", "snps": None}, ["mice"], tmp_path / "cd8", declared)
    halves = {"method": "given", "options": {"column": "half", "validation": 0.2}}
    split(cohort / "samples.tsv", tmp_path / "cd8", halves, ["mice"], tmp_path / "split.tsv")
    structure(cohort, tmp_path / "cd8", tmp_path / "split.tsv", tmp_path / "structure")
    data = load(cohort, tmp_path / "cd8", tmp_path / "split.tsv", tmp_path / "structure" / "pcs.tsv")
    tables = {label: tmp_path / f"{label}.tsv.gz" for label in ("ols", "ols-pcs")}
    associate(data, {label: {"method": label, "options": {}} for label in tables}, list(tables.values()))
    chrom = files.read_tsv(cohort / "variants.tsv").set_index("snp")["chrom"]
    for path in tables.values():
        ranked = files.read_tsv(path).sort_values("statistic", key=abs, ascending=False)["snp"]
        assert chrom[ranked.iloc[0]] == "17"
        assert (chrom.loc[ranked.iloc[:10]] == "17").sum() >= 6  # some are on chr6, where Cd8a and Cd8b lie
