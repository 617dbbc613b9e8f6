"""No value slips past the schemas: NaN, 2.0 for 2, true for 1, labels that no folder can have, methods by path."""

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from stratbench.cohorts.real import cohort_file
from stratbench.core.errors import UserError
from stratbench.datasets import ascertain
from stratbench.datasets import options as traits
from stratbench.methods import registry, schema
from stratbench.methods.checked import checked
from stratbench.study import config as configs

SECTIONS = {kind: section for section, kind in configs.KINDS.items()}
STUDY = yaml.safe_load("""
study: small
cohorts: {pair: {simulate: {demography: split, individuals: 20}}}
traits: {clean: {simulate: {h2: 0.5}}}
blocks: [{cohorts: [pair], traits: [clean], splits: [random]}]
""")
COHORT = yaml.safe_load(f"""
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
""")


def refused(config: Mapping[str, Any]) -> str:
    """What is said of a config; every problem is in a line."""
    with pytest.raises(UserError) as caught:
        configs.check(config)
    return str(caught.value)


def with_value(place: tuple[Any, ...], value: Any, base: Any = STUDY) -> Any:
    """A copy of a config in which one place is set; mappings on the way are made."""
    config = copy.deepcopy(base)
    target = config
    for key in place[:-1]:
        target = target[key] if isinstance(target, list) else target.setdefault(key, {})
    target[place[-1]] = value
    return config


def numbers(options: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """The options that take a number, and whether it must be whole."""
    for name, rule in options.items():
        kinds = rule.get("type", ())
        kinds = {kinds} if isinstance(kinds, str) else set(kinds)
        if kinds & {"integer", "number"}:
            yield name, "number" not in kinds


BAD = [float("nan"), float("inf"), -float("inf"), True, 10**30]


@pytest.mark.parametrize("kind", registry.FOLDERS)
def test_options_of_methods_take_finite_numbers_alone(kind):
    asked = 0
    for name in registry.names(kind):
        demography = kind == "demography"
        inside = ("cohorts", name, "simulate") if demography else (SECTIONS[kind], name)
        base = with_value(inside, {"demography" if demography else "method": name})
        for option, whole in numbers(registry.describe(kind, name).options):
            for value in [*BAD, *([2.0, 2.5] if whole else [])]:
                said = refused(with_value((*inside, option), value, base))
                assert f"{'.'.join(inside)}.{option}: " in said, (name, option, value)
                asked += 1
    assert asked > 0 or kind in ("association", "attribution")


@pytest.mark.parametrize(
    ("inside", "file"),
    [
        (("cohorts", "pair", "simulate"), "cohorts/simulated/simulate.py"),
        (("cohorts", "pair", "qc"), "cohorts/qc/options.py"),
        (("structure",), "structure/run.py"),
        (("traits", "clean", "simulate"), "datasets/options.py"),
        (("traits", "clean", "ascertain"), "datasets/ascertain.py"),
    ],
)
def test_options_of_sections_take_finite_numbers_alone(inside, file):
    options = list(numbers(configs.module_options(file)))
    assert options
    for option, whole in options:
        for value in [*BAD, *([2.0, 2.5] if whole else [])]:
            said = refused(with_value((*inside, option), value))
            assert f"{'.'.join(inside)}.{option}: " in said, (option, value)


@pytest.mark.parametrize("value", [*BAD, 2.0])
@pytest.mark.parametrize(
    "place",
    [("seeds",), ("gpu",), ("cohorts", "pair", "replicates"), ("traits", "clean", "snps")],
    ids=".".join,
)
def test_numbers_of_a_config_are_whole(place, value):
    assert f"{'.'.join(place)}: " in refused(with_value(place, value))


@pytest.mark.parametrize("value", [*BAD, 2.0])
@pytest.mark.parametrize("place", [("seeds",), ("gpu",), ("cohort", "autosomes")], ids=".".join)
def test_numbers_of_an_own_cohort_are_whole(place, value):
    short = {"study": "mine", "cohort": {"bfile": "data/mine"}}
    assert f"{'.'.join(place)}: " in refused(with_value(place, value, short))


@pytest.mark.parametrize("value", [*BAD, 7.0])
@pytest.mark.parametrize(
    "place",
    [
        ("autosomes",),
        ("columns", "cd8"),
        ("convert", "fused"),
        ("known_loci", 0, "rank"),
        ("known_loci", 0, "start"),
    ],
    ids=str,
)
def test_numbers_of_a_cohort_file_are_whole(place, value):
    base = copy.deepcopy(COHORT) | {"known_loci": [{"trait": "cd8", "gene": "x", "chrom": 1}]}
    with pytest.raises(UserError) as caught:
        cohort_file.read(with_value(place, value, base))
    assert f"{schema.dotted(place)}: " in str(caught.value)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), True])
@pytest.mark.parametrize("place", [("inflation", 0, "low"), ("published", 0, "value")], ids=str)
def test_numbers_of_a_cohort_file_are_finite(place, value):
    lambdas = {"trait": "cd8", "method": "ols", "value": 1.0, "low": 0.9, "high": 1.1, "source": "x"}
    published = {"trait": "cd8", "split": "random", "metric": "r2", "value": 0.5, "source": "x"}
    base = copy.deepcopy(COHORT) | {"inflation": [lambdas], "published": [published]}
    assert cohort_file.read(base)["published"] == [published]
    with pytest.raises(UserError, match=r"is no number"):
        cohort_file.read(with_value(place, value, base))


