"""Fetching is bounded: bombs, endless sources and members that lead out are refused where they begin."""

import gzip
import hashlib
import io
import resource
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from cohort_sources import CONTENT, EXPECTED, fetched, writer
from stratbench.cohorts.real import bounded, cohort_file, packed
from stratbench.cohorts.real import fetch as module
from stratbench.cohorts.real.fetch import Unfetched, fetch
from stratbench.core.errors import UserError

COHORTS = sorted((Path(__file__).parents[2] / "config" / "cohorts").glob("*.yaml"))
EXACT = {"bytes": len(CONTENT["bed"])}
MOST_WRITTEN = 4 << 20  # bytes that a test lets any file have
BOMB = bytes(16 << 20)


@pytest.fixture
def cohort(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Path]]:
    """Write a cohort file with these sources of the .bed, where no file can grow beyond MOST_WRITTEN."""
    monkeypatch.setenv(module.MIRROR, str(tmp_path / "mirror"))
    write = writer(tmp_path, tmp_path / "mirror")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (MOST_WRITTEN, before[1]))
    yield write
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def refusal(path: Path, out: Path) -> str:
    """Why the only source of the .bed was refused; nothing of it is left."""
    with pytest.raises(Unfetched) as error:
        fetch({"cohort_file": path}, {"folder": out})
    assert not (out / "final.bed").exists()
    assert not list(out.glob(".*"))
    ((_, _, reason),) = error.value.failures
    return reason


def zipped(data: bytes, method: int = zipfile.ZIP_DEFLATED, name: str = "m.bed") -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(name, data)
    return out.getvalue()


EMPTY_MEMBERS = gzip.compress(b"", mtime=0) * 10_000  # 200 kB that unpack to nothing
STATED = "final.bed is larger than 203 bytes, which the cohort file states; correct its 'bytes' there"
IMPLIED = "what lies there is larger than 65,741 bytes, enough for final.bed; .* 'bytes', or state 'largest'"


@pytest.mark.parametrize(
    ("name", "data", "member", "reason"),
    [
        ("bomb.gz", gzip.compress(BOMB), {}, STATED),
        ("bomb.zip", zipped(BOMB), {"member": "m.bed"}, STATED),
        ("twice.zip", zipped(gzip.compress(BOMB), name="m.gz"), {"member": "m.gz"}, STATED),
        ("empty.zip", zipped(EMPTY_MEMBERS, name="m.gz"), {"member": "m.gz"}, STATED),
        (
            "bzip2.zip",
            zipped(BOMB, zipfile.ZIP_BZIP2),
            {"member": "m.bed"},
            "other than deflate; zip it anew",
        ),
        ("plain", bytes(300), {}, STATED),
        ("plain", bytes(70_000), {}, IMPLIED),
        ("empty.gz", EMPTY_MEMBERS, {}, IMPLIED),
    ],
    ids=["gz", "zip", "gz-in-zip", "empty-members-in-zip", "bzip2", "plain", "long", "empty-members"],
)
@pytest.mark.fault
def test_what_unpacks_to_more_than_the_final_file_is_given_up(
    cohort, tmp_path: Path, name: str, data: bytes, member: dict[str, str], reason: str
) -> None:
    (tmp_path / "mirror" / name).write_bytes(data)
    path = cohort({"mirror": name} | member, bed=EXACT)
    with pytest.raises(UserError, match=f"mirror {name}.*: .*{reason}"):
        fetch({"cohort_file": path}, {"folder": tmp_path / "out"})
    assert "larger" in refusal(path, tmp_path / "out") or "deflate" in reason


def test_a_file_without_bytes_has_a_limit_too(
    cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "LARGEST", 100)
    monkeypatch.setattr(bounded, "MARGIN", 1000)
    assert refusal(cohort({"mirror": "x.bed"}), tmp_path / "out") == (
        "final.bed is larger than 100 bytes, the limit of a file without 'bytes'; state its 'bytes' in the cohort "
        "file if this source is right"
    )
    fetch({"cohort_file": cohort({"mirror": "x.bed"}, bed=EXACT)}, {"folder": tmp_path / "out"})
    assert fetched(tmp_path / "out") == EXPECTED


def test_another_size_than_stated_is_refused(cohort, tmp_path: Path) -> None:
    path = cohort({"mirror": "x.bed"}, bed={"bytes": 204})
    assert refusal(path, tmp_path / "out") == "wrong size of 203 bytes, expected 204"


