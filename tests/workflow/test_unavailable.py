"""A cohort that nobody can fetch: the rest runs, all processes agree, and the next run sees that it has come."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import pytest
import yaml

from checkout import copy_to, snakemake
from stratbench.genotypes import plink

pytestmark = pytest.mark.workflow
FILES = {
    "bed": plink.MAGIC + bytes([0b10]),
    "bim": b"1 s 0 1 A G\n",
    "fam": b"f i1 0 0 0 1.5\n",
}
STUDY = """
study: x
cohorts:
  made: {simulate: {demography: panmictic, individuals: 30, chromosomes: 1, length: 100000}, replicates: 1}
  away: {real: away.yaml}
traits:
  y: {simulate: {causal: 2}}
  weight: {measured: weight}
blocks:
  - {cohorts: [made], traits: [y], splits: [random], models: [linear], adjustments: [none]}
  - {cohorts: [away], traits: [weight], splits: [random], models: [linear], adjustments: [none]}
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = copy_to(tmp_path_factory.mktemp("away"))
    files = {
        end: {
            "name": f"a.{end}",
            "sha256": hashlib.sha256(data).hexdigest(),
            "sources": [{"mirror": f"away/a.{end}"}, {"url": (base / "nowhere").as_uri()}],
        }
        for end, data in FILES.items()
    }
    cohort = {"title": "Away", "licence": "l", "citation": "c", "mating": "outbred", "files": files}
    traits = {"columns": {"weight": 6}, "traits": {"weight": {"kind": "quantitative", "column": "weight"}}}
    (base / "away.yaml").write_text(yaml.safe_dump(cohort | traits))
    (base / "x.yaml").write_text(STUDY)
    return base


@pytest.fixture
def run(base: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., CompletedProcess]:
    monkeypatch.delenv("STRATBENCH_MIRROR", raising=False)

    def run(*arguments: str) -> CompletedProcess:
        return snakemake(*arguments, "--configfile", "x.yaml", cwd=base)

    return run


@pytest.mark.fault
def test_a_missing_cohort_is_left_out_until_it_comes(
    base: Path, run: Callable[..., CompletedProcess]
) -> None:
    note = base / "resources/cohorts/away/unavailable.json"
    dry = run("-n")
    assert "rule read_cohort:" in dry.stdout + dry.stderr  # nothing is known yet
    assert not (base / "resources").exists()

    simulated = run("results/x/raw/made-r01/samples.tsv")
    assert simulated.returncode == 0, simulated.stderr
    assert simulated.stderr.count("the cohort 'away' is unavailable and left out: a.bed from mirror") == 1
    assert note.is_file()
    dry = run("-n")
    assert dry.returncode == 0, dry.stderr
    assert "rule read_cohort:" not in dry.stdout + dry.stderr
    assert (dry.stdout + dry.stderr).count("rule qc:") == 1

    mirror = base / "resources/mirror/away"
    mirror.mkdir(parents=True)
    for end, data in FILES.items():
        (mirror / f"a.{end}").write_bytes(data)
    read = run("results/x/raw/away/samples.tsv")
    assert read.returncode == 0, read.stdout + read.stderr
    assert not note.exists()
    assert (base / "results/x/raw/away/samples.tsv").read_text().splitlines()[1].endswith("1.5")
    dry = run("-n")
    assert (dry.stdout + dry.stderr).count("rule qc:") == 2


def test_a_study_without_any_cohort_left_is_an_error(
    base: Path, run: Callable[..., CompletedProcess]
) -> None:
    study = yaml.safe_load(STUDY)
    study["cohorts"] = {"away": {"real": "gone.yaml"}}
    study["blocks"] = study["blocks"][1:]
    (base / "only.yaml").write_text(yaml.safe_dump(study))
    (base / "gone.yaml").write_text((base / "away.yaml").read_text().replace("away/a.", "gone/a."))
    ended = snakemake("--configfile", "only.yaml", cwd=base)
    assert ended.returncode != 0
    assert "none of the study's cohorts is available" in ended.stderr
    assert "Traceback" not in ended.stderr
