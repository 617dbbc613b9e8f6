"""The short form of a study becomes the full one; what its data leave open, or are not, is refused by key."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import write_cohort
from stations import raw_files
from stratbench.cohorts.real.read_cohort import read_cohort
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.datasets.measured import measured
from stratbench.genotypes import plink
from stratbench.report.analysis.changes import ENOUGH
from stratbench.study import own_cohort, own_columns
from stratbench.study.config import check

TABLE = {
    "IID": ["a", "b", "c", "d"],
    "Bmi": ["20", "NA", "25.5", "31"],
    "T2D": ["1", "2", "2", "-9"],
    "Ancestry": ["x", "y", "y", "x"],
    "age": ["33", "44", "", "55"],
    "Site": ["north", "south", "", "north"],
    "grade": ["0", "1", "2", "1"],
    "two": ["3", "5", "3", "5"],
    "one": ["7", "7", "NA", "7"],
    "words": ["yes", "no", "yes", "no"],
    "empty": ["", "NA", "-9", "."],
    "coded": ["0", "1", "-9.0", "1"],
    "nine": ["-9", "-9.00", "-9e0", "NA"],
}


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with data/mine.{bed,bim,fam,tsv}; the .fam's phenotypes are 1, 2, 0, -9."""
    monkeypatch.chdir(tmp_path)
    write_cohort(tmp_path / "data", plink.A1_COUNT[[[0, 2, 3, 0], [2, 2, 3, 0]]], iids=list("abcd"))
    for end in ("bed", "bim", "fam"):
        (tmp_path / f"data/genotypes.{end}").rename(tmp_path / f"data/mine.{end}")
    fam = plink.read_fam("data/mine.fam")
    plink.write_fam(fam.assign(sex=list("1201"), phenotype=["1", "2", "0", "-9"]), "data/mine.fam")
    pd.DataFrame(TABLE).to_csv("data/mine.tsv", sep="\t", index=False)
    return tmp_path


def short(top: dict[str, Any] | None = None, **cohort: Any) -> dict[str, Any]:
    given = {"bfile": "data/mine", "phenotypes": "data/mine.tsv", "trait": "Bmi"} | cohort
    return {"study": "mine", "cohort": {k: v for k, v in given.items() if v is not None}, **(top or {})}


def declared(config: dict[str, Any]) -> dict[str, Any]:
    return check(config)["cohorts"]["mine"]["declared"]


def test_the_short_form_is_a_full_study(here: Path, capsys) -> None:
    config = check(short(population="Ancestry", covariates=["age", "sex", "Site"], family="Site"))
    said = config["cohorts"]["mine"]["declared"]
    assert said["files"]["phenotypes"] == {"path": "data/mine.tsv"}
    assert said["tables"][0]["columns"] == {
        "bmi": "Bmi",
        "ancestry": "Ancestry",
        "site": "Site",
        "age": "age",
    }
    assert (said["population"], said["family"]) == ("ancestry", "site")
    assert said["covariates"] == {"age": "numeric", "sex": "categorical", "site": "categorical"}
    assert config["cohorts"]["mine"]["qc"]["thin"] is None
    assert config["traits"]["bmi"]["at_most"] == 20_000
    assert config["associations"]["ols-pcs-all"]["options"] == {
        "pcs": 10,
        "snps": "all",
        "people": "everyone",
    }
    (block,) = config["blocks"]
    assert block["models"] == ["linear", "mlp"]
    assert block["splits"] == ["kin-aware"]
    assert config["splits"]["kin-aware"]["options"]["test"] == 0.3
    assert config["splits"]["kin-aware"]["repeats"] == own_cohort.REPEATS == ENOUGH
    note = "data/mine.tsv, column 'Bmi': quantitative (by its values), 3 of 4 not missing"
    assert capsys.readouterr().err == f"mine: {note}\n"
    assert said["title"] == "The user's own cohort of mine.bed, .bim and .fam"
    about = note.removeprefix("data/")  # the report's readers need no path
    assert said["traits"]["bmi"] == {"kind": "quantitative", "column": "bmi", "description": about}


def test_a_default_that_is_named_keeps_its_definition(here: Path) -> None:
    config = check({**short(family="Site"), "splits": ["random"], "associations": ["ols-pcs-all", "ols"]})
    (block,) = config["blocks"]
    assert (block["splits"], block["associations"]) == (["random"], ["ols-pcs-all", "ols"])
    assert config["associations"]["ols-pcs-all"]["options"]["people"] == "everyone"
    split = config["splits"]["random"]
    assert (split["options"]["test"], split["repeats"]) == (0.3, own_cohort.REPEATS)