def test_an_archive_may_be_as_large_as_its_source_says(cohort, tmp_path: Path) -> None:
    (tmp_path / "mirror" / "y.zip").write_bytes(zipped(CONTENT["bed"]))
    source = {"mirror": "y.zip", "member": "m.bed"}
    small = cohort(source | {"largest": 100}, bed=EXACT)
    assert refusal(small, tmp_path / "out") == (
        "what lies there is larger than 100 bytes, the source's 'largest' in the cohort file; raise that if this "
        "source is right"
    )
    for right in (source | {"largest": 10_000}, source):
        fetch({"cohort_file": cohort(right, bed=EXACT)}, {"folder": tmp_path / "out"})
        assert fetched(tmp_path / "out") == EXPECTED
        (tmp_path / "out" / "final.bed").unlink()


def test_a_zip_with_a_list_of_members_that_fills_the_memory_is_refused(
    cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "DIRECTORY", 100_000)
    with zipfile.ZipFile(tmp_path / "mirror" / "many.zip", "w") as archive:
        for k in range(3000):
            archive.writestr(f"{k}", b"")
        archive.writestr("m.bed", CONTENT["bed"])
    reason = refusal(cohort({"mirror": "many.zip", "member": "m.bed"}, bed=EXACT), tmp_path / "out")
    assert "list of members has" in reason
    assert "more than 100,000" in reason


@pytest.fixture
def endless() -> Iterator[tuple[str, list[int]]]:
    """A server that sends for ever, or says that it will send 3 GB; yields its address and how much it sent."""
    stop, sent = threading.Event(), [0]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            if self.path.startswith("/says"):
                self.send_header("Content-Length", str(3 << 30))
            self.end_headers()
            try:
                while not stop.is_set():
                    self.wfile.write(bytes(1 << 16))
                    sent[0] += 1 << 16
            except OSError:
                pass  # the reader has gone

        def log_message(self, *arguments: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}", sent
        stop.set()
        running.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["/endless.bed", "/endless.bed.gz", "/says.bed", "/endless.zip"])
