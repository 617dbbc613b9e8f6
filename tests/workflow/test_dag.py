"""The rules follow from the config; a change reruns what uses it, and nothing else."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from checkout import ROOT, copy_to, snakemake
from stratbench.core import files
from stratbench.study import config as configs
from stratbench.study.study import Study

ADDED_METHOD = 'OPTIONS = {}\nCITATION = "none"\n'
ADDED_RULE = """

rule census:
    output:
        census=paths.census,
    log:
        paths.log("census"),
    params:
        cohorts=len(study.cohorts),
        code=digest("census"),
    script:
        "../workflow/scripts/census.py"
"""
ADDED_SCRIPT = """from stratbench.core import job

with job.start(snakemake) as (_, outputs, options):
    from stratbench.core import files

    files.write_json({"cohorts": options["cohorts"]}, outputs["census"])
"""

pytestmark = pytest.mark.workflow


def rule_counts(text: str) -> Counter:
    """Jobs of each rule in a dry run; rules of several sets of labels count as one."""
    named = re.findall(r"^(?:local)?(?:rule|checkpoint) (\w+?)(?:_\d+)?:$", text, re.MULTILINE)
    return Counter(named)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory) -> Path:
    """A copy of the workflow in which nothing has run."""
    return copy_to(tmp_path_factory.mktemp("fresh"))


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of the workflow that has run: its outputs are stubs, its records are real."""
    base = copy_to(tmp_path_factory.mktemp("copy"))
    plan = snakemake("-n", "--forceall", "--configfile", "config/smoke.yaml", cwd=base)
    assert plan.returncode == 0, plan.stderr
    for names in re.findall(r"^    (?:output|benchmark): (.+)$", plan.stdout + plan.stderr, re.MULTILINE):
        for name in names.split(", "):
            path = base / re.sub(r" \(.*", "", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    touched = snakemake("--touch", "--forceall", "--configfile", "config/smoke.yaml", cwd=base)
    assert touched.returncode == 0, touched.stderr
    return base


def rerun(base: Path) -> set[str]:
    """The rules that a run would run now."""
    plan = snakemake("-n", "--configfile", "config/smoke.yaml", cwd=base)
    assert plan.returncode == 0, plan.stderr
    return set(rule_counts(plan.stdout + plan.stderr))


@pytest.fixture
def edit(copy):
    """Append a comment to files of the copy, or add files; all is undone afterwards."""
    before = {}

    def change(name: str, text: str = "\n# changed\n") -> None:
        path = copy / name
        before[path] = path.read_text() if path.exists() else None
        path.write_text((before[path] or "") + text)

    yield change
    for path, text in before.items():
        path.unlink() if text is None else path.write_text(text)


def test_labels_may_have_underscores(fresh):
    """Each label of the smoke study is spelled with underscores, and one of a composed adjustment too."""
    config = """
study: my_study
cohorts: {two_pops: {simulate: {demography: split, individuals: 40}, replicates: 2}}
traits: {half_h2: {simulate: {h2: 0.5}}}
splits: {at_random: {method: random}}
models: {a_line: {method: linear}}
adjustments: {few_pcs: {method: pc-covariates, pcs: 2}, in_put: {method: input-residual}}
attributions: {by_input: {method: gradient-input}}
associations: {o_l_s: {method: ols}}
blocks:
  - cohorts: [two_pops]
    traits: [half_h2]
    splits: [at_random]
    models: [a_line]
    adjustments: [none, few_pcs+in_put]
    attributions: [by_input]
    associations: [o_l_s]
"""
    (fresh / "underscores.yaml").write_text(config)
    plan = snakemake("-n", "--configfile", "underscores.yaml", cwd=fresh)
    assert plan.returncode == 0, plan.stdout + plan.stderr
    counts = rule_counts(plan.stdout + plan.stderr)
    assert (counts["fit"], counts["qc"], counts["associate"]) == (2, 2, 2)
    wanted = "results/my_study/models/two_pops-r02/half_h2/at_random/a_line/few_pcs+in_put/fit.json"
    assert wanted in plan.stdout + plan.stderr


@pytest.mark.parametrize("name", ["smoke", "config", "structure-small"])
def test_dry_run_plans_the_jobs_that_the_study_counts(fresh, name):
    plan = snakemake("-n", "--configfile", f"config/{name}.yaml", cwd=fresh)
    assert plan.returncode == 0, plan.stdout + plan.stderr
    counts = rule_counts(plan.stdout + plan.stderr)
    study = Study(configs.load(ROOT / "config" / f"{name}.yaml"))
    expected = study.counts()
    assert counts["fit"] == sum(len(models) for models in study.fit_sets().values())
    assert counts["fit"] + counts["attribute"] + counts["probe"] == expected["jax_jobs"]
    assert counts["metrics"] == counts["structure"] == expected["splits"]
    assert counts["qc"] == expected["cohorts"]


def test_a_script_a_rule_and_its_paths_are_all_that_a_rule_needs(tmp_path):
    """The last row of "To add X, touch Y" in docs/architecture.md."""
    base = copy_to(tmp_path)
    (base / "workflow/scripts/census.py").write_text(ADDED_SCRIPT)
    with (base / "rules/cohorts.smk").open("a") as rules:
        rules.write(ADDED_RULE)
    paths = base / "src/stratbench/study/paths.py"
    text = paths.read_text().replace('"dataset": DATASET,', '"dataset": DATASET,\n    "census": "census",', 1)
    paths.write_text(
        text.replace(
            'self.report = f"{root}/report.html"\n',
            'self.report = f"{root}/report.html"\n        self.census = f"{root}/census.json"\n',
        )
    )
    made = "results/smoke/census.json"
    run = snakemake("--configfile", "config/smoke.yaml", "--", made, cwd=base)
    assert run.returncode == 0, run.stdout + run.stderr
    cohorts = Study(configs.load(ROOT / "config" / "smoke.yaml")).cohorts
    assert files.read_json(base / made) == {"cohorts": len(cohorts)}


def inputs_of(base, config):
    """The rule of each job of a study, without the number of its set of labels, and the job's inputs."""
    plan = snakemake("-n", "--forceall", "--configfile", config, cwd=base)
    return re.findall(
        r"^(?:local)?rule (\w+?)(?:_\d+)?:\n(?:    input: (.*)\n)?", plan.stdout + plan.stderr, re.MULTILINE
    )


def test_only_figures_read_the_grm(fresh):
    """It is as large as everyone squared, and only what fits an adjustment that says so reads it (methods/reads.py)."""
    jobs = inputs_of(fresh, "config/smoke.yaml")
    assert {"fit", "attribute", "associate", "probe"} <= {rule for rule, _ in jobs}
    assert {rule for rule, inputs in jobs if "grm.npz" in inputs} == {"figures"}


def test_jobs_of_an_adjustment_that_says_so_read_the_grm_and_the_truth(fresh):
    text = (ROOT / "config" / "smoke.yaml").read_text()
    own = text.replace("adjustments: [none, feature-residual]", "adjustments: [mixed-model, oracle-causal]")
    assert own != text
    (fresh / "reading.yaml").write_text(own)
    jobs = [job for job in inputs_of(fresh, "reading.yaml") if job[0] in ("fit", "probe", "attribute")]
    for file in ("grm.npz", "truth.tsv", "liability.tsv"):
        reading = [(rule, "/pure-null/" in inputs) for rule, inputs in jobs if file in inputs]
        assert sorted(reading) == [("fit", True)] * 2 + [("probe", True)] * 2, file


@pytest.mark.parametrize(
    "name",
    [
        *("smoke", "config", "structure", "structure-small", "real", "real-small"),
        *("adjustments", "adjustments-small", "tune", "tune-adjustments"),
    ],
)
def test_config_states_its_size_at_its_head(name):
    path = ROOT / "config" / f"{name}.yaml"
    counts = Study(configs.load(path)).counts()
    head = path.read_text().partition("\nstudy:")[0]
    assert f"{counts['fits']} fits" in head
    assert f"{counts['jax_jobs']} JAX jobs" in head


def test_lint_is_clean(fresh):
    linted = snakemake("--lint", cwd=fresh)
    assert linted.returncode == 0, linted.stdout + linted.stderr


def test_bad_config_ends_with_a_message_and_no_traceback(fresh, tmp_path):
    text = (ROOT / "config" / "smoke.yaml").read_text().replace("linear: {", "linaer: {")
    (tmp_path / "bad.yaml").write_text(text.replace("method: linear,", "method: linaer,"))
    run = snakemake("-n", "--configfile", str(tmp_path / "bad.yaml"), cwd=fresh)
    assert run.returncode != 0
    assert "models.linaer.method: unknown model 'linaer': did you mean 'linear'?" in run.stderr
    assert "Traceback" not in run.stderr


def test_a_key_that_stands_twice_is_refused_as_check_refuses_it(fresh, tmp_path):
    """Snakemake, which reads the config, keeps the last of two equal keys."""
    path = tmp_path / "twice.yaml"
    path.write_text((ROOT / "config" / "smoke.yaml").read_text() + "seeds: 3\n")
    run = snakemake("-n", "--configfile", str(path), cwd=fresh)
    assert run.returncode != 0
    check = subprocess.run(
        [sys.executable, "-m", "stratbench", "check", str(path)], cwd=fresh, capture_output=True, text=True
    )
    assert check.returncode == 1
    assert "the key 'seeds' stands in line" in check.stderr
    assert "error: " + check.stderr.removeprefix("stratbench: ") in run.stderr
    assert "Traceback" not in run.stderr


def test_rules_import_no_heavy_library(fresh):
    code = (
        "import sys; from snakemake.cli import main\n"
        "try: main(['-n', '--quiet', '--configfile', 'config/smoke.yaml'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('jax', 'flax', 'pandas_plink', 'sklearn') if name in sys.modules])"
    )
    plan = subprocess.run([sys.executable, "-c", code], cwd=fresh, capture_output=True, text=True, check=True)
    assert plan.stdout.strip().endswith("[]")


def test_nothing_is_left_to_do_after_a_run(copy):
    assert rerun(copy) == set()


def test_a_run_asks_for_something_of_every_job(copy):
    """Else a job that failed, whose outputs Snakemake deletes, would stay undone where those that follow are done."""
    plan = snakemake("-n", "--forceall", "--configfile", "config/smoke.yaml", cwd=copy)
    text = plan.stdout + plan.stderr
    [asked] = re.findall(r"^(?:local)?rule all:\n    input: (.+)$", text, re.MULTILINE)
    outputs = re.findall(r"^    output: (.+)$", text, re.MULTILINE)
    assert len(outputs) > 40
    assert not [names for names in outputs if not set(names.split(", ")) & set(asked.split(", "))]


@pytest.mark.parametrize("name", ["splits", "metrics"])
def test_what_a_failed_job_left_undone_is_done_by_the_next_run(copy, name):
    [path, *_] = sorted((copy / "results/smoke" / name).rglob("*.tsv"))
    path.rename(f"{path}.away")
    try:
        rules = rerun(copy)
        assert {"split" if name == "splits" else "metrics", "report"} <= rules
        assert "qc" not in rules
    finally:
        Path(f"{path}.away").rename(path)


def test_new_method_files_rerun_nothing(copy, edit):
    for folder in ("models", "adjustments", "attributions", "associations", "demographies"):
        edit(f"src/stratbench/{folder}/added.py", ADDED_METHOD)
    assert rerun(copy) == set()


@pytest.mark.parametrize(
    ("file", "first", "never"),
    [
        ("src/stratbench/attributions/run.py", "attribute", {"fit", "structure", "probe"}),
        ("src/stratbench/attributions/methods/gradient_input.py", "attribute", {"fit", "structure", "probe"}),
        ("src/stratbench/models/methods/mlp.py", "fit", {"structure", "split", "qc"}),
        ("src/stratbench/metrics/recovery.py", "metrics", {"fit", "attribute", "structure"}),
        ("src/stratbench/report/style.py", "figures", {"fit", "attribute", "metrics", "summary"}),
    ],
)
def test_a_change_reruns_what_uses_it_and_what_follows(copy, edit, file, first, never):
    edit(file)
    rules = rerun(copy)
    assert {first, "report"} <= rules
    assert not never & rules
