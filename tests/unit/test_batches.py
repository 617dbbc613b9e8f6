"""A study that was run in batches of replicates has the tables and the report of one that was run whole."""

import argparse
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from example_results import Example, make
from stratbench.commands import join as command
from stratbench.core import checksums, files
from stratbench.core.errors import UserError
from stratbench.study import joining
from stratbench.study.batches import named, replicates
from stratbench.study.config import check
from stratbench.study.study import Study

EXAMPLE = Example(
    models=("linear",),
    adjustments=("none", "pc-covariates"),
    traits=("confounded",),
    attributions=("gradient-input",),
)
FIRST, SECOND = Path("results/example-r01"), Path("results/example-r02-03")
TABLES = ("metrics.tsv", "comparisons.tsv", "qc.tsv")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two batches of a study whose config is ``settings.json``, and beside them the study as it is when run whole."""
    base = tmp_path_factory.mktemp("batches")
    (base / "settings.json").write_text(json.dumps(make(base / "whole", EXAMPLE)))
    for batch in (1, "2-3"):
        make(base, EXAMPLE, batch=batch)
    return base


@pytest.fixture
def batches(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    """A copy of the two batches in the working directory, with records of their files; the whole study."""
    shutil.copytree(made / "results", tmp_path / "results")
    shutil.copytree(made / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    checksums.record(path for path in Path("results").rglob("*") if path.is_file())
    return Study(json.loads((made / "settings.json").read_text()))


def joined(study: Study, *folders: Path) -> None:
    """What the command does, up to the tables."""
    found = [joining.read(folder, study) for folder in folders]
    joining.require_together(study, found)
    joining.require_unchanged(found)
    joining.link(study, found)
    command.tables(study, found)


def change(path: Path, **further: Any) -> None:
    """Change keys of a JSON file, as if its job had written them."""
    files.write_json({**files.read_json(path), **further}, path)
    checksums.record([path])


def test_joined_batches_have_the_tables_of_the_whole_study(batches: Study, made: Path) -> None:
    joined(batches, FIRST, SECOND)
    whole = made / "whole/results/example"
    for name in TABLES:
        assert (
            Path("results/example/summary", name).read_bytes() == (whole / "summary" / name).read_bytes()
        ), name
    ours, theirs = (
        files.read_json(base / "summary/provenance.json") for base in (Path("results/example"), whole)
    )
    assert ours.pop("batches") == [1, "2-3"]
    assert ours == theirs
    times = files.read_tsv("results/example/summary/runtime.tsv", text=("job",))
    assert len(times) == sum(len(files.read_tsv(at / "summary/runtime.tsv")) for at in (FIRST, SECOND))
    assert {state for _, state in checksums.check("results/example")} == {checksums.SAME}
    joined(batches, SECOND, FIRST)  # once more, in another order
    for name in TABLES:
        assert (
            Path("results/example/summary", name).read_bytes() == (whole / "summary" / name).read_bytes()
        ), name


def test_a_page_shows_all_batches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    example = Example(
        models=("linear",),
        adjustments=("none",),
        traits=("confounded",),
        associations=(),
        real=False,
        replicates=2,
    )
    study = Study(make(Path("whole"), example))
    for batch in (1, 2):
        make(Path(), example, batch=batch)
    checksums.record(path for path in Path("results").rglob("*") if path.is_file())
    joined(study, FIRST, Path("results/example-r02"))
    command.page(study)
    page = Path("results/example/report.html").read_text()
    assert "2 replicates" in page
    assert "batches" in page
    assert Path("results/example/figures/headline.svg").is_file()
    assert {state for _, state in checksums.check("results/example")} == {checksums.SAME}


def test_links_are_relative_and_lead_to_the_batches(batches: Study) -> None:
    found = [joining.read(folder, batches) for folder in (FIRST, SECOND)]
    joining.link(batches, found)
    Path("results").rename("moved")
    link = Path("moved/example/models/split-fst05-r03")
    assert link.is_symlink()
    assert link.resolve() == Path("moved/example-r02-03/models/split-fst05-r03").resolve()


def test_a_batch_of_another_config_is_refused(batches: Study) -> None:
    config = files.read_json(FIRST / "summary/provenance.json")["config"]
    change(FIRST / "summary/provenance.json", config={**config, "seeds": 5})
    with pytest.raises(
        UserError, match="results/example-r01: was made from another config: seeds is 5 there and 2 in"
    ):
        joining.read(FIRST, batches)


@pytest.mark.parametrize(
    ("folders", "message"),
    [
        (
            [FIRST, SECOND, FIRST],
            "cohort split-fst05-r01 is in results/example-r01 and in results/example-r01; name one",
        ),
        ([FIRST], r"no batch has the cohort split-fst05-r02 and 1 more; run the batch that is missing"),
    ],
)
def test_a_replicate_twice_and_a_missing_batch_are_refused(
    batches: Study, folders: list[Path], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        joined(batches, *folders)
    assert not Path("results/example").exists()


def test_batches_of_different_code_are_refused(batches: Study) -> None:
    change(SECOND / "summary/provenance.json", commit="fedcba")
    with pytest.raises(UserError, match="made by different code: commit is 'fedcba' and '0123456789abcdef'"):
        joined(batches, FIRST, SECOND)


def test_what_is_no_batch_that_has_ended_is_refused(batches: Study, made: Path) -> None:
    with pytest.raises(UserError, match=r"results/none: has no summary/provenance\.json"):
        joining.read("results/none", batches)
    with pytest.raises(UserError, match="holds no batch of a study"):
        joining.read(made / "whole/results/example", batches)
    FIRST.rename("elsewhere")
    with pytest.raises(
        UserError, match="elsewhere: is the batch example-r01; put it into results/example-r01"
    ):
        joining.read("elsewhere", batches)


def test_changed_and_missing_files_of_a_batch_are_refused(batches: Study) -> None:
    path = FIRST / "models/split-fst05-r01/confounded/random/linear/none/fit.json"
    path.write_text(path.read_text() + "\n")
    with pytest.raises(UserError, match=f"{path}: differs from what its job left; run the batch again"):
        joined(batches, FIRST, SECOND)
    path.unlink()
    with pytest.raises(UserError, match=f"{path}: is missing; run the batch again"):
        joined(batches, FIRST, SECOND)


def test_a_fit_without_a_row_is_refused(batches: Study) -> None:
    path = SECOND / "summary/metrics.tsv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if "\tlinear\tpc-covariates\t" not in line))
    checksums.record([path])
    with pytest.raises(
        UserError, match=r"has no row of the fit split-fst05-r02/confounded/random/linear/pc-covariates"
    ):
        joined(batches, FIRST, SECOND)


def test_results_of_a_study_that_was_run_whole_are_kept(batches: Study) -> None:
    own = Path("results/example/models/split-fst05-r01")
    own.mkdir(parents=True)
    with pytest.raises(
        UserError, match=f"{own}: is there already: results/example holds a study that was run whole"
    ):
        joined(batches, FIRST, SECOND)
    assert [path for path in Path("results/example").rglob("*") if path.is_symlink()] == []


def test_the_command_takes_the_config_of_the_whole(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG + "batch: 1-2\n")
    with pytest.raises(UserError, match="asks for a batch; leave `batch` out"):
        command.run(argparse.Namespace(config=path, batches=[FIRST]))


CONFIG = """
study: paper
cohorts:
  many: {simulate: {demography: split}, replicates: 120}
  few: {simulate: {demography: panmictic}, replicates: 2}
