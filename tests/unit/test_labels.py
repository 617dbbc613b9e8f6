"""People without a population: refused with file, column, count and remedies before anything runs; or left out."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers import balding_nichols, write_cohort
from stations import cohort_files, raw_files
from stratbench.cohorts.qc.run import qc
from stratbench.cohorts.real import cohort_file
from stratbench.cohorts.real.labels import origin, require_labels
from stratbench.cohorts.real.read_cohort import read_cohort
from stratbench.commands.plan import plan
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.genotypes import plink
from stratbench.study.config import check

SIZES = [30, 30]
REMEDIES = r"; label them, or set populations under qc to labelled .*, called .* or clusters "


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with mine.{bed,bim,fam} and mine.tsv, in which i0004 has no group and i0005 no row."""
    monkeypatch.chdir(tmp_path)
    count_MN, populations = balding_nichols(SIZES, 600, 0.1, np.random.default_rng(5))
    raw = write_cohort(tmp_path, count_MN)
    for end in ("bed", "bim", "fam"):
        (raw / f"genotypes.{end}").rename(f"mine.{end}")
    iid = plink.read_fam("mine.fam")["iid"]
    table = pd.DataFrame({"IID": iid, "Group": populations, "y": np.arange(60) * 0.1})
    table.loc[3, "Group"] = "NA"
    table.drop(index=4).to_csv("mine.tsv", sep="\t", index=False)
    return tmp_path


def own(**qc_options: Any) -> dict[str, Any]:
    cohort = {"bfile": "mine", "phenotypes": "mine.tsv", "trait": "y", "population": "Group"}
    return {"study": "mine", "cohort": {**cohort, "qc": qc_options}}


def full(folder: Path, qc_options: dict[str, Any]) -> dict[str, Any]:
    """The same cohort as a cohort file's, whose table has been fetched into a folder."""
    declared = cohort_file.read(
        {
            "title": "t", "licence": "l", "citation": "c", "mating": "outbred",
            "files": {end: {"path": f"mine.{end}"} for end in ("bed", "bim", "fam")}
            | {"more": {"name": "more.tsv", "sha256": "0" * 64, "sources": [{"url": "https://example.org/more.tsv"}]}},
            "tables": [{"file": "more", "id": "IID", "columns": {"group": "Group", "y": "y"}}],
            "population": "group",
            "traits": {"y": {"kind": "quantitative", "column": "y"}},
        }
    )  # fmt: skip
    spec = {"real": "config/mine.yaml", "qc": qc_options, "declared": declared}
    return {"cohorts": {"mine": spec}, "blocks": [{"cohorts": ["mine"]}]}


def test_an_own_cohort_is_refused_when_its_config_is_read(here: Path) -> None:
    found = r"cohort\.population: mine\.tsv, column 'Group': 2 of 60 individuals have no population, first 'i0004'"
    with pytest.raises(UserError, match=found + REMEDIES):
        check(own())


@pytest.mark.parametrize("way", ["labelled", "called", "clusters"])
def test_each_remedy_is_one(here: Path, way: str) -> None:
    said = check(own(populations=way, hwe=None))["cohorts"]["mine"]
    paths = {key: entry["path"] for key, entry in said["declared"]["files"].items()}
    read_cohort(paths, raw_files("raw", "raw.tsv"), declared=said["declared"])
    qc(raw_files("raw", "raw.tsv"), cohort_files("out"), options=said["qc"])
    samples = files.read_tsv("out/samples.tsv")
    assert len(samples) == (58 if way == "labelled" else 60)
    assert (samples["population"] != "").all()


def test_what_cannot_be_called_is_refused_when_the_config_is_read(here: Path) -> None:
    table = files.read_tsv("mine.tsv")
    files.write_tsv(table.assign(Group=["rare"] * 5 + ["p2"] * 53 + [""]), "mine.tsv")
    with pytest.raises(UserError, match=r"two labelled populations of 10 .*'rare' has 5; .*labelled"):
        check(own(populations="called"))
    files.write_tsv(table.assign(Group=""), "mine.tsv")
    for way in ("labelled", "called"):
        with pytest.raises(UserError, match=r"60 of 60 individuals .* label some, or .* clusters"):
            check(own(populations=way))


def test_a_cohort_file_is_looked_into_once_its_data_are_here(here: Path) -> None:
    config = full(here, {"populations": "declared"})
    require_labels(config, "got")  # not fetched yet: QC will say it
    (here / "got/mine").mkdir(parents=True)
    Path("mine.tsv").rename("got/mine/more.tsv")
    found = r"cohorts\.mine: got/mine/more\.tsv, column 'Group': 2 of 60 .*'i0004'"
    with pytest.raises(UserError, match=found + REMEDIES):
        require_labels(config, "got")
    require_labels(full(here, {"populations": "labelled"}), "got")


