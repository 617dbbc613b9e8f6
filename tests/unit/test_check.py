"""``stratbench check``: a study's size, or what a run would refuse, from any folder and without running anything."""

from pathlib import Path

import pytest

from stratbench import __main__
from stratbench.core import yaml_file
from stratbench.core.errors import UserError

ROOT = Path(__file__).parents[2]
STUDY = """
study: small
cohorts: {pair: {simulate: {demography: split, individuals: 20}, replicates: 3}}
traits: {clean: {simulate: {h2: 0.5}}}
blocks: [{cohorts: [pair], traits: [clean], splits: [random], models: [linear], attributions: [gradient-input]}]
"""


def check(monkeypatch: pytest.MonkeyPatch, folder: Path, *arguments: str) -> None:
    """Run the command in a folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["stratbench", "check", *arguments])
    __main__.main()


def test_a_sound_config_is_counted(tmp_path, monkeypatch, capsys):
    (tmp_path / "study.yaml").write_text(STUDY)
    check(monkeypatch, tmp_path, "study.yaml")
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "study.yaml: study 'small' can run"
    assert [(line.split()[0], line.split()[-1]) for line in said[1:]] == [
        ("cohorts", "3"),
        ("datasets", "3"),
        ("splits", "3"),
        ("fits", "3"),
        ("trainings", "6"),
        ("JAX", "9"),
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["study.yaml"]  # nothing was written


def test_a_bad_config_ends_with_what_a_run_says(tmp_path, monkeypatch):
    (tmp_path / "study.yaml").write_text(STUDY.replace("linear", "linaer"))
    with pytest.raises(SystemExit) as ended:
        check(monkeypatch, tmp_path, "study.yaml")
    assert str(ended.value).startswith(
        "stratbench: the study's config cannot be used:\n  blocks[0].models: undefined label 'linaer'"
    )


def test_labels_that_make_the_name_of_a_figure_too_long_are_refused_in_a_line(tmp_path, monkeypatch):
    long = [60 * letter for letter in "abcd"]
    study = STUDY.replace("pair", long[0]).replace("clean", long[1])
    study = study.replace("[random]", f"[{long[2]}]").replace("[linear]", f"[{long[3]}]")
    methods = f"splits: {{{long[2]}: {{method: random}}}}\nmodels: {{{long[3]}: {{method: linear}}}}\n"
    (tmp_path / "study.yaml").write_text(study + methods)
    with pytest.raises(SystemExit, match="would have a name of 253 characters, 220 at most can be had"):
        check(monkeypatch, tmp_path, "study.yaml")


def test_a_table_of_phenotypes_is_looked_into(tiny_fileset, tmp_path, monkeypatch):
    iids = [line.split()[1] for line in (tiny_fileset / "genotypes.fam").read_text().splitlines()]
    (tmp_path / "own.tsv").write_text("IID bmi\n" + "".join(f"{iid} 3.5\n" for iid in iids))
    (tmp_path / "mine.yaml").write_text(
        f"study: mine\ncohort: {{bfile: {tiny_fileset}/genotypes, phenotypes: own.tsv, trait: bmi, autosomes: 22}}\n"
    )
    with pytest.raises(SystemExit, match=r"own\.tsv, column 'bmi' is constant"):
        check(monkeypatch, tmp_path, "mine.yaml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("study: a\nseeds: 1\nstudy: b\n", "line 3: the key 'study' stands in line 1 already"),
        ("a:\n  x: 1\n  y: 2\n  'x': 3\n", "line 4: the key 'x' stands in line 2 already"),
        ('{"a": {"x": 1, "x": 2}}', "the key 'x' stands twice in one object"),
        ("- a\n- b\n", "holds a list, not keys with values"),
        ("", "holds nothing, not keys with values"),
        ("just text", "holds a str, not keys with values"),
        ("a: [\n", "not YAML: line 2"),
        ("a: 2020-13-45", "not YAML: month must be in 1..12"),
        ("a: " + "[" * 5000, "not YAML: maximum recursion depth"),
        ("a: !!python/object:os.system x", "not YAML: line 1: could not determine a constructor"),
    ],
)
def test_a_file_that_is_no_mapping_or_would_lose_a_value_is_refused_in_a_line(tmp_path, text, said):
    path = tmp_path / "study.yaml"
    path.write_text(text)
    with pytest.raises(UserError) as refused:
        yaml_file.read(path)
    assert str(refused.value).startswith(f"{path}: {said}")
    assert "\n" not in str(refused.value)


def test_merged_keys_and_equal_keys_of_different_mappings_are_kept(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("base: &base {a: 1, b: 2}\nown: {<<: *base, b: 3}\nother: {<<: *base, <<: {c: 4}}\n")
    assert yaml_file.read(path) == {
        "base": {"a": 1, "b": 2},
        "own": {"a": 1, "b": 3},
        "other": {"a": 1, "b": 2, "c": 4},
    }
