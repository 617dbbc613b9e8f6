"""Places that a run cannot write to or name are refused before its first job."""

import re
from pathlib import Path

import pytest

from places import read_only
from stratbench.commands.plan import plan
from stratbench.core.errors import UserError
from trained import write_dataset

pytestmark = pytest.mark.fault
BLOCK = {
    "cohorts": ["a"],
    "traits": ["t"],
    "splits": ["random"],
    "models": ["linear"],
    "adjustments": ["none"],
}
CONFIG = {
    "study": "mine",
    "cohorts": {"a": {"simulate": {"demography": "panmictic"}}},
    "traits": {"t": {"simulate": {}}},
    "blocks": [BLOCK],
}


def test_a_run_is_refused_where_its_results_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with read_only(tmp_path / "results"):
        message = (
            r"^results/mine: cannot be written: (Read-only file system|Permission denied); free or change"
        )
        with pytest.raises(UserError, match=message):
            plan(CONFIG, fetching=True)
        plan(CONFIG)  # a dry run writes nothing
    plan(CONFIG, fetching=True)
    assert not list((tmp_path / "results").iterdir())


@pytest.mark.parametrize("folder", ["da{t}a", "da}ta", "{data"])
def test_a_path_with_braces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str) -> None:
    monkeypatch.chdir(tmp_path)
    write_dataset(tmp_path / folder)
    cohort = {"bfile": f"{folder}/genotypes", "phenotypes": f"{folder}/trait.tsv", "id": "iid", "trait": "y"}
    message = rf"^{re.escape(folder)}/.*with a brace, which Snakemake reads as a pattern; rename it"
    with pytest.raises(UserError, match=message):
        plan({"study": "mine", "cohort": cohort})
    (tmp_path / "linked").symlink_to(folder)
    plan({"study": "mine", "cohort": {key: value.replace(folder, "linked") for key, value in cohort.items()}})


def test_a_folder_with_braces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a {x}").mkdir()
    monkeypatch.chdir(tmp_path / "a {x}")
    with pytest.raises(
        UserError, match=r"a \{x\}: a folder with a brace in its path, in which Snakemake runs no script"
    ):
        plan(CONFIG)
