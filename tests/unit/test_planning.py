"""What makes a plan of thousands of jobs cheap: short constraints, and nothing read or computed once a job."""

import ast
import re
from collections import Counter
from itertools import product
from pathlib import Path

import pytest

from stratbench.core import digest as digests
from stratbench.core.digest import digest
from stratbench.methods import registry
from stratbench.study.study import Split
from stratbench.study.wildcards import names, only

ROOT = Path(__file__).parents[2]


def forget() -> None:
    """Make this process plan as a new one does."""
    for cached in (digests._code, digests._imports, digests._hash, registry._shipped):
        cached.cache_clear()


@pytest.mark.parametrize(
    "labels",
    [
        [f"split-fst05-r{k:02d}" for k in range(1, 131)],
        ["a", "b", "a+b", "a.b", "a-b", "ab", "aab", "a-", "a^", "a]"],
        ["mice"],
    ],
)
def test_a_constraint_admits_these_labels_alone(labels):
    admitted = re.compile(names(labels))
    near = {
        f"{label[:k]}{sign}{label[k:]}" for label in labels for k in range(len(label) + 1) for sign in "ax0+"
    }
    near |= {label[:k] + label[k + 1 :] for label in labels for k in range(len(label))} | {
        "",
        "a/b",
        "mice\n",
    }
    assert {label for label in near | set(labels) if admitted.fullmatch(label)} == set(labels)


def test_no_label_admits_nothing():
    assert not re.compile(names([])).match("")
    assert not re.compile(only([])).match("cohort/trait/split.tsv")


def test_a_constraint_of_a_cohort_admits_these_items_alone():
    """Splits of two blocks, of which one has other cohorts, traits and splits."""
    first = product(("s-r01", "s-r02"), ("t", "u"), ("random",))
    second = product(("mice",), ("t",), ("random", "halves"))
    wanted = {Split(*keys) for keys in (*first, *second)}
    pattern = re.compile(rf"(?P<cohort>{only(wanted)})/(?P<trait>[^/]+)/(?P<split>[^/.]+)[./].*")
    every = product(("s-r01", "s-r02", "s-r0", "mice"), ("t", "u", "tu"), ("random", "halves", "randomly"))
    for keys, end in product(every, ("/mlp/none/fit.json", ".log")):
        assert bool(pattern.fullmatch("/".join(keys) + end)) == (Split(*keys) in wanted), keys


def test_constraints_of_many_replicates_are_short():
    """Snakemake compiles them into every pattern; one that names every split took a tenth of a plan."""
    many = [Split(f"split-r{k:02d}", t, name) for k in range(1, 100) for t in "abcd" for name in "xyz"]
    assert len(only(many)) < len(many)
    assert len(names(split.cohort for split in many)) < 400


def test_a_source_is_read_once_for_the_digests_of_all_rules(monkeypatch):
    read: Counter[str] = Counter()
    parse = ast.parse

    def counted(source, filename="<unknown>", *args, **options):
        read[str(filename)] += 1
        return parse(source, filename, *args, **options)

    monkeypatch.setattr(ast, "parse", counted)
    forget()
    for script in sorted(path.stem for path in digests.SCRIPTS.glob("*.py")):
        digest(script)
    once = set(read)
    digest("fit", registry.find("model", "mlp"))
    again = {path for path in once if read[path] > 1}
    finders = {str(path) for path in once if "FINDS" in Path(path).read_text()}
    beside = {str(path.parent) for path in map(Path, finders)}
    assert len(once) > 100
    assert {path for path in again if str(Path(path).parent) not in beside} == set()


def test_the_folder_of_a_kind_is_listed_once(monkeypatch):
    listed: Counter[str] = Counter()
    glob = Path.glob

    def counted(folder, pattern):
        listed[folder.parent.name] += 1
        return glob(folder, pattern)

    monkeypatch.setattr(Path, "glob", counted)
    forget()
    for _ in range(50):
        registry.find("model", "mlp")
        registry.find("adjustment", "none")
    assert listed == {"models": 1, "adjustments": 1}


def test_no_rule_takes_another_rule_s_output_for_its_input():
    """Snakemake then compares all inputs of that rule with each other, and a report has thousands of them."""
    for path in [ROOT / "Snakefile", *sorted((ROOT / "rules").glob("*.smk"))]:
        assert not re.search(r"\brules\.\w+\.output", path.read_text()), path.name
