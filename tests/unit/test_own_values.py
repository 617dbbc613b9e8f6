"""Values of a user's table reach training as they were written, or are refused by name: none becomes another."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from helpers import balding_nichols, write_cohort
from stations import cohort_files, dataset_files, raw_files, task_files
from stratbench.cohorts.qc.run import qc
from stratbench.cohorts.real.read_cohort import read_cohort
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.datasets.run import dataset
from stratbench.genotypes import plink
from stratbench.splits.run import with_strata
from stratbench.structure.covariates import covariates
from stratbench.study import own_columns
from stratbench.study.config import check
from stratbench.task.model_data import load

N = 60
IIDS = [f"i{k + 1:04d}" for k in range(N)]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with mine.{bed,bim,fam} of 60 people."""
    monkeypatch.chdir(tmp_path)
    count_MN, _ = balding_nichols([N], 600, 0, np.random.default_rng(5))
    write_cohort(tmp_path, count_MN)
    for end in ("bed", "bim", "fam"):
        (tmp_path / f"genotypes.{end}").rename(tmp_path / f"mine.{end}")
    return tmp_path


@pytest.fixture
def study(here: Path) -> Callable[..., dict[str, Any]]:
    """Write mine.tsv with these columns (short ones are repeated), and check the config of a study of trait y."""

    def checked(columns: dict[str, Any], **cohort: Any) -> dict[str, Any]:
        table = {"IID": IIDS, "y": np.arange(N) * 0.5, **{k: np.resize(v, N) for k, v in columns.items()}}
        pd.DataFrame(table).to_csv("mine.tsv", sep="\t", index=False)
        given = {"bfile": "mine", "phenotypes": "mine.tsv", "trait": "y", **cohort}
        return check({"study": "mine", "cohort": given})

    return checked


def declared(config: dict[str, Any]) -> dict[str, Any]:
    return config["cohorts"]["mine"]["declared"]


def through(config: dict[str, Any]) -> Path:
    """The raw cohort, quality control, and the dataset of the only trait, as the rules make them."""
    said = declared(config)
    paths = {key: entry["path"] for key, entry in said["files"].items()}
    read_cohort(paths, raw_files("raw", "raw.tsv", "tables.tsv"), declared=said)
    qc(raw_files("raw", "raw.tsv"), cohort_files("out"), options={"hwe": None})
    (label,) = said["traits"]
    dataset(
        cohort_files("out"),
        dataset_files("out"),
        spec={"measured": label},
        names=["mine", label],
        declared=said["traits"],
    )
    return Path("out")


def adjusted(config: dict[str, Any], out: Path) -> pd.DataFrame:
    """covariates.tsv where everyone trains."""
    people, asked = files.read_texts(out / "samples.tsv"), declared(config)["covariates"]
    return covariates(people, out / "samples.tsv", np.ones(len(people), dtype=bool), asked)


def test_columns_keep_apart_whatever_they_are_called(study) -> None:
    columns = {"x": [1, 2, 4], "x_3": [5, 7, 6, 5], "X": [0, 3], "x 3": [2, 2, 9]}
    config = study(columns, trait="x", covariates=["x_3", "X", "x 3"], kind="quantitative")
    (table,) = declared(config)["tables"]
    assert sorted(table["columns"].values()) == ["X", "x", "x 3", "x_3"]
    samples = files.read_texts(through(config) / "samples.tsv").set_index("iid")
    for new, old in table["columns"].items():
        assert samples[new].tolist() == [str(value) for value in np.resize(columns[old], N)], old


@pytest.mark.parametrize(
    "columns",
    [
        ["x", "x_3", "X"],
        ["a_2", "A", "a", "A_2", "a-2"],
        ["FID", "parents", "None", "iid", "own_iid", "own iid"],
    ],
)
def test_names_are_those_of_one_column_each(columns: list[str]) -> None:
    names = own_columns.names(columns)
    assert list(names) == columns
    assert len(set(names.values())) == len(columns)
    assert not {"fid", "parents", "none", "iid"} & set(names.values())


def test_categories_stay_what_they_were_written_as(study) -> None:
    columns = {"code": ["01", "1", "1.0", "1e0"], "group": ["1", "01"], "house": ["7", "07", "7.0"]}
    config = study(columns, covariates={"code": "categorical"}, population="group", family="house")
    out = through(config)
    samples = files.read_texts(out / "samples.tsv")
    assert samples["code"].tolist() == list(np.resize(columns["code"], N))
    assert samples["population"].tolist() == list(np.resize(columns["group"], N))
    assert samples["family"].tolist() == list(np.resize(columns["house"], N))
    assert list(adjusted(config, out).columns) == ["iid", "code=1", "code=1.0", "code=1e0"]
    assert set(with_strata(cohort_files(out) | dataset_files(out))["stratum"]) == {"1", "01"}