@pytest.mark.fault
def test_an_endless_source_ends(
    cohort, tmp_path: Path, endless: tuple[str, list[int]], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(bounded, "LARGEST", 1 << 20)
    address, sent = endless
    source = {"url": address + path} | ({"member": "m"} if path.endswith("zip") else {})
    assert "what lies there is larger than" in refusal(cohort(source, bed=EXACT), tmp_path / "out")
    assert sent[0] < 32 << 20  # the limit, and what lies between two sockets


def deb(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> None:
    """A Debian package, by hand: an ar archive of its version, and two tars."""
    tars = []
    for content in ((), members):
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as archive:
            for member, data in content:
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        tars.append(gzip.compress(out.getvalue(), mtime=0))
    parts = {"debian-binary": b"2.0\n", "control.tar.gz": tars[0], "data.tar.gz": tars[1]}
    data = b"!<arch>\n"
    for name, part in parts.items():
        data += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(part):<10}`\n".encode()
        data += part + b"\n" * (len(part) % 2)
    path.write_bytes(data)


def member(name: str, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    if link:
        info.type, info.linkname = tarfile.SYMTYPE, link
    return info


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An apt-get that offers a package, pack_1.deb in the folder that is returned; it notes what it downloads."""
    if shutil.which("dpkg-deb") is None:
        pytest.skip("no dpkg-deb on this machine")
    folder = tmp_path / "apt"
    folder.mkdir()
    script = (
        "#!/bin/sh\n"
        f"cd_to={folder}\n"
        'case "$*" in\n'
        """*--print-uris*) echo "'uri' pack_1.deb $(wc -c < $cd_to/pack_1.deb) SHA256:0";;\n"""
        "*download*) cp $cd_to/pack_1.deb . && echo p >> $cd_to/downloads;;\n"
        "esac\n"
    )
    (folder / "apt-get").write_text(script)
    (folder / "apt-get").chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    return folder


PACKAGE = {"debian": "pack", "path": "usr/final.bed"}
BED = (member("./usr/final.bed"), CONTENT["bed"])


def test_a_package_gives_its_file(cohort, tmp_path: Path, apt: Path) -> None:
    """Also by a link to what lies in it, whichever comes first; a link that leads out does no harm."""
    deb(
        apt / "pack_1.deb",
        (member("./usr/link.bed", "../usr/final.bed"), b""),
        BED,
        (member("./etc/away", "/etc/passwd"), b""),
    )
    for path in ("usr/final.bed", "usr/link.bed"):
        fetch({"cohort_file": cohort(PACKAGE | {"path": path}, bed=EXACT)}, {"folder": tmp_path / "out"})
        assert fetched(tmp_path / "out") == EXPECTED
        shutil.rmtree(tmp_path / "out")


def test_a_package_that_is_too_large_is_not_downloaded(cohort, tmp_path: Path, apt: Path) -> None:
    deb(apt / "pack_1.deb", BED)
    assert refusal(cohort(PACKAGE | {"largest": 100}, bed=EXACT), tmp_path / "out") == (
        "the package, packed or unpacked, is larger than 100 bytes, the source's 'largest' in the cohort file; "
        "raise that if this source is right"
    )
    assert not (apt / "downloads").exists()


def test_a_package_that_unpacks_to_too_much_is_given_up(cohort, tmp_path: Path, apt: Path) -> None:
    deb(apt / "pack_1.deb", (member("./usr/bomb"), BOMB), BED)
    reason = refusal(cohort(PACKAGE | {"largest": 1_000_000}, bed=EXACT), tmp_path / "out")
    assert "the package, packed or unpacked, is larger than 1,000,000 bytes" in reason


def test_a_package_with_too_many_members_is_given_up(
    cohort, tmp_path: Path, apt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packed, "MEMBERS", 20)
    deb(apt / "pack_1.deb", *((member(f"./usr/{k}"), b"") for k in range(21)), BED)
    assert refusal(cohort(PACKAGE, bed=EXACT), tmp_path / "out") == "it has more than 20 members"


def test_a_broken_package_is_unavailable(cohort, tmp_path: Path, apt: Path) -> None:
    deb(apt / "pack_1.deb", BED)
    (apt / "pack_1.deb").write_bytes((apt / "pack_1.deb").read_bytes()[:-60])
    assert "dpkg-deb failed" in refusal(cohort(PACKAGE, bed=EXACT), tmp_path / "out")


@pytest.mark.parametrize(
    ("members", "path", "reason"),
    [
        ([member("../../evil")], "usr/final.bed", "its member ../../evil leads out of it"),
        ([member("/evil")], "usr/final.bed", "its member /evil leads out of it"),
        ([member("./usr/x", "{outside}/secret")], "usr/x", "the package holds no usr/x"),
        (
            [member("./usr/x", "y"), member("./usr/y", "../../../secret")],
            "usr/x",
            "the package holds no usr/x",
        ),
        ([member("./d", "{outside}"), member("./d/evil")], "d/secret", "the package holds no d/secret"),
        ([member("./d", "{outside}"), member("./d/e", "x")], "d/secret", "the package holds no d/secret"),
        ([member("./a", "b"), member("./b", "a")], "a", "the package holds no a"),
        ([], "../../secret", "../../secret leads out of the package"),
    ],
)
def test_no_member_leads_out_of_a_package(
    cohort, tmp_path: Path, apt: Path, members: list[tarfile.TarInfo], path: str, reason: str
) -> None:
    """What lies outside is neither written nor taken, even if it is the right file."""
    outside = tmp_path / "outside"
    (outside / "work").mkdir(parents=True)
    (outside / "secret").write_bytes(CONTENT["bed"])
    for one in members:
        one.linkname = one.linkname.format(outside=outside)
    deb(apt / "pack_1.deb", *((one, b"") for one in members), BED)
    entry = {"name": "final.bed", "sha256": hashlib.sha256(CONTENT["bed"]).hexdigest()}
    with pytest.raises(bounded.Unavailable) as error:
        module._take({"debian": "pack", "path": path}, entry, tmp_path / "final.bed", outside / "work", {})
    assert str(error.value) == reason
    assert sorted(found.name for found in outside.iterdir()) == ["secret", "work"]
    assert not (tmp_path / "final.bed").exists()


@pytest.mark.parametrize("path", COHORTS, ids=lambda path: path.stem)
def test_shipped_cohorts_state_every_size(path: Path) -> None:
    declared = cohort_file.read(path)
    for entry in cohort_file.fetched(declared).values():
        assert "bytes" in entry, entry["name"]
        archives = [source for source in entry.get("sources", ()) if bounded.is_archive(source)]
        assert all("largest" in source for source in archives if "mirror" not in source)