def test_a_run_and_a_dry_run_look_into_cohort_files_and_jobs_do_not(here: Path) -> None:
    files_of = {end: {"path": f"mine.{end}"} for end in ("bed", "bim", "fam", "tsv")}
    said = {
        "title": "t", "licence": "l", "citation": "c", "mating": "outbred", "population": "group", "files": files_of,
        "tables": [{"file": "tsv", "id": "IID", "columns": {"group": "Group", "y": "y"}}],
        "traits": {"y": {"kind": "quantitative", "column": "y"}},
    }  # fmt: skip
    Path("mine.yaml").write_text(yaml.safe_dump(said))
    block = {"cohorts": ["mine"], "traits": ["y"], "splits": ["random"], "models": ["linear"]}
    config = {
        "study": "s",
        "cohorts": {"mine": {"real": "mine.yaml"}},
        "traits": {"y": {"measured": "y"}},
        "blocks": [block],
    }
    with pytest.raises(UserError, match=r"cohorts\.mine: mine\.tsv, column 'Group': 2 of 60 "):
        plan(config)
    assert plan(config, looking=False).name == "s"


@pytest.mark.parametrize(
    ("population", "expected"),
    [
        (None, ""),
        ("fid", "a.fam, column 1"),
        ("seventh", "a.fam, column 7"),
        ("new", "t.tsv, column 'Old'"),
    ],
)
def test_qc_names_the_file_that_labels_come_from(here: Path, population: str | None, expected: str) -> None:
    declared = {
        "population": population,
        "columns": {"seventh": 7},
        "tables": [{"file": "t", "columns": {"new": "Old"}}],
    }
    assert origin(declared, {"fam": "a.fam", "t": "t.tsv"}) == expected
    iids = plink.read_fam("mine.fam")["iid"]
    files.write_tsv(pd.DataFrame({"iid": iids, "population": "", "family": iids}), "raw.tsv")
    with pytest.raises(UserError, match=f"^{re.escape(expected or 'raw.tsv')}: 60 of 60 "):
        qc(raw_files("mine", "raw.tsv"), cohort_files("out"), options={}, about={"labels": expected})


def test_who_is_left_out_is_a_step_of_its_own_and_counts_nowhere(here: Path) -> None:
    """QC of the labelled alone, from a source that holds nobody else, gives the same cohort."""
    count_MN, populations = balding_nichols(SIZES, 600, 0.1, np.random.default_rng(5))
    label_N = np.array(populations, dtype=object)
    label_N[[3, 4, 59]] = ""
    count_MN[:30, 3] = -1  # would fail the call rate, and draw SNPs with it
    raw = write_cohort(here / "raw", count_MN, label_N.tolist())
    qc(
        raw_files(raw / "genotypes", raw / "samples.tsv"),
        cohort_files(here / "out"),
        options={"populations": "labelled", "heterozygosity": 3},
    )
    kept_N = label_N != ""
    iids = files.read_tsv(raw / "samples.tsv")["iid"][kept_N].tolist()
    alone = write_cohort(here / "alone", count_MN[:, kept_N], label_N[kept_N].tolist(), iids=iids)
    qc(
        raw_files(alone / "genotypes", alone / "samples.tsv"),
        cohort_files(here / "peer"),
        options={"heterozygosity": 3},
    )
    for name in (
        "genotypes.bed",
        "genotypes.bim",
        "genotypes.fam",
        "samples.tsv",
        "variants.tsv",
        "qc_snps.tsv.gz",
    ):
        assert (here / "out" / name).read_bytes() == (here / "peer" / name).read_bytes(), name
    steps = files.read_tsv(here / "out/qc.tsv")
    assert steps.iloc[2].tolist() == ["population", "individuals", 3, 57, "no label"]
    seen = files.read_tsv(here / "out/qc_samples.tsv", text=("removed_by",)).set_index("iid")
    assert seen.index[seen["removed_by"] == "population"].tolist() == ["i0004", "i0005", "i0060"]
    assert seen.loc["i0004", ["heterozygosity", "f", "pc1_before"]].isna().all()


def test_nobody_to_call_needs_no_large_populations(here: Path) -> None:
    count_MN, _ = balding_nichols([40], 600, 0, np.random.default_rng(5))
    raw = write_cohort(here / "raw", count_MN, ["few"] * 3 + ["many"] * 37)
    qc(
        raw_files(raw / "genotypes", raw / "samples.tsv"),
        cohort_files(here / "out"),
        options={"populations": "called"},
    )
    samples = files.read_tsv(here / "out/samples.tsv")
    assert samples["population"].tolist() == samples["population_declared"].tolist()
    assert samples["population_probability"].isna().all()