def test_sex_is_the_tables_if_it_has_one(here: Path) -> None:
    pd.DataFrame(TABLE | {"sex": list("1221")}).to_csv("data/mine.tsv", sep="\t", index=False)
    said = declared(short(covariates=["sex"]))
    assert said["covariates"] == {"own_sex": "categorical"}
    assert said["tables"][0]["columns"]["own_sex"] == "sex"


def test_a_label_may_have_underscores(here: Path) -> None:
    config = check({**short(), "study": "hm3_popcc"})
    assert (config["study"], list(config["cohorts"])) == ("hm3_popcc", ["hm3_popcc"])
    with pytest.raises(UserError, match=r"study: 'hm3 popcc' is no label: .*'_'"):
        check({**short(), "study": "hm3 popcc"})


def test_an_own_cohort_is_cited_in_sentences(here: Path) -> None:
    said = declared(short())
    sentences = [said[key] for key in ("title", "citation", "licence")]
    assert sentences == [
        "The user's own cohort of mine.bed, .bim and .fam",
        "There is no publication to cite, as the config gives files in place of a cohort file",
        "No licence is stated",
    ]


def test_the_full_form_passes_the_same_checks_again(here: Path) -> None:
    """The full form that the short one stands for is a study of its own, and the same one."""
    config = short(covariates=["age"])
    assert check(own_cohort.expand(config)) == check(config)


@pytest.mark.parametrize(
    ("cohort", "kind", "words"),
    [
        ({"trait": "T2D"}, "binary", "1 control and 2 case, 0 missing), 3 of 4"),
        ({"trait": "grade", "kind": "quantitative"}, "quantitative", "(stated), 4 of 4"),
        ({"trait": "grade", "kind": "binary"}, "binary", "(stated, 1 control and 2 case, 0 missing)"),
        ({"trait": "two", "kind": "quantitative"}, "quantitative", "4 of 4"),
        ({"trait": "coded"}, "binary", "(by its values, 0 control and 1 case), 3 of 4"),
        ({"trait": "coded", "kind": "binary"}, "binary", "(stated, 0 control and 1 case), 3 of 4"),
        ({"trait": "T2D", "missing": ["NA"]}, "binary", "1 control and 2 case, 0 missing), 3 of 4"),
        ({"trait": None, "phenotypes": None}, "binary", "data/mine.fam, column 6: binary"),
    ],
)
def test_kind_by_values_or_as_stated(here: Path, cohort: dict, kind: str, words: str, capsys) -> None:
    (trait,) = declared(short(**cohort))["traits"].values()
    assert trait["kind"] == kind
    assert words in capsys.readouterr().err


def test_what_is_found_is_what_a_study_reads(here: Path) -> None:
    """-9.0 is missing here and there, whatever `missing` says: in traits, and in both kinds of covariates."""
    table = TABLE | {"height": ["-9", "1", "2", "3"], "site": ["-9", "n", "n", "s"]}
    pd.DataFrame(table).to_csv("data/mine.tsv", sep="\t", index=False)
    said = declared(short(trait="coded", missing=["x"], covariates=["height", "site"]))
    assert said["covariates"] == {"height": "numeric", "site": "categorical"}
    read_cohort(
        {key: entry["path"] for key, entry in said["files"].items()},
        raw_files("out/raw", "out/raw.tsv"),
        declared=said,
    )
    samples = files.read_tsv("out/raw.tsv", text=("coded", "height", "site"))
    assert samples["coded"].tolist() == ["0", "1", "", "1"]
    assert samples["height"].tolist() == ["", "1", "2", "3"]
    assert samples["site"].tolist() == ["", "n", "n", "s"]
    np.testing.assert_array_equal(measured("out/raw.tsv", "coded", said["traits"]), [0, 1, np.nan, 1])