traits: {t: {simulate: {h2: 0.5}}}
splits: {random: {method: random}}
dial: {title: FST, points: {many: 1, few: 2}}
blocks: [{cohorts: [many, few], traits: [t], splits: [random], models: [linear]}]
"""


def config(**further: Any) -> dict[str, Any]:
    return {**yaml.safe_load(CONFIG), **further}


def test_a_batch_holds_its_replicates_of_every_cohort() -> None:
    labels = [
        [cohort.label for cohort in Study(check(config(batch=b))).cohorts] for b in ("2-3", 120, "119-120")
    ]
    assert labels == [["many-r02", "many-r03", "few-r02"], ["many-r120"], ["many-r119", "many-r120"]]
    study = Study(check(config(batch="119-120")))
    assert study.dial is not None
    assert [point.scenario for point in study.dial.points] == ["many"]


def test_batches_make_up_the_whole() -> None:
    whole = Study(check(config()))
    parts = [Study(check(config(batch=b))) for b in ("1-60", "61-119", 120)]
    assert sorted(fit.cohort for part in parts for fit in part.fits) == sorted(
        fit.cohort for fit in whole.fits
    )
    assert whole.name == "paper"
    assert [part.name for part in parts] == ["paper-r01-60", "paper-r61-119", "paper-r120"]


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ("3-2", "batch: 3-2 begins after it ends"),
        ("100-121", "batch: there is no replicate 121: the last of any cohort is 120"),
        *(
            (bad, "batch: .*is no batch")
            for bad in ("0-3", "a", "1-", "1-2-3", "1,2", "1-2\n", "../1", "1-99999")
        ),
        (0, "batch: "),
        (1.5, "batch: "),
    ],
)
def test_what_is_no_batch_is_refused(batch: Any, message: str) -> None:
    with pytest.raises(UserError, match=message):
        check(config(batch=batch))


def test_names_and_replicates_of_a_batch() -> None:
    assert (replicates(None), replicates(3), replicates("3"), replicates("21-40")) == (
        None, range(3, 4), range(3, 4), range(21, 41),
    )  # fmt: skip
    assert [named("s", batch) for batch in (None, 3, "3", "21-40", "7-7")] == [
        "s", "s-r03", "s-r03", "s-r21-40", "s-r07",
    ]  # fmt: skip
