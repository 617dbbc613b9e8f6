"""docs/add_a_method.md, run as it stands: its files are written, its commands run, its methods are in the results."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from checkout import copy_to, snakemake
from stratbench.core import files

pytestmark = pytest.mark.workflow
PAGE = Path(__file__).parents[2] / "docs" / "add_a_method.md"
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
COMMANDS = [line for language, text in BLOCKS if language == "sh" for line in text.splitlines()]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page's files were written and its commands run."""
    base = copy_to(tmp_path_factory.mktemp("method"))
    for language, text in BLOCKS:
        if language in ("python", "yaml"):
            path = base / text.partition("\n")[0].removeprefix("# ")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
    check, run = (command.split() for command in COMMANDS)
    assert check[0] == "stratbench"
    environment = os.environ | {"PYTHONPATH": str(base / "src")}
    checked = [sys.executable, "-m", *check]
    done = subprocess.run(checked, cwd=base, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert re.search(r"^fits .* 6$", done.stdout, re.MULTILINE)
    assert run[:3] == ["snakemake", "--cores", "2"]
    done = snakemake(*run[3:], cwd=base, cores=2)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return base


def test_every_method_of_the_page_is_measured(base: Path) -> None:
    text = ("model", "adjustment", "attribution", "metric")
    metrics = files.read_tsv(base / "results/my-methods/summary/metrics.tsv", text=text)
    within = metrics[(metrics["metric"] == "auroc_stratified_f") & (metrics["status"] == "ok")]
    wanted = {(m, a) for m in ("linear", "two-layers") for a in ("none", "equal", "equal+pc-covariates")}
    assert wanted <= set(zip(within["model"], within["adjustment"], strict=True))
    found = metrics[(metrics["metric"] == "causal_auc_pr") & (metrics["attribution"] == "deviation")]
    assert set(found["model"]) == {"linear", "two-layers"}


def test_the_weights_of_the_page_change_what_is_learned(base: Path) -> None:
    fits = base / "results/my-methods/models/two-r01/confounded/random/two-layers"
    assert (fits / "none/params.msgpack").read_bytes() != (fits / "equal/params.msgpack").read_bytes()


def test_the_report_says_what_the_correction_does(base: Path) -> None:
    assert "ounting populations the same" in (base / "results/my-methods/report.html").read_text()
