"""Fetching: every kind of source, the right bytes or none, and an error that tells all that was tried."""

import gzip
import hashlib
import socket
import threading
import zipfile
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from cohort_sources import CONTENT, EXPECTED, fetched, writer
from stratbench.cohorts.real import debian
from stratbench.cohorts.real import fetch as module
from stratbench.cohorts.real.bounded import Bound, Unavailable
from stratbench.cohorts.real.fetch import fetch
from stratbench.core.errors import UserError


@pytest.fixture
def cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Write a cohort file whose .bed has these sources; .bim and .fam come from the mirror."""
    monkeypatch.setenv(module.MIRROR, str(tmp_path / "mirror"))
    return writer(tmp_path, tmp_path / "mirror")


def stored(mirror: Path, name: str) -> dict[str, str]:
    """Put the .bed into the mirror, packed as the name says; what a source needs beside its place."""
    data, path = CONTENT["bed"], mirror / name
    if name.endswith(".zip"):
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a/plain.bed", data)
            archive.writestr("a/packed.bed.gz", gzip.compress(data))
        return {"member": "a/packed.bed.gz" if "packed" in name else "a/plain.bed"}
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return {}


@pytest.mark.parametrize("name", ["y.bed", "y.bed.gz", "y.zip", "packed.zip"])
@pytest.mark.parametrize("kind", ["mirror", "url", "debian"])
def test_every_kind_of_source(
    cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    mirror = tmp_path / "mirror"
    further = stored(mirror, name)
    monkeypatch.setattr(module, "debian_package", lambda package, into, bound: mirror)
    source = {
        "mirror": {"mirror": name},
        "url": {"url": (mirror / name).as_uri()},
        "debian": {"debian": "some-package", "path": name},
    }[kind]
    fetch({"cohort_file": cohort(source | further)}, {"folder": tmp_path / "out"})
    assert fetched(tmp_path / "out") == EXPECTED


def test_a_source_that_fails_is_followed_by_the_next(cohort, tmp_path: Path, capsys) -> None:
    fetch(
        {"cohort_file": cohort({"mirror": "none"}, {"mirror": "x.fam"}, {"mirror": "x.bed"})},
        {"folder": tmp_path / "out"},
    )
    assert fetched(tmp_path / "out") == EXPECTED
    said = capsys.readouterr().out
    assert "no such file" in said
    assert "wrong SHA-256" in said


def test_what_is_there_is_kept_if_it_is_right(cohort, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "final.bed").write_bytes(CONTENT["bed"])
    (out / "final.bim").write_bytes(b"broken")
    before = (out / "final.bed").stat().st_mtime_ns
    fetch({"cohort_file": cohort({"mirror": "none"})}, {"folder": out})
    assert fetched(out) == EXPECTED
    assert (out / "final.bed").stat().st_mtime_ns == before


@pytest.mark.fault
def test_when_all_fail_the_error_lists_them_and_nothing_is_left(
    cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(package: str, into: Path, bound: Bound) -> Path:
        raise Unavailable("apt-get is not on this machine")

    monkeypatch.setattr(module, "debian_package", refuse)
    mirror = tmp_path / "mirror"
    (mirror / "torn.gz").write_bytes(gzip.compress(CONTENT["bed"])[:-9])
    (mirror / "bad.gz").write_bytes(b"no gzip")
    (mirror / "bad.zip").write_bytes(b"no zip")
    stored(mirror, "y.zip")
    for name, at, value in (("locked.zip", 6, 1), ("odd.zip", 8, 77)):  # flag of encryption; method
        data = bytearray((mirror / "y.zip").read_bytes())
        for start in (data.find(b"PK\x03\x04"), data.find(b"PK\x01\x02") + 2):
            data[start + at] = value
        (mirror / name).write_bytes(data)
    with zipfile.ZipFile(mirror / "xz.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a/plain.bed", CONTENT["bed"])
    sources: list[dict[str, str]] = [
        *({"mirror": name} for name in ("none", "x.fam", "torn.gz", "bad.gz", "y.zip")),
        {"mirror": "bad.zip", "member": "m"},
        {"mirror": "y.zip", "member": "absent"},
        {"url": (mirror / "away").as_uri()},
        {"url": f"http://127.0.0.1:{unused_port()}/x"},
        {"url": "http://[::1/x"},
        {"url": f"http://{'x' * 64}.example/x"},
        *({"mirror": name, "member": "a/plain.bed"} for name in ("locked.zip", "odd.zip", "xz.zip")),
        {"debian": "some-package", "path": "usr/x"},
    ]
    path = cohort(*sources)
    with pytest.raises(UserError) as error:
        fetch({"cohort_file": path}, {"folder": tmp_path / "out"})
    lines = str(error.value).splitlines()
    assert lines[0] == f"{path}: no source of final.bed works:"
    reasons = (
        "no such file",
        "wrong SHA-256",
        "ended before",
        "Not a gzipped file",
        "needs 'member'",
        "not a zip",
        "no item named 'absent'",
        "no such file",
        "refused",
        "Invalid IPv6",
        "label",
        "encrypted",
        "compression other than deflate",
        "compression other than deflate",
        "apt-get is not",
    )
    for line, reason in zip(lines[1:-1], reasons, strict=True):
        assert reason in line
    assert len(lines) == len(sources) + 2
    assert "STRATBENCH_MIRROR" in lines[-1]
    assert hashlib.sha256(CONTENT["bed"]).hexdigest() in lines[-1]
    assert fetched(tmp_path / "out") == {}


def test_without_a_mirror_that_is_the_reason(cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(module.MIRROR)
    with pytest.raises(UserError, match=r"mirror x\.bed: .*STRATBENCH_MIRROR is not set"):
        fetch({"cohort_file": cohort({"mirror": "x.bed"})}, {"folder": tmp_path / "out"})


def test_a_mirror_beside_the_checkout_or_under_resources_is_found(
    cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = cohort({"mirror": "x.bed"})
    monkeypatch.delenv(module.MIRROR)
    for place in ("resources/mirror", "../shared/cohorts"):
        checkout = tmp_path / place.replace("/", "-") / "checkout"
        checkout.mkdir(parents=True)
        monkeypatch.chdir(checkout)
        Path(place).mkdir(parents=True)
        for end in CONTENT:
            Path(place, f"x.{end}").write_bytes(CONTENT[end])
        fetch({"cohort_file": path}, {"folder": "out"})
        assert fetched(Path("out")) == EXPECTED


def test_what_cannot_be_had_is_asked_for_once(
    cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def refuse(package: str, into: Path, bound: Bound) -> Path:
        asked.append(package)
        raise Unavailable("no network")

    monkeypatch.setattr(module, "debian_package", refuse)
    sources = [{"debian": "some-package", "path": name} for name in ("a", "b")]
    with pytest.raises(module.Unfetched) as error:
        fetch({"cohort_file": cohort(*sources)}, {"folder": tmp_path / "out"})
    assert asked == ["some-package"]
    assert [reason for _, _, reason in error.value.failures] == ["no network"] * 2


def test_a_conversion_with_another_sha_leaves_the_cohort_out(cohort, tmp_path: Path) -> None:
    """As no source would; `available` takes Unfetched for that."""
    (tmp_path / "mirror" / "p.txt").write_text("1.5 2\n")
    digest = hashlib.sha256(b"1.5 2\n").hexdigest()
    path = cohort({"mirror": "x.bed"})
    declared = yaml.safe_load(path.read_text())
    declared["files"] |= {
        "p": {"name": "p.txt", "sha256": digest, "sources": [{"mirror": "p.txt"}]},
        "made": {"name": "made.tsv", "sha256": "0" * 64},
    }
    declared["convert"] = {"method": "gemma-phenotypes", "source": "p", "table": "made"}
    path.write_text(yaml.safe_dump(declared))
    with pytest.raises(
        module.Unfetched, match=r"cohort\.yaml: .*made\.tsv: the conversion of .* SHA-256"
    ) as error:
        fetch({"cohort_file": path}, {"folder": tmp_path / "out"})
    ((name, how, reason),) = error.value.failures
    assert (name, how) == ("made.tsv", "conversion of p.txt")
    assert "0" * 64 in reason
    assert not (tmp_path / "out" / "made.tsv").exists()


def unused_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def server():
    """A server that hangs, drips, breaks off or has nothing, by path; yields its address and what it was asked."""
    stop, asked = threading.Event(), []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            if self.path == "/absent":
                self.send_error(404)
                return
            if self.path.startswith("/hangs"):
                stop.wait(20)
                return
            self.send_response(200)
            length = str(len(CONTENT["bed"]))
            whole = self.path.startswith("/twice")
            self.send_header("Content-Length", f"{length}, {length}" if whole else length)
            self.end_headers()
            if whole:
                self.wfile.write(CONTENT["bed"])
                return
            self.wfile.write(CONTENT["bed"][:50])
            while self.path == "/drips" and not stop.wait(0.05):
                self.wfile.write(b"x")

        def log_message(self, *arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", asked
        stop.set()
        running.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/hangs", "timed out"),
        ("/drips", "not complete after 0.3 s"),
        ("/breaks", "50 of 203 bytes"),
        ("/absent", "404"),
    ],
)
@pytest.mark.fault
def test_a_bad_server_does_not_hold_a_study_up(
    cohort,
    tmp_path: Path,
    server: tuple[str, list[str]],
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    reason: str,
) -> None:
    monkeypatch.setattr(module, "STALL", 0.3)
    monkeypatch.setattr(module, "LIMIT", 0.3)
    with pytest.raises(UserError, match=reason):
        fetch({"cohort_file": cohort({"url": server[0] + path})}, {"folder": tmp_path / "out"})
    assert fetched(tmp_path / "out") == {}


def test_a_host_that_does_not_answer_is_waited_for_once(
    cohort, tmp_path: Path, server: tuple[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """But one that answers with an error may have another file."""
    monkeypatch.setattr(module, "STALL", 0.3)
    address, asked = server
    with pytest.raises(module.Unfetched) as error:
        fetch(
            {
                "cohort_file": cohort(
                    *({"url": f"{address}/{name}"} for name in ("absent", "breaks", "hangs1", "hangs2"))
                )
            },
            {"folder": tmp_path},
        )
    assert asked == ["/absent", "/breaks", "/hangs1"]
    reasons = [reason for _, _, reason in error.value.failures]
    assert reasons[2] == reasons[3]
    assert "timed out" in reasons[2]


def test_a_length_that_is_no_number_is_not_believed(
    cohort, tmp_path: Path, server: tuple[str, list[str]]
) -> None:
    fetch({"cohort_file": cohort({"url": f"{server[0]}/twice"})}, {"folder": tmp_path / "out"})
    assert fetched(tmp_path / "out") == EXPECTED


def test_an_unwritable_place_is_named(cohort, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(UserError, match=r"out: cannot be written: "):
        fetch({"cohort_file": cohort({"mirror": "x.bed"})}, {"folder": tmp_path / "out"})


def test_without_apt_a_package_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="apt-get is not on this machine"):
        debian.debian_package("plink2", tmp_path)


def test_an_unknown_package_is_unavailable_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(debian, "TIMEOUT", 60)
    (tmp_path / ".apt").mkdir()
    (tmp_path / ".apt" / "updated").touch()  # no list at all: no network is needed
    with pytest.raises(Unavailable, match="stratbench-none"):
        debian.debian_package("stratbench-none", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".apt"]
