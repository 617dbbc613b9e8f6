"""Cohorts drawn from published frequencies: the table's numbers come back, and without the table nothing is made up."""

import copy
import hashlib
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from helpers import read_counts
from stations import raw_files
from stratbench.cohorts.real import available
from stratbench.cohorts.real.bounded import Bound, Unavailable
from stratbench.cohorts.real.fetch import MIRROR, fetch
from stratbench.cohorts.real.wheel import wheel
from stratbench.cohorts.simulated.simulate import simulate
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.demographies.methods import frequencies
from stratbench.study.config import check
from stratbench.study.study import Study

POPULATIONS = ["AAA", "BBB", "CCC"]
LOCI, EACH = 4000, 150
OPTIONS = {
    "source": "table.yaml",
    "populations": ["CCC", "AAA"],
    "individuals": EACH,
    "loci": LOCI,
    "min_maf": 0,
}
FILE = {"title": "t", "licence": "l", "citation": "c", "mating": "outbred", "traits": {}}


@pytest.fixture
def p_ML(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray:
    """A table of three populations in the working directory, and the cohort file that names it."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(5)
    drifted_ML = rng.uniform(0.3, 0.7, (LOCI, 1)) + rng.normal(scale=[0.02, 0.05, 0.08], size=(LOCI, 3))
    table = pd.DataFrame(drifted_ML.clip(0.1, 0.9), columns=POPULATIONS)
    table.insert(0, "VAR_ID", [f"v{k}" for k in range(LOCI)])
    table.to_csv("made.txt", sep="\t", index=False)
    declare({"path": "made.txt"})
    return table[POPULATIONS].to_numpy()


def declare(entry: dict[str, Any]) -> None:
    """Write the cohort file, with this entry for the table."""
    Path("table.yaml").write_text(yaml.safe_dump(FILE | {"files": {"frequencies": entry}}))


def completed(**given: Any) -> dict[str, Any]:
    defaults = {name: schema["default"] for name, schema in frequencies.OPTIONS.items()}
    return defaults | OPTIONS | given


def test_each_population_has_the_frequencies_of_its_column(p_ML: np.ndarray) -> None:
    count_MN = np.concatenate(list(frequencies.genotypes(completed(), np.random.default_rng(3))))
    drawn_M2 = np.random.default_rng(3).permutation(p_ML[:, [2, 0]])
    for column, p_M in enumerate(drawn_M2.T):
        found_M = count_MN[:, column * EACH : (column + 1) * EACH].mean(axis=1) / 2
        chi2 = ((found_M - p_M) ** 2 / (p_M * (1 - p_M) / (2 * EACH))).mean()  # its sd is sqrt(2 / M) = .022
        assert chi2 == pytest.approx(1, abs=0.09)
        assert (found_M - p_M).mean() == pytest.approx(0, abs=4 * np.sqrt(0.25 / (2 * EACH * LOCI)))
        variance_M = count_MN[:, column * EACH : (column + 1) * EACH].var(axis=1, ddof=1)
        assert (variance_M / (2 * p_M * (1 - p_M))).mean() == pytest.approx(1, abs=0.01)  # Hardy-Weinberg


def test_fst_is_that_of_the_table(p_ML: np.ndarray, tmp_path: Path) -> None:
    outputs = raw_files(tmp_path / "out" / "genotypes", tmp_path / "out" / "samples.tsv")
    simulate({}, outputs, demography="frequencies", options=OPTIONS, names=["one"])
    assert files.read_tsv(outputs["samples"])["population"].tolist() == ["CCC"] * EACH + ["AAA"] * EACH
    count_MN = read_counts(tmp_path / "out")
    a_M, b_M = p_ML[:, 2], p_ML[:, 0]
    expected = ((a_M - b_M) ** 2).sum() / (a_M * (1 - b_M) + b_M * (1 - a_M)).sum()
    numerator_M, denominator_M = hudson_of(count_MN)
    found = numerator_M.sum() / denominator_M.sum()
    error = np.std(numerator_M - found * denominator_M) * np.sqrt(LOCI) / denominator_M.sum()
    assert found == pytest.approx(expected, abs=4 * error)
    assert error < 0.1 * expected


def hudson_of(count_MN: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numerators and denominators of Hudson's FST, (M,), by the formula of Bhatia et al. 2013."""
    a_M, b_M = (count_MN[:, part].mean(axis=1) / 2 for part in (slice(0, EACH), slice(EACH, None)))
    own_M = (a_M * (1 - a_M) + b_M * (1 - b_M)) / (2 * EACH - 1)
    return (a_M - b_M) ** 2 - own_M, a_M * (1 - b_M) + b_M * (1 - a_M)


@pytest.mark.parametrize(
    ("given", "entry", "said"),
    [
        ({}, {"path": "absent.txt"}, r"^absent\.txt: is not there; a run fetches what table\.yaml names"),
        (
            {"populations": ["YRI"]},
            {"path": "made.txt"},
            r"^made\.txt: has no population 'YRI'; its columns are VAR_ID, AAA",
        ),
        (
            {"loci": LOCI + 1},
            {"path": "made.txt"},
            r"only 4000 of the table's 4,000 loci have .* lower it, or 'loci'",
        ),
        (
            {"min_maf": 0.45},
            {"path": "made.txt"},
            r"of the table's 4,000 loci have a minor allele frequency of 'min_maf' 0\.45",
        ),
        ({"source": "none.yaml"}, {"path": "made.txt"}, r"option 'source': no such cohort file: none\.yaml"),
    ],
)
def test_what_is_not_there_is_refused(
    p_ML: np.ndarray, given: dict[str, Any], entry: dict[str, Any], said: str
) -> None:
    declare(entry)
    with pytest.raises(UserError, match=said):
        simulate(
            {}, raw_files("g", "s.tsv"), demography="frequencies", options=OPTIONS | given, names=["one"]
        )


def config(**cohorts: Any) -> dict[str, Any]:
    lists = {"traits": ["y"], "splits": ["random"], "models": ["linear"], "adjustments": ["none"]}
    made = {"made": {"simulate": {"demography": "panmictic"}}}
    blocks = [lists | {"cohorts": ["made", *cohorts]}]
    return {"study": "s", "cohorts": made | cohorts, "traits": {"y": {"simulate": {}}}, "blocks": blocks}


def test_without_its_table_a_cohort_is_left_out_and_told(
    p_ML: np.ndarray, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    monkeypatch.setenv(MIRROR, "mirror")
    data = Path("made.txt").read_bytes()
    declare({"name": "f.txt", "sha256": hashlib.sha256(data).hexdigest(), "sources": [{"mirror": "f.txt"}]})
    checked = check(
        config(drawn={"simulate": {"demography": "frequencies", "source": "table.yaml"}, "replicates": 2})
    )
    left = available.resolve(copy.deepcopy(checked), True)
    assert [cohort.label for cohort in Study(left).cohorts] == ["made-r01"]
    (absent,) = left["unavailable"]
    assert absent["failures"] == [["f.txt", "mirror f.txt", "no such file: mirror/f.txt"]]
    assert "the cohort 'drawn' is unavailable and left out: f.txt" in capsys.readouterr().err
    Path("mirror").mkdir()
    Path("mirror/f.txt").write_bytes(data)
    there = available.resolve(checked, True)
    assert [cohort.label for cohort in Study(there).cohorts] == ["made-r01", "drawn-r01", "drawn-r02"]
    fetched = frequencies.table("table.yaml", ("AAA",))[:, 0]
    np.testing.assert_allclose(fetched, p_ML[:, 0], rtol=1e-12)


def test_frequencies_are_no_real_cohort(p_ML: np.ndarray) -> None:
    with pytest.raises(
        UserError, match=r"cohorts\.x\.real: table\.yaml holds frequencies and no genotypes; simulate"
    ):
        check(config(x={"real": "table.yaml"}))


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all that pip knows of, with a wheel whose needs cannot be met, and a source distribution."""
    folder = tmp_path / "index"
    folder.mkdir()
    about = "Metadata-Version: 2.1\nName: some-table\nVersion: 1.0\nRequires-Dist: not-there==9\nRequires-Python: >=9\n"
    with zipfile.ZipFile(folder / "some_table-1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("some_table/table.txt", "a table")
        archive.writestr("some_table-1.0.dist-info/METADATA", about)
        archive.writestr("some_table-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("some_table-1.0.dist-info/RECORD", "")
    (folder / "some_source-1.0.tar.gz").write_bytes(b"never opened")
    for name, value in {"NO_INDEX": "1", "FIND_LINKS": str(folder), "CONFIG_FILE": "/dev/null"}.items():
        monkeypatch.setenv(f"PIP_{name}", value)
    return folder


def test_a_file_of_a_wheel_is_fetched_without_its_needs(p_ML: np.ndarray, index: Path) -> None:
    source = {"wheel": "some-table==1.0", "member": "some_table/table.txt"}
    digest = hashlib.sha256(b"a table").hexdigest()
    declare({"name": "f.txt", "sha256": digest, "bytes": 7, "sources": [source]})
    fetch({"cohort_file": "table.yaml"}, {"folder": "out"})
    assert Path("out/f.txt").read_bytes() == b"a table"
    declare({"name": "g.txt", "sha256": "0" * 64, "sources": [source]})
    with pytest.raises(
        UserError, match=r"Python package some-table==1\.0 \(some_table/table\.txt\): wrong SHA-256"
    ):
        fetch({"cohort_file": "table.yaml"}, {"folder": "out"})
    assert not Path("out/g.txt").exists()


@pytest.mark.parametrize(
    ("requirement", "most", "said"),
    [
        ("some-table==2.0", 10**6, "^pip failed: No matching distribution found for some-table==2.0"),
        ("some-source==1.0", 10**6, "^pip failed: No matching distribution found for some-source==1.0"),
        ("some-table==1.0", 100, "^too large$"),
    ],
)
def test_a_wheel_that_cannot_be_had_says_why(
    tmp_path: Path, index: Path, requirement: str, most: int, said: str
) -> None:
    (tmp_path / "into").mkdir()
    with pytest.raises(Unavailable, match=said):
        wheel(requirement, tmp_path / "into", Bound(most, "too large"))
    assert list((tmp_path / "into").iterdir()) == []