def test_a_measured_value_reaches_training_to_the_last_bit(study) -> None:
    values = [1700000591.80, 1700000592.1, 0.224991591484104, 1 / 3, -9007199254740993.0, 1e-30]
    config = study({"big": [repr(value) for value in values]}, trait="big", covariates=["y"])
    out = through(config)
    iids = files.read_tsv(out / "trait.tsv")["iid"].tolist()
    assert files.read_texts(out / "trait.tsv")["y"][0] == "1700000591.8"
    files.write_tsv(
        pd.DataFrame({"iid": iids, "set": np.resize(["train", "validation", "test"], N)}), "split.tsv"
    )
    files.write_tsv(pd.DataFrame({"iid": iids, "fitted": 1, "pc1": 0.5}), "pcs.tsv")
    files.write_tsv(pd.DataFrame({"iid": iids}), "covariates.tsv")
    data = load(task_files(out, out, "split.tsv", "."))
    assert data.y_N.tolist() == list(np.resize(values, N))


def test_nine_digits_of_what_was_measured_stay_as_they_were(study) -> None:
    out = through(study({"y": ["20", "2.50", "1e3", "0.123456789"]}))
    assert files.read_texts(out / "trait.tsv")["y"][:4].tolist() == ["20", "2.5", "1000", "0.123456789"]


FIFTY = [str(value) for value in range(20, 20 + N)]
STATED = r"correct it, add it to cohort\.missing, or state the kind \(covariates: \{age: categorical\}, or numeric\)"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["2O", *FIFTY[1:]], rf"individual 'i0001' is '2O', not a number; 59 of 60 values are numbers; {STATED}"),
        ([*FIFTY[1:], "1,001"], r"individual 'i0060' is '1,001', not a number; .*without thousands separators"),
        (["45,5", *FIFTY[1:]], r"'45,5', not a number; write numbers with a decimal point"),
        (["45%", *FIFTY[1:]], r"'45%', not a number; .*percent sign"),
        (["inf", *FIFTY[1:]], r"'inf', not a number"),
        (["NAN", *FIFTY[1:]], r"'NAN', not a number"),
        (["#N/A", *FIFTY[1:]], r"'#N/A', not a number"),
        (["north", "south", "3"], rf"individual 'i0003' is '3', a number, and 40 of 60 values are not; {STATED}"),
        (["01", "02"], rf"'01', written as a code is and yet a number; {STATED}"),
        ([f"p{k}" for k in range(N)], r"all of its 60 values differ, such as 'p0', so they are no categories"),
        ([*["a"] * 20, *(f"p{k}" for k in range(40))], r"40 of 60 values occur once, .* hardly categories; .*state"),
        (["NA"], r": every value is missing; name a column with values, or leave the covariate out"),
        (["a", "b", "N/A"], r"individual 'i0003' is 'N/A'; add it to cohort\.missing if it means that"),
    ],
)  # fmt: skip
def test_a_covariate_that_is_neither_numbers_nor_groups_is_refused(
    study, values: list[str], message: str
) -> None:
    with pytest.raises(UserError, match=rf"^cohort\.covariates: mine\.tsv, column 'age'.*{message}"):
        study({"age": values}, covariates=["age"])


def test_a_stated_kind_decides_and_is_held_to(study) -> None:
    mixed = ["2O", *FIFTY[:29]]
    assert declared(study({"age": mixed}, covariates={"age": "categorical"}))["covariates"] == {
        "age": "categorical"
    }
    assert declared(study({"age": ["01", "02"]}, covariates={"age": "numeric"}))["covariates"] == {
        "age": "numeric"
    }
    assert declared(study({"age": mixed}, covariates=["age"], missing=["2O"]))["covariates"] == {
        "age": "numeric"
    }
    with pytest.raises(
        UserError, match=r"column 'age' of individual 'i0001' is '2O', not a number; correct it"
    ):
        study({"age": mixed}, covariates={"age": "numeric"})
    with pytest.raises(UserError, match="all of its 60 values differ"):
        study({"age": FIFTY}, covariates={"age": "categorical"})


@pytest.mark.parametrize(
    "text", ["1,5", "1,001.5", "12%", "NAN", "Inf", "null", "1_000", "0x1A", "2O", "1.5.1"]
)
def test_a_trait_that_is_no_number_is_refused(study, text: str) -> None:
    with pytest.raises(
        UserError, match=rf"^cohort\.trait: mine\.tsv, column 't' of individual 'i0002' is '{text}', not"
    ):
        study({"t": ["1.5", text, "3.5"]}, trait="t")


