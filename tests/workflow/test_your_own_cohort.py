"""docs/your_own_cohort.md, run as it stands: its example is made, its config gives the report that it promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import copy_to, snakemake
from stratbench.core import files

pytestmark = pytest.mark.workflow
PAGE = Path(__file__).parents[2] / "docs" / "your_own_cohort.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Where the tutorial's files were written and its commands run, and what they said."""
    base = copy_to(tmp_path_factory.mktemp("own"))
    for language, text in BLOCKS:
        if language in ("python", "yaml"):
            name = text.partition("\n")[0].removeprefix("# ")
            (base / name).write_text(text)
    said = ""
    commands = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]
    assert [command.split()[0] for command in commands] == ["python", "snakemake"]
    for command in commands:
        program, *arguments = command.split()
        if program == "python":
            environment = os.environ | {"PYTHONPATH": str(base / "src")}
            done = subprocess.run(
                [sys.executable, *arguments],
                cwd=base,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
        else:
            cores = arguments.index("--cores")
            del arguments[cores : cores + 2]
            done = snakemake(*arguments, cwd=base, cores=2)
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        said += done.stdout + done.stderr
    return base, said


def test_five_lines(run: tuple[Path, str]) -> None:
    config = next(text for language, text in BLOCKS if language == "yaml")
    assert len([line for line in config.splitlines() if not line.startswith("#")]) == 5


def test_the_report_is_of_this_cohort(run: tuple[Path, str]) -> None:
    base, said = run
    report = (base / "results/mine/report.html").read_text()
    for part in ("mine.bed, .bim and .fam", "bmi", "pc-covariates", "ols-pcs", "149"):
        assert part in report
    note = "data/mine.tsv, column 'bmi': quantitative (by its values), 149 of 150 not missing"
    assert f"mine: {note}" in said
    about = files.read_json(base / "results/mine/datasets/mine/bmi/trait.json")["description"]
    assert f"data/{about}" == note


def test_populations_and_values_are_the_tables(run: tuple[Path, str]) -> None:
    base, _ = run
    table = files.read_tsv(base / "data/mine.tsv", text=("IID",)).set_index("IID")
    samples = files.read_tsv(base / "results/mine/cohorts/mine/samples.tsv").set_index("iid")
    trait = files.read_tsv(base / "results/mine/datasets/mine/bmi/trait.tsv").set_index("iid")
    assert (samples["population"] == table["ancestry"].loc[samples.index]).all()
    assert (trait["y"] == table["bmi"].loc[trait.index]).all()
    assert trait.index.tolist() == table.index[table["bmi"].notna()].tolist()
    adjusted = files.read_tsv(base / "results/mine/structure/mine/bmi/random/covariates.tsv")
    assert list(adjusted.columns) == ["iid", "age", "own_sex=2"]
    metrics = files.read_tsv(
        base / "results/mine/summary/metrics.tsv", text=("model", "adjustment", "metric")
    )
    fitted = metrics[(metrics["metric"] == "pearson") & (metrics["status"] == "ok")]
    assert {"linear", "mlp", "floor-population", "floor-pcs", "floor-covariates"} <= set(fitted["model"])
