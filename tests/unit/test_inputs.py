"""A FIFO, a device, a socket or a folder in the place of a file is refused in a line: nothing waits for its content."""

import os
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from stratbench.cohorts.real import cohort_file, tables
from stratbench.cohorts.real.fetch import Unfetched, fetch
from stratbench.core import yaml_file
from stratbench.core.errors import UserError
from stratbench.core.inputs import require_file
from stratbench.genotypes import plink
from stratbench.study import config

STUDY = yaml.safe_load("""
study: small
cohorts: {pair: {simulate: {demography: split, individuals: 20}}}
traits: {clean: {simulate: {h2: 0.5}}}
blocks: [{cohorts: [pair], traits: [clean], splits: [random]}]
""")
COHORT = """
title: Mine
licence: mine
citation: none
mating: outbred
files: {bed: {path: x.bed}, bim: {path: x.bim}, fam: {path: x.fam}, more: {path: more.tsv}}
tables: [{file: more, id: IID, columns: {y: y}}]
traits: {y: {kind: quantitative, column: y}}
"""


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(path.name)  # paths of sockets are short


ODD: dict[str, tuple[Callable[[Path], object], str]] = {
    "FIFO": (os.mkfifo, r"is a FIFO \(a named pipe\)"),
    "folder": (Path.mkdir, "is a folder; give the path of a plain file"),
    "socket": (a_socket, "is a socket"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "is a device"),
    "link to a FIFO": (lambda path: (os.mkfifo("pipe"), path.symlink_to("pipe")), "is a FIFO"),
}


@pytest.fixture(params=ODD)
def odd(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable]:
    """Puts something odd at a path of the working directory, and gives what is said of it; what hangs is ended."""
    make, said = ODD[request.param]
    monkeypatch.chdir(tmp_path)

    def place(path: str) -> str:
        Path(path).unlink(missing_ok=True)
        make(Path(path))
        return f"{path}: {said}"

    def too_long(*_: object) -> None:
        raise TimeoutError("something waits for the content of what is no plain file")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.alarm(20)
    yield place
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def own(tiny_fileset: Path, tmp_path: Path) -> Path:
    """A fileset and a table in the working directory, and a cohort file that names them."""
    for end in ("bed", "bim", "fam"):
        shutil.copy(tiny_fileset / f"genotypes.{end}", tmp_path / f"x.{end}")
    iids = [line.split()[1] for line in (tmp_path / "x.fam").read_text().splitlines()]
    rows = [f"{iid}\t{k / 7}\n" for k, iid in enumerate(iids)]
    (tmp_path / "more.tsv").write_text("IID\ty\n" + "".join(rows))
    (tmp_path / "mine.yaml").write_text(COHORT)
    return tmp_path


def test_what_is_there_and_plain_passes(tmp_path):
    (tmp_path / "x").write_text("")
    (tmp_path / "link").symlink_to("x")
    require_file(tmp_path / "x")
    require_file(tmp_path / "link")
    with pytest.raises(UserError, match=r"no such file: .*none"):
        require_file(tmp_path / "none")
    with pytest.raises(UserError, match="no path"):
        require_file("a\0b")
    with pytest.raises(UserError, match="cannot be read: File name too long"):
        require_file("x" * 5000)


def test_a_config_that_is_no_plain_file(odd):
    said = odd("study.yaml")
    with pytest.raises(UserError, match=said):
        yaml_file.read("study.yaml")


def test_a_cohort_file_that_is_no_plain_file(odd):
    said = odd("mine.yaml")
    with pytest.raises(UserError, match=said):
        cohort_file.read("mine.yaml")


@pytest.mark.fault
def test_a_table_that_is_no_plain_file(odd):
    said = odd("table.tsv")
    with pytest.raises(UserError, match=said):
        tables.read("table.tsv")


@pytest.mark.parametrize("kind", ["models", "adjustments", "splits"])
def test_a_method_file_that_is_no_plain_file(odd, kind):
    said = odd("mine.py")
    with pytest.raises(UserError, match=rf"{kind}\.mine\.file: \w+ 'mine': {said}"):
        config.check(STUDY | {kind: {"mine": {"file": "mine.py"}}})


@pytest.mark.parametrize("end", ["bed", "bim", "fam"])
def test_a_fileset_that_is_no_plain_files(own, odd, end):
    said = odd(f"x.{end}")
    read = {"bed": lambda path: plink.open_bed(path, 5, 5), "bim": plink.read_bim, "fam": plink.read_fam}
    with pytest.raises(UserError, match=said):
        read[end](f"x.{end}")
    with pytest.raises(UserError, match=said):
        config.check({"study": "mine", "cohort": {"bfile": "x", "autosomes": 22}})


@pytest.mark.parametrize("file", ["x.bed", "x.bim", "x.fam", "more.tsv"])
def test_local_files_of_a_cohort_file_are_plain_before_anything_runs(own, odd, file):
    study = STUDY | {"cohorts": {"mine": {"real": "mine.yaml"}}, "traits": {"y": {"measured": "y"}}}
    study = study | {"blocks": [{"cohorts": ["mine"], "traits": ["y"], "splits": ["random"]}]}
    assert config.check(study)
    said = odd(file)
    with pytest.raises(UserError, match=rf"cohorts\.mine\.real: {said}"):
        config.check(study)


def test_the_table_of_an_own_cohort_is_a_plain_file(own, odd):
    study = {
        "study": "mine",
        "cohort": {"bfile": "x", "phenotypes": "more.tsv", "trait": "y", "autosomes": 22},
    }
    assert config.check(study)
    said = odd("more.tsv")
    with pytest.raises(UserError, match=said):
        config.check(study)


def test_a_source_that_is_no_plain_file(odd, tmp_path):
    said = odd("source.bed")
    entry = {"name": "x.bed", "sha256": "a" * 64, "sources": [{"url": f"file://{tmp_path}/source.bed"}]}
    files = {"bed": entry, "bim": entry | {"name": "x.bim"}, "fam": entry | {"name": "x.fam"}}
    declared = {
        "title": "x",
        "licence": "x",
        "citation": "x",
        "mating": "outbred",
        "files": files,
        "traits": {},
    }
    (tmp_path / "away.yaml").write_text(yaml.safe_dump(declared))
    with pytest.raises(Unfetched, match=said):
        fetch({"cohort_file": "away.yaml"}, {"folder": "got"})
