"""Labels that would name one thing, or that mean something already, are refused when the config is read."""

import copy
import re
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import yaml

from stratbench.cohorts.real import cohort_file
from stratbench.core.errors import UserError
from stratbench.study import config as configs
from stratbench.study.paths import LEVELS, Paths

COHORT = f"""
title: Mice
licence: CC0
citation: Nobody 2000
mating: pedigree
files:
  bed: {{name: x.bed, sha256: {"a" * 64}, sources: [{{mirror: x}}]}}
  bim: {{name: x.bim, sha256: {"a" * 64}, sources: [{{mirror: x}}]}}
  fam: {{name: x.fam, sha256: {"a" * 64}, sources: [{{mirror: x}}]}}
columns: {{cd8: 6}}
traits: {{cd8: {{kind: quantitative, column: cd8}}}}
"""
STUDY = yaml.safe_load("""
study: small
cohorts: {x: {simulate: {demography: split, individuals: 20}, replicates: 2}}
traits: {clean: {simulate: {h2: 0.5}}}
blocks: [{cohorts: [x], traits: [clean], splits: [random]}]
""")


def study(tmp_path: Path, **files: str) -> dict[str, Any]:
    """A study of a simulated scenario ``x`` of two replicates, and of real cohorts by label."""
    config = copy.deepcopy(STUDY)
    for label, name in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(COHORT)
        config["cohorts"][label.replace("_", "-")] = {"real": str(path)}
    return config


def refused(config: dict[str, Any]) -> str:
    with pytest.raises(UserError) as caught:
        configs.check(config)
    return str(caught.value)


@pytest.mark.parametrize("replicate", [1, 2])
def test_a_real_cohort_named_as_a_replicate_is_refused(tmp_path, replicate):
    config = study(tmp_path, **{f"x_r0{replicate}": "mice.yaml"})
    label = f"x-r0{replicate}"
    config["blocks"][0]["cohorts"] = ["x", label]
    assert (
        f"cohorts.{label}: is also what replicate {replicate} of 'x' is called, and one would take the place of the "
        f"other; rename '{label}' or 'x'"
    ) in refused(config)


def test_a_scenario_named_as_a_replicate_is_refused(tmp_path):
    config = study(tmp_path)
    config["cohorts"]["x-r02"] = config["cohorts"]["x"]
    assert "cohorts.x-r02: is also what replicate 2 of 'x' is called" in refused(config)


def test_labels_like_those_of_replicates_that_there_are_not_are_good(tmp_path):
    config = study(tmp_path, x_r03="mice.yaml", y_r01="mice.yaml")
    config["blocks"][0]["cohorts"] = ["x", "x-r03", "y-r01"]
    assert configs.check(config)


def test_two_cohort_files_of_one_name_are_refused_as_both_are_fetched_into_one_folder(tmp_path):
    config = study(tmp_path, a="one/mice.yaml", b="two/mice.yaml")
    assert (
        f"cohorts.b.real: {tmp_path}/two/mice.yaml and {tmp_path}/one/mice.yaml would both be fetched into "
        "resources/cohorts/mice"
    ) in refused(config)


def test_two_cohorts_of_one_file_are_good(tmp_path):
    assert configs.check(study(tmp_path, a="mice.yaml", b="mice.yaml"))


@pytest.mark.parametrize("name", ["{mice}.yaml", "mi ce.yaml", ".mice.yaml", "-mice.yaml", "mice\n.yaml"])
def test_a_cohort_file_whose_name_makes_no_folder_is_refused(tmp_path, name):
    assert "rename this file" in refused(study(tmp_path, a=name))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("x.bed", "files.bim.name: 'x.bed' is the file 'bed' already"),
        ("unavailable.json", "files.bim.name: 'unavailable.json' is the note of what cannot be had already"),
    ],
)
def test_two_files_of_one_name_are_refused(name, said):
    content = yaml.safe_load(COHORT)
    content["files"]["bim"]["name"] = name
    with pytest.raises(UserError, match=said):
        cohort_file.read(content)


@pytest.mark.parametrize(
    ("section", "label", "entry"),
    [
        ("adjustments", "none", {"method": "placebo"}),
        ("adjustments", "placebo", {"method": "none"}),
        ("models", "linear", {"method": "cnn"}),
        ("associations", "ols", {"method": "ols-pcs"}),
    ],
)
def test_the_name_of_a_method_is_the_label_of_no_other(section, label, entry):
    said = refused(STUDY | {section: {label: entry}})
    assert f"{section}.{label}: '{label}' is the {configs.KINDS[section]} of this name" in said


def test_a_user_file_has_not_the_name_of_a_method(tmp_path):
    file = tmp_path / "none.py"
    file.write_text("OPTIONS = {}\nCITATION = ''\ndef build(options):\n    pass\n")
    assert "adjustments.none: " in refused(STUDY | {"adjustments": {"none": {"file": str(file)}}})
    assert configs.check(STUDY | {"adjustments": {"mine": {"file": str(file)}}})


@pytest.mark.parametrize("label", ["floor-pcs", "ceiling-genetic", "floor-mine"])
def test_no_model_is_called_a_floor_or_a_ceiling(label):
    said = refused(STUDY | {"models": {label: {"method": "linear"}}})
    assert f"models.{label}: metrics.tsv calls floors and ceilings so; choose another label" in said


def test_an_adjustment_that_reads_like_a_combination_is_refused():
    said = refused(STUDY | {"adjustments": {"none+placebo": {"method": "placebo"}}})
    assert "adjustments.none+placebo: a+b is composed of the labels a and b" in said


def test_no_two_labels_make_one_path_nor_a_folder_of_a_file():
    """Whatever labels are called, also as files that lie beside theirs."""
    paths, labels = Paths("x"), ("a", "metrics", "probes", "attributions", "trait.tsv", "a.tsv", "fit.json")
    patterns = [
        value
        for key, value in vars(paths).items()
        if isinstance(value, str) and key not in ("root", "figures")
    ]
    patterns += [made(rule) for rule in LEVELS for made in (paths.log, paths.benchmark)]
    found: list[str] = []
    for pattern in dict.fromkeys(patterns):
        names = list(dict.fromkeys(re.findall(r"{(\w+)}", pattern)))
        few = labels[: 7 if len(names) < 4 else 3]
        found += [
            pattern.format(**dict(zip(names, values, strict=True)))
            for values in product(few, repeat=len(names))
        ]
    assert len(found) > 5000
    assert len(set(found)) == len(found)
    assert not {str(parent) for path in found for parent in Path(path).parents} & set(found)