@pytest.mark.parametrize(
    ("cohort", "message"),
    [
        ({"population": "y"}, r"cohort\.population: 'y' is the trait"),
        ({"family": "y"}, r"cohort\.family: 'y' is the trait"),
        ({"covariates": ["IID"]}, r"cohort\.covariates: 'IID' is the column of ids"),
        ({"trait": "IID"}, r"cohort\.trait: 'IID' is the column of ids"),
        ({"population": "g"}, r"cohort\.population: mine\.tsv, column 'g' of individual 'i0002' is 'NULL'"),
    ],
)
def test_columns_that_cannot_be_what_they_are_said_to_be(study, cohort: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        study({"g": ["a", "NULL"]}, **cohort)


def test_groups_that_differ_in_capitals_or_blanks_alone_are_refused(study) -> None:
    for values in (["North", "north", "South"], ["north west", "south", "north  west"]):
        for cohort in ({"population": "place"}, {"covariates": ["place"]}):
            with pytest.raises(
                UserError, match=r"column 'place' holds '[Nn]orth.*' and 'north.*', which would be two"
            ):
                study({"place": values}, **cohort)
        kinds = declared(study({"place": values}, covariates={"place": "categorical"}))["covariates"]
        assert kinds == {"place": "categorical"}


def sexed(codes: list[str]) -> None:
    fam = plink.read_fam("mine.fam")
    plink.write_fam(fam.assign(sex=np.resize(codes, N)), "mine.fam")


@pytest.mark.parametrize("codes", [["1", "2"], ["M", "F"], ["m", "f"], ["male", "Female"], ["1.0", "2.0"]])
def test_sex_is_read_however_it_is_written(here: Path, study, codes: list[str]) -> None:
    sexed(codes)
    config = study({}, covariates=["sex"])
    out = through(config)
    assert files.read_texts(out / "samples.tsv")["sex"].tolist() == ["1", "2"] * 30
    assert plink.read_fam(out / "genotypes.fam")["sex"].tolist() == ["1", "2"] * 30
    assert adjusted(config, out)["sex=2"].tolist() == pytest.approx([-1, 1] * 30)


@pytest.mark.parametrize("codes", [["1", "2"], ["M", "F"], ["male", "female", "NA"], ["0", "1", "2"]])
@pytest.mark.parametrize("name", ["sex", "SEX"])
def test_a_tables_sex_has_the_same_codes(study, codes: list[str], name: str) -> None:
    config = study({name: codes}, covariates=[name])
    assert declared(config)["covariates"] == {"own_sex": "categorical"}
    out = through(config)
    assert set(files.read_texts(out / "samples.tsv")["own_sex"]) - {""} == {"1", "2"}
    assert list(adjusted(config, out).columns) == ["iid", "own_sex=2"]


def test_sexes_0_and_1_of_a_table_are_two(study) -> None:
    config = study({"sex": ["0", "1"]}, covariates=["sex"])
    assert list(adjusted(config, through(config)).columns) == ["iid", "own_sex=1"]


def test_sexes_that_are_none_are_refused(here: Path, study) -> None:
    with pytest.raises(UserError, match=r"mine\.fam, column 5 \(sex\): every value is missing"):
        study({}, covariates=["sex"])
    with pytest.raises(
        UserError, match=r"mine\.tsv: line 4: 'sex' of individual 'i0003' is 'x'; write 1 or M, 2 or F"
    ):
        study({"sex": ["M", "F", "x"]}, covariates=["sex"])
    sexed(["1", "2", "3"])
    with pytest.raises(
        UserError, match=r"mine\.fam: line 3: sex \(column 5\) is '3'; write 1 or M, 2 or F, or 0"
    ):
        study({})


def test_a_cohort_file_is_held_to_the_same(here: Path, study) -> None:
    """What the short form refuses when its config is read, read_cohort refuses of a cohort file."""
    sexed(["1", "2"])
    said = declared(study({"age": FIFTY}, covariates=["age", "sex"]))
    paths = {key: entry["path"] for key, entry in said["files"].items()}
    read_cohort(paths, raw_files("raw", "raw.tsv"), declared=said)
    with pytest.raises(UserError, match=r"mine\.tsv: covariate 'age': all of its 60 values differ"):
        read_cohort(
            paths, raw_files("raw", "raw.tsv"), declared={**said, "covariates": {"age": "categorical"}}
        )
    sexed(["0"])
    with pytest.raises(UserError, match=r"mine\.fam: covariate 'sex': every value is missing"):
        read_cohort(paths, raw_files("raw", "raw.tsv"), declared=said)
    sexed(["x"])
    with pytest.raises(UserError, match=r"mine\.fam: line 1: sex \(column 5\) is 'x'"):
        read_cohort(paths, raw_files("raw", "raw.tsv"), declared=said)