def test_values_count_after_the_table_met_the_fam(here: Path, capsys) -> None:
    """Rows of strangers decide nothing, and say nothing on stdout, where Snakemake may print a graph."""
    table = {"IID": ["c", "x", "a"], "T2D": ["2", "77.5", "1"], "age": ["33", "old", "44"]}
    pd.DataFrame(table).to_csv("data/mine.tsv", sep="\t", index=False)
    said = declared(short(trait="T2D", covariates=["age"], unmatched=0.6))
    assert said["traits"]["t2d"]["kind"] == "binary"
    assert said["covariates"] == {"age": "numeric"}
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("2 of 4 not missing\n")


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        ("tsv", "d\t", "a\t", r"data/mine\.tsv: line 5: individual 'a' occurs a second time; keep one"),
        ("fam", "d\t", "a\t", r"data/mine\.fam: line 4: .*'a' occurs a second time.*--update-ids"),
        ("bim", "1\ts0002", "23\ts0002", r"data/mine\.bim: has chromosome 23: .*under cohort"),
        ("bim", "1\ts0002", "chr26\ts0002", r"data/mine\.bim: has chromosome 26: "),
    ],
)
def test_files_that_do_not_fit_are_refused_before_anything_runs(
    here: Path, name: str, old: str, new: str, message: str
) -> None:
    path = Path(f"data/mine.{name}")
    content = path.read_text()
    assert old in content
    path.write_text(content.replace(old, new, 1) if name == "bim" else new.join(content.rsplit(old, 1)))
    with pytest.raises(UserError, match=message):
        check(short())


def test_a_table_of_strangers_is_refused_before_anything_runs(here: Path) -> None:
    pd.DataFrame(TABLE | {"IID": list("wxyz")}).to_csv("data/mine.tsv", sep="\t", index=False)
    with pytest.raises(UserError, match=r"none of its 4 ids \(column IID: 'w', 'x', 'y'\) is among"):
        check(short())


@pytest.mark.parametrize(
    "species", [{"build": "hg19"}, {"autosomes": 29}, {"build": "hg38", "autosomes": 22}]
)
def test_chromosome_23_is_what_the_config_says(here: Path, species: dict[str, Any]) -> None:
    bim = Path("data/mine.bim")
    bim.write_text(bim.read_text().replace("1\ts0002", "23\ts0002"))
    said = declared(short(**species))
    assert {key: said[key] for key in ("build", "autosomes") if key in said} == species
    paths = {key: entry["path"] for key, entry in said["files"].items()}
    read_cohort(paths, raw_files("out/raw", "out/raw.tsv"), declared=said)
    with pytest.raises(UserError, match="has chromosome 23"):
        read_cohort(
            paths, raw_files("out/raw", "out/raw.tsv"), declared={**said, "build": None, "autosomes": None}
        )


def test_sections_are_replaced_by_name_or_with_options(here: Path) -> None:
    top = {"models": ["linear"], "splits": {"third": {"method": "random", "test": 0.33}}, "seeds": 3}
    config = check(short(top, mating="inbred", qc={"thin": None}))
    (block,) = config["blocks"]
    assert (block["models"], block["splits"], config["seeds"]) == (["linear"], ["third"], 3)
    assert config["cohorts"]["mine"]["qc"]["hwe"] == "auto"  # QC then says that it is not tested, and why
    assert config["cohorts"]["mine"]["qc"]["thin"] is None
    assert config["traits"]["bmi"]["at_most"] is None  # what QC leaves, as asked for
    config = check(short(snps=500, qc={"thin": None}))
    assert config["traits"]["bmi"]["at_most"] == 500


