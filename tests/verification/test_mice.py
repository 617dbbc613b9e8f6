"""The mice: fetched, read and filtered as plink2 does it on the same file, to the last SNP."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import subspace_angles

import peers
from stations import cohort_files, dataset_files, raw_files, structure_files, task_files
from stratbench.associations.run import associate
from stratbench.cohorts.kinship import kinships
from stratbench.cohorts.qc.run import qc
from stratbench.cohorts.real import cohort_file
from stratbench.cohorts.real.fetch import fetch
from stratbench.cohorts.real.read_cohort import read_cohort
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.datasets.run import dataset
from stratbench.genotypes import plink
from stratbench.genotypes.dosages import frequencies, open_cohort
from stratbench.popgen import grm, pca, relatives
from stratbench.splits.methods import kin_aware
from stratbench.splits.run import split
from stratbench.structure.run import structure

FILE = Path(__file__).resolve().parents[2] / "config" / "cohorts" / "hs-mice.yaml"
MOUSE = ("--chr-set", 19)


@pytest.fixture(scope="module")
def mice(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The raw cohort; what is fetched is kept in .cache for the next run. Fails where no source works."""
    fetch({"cohort_file": FILE}, {"folder": peers.CACHE / "hs-mice"})
    out = tmp_path_factory.mktemp("mice")
    declared = cohort_file.read(FILE)
    paths = {end: peers.CACHE / "hs-mice" / entry["name"] for end, entry in declared["files"].items()}
    read_cohort(paths, raw_files(out / "genotypes", out / "samples.tsv"), declared=declared)
    return out


def filtered(mice: Path, out: Path, **options: Any) -> dict[str, tuple[int, int]]:
    """QC with these options: by step, the SNPs removed and left."""
    qc(
        raw_files(mice / "genotypes", mice / "samples.tsv"),
        cohort_files(out),
        options=options,
        about=cohort_file.read(FILE),
    )
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
    assert steps.get("HWE", (0, 10300)) == (0, 10300)
    assert steps["unplaced"] == (1926, 10300)
    assert steps["MAF"] == (1187, 9113)


def test_individuals_snps_and_pruned_set_are_those_of_plink2(mice: Path, tmp_path: Path, plink2) -> None:
    steps = filtered(mice, tmp_path, mind=0.1, geno=0.05, hwe=1e-6, maf=0.01, structure_maf=0.01)
    assert steps == {
        "input": (0, 12226),
        "unplaced": (1926, 10300),
        "sex chromosomes": (0, 10300),
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
    dataset(
        cohort_files(cohort),
        dataset_files(tmp_path / "cd8"),
        spec={"measured": "cd8", "snps": None},
        names=["mice"],
        declared=declared,
    )
    halves = {"method": "given", "options": {"column": "half", "validation": 0.2}}
    split(
        cohort_files(cohort) | dataset_files(tmp_path / "cd8"),
        {"split": tmp_path / "split.tsv"},
        spec=halves,
        names=["mice"],
    )
    structure(
        cohort_files(cohort) | dataset_files(tmp_path / "cd8") | {"split": tmp_path / "split.tsv"},
        structure_files(tmp_path / "structure"),
    )
    tables = {label: tmp_path / f"{label}.tsv.gz" for label in ("ols", "ols-pcs")}
    inputs = task_files(cohort, tmp_path / "cd8", tmp_path / "split.tsv", tmp_path / "structure")
    methods = {label: {"method": label, "options": {}} for label in tables}
    associate(
        inputs,
        {"tables": list(tables.values()), "record": tmp_path / "associations.json"},
        associations=methods,
    )
    chrom = files.read_tsv(cohort / "variants.tsv").set_index("snp")["chrom"]
    for path in tables.values():
        ranked = files.read_tsv(path).sort_values("statistic", key=abs, ascending=False)["snp"]
        assert chrom[ranked.iloc[0]] == "17"
        assert (chrom.loc[ranked.iloc[:10]] == "17").sum() >= 6  # some are on chr6, where Cd8a and Cd8b lie


@pytest.fixture(scope="module")
def passed(mice: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The cohort after its own QC."""
    out = tmp_path_factory.mktemp("passed")
    filtered(mice, out, **cohort_file.read(FILE)["qc"])
    return out


def test_kinship_makes_one_component_of_the_mice_and_is_refused(passed: Path) -> None:
    """Split by declared sibships instead, as the refusal says."""
    samples = files.read_tsv(passed / "samples.tsv")
    table = kinships(cohort_files(passed), samples["iid"].tolist())
    sizes = {
        limit: int(np.bincount(relatives.groups(table, samples["iid"].tolist(), limit)).max())
        for limit in (0.0442, 0.0884, 0.177)
    }
    assert sizes[0.0442] == sizes[0.0884] == 1940
    assert sizes[0.177] == pytest.approx(1499, abs=40)  # on plink2's QC of the same mice
    people = samples.assign(stratum="all")
    options = {name: schema["default"] for name, schema in kin_aware.OPTIONS.items()}
    rng = np.random.default_rng(0)
    message = (
        rf"link 1940 of 1940 .*by: family; the largest has 48.*0.0884 links 1940, 0.177 links {sizes[0.177]}"
    )
    with pytest.raises(UserError, match=message):
        kin_aware.assign(people, options | {"by": "king"}, rng, lambda: table)
    set_N = kin_aware.assign(people, options, rng, lambda: table)
    assert pd.Series(set_N).groupby(people["family"].to_numpy()).nunique().max() == 1


def test_pcs_of_the_mice_span_the_space_of_plink2s(passed: Path, tmp_path: Path, plink2) -> None:
    """Of all mice, on the same SNPs; up to where an eigenvalue is 3% above the next."""
    variants = files.read_tsv(passed / "variants.tsv")
    genotypes = open_cohort(cohort_files(passed), variants["snp"][variants["structure"] == 1].tolist())
    p_M = frequencies(genotypes)
    everyone_N = np.ones(len(genotypes.person_N), dtype=bool)
    axes = pca.fit(genotypes, p_M, everyone_N, grm.product(genotypes, p_M))
    (tmp_path / "snps").write_text("\n".join(variants["snp"][variants["structure"] == 1]))
    source = ("--bfile", passed / "genotypes", *MOUSE, "--extract", tmp_path / "snps")
    plink.write_fam(plink.read_fam(passed / "genotypes.fam").assign(father="0", mother="0"), tmp_path / "fam")
    plink2(*source, "--fam", tmp_path / "fam", "--pca", 20, "--out", tmp_path / "peer")
    peer_NK = pd.read_csv(tmp_path / "peer.eigenvec", sep="\t").filter(regex="^PC").to_numpy()
    value_K = np.loadtxt(tmp_path / "peer.eigenval")
    apart = [k for k in range(1, 20) if value_K[k - 1] > 1.03 * value_K[k]]
    assert len(apart) >= 5
    for k in apart:
        assert np.cos(subspace_angles(axes.pc_NK[:, :k], peer_NK[:, :k])).min() > 0.99, k
