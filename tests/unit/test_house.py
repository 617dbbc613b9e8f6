"""House rules that no linter knows: locks that agree, a README that is true, sources that stay readable."""

import ast
import hashlib
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import stratbench

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("run", "test", "gpu", "bench")
SOURCES = sorted(path for part in ("src", "workflow", "requirements") for path in (ROOT / part).rglob("*.py"))
REGISTRY = re.compile(r"\b(?:pypi|pythonhosted|anaconda|debian|docker|npmjs|crates)\.(?:org|com|io)\b")
OUR_MACHINE = re.compile(r"(?<![\w.$}])/(?:work|root)/")
LINES_OF_A_FILE = 600
LINES_OF_A_FUNCTION = 60
LINES_OF_A_FRAGMENT = 20
# Reasons for files of so few lines: the folder (by the end of its path) holds one file of a kind each, or the file
# stands alone on purpose. Package docstrings need no reason.
SHORT_FOLDERS = {
    "workflow/scripts": "one script for each rule: it reads what snakemake gives and calls one function",
    "/methods": "one file for each method",
    "report/text": "one file for each section of the report",
}
SHORT_FILES = {
    "attributions/options.py": "a config's check reads it as text, where importing jax would cost seconds",
    "core/seeds.py": "every package draws its seeds here, and nothing else decides them",
    "core/words.py": "every package that writes text uses it",
    "training/loss.py": "what a kind of trait minimises is stated once, apart from the loop that minimises it",
}


def pins(lock: str) -> dict[tuple[str, str], str]:
    """A lock's versions by package and environment marker."""
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    pin = re.compile(r"^([a-z0-9._-]+)==(\S+?)(?: ; (.+?))? \\$", re.MULTILINE)
    return {(name, marker): version for name, version, marker in pin.findall(text)}


def tracked() -> list[Path]:
    """The text files that git tracks; outside a checkout there is nothing to check."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file() and b"\0" not in path.read_bytes()[:8192]]


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods of a module."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("lock", ["run", "gpu", "bench"])
def test_one_environment_serves_every_lock(lock: str) -> None:
    test, other = pins("test"), pins(lock)
    assert len(other) > 50
    shared = other.keys() & test.keys()
    assert {key: other[key] for key in shared} == {key: test[key] for key in shared}
    if lock == "run":
        assert other.keys() <= test.keys()
    else:
        assert pins("run").keys() <= other.keys()


@pytest.mark.parametrize("path", sorted((ROOT / "requirements").glob("*.[it][nx]*")), ids=lambda p: p.name)
def test_requirements_name_no_index(path: Path) -> None:
    text = path.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*(?:-i|-f|--index-url|--extra-index-url|--find-links|--no-index)\b", text, re.M)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_has_a_hash(lock: str) -> None:
    text = (ROOT / "requirements" / f"{lock}.txt").read_text()
    blocks = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(pins(lock))
    assert all("--hash=sha256:" in block for block in blocks)


def test_conda_environment_follows_the_run_lock() -> None:
    digest = hashlib.sha256((ROOT / "requirements" / "run.txt").read_bytes()).hexdigest()
    script = (ROOT / "envs" / "stratbench.post-deploy.sh").read_text()
    assert f"\nlock={digest}\n" in script, "run `make lock`"


@pytest.mark.parametrize("page", ["README.md", "docs/development.md", "CHANGELOG.md"])
def test_make_targets_that_are_named_exist(page: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:`|^|=1 |run )make ([a-z-]+)", (ROOT / page).read_text(), re.MULTILINE))
    assert named
    assert named <= targets


@pytest.mark.parametrize("page", ["README.md", "results/README.md", "docs/development.md"])
def test_links_and_files_that_are_named_exist(page: str) -> None:
    text = (ROOT / page).read_text()
    links = re.findall(r"\]\((?!https?:)([^)#]+)", text)
    missing = [link for link in links if not ((ROOT / page).parent / link).exists()]
    files = set(re.findall(r"\b(?:config|envs|src|tests|profiles|requirements)/[\w./-]*[\w/]", text))
    files -= {"config/my-study.yaml"}  # the reader's own
    missing += [name for name in sorted(files) if not (ROOT / name).exists()]
    assert not missing


def test_readme_opens_with_question_figure_and_commands() -> None:
    first_screen = "\n".join((ROOT / "README.md").read_text().splitlines()[:20])
    for part in ("SNP genotypes", "docs/figures/headline.", "make report", "make test"):
        assert part in first_screen


def test_versions_agree() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert citation["version"] == project["version"] == stratbench.__version__
    assert citation["license"] == project["license"] == "MIT"


def test_no_tracked_file_names_a_registry_or_our_machine() -> None:
    found = []
    for path in tracked():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            if REGISTRY.search(line) or OUR_MACHINE.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not found


def test_sources_stay_readable() -> None:
    long = [path.name for path in SOURCES if len(path.read_text().splitlines()) > LINES_OF_A_FILE]
    long += [
        f"{path.name}: {function.name}"
        for path in SOURCES
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno >= LINES_OF_A_FUNCTION
    ]
    assert not long


def test_no_short_file_without_a_reason() -> None:
    short = {
        path.relative_to(ROOT).as_posix().removeprefix("src/stratbench/")
        for path in SOURCES
        if path.name != "__init__.py" and len(path.read_text().splitlines()) <= LINES_OF_A_FRAGMENT
    }
    assert short  # the files were read
    alone = {name for name in short if not Path(name).parent.as_posix().endswith(tuple(SHORT_FOLDERS))}
    # A file in one of the sets alone is either short without a reason, or has a reason and is gone or long.
    assert sorted(alone ^ SHORT_FILES.keys()) == []


def test_modules_say_what_they_are() -> None:
    library = [path for path in SOURCES if "workflow" not in path.relative_to(ROOT).parts]
    silent = [path for path in library if not ast.get_docstring(ast.parse(path.read_text() or "''"))]
    assert not [path.name for path in silent if path.read_text()]