def test_names_that_are_taken_or_alike_become_others() -> None:
    names = own_columns.names(["Sex", "sex", "1st", "Größe", "§", "a b", "a_b"])
    assert len(set(names.values())) == 7
    assert not {"sex", "iid", "family", "population"} & set(names.values())
    assert all(name[0].isalpha() and name.isascii() for name in names.values())


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (short(trait="bmmi"), r"cohort\.trait: data/mine\.tsv has no column 'bmmi': did you mean 'Bmi'"),
        (short(covariates=["agee"]), r"cohort\.covariates: .*did you mean 'age'"),
        (short(population="Ancestri"), r"cohort\.population: .*did you mean 'Ancestry'"),
        (short(id="ID"), r"cohort\.id: .*no column 'ID'"),
        (short(trait="two"), r"has the values 3, 5 alone; say cohort\.kind"),
        (short(trait="grade"), r"has the values 0, 1, 2 alone; say cohort\.kind"),
        (short(trait="two", kind="binary"), r"values 3, 5; code a binary trait 0/1 or 1/2"),
        (short(trait="one"), r"column 'one' is constant \(every value is 7\)"),
        (short(trait="words"), r"individual 'a' is 'yes', not a number; code controls 0 and cases 1"),
        (short(trait="empty"), r"column 'empty': every value is missing"),
        (short(trait="nine", missing=["NA"]), r"column 'nine': every value is missing"),
        (short(covariates=["age", "Bmi"]), r"cohort\.covariates: 'Bmi' is the trait, .*leave it out"),
        (short(build="hg91"), r"cohort\.build: unknown value 'hg91': did you mean 'hg19'"),
        (short(autosomes=0), r"cohort\.autosomes: "),
        (short(phenotypes=None), r"cohort\.phenotypes: name the table that holds the column 'Bmi'"),
        (short(trait=None), r"cohort\.trait: name the column of the table"),
        (short(phenotypes="data/none.tsv"), r"no such file: data/none\.tsv"),
        (short(bfile="data/mime"), r"no such file: data/mime\.bed, data/mime\.bim, data/mime\.fam"),
        (short({"blocks": []}), r"leave out blocks, or 'cohort'"),
        (short({"model": ["linear"]}), r"unknown key 'model': did you mean 'models'"),
        (short(fid="x"), r"cohort\.fid: unknown key 'fid'"),
        (short({"models": ["lineer"]}), r"undefined label 'lineer': did you mean 'linear'"),
        (short(qc={"mfa": 0.1}), r"did you mean 'maf'"),
    ],
)
def test_mistakes_are_refused_by_key(here: Path, config: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        check(config)


def converted(error: UserError) -> list[str]:
    """The arguments of the plink2 command that a message ends in."""
    program, *arguments = str(error).splitlines()[-1].split()
    assert program == "plink2"
    return arguments


@pytest.mark.parametrize(
    ("export", "given"),
    [
        (["--export", "vcf", "bgz", "id-paste=iid"], "data/other.vcf.gz"),
        (["--export", "vcf", "id-paste=iid"], "data/other.vcf"),
        (["--export", "bcf", "id-paste=iid"], "data/other"),
        (["--make-pgen"], "data/other"),
        (["--make-pgen"], "data/other.pgen"),
        (["--make-pgen"], "data/other.pvar"),
        (["--make-pgen"], "data/other.psam"),
        (["--make-pgen", "vzs"], "data/other"),
        (["--make-pgen", "vzs"], "data/other.pgen"),
        (["--make-pgen", "vzs"], "data/other.pvar.zst"),
        (["--no-pheno", "--export", "bgen-1.2", "ref-first"], "data/other.bgen"),
        (["--no-pheno", "--export", "bgen-1.2", "ref-first"], "data/other"),
        (["--export", "ped"], "data/other.ped"),
        (["--export", "ped"], "data/other"),
    ],
)
def test_other_formats_are_told_the_command_that_converts_them(
    here: Path, plink2, export: list[str], given: str
) -> None:
    plink2("--bfile", "data/mine", *export, "--out", "data/other")
    with pytest.raises(UserError, match="is not PLINK 1") as error:
        check(short(bfile=given))
    plink2(*converted(error.value))
    assert plink.read_fam("data/other.fam")["iid"].tolist() == list("abcd")
    assert declared(short(bfile="data/other"))["files"]["bed"] == {"path": "data/other.bed"}


@pytest.mark.parametrize("name", ["other.VCF", "other.vcf.bgz", "other.Vcf.GZ", "other.BCF"])
def test_endings_are_known_in_capitals_too(here: Path, name: str) -> None:
    Path("data", name).touch()
    for given in (f"data/{name}", "data/other"):
        with pytest.raises(UserError, match=rf"data/{name} is not PLINK 1 .*prefix data/other:") as error:
            check(short(bfile=given))
        assert converted(error.value)[1] == f"data/{name}"


@pytest.mark.parametrize("given", ["data/mine.bed", "data/mine.bim", "data/mine.fam", "data/mine.FAM"])
def test_one_of_the_three_files_stands_for_all(here: Path, given: str) -> None:
    assert declared(short(bfile=given))["files"]["bim"] == {"path": "data/mine.bim"}


def test_a_prefix_may_look_like_another_format(here: Path) -> None:
    for end in ("bed", "bim", "fam"):
        Path(f"data/mine.{end}").rename(f"data/from.vcf.{end}")
    assert declared(short(bfile="data/from.vcf"))["files"]["bed"] == {"path": "data/from.vcf.bed"}