def test_every_default_passes_its_own_schema():
    for kind in registry.FOLDERS:
        for name in registry.names(kind):
            options = registry.describe(kind, name).options
            given = {key: rule["default"] for key, rule in options.items() if "default" in rule}
            own = {key: options[key] for key in given}
            assert checked(own, {}, name) == given
    for options in (traits.OPTIONS, ascertain.OPTIONS):
        assert checked(options, {}, "trait")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (2.0, "2.0 is no whole number; write it without a point, 2"),
        (2.5, "2.5 is no whole number"),
        (float("nan"), "nan is no number that can be used; give a finite one"),
        (True, "true is no number"),
        (10**30, "a number of 31 digits is too large"),
        ("2", "'2' is not of type 'integer'"),
    ],
)
def test_what_is_said_of_a_number(value, said):
    assert f"seeds: {said}" in refused(with_value(("seeds",), value))


LABELS = [
    "x\n",
    "x\r\n",
    "",
    ".x",
    "-x",
    "+x",
    "../x",
    "a/b",
    "/x",
    "x" * 65,
    "x" * 300,
    "X",
    "x y",
    "ä",
    "x\0",
]


@pytest.mark.parametrize("label", LABELS, ids=repr)
@pytest.mark.parametrize("section", ["cohorts", "traits", *configs.KINDS])
def test_labels_that_name_no_folder_are_refused(section, label):
    entry = {"cohorts": STUDY["cohorts"]["pair"], "traits": STUDY["traits"]["clean"]}
    said = refused(with_value((section, label), entry.get(section, {"method": "none"})))
    assert "\n" not in said.removeprefix("the study's config cannot be used:\n").splitlines()[0]
    assert f"{section}: {schema.shortened(label)} is no label: " in said


@pytest.mark.parametrize("label", [*LABELS, ".", "..", "../../x"], ids=repr)
@pytest.mark.parametrize("base", [STUDY, {"cohort": {"bfile": "data/mine"}}], ids=["full", "own"])
def test_a_study_stays_below_results(base, label):
    assert f"study: {schema.shortened(label)} is no label" in refused(with_value(("study",), label, base))


def test_a_label_of_64_characters_is_one():
    assert configs.check(with_value(("models", "x" * 64), {"method": "linear"}))


@pytest.mark.parametrize(
    "method",
    [
        "../models/cnn",
        "../splits/random",
        "models/cnn",
        "/etc/passwd",
        "__init__",
        "cnn.py",
        "cnn\n",
        "",
        "x" * 300,
        "\0",
    ],
    ids=repr,
)
def test_a_method_is_a_name_and_no_path(method):
    assert "models.mine.method: unknown model" in refused(with_value(("models", "mine"), {"method": method}))


@pytest.mark.parametrize("place", ["adjustments", "models"])
def test_a_label_that_names_no_folder_is_refused_in_a_block_too(place):
    long = "+".join(f"a{k}" for k in range(100))
    said = refused(with_value(("blocks", 0, place), [long]))
    assert f"blocks[0].{place}[0]: " in said
    assert "is too long for the name of a folder" in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("OPTIONS = 5\nCITATION = ''", "OPTIONS is of type int; it must be a dict"),
        ("OPTIONS = {'a': 5}\nCITATION = ''", "OPTIONS: 'a': 5 is no JSON schema"),
        (
            "OPTIONS = {'a': {'type': 'int', 'default': 1}}\nCITATION = ''",
            "OPTIONS: 'a': no JSON schema: 'int' is not",
        ),
        (
            "OPTIONS = {'a': {'pattern': '(', 'default': 'x'}}\nCITATION = ''",
            "OPTIONS: 'a': no JSON schema: '(' is not",
        ),
        ("OPTIONS = {[]: 1}\nCITATION = ''", "OPTIONS must be a literal"),
        ("OPTIONS: dict\nCITATION = ''", "a method file must define OPTIONS"),
        ("for OPTIONS in []: pass\nCITATION = ''", "a method file must define OPTIONS"),
        ("OPTIONS = " + "(" * 500, "mine.py"),
    ],
)
def test_a_method_file_without_schemas_is_refused_in_a_line(tmp_path: Path, text: str, said: str):
    file = tmp_path / "mine.py"
    file.write_text(text)
    message = refused(with_value(("models", "mine"), {"file": str(file)}))
    assert len(message.splitlines()) == 2
    assert f"models.mine.file: {file}" in message
    assert said in message


def test_a_demography_that_fails_when_it_is_run_is_refused_with_its_line(tmp_path: Path):
    file = tmp_path / "mine.py"
    functions = "def samples(options): ...\ndef demography(options): ...\n"
    file.write_text(f"OPTIONS = {{}}\nCITATION = ''\nx = 1 / 0\n{functions}")
    said = refused(with_value(("cohorts", "pair"), {"simulate": {"file": str(file)}}))
    assert f"{file}:3: in <module>: ZeroDivisionError: division by zero" in said
