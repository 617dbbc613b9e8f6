"""Damaged filesets and tables: what is accepted is what a second, strict reader finds; the rest is a UserError.

The second reader shares no code with ours: bytes, ``str.split`` and PLINK's two-bit codes. The same damage also goes
the way of a user's own cohort: config, reading, quality control and trait.
"""

import math
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stations import cohort_files, raw_files
from stratbench.cohorts.qc.run import qc
from stratbench.cohorts.real import cohort_file
from stratbench.cohorts.real.read_cohort import read_cohort
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.datasets.measured import measured
from stratbench.genotypes import plink
from stratbench.genotypes.fileset import FilesetDosages
from stratbench.study.config import check

N, M = 6, 24
EXAMPLES, OF_OWN_COHORTS, LEAST_ACCEPTED = 250, 80, 20
NAMES = ("x.bed", "x.bim", "x.fam", "x.tsv")
TRAIT = {"score": {"kind": "quantitative", "column": "score"}}
MISSING = {"", "NA", "-9"}
LAX = {"mind": 1, "geno": 1, "hwe": None, "maf": 0}


@dataclass(frozen=True)
class Found:
    """What a reader finds: a row of text for each person and SNP as far as we use it, and genotypes."""

    people: list[tuple[str, ...]]  # fid, iid, father, mother, sex
    regions: list[str]
    scores: list[float | None]
    snps: list[tuple[str, str, float, int, str, str]]  # chrom, id, cM, position, A1, A2
    codes: list[list[int]]  # of each SNP


def sound() -> dict[str, bytes]:
    """A fileset of 6 individuals (two of four places in the last byte are unused) and 24 SNPs, and a table."""
    code_MN = np.random.default_rng(4).integers(0, 4, (M, N))
    packed = bytearray(b"l\x1b\x01")
    for row in code_MN:
        padded = [*row.tolist(), 0, 0]
        packed += bytes(sum(code << 2 * k for k, code in enumerate(padded[j : j + 4])) for j in (0, 4))
    bim = "".join(
        f"{1 + k // 12}\ts{k}\t{k / 4}\t{100 + k}\t{'AC'[k % 2]}\t{'GT'[k % 2]}\n" for k in range(M)
    )
    fam = "".join(f"f{k} i{k} d{k} m{k} {1 + k % 2} -9\n" for k in range(N))
    table = "IID\tscore\tregion\n" + "".join(f"i{k}\t{k}.5\t{'ab'[k % 2]}\n" for k in range(N))
    return {
        "x.bed": bytes(packed),
        **{f"x.{e}": t.encode() for e, t in (("bim", bim), ("fam", fam), ("tsv", table))},
    }


SOUND = sound()


GENTLE, ROUGH = (
    ["letter", "swap"],
    ["flip", "cut", "insert", "delete", "repeat", "replace"],
)  # gentle: often accepted


@st.composite
def damages(draw: Callable[..., Any]) -> dict[str, bytes]:
    """The fileset after one to three accidents, each in one file."""
    content, gentle = dict(SOUND), draw(st.booleans())
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(NAMES))
        data = content[name]
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        accident = draw(st.sampled_from(GENTLE if gentle else [*GENTLE, *ROUGH]))
        lines = data.split(b"\n")
        one, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        if accident == "flip" and data:
            content[name] = data[:at] + bytes([data[at] ^ 1 << draw(st.integers(0, 7))]) + data[at + 1 :]
        elif accident == "cut":
            content[name] = data[:at]
        elif accident == "insert":
            content[name] = data[:at] + draw(st.binary(min_size=1, max_size=4)) + data[at:]
        elif accident == "delete":
            content[name] = data[:at] + data[at + draw(st.integers(1, 30)) :]
        elif accident == "letter":
            content[name] = data[:at] + draw(st.sampled_from([b"0", b"1", b"7", b"A", b"T"])) + data[at + 1 :]
        elif accident == "swap":
            lines[one], lines[other] = lines[other], lines[one]
            content[name] = b"\n".join(lines)
        elif accident == "repeat":
            content[name] = b"\n".join([*lines[: one + 1], lines[one], *lines[one + 1 :]])
        else:
            text = draw(
                st.sampled_from(
                    [b" ", b"\t", b"\r\n", b'"', b"#", b",", b"nan", b"1e9", b"-9", b"\xef\xbb\xbf"]
                )
            )
            content[name] = data[:at] + text + data[at + len(text) :]
    return content


def rows(data: bytes, blanks: str | None) -> list[list[str]]:
    """The values of each line that is not blank. Raises ValueError for what is no text."""
    text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    found = []
    for line in text.split("\n"):
        values = re.split("[ \t]+", line.strip(" \t")) if blanks is None else line.split(blanks)
        if any(value.strip(" \t") for value in values):
            found.append([value.strip(" \t") for value in values])
    return found


def need(true: bool) -> None:
    if not true:
        raise ValueError


def strict(content: dict[str, bytes]) -> Found:
    """As the formats' descriptions have it; ValueError for anything odd."""
    fam, bim = rows(content["x.fam"], None), rows(content["x.bim"], None)
    for table in (fam, bim):
        need(bool(table) and all(len(row) == len(table[0]) >= 6 for row in table))
    iids = [row[1] for row in fam]
    need(len(set(iids)) == len(iids))
    need(
        all(math.isfinite(float(row[2])) and re.fullmatch("-?[0-9]{1,10}", row[3]) is not None for row in bim)
    )
    bed, width = content["x.bed"], -(-len(iids) // 4)
    need(bed[:3] == b"l\x1b\x01" and len(bed) == 3 + len(bim) * width)
    bits = [
        [bed[3 + k * width + j // 4] >> 2 * (j % 4) & 3 for j in range(4 * width)] for k in range(len(bim))
    ]
    header, *body = rows(content["x.tsv"], "\t")
    header[0] = header[0].removeprefix("#")
    need(len(set(header)) == len(header) and all(len(row) == len(header) for row in body))
    own = [row[header.index("IID")] for row in body]
    need(len(set(own)) == len(own) and bool(set(own) & set(iids)))
    values = {iid: dict(zip(header, row, strict=True)) for iid, row in zip(own, body, strict=True)}
    regions = [values[iid]["region"] if iid in values else "" for iid in iids]
    regions = ["" if region in MISSING else region for region in regions]
    texts = [values[iid]["score"] if iid in values else "" for iid in iids]
    scores = [None if text in MISSING or float(text) == -9 else float(text) for text in texts]
    need(all(score is None or math.isfinite(score) for score in scores))
    need(len({score for score in scores if score is not None}) > 1)
    snps = [(row[0], row[1], float(row[2]), int(row[3]), row[4], row[5]) for row in bim]
    people = [tuple(row[:5]) for row in fam]
    return Found(people, regions, scores, snps, [codes[: len(iids)] for codes in bits])


def write(base: Path, content: dict[str, bytes]) -> None:
    """The files alone: what was made of the last ones goes."""
    shutil.rmtree(base / "out", ignore_errors=True)
    for name, data in content.items():
        (base / name).write_bytes(data)


def ours(base: Path, content: dict[str, bytes]) -> Found:
    """The same from read_cohort's files, through the readers of quality control and of traits."""
    write(base, content)
    paths = {key: str(base / name) for key, name in zip(("bed", "bim", "fam", "more"), NAMES, strict=True)}
    declared = cohort_file.read(
        {
            **dict.fromkeys(("title", "licence", "citation"), "x"),
            "mating": "outbred",
            "files": {key: {"path": path} for key, path in paths.items()},
            "tables": [{"file": "more", "id": "IID", "columns": {"score": "score", "region": "region"}}],
            "population": "region",
            "traits": TRAIT,
        }
    )
    brought_in = raw_files(base / "out/g", base / "out/samples.tsv")
    read_cohort(paths, brought_in, declared=declared)
    samples = files.read_tsv(base / "out/samples.tsv", text=("score",))
    values = measured(base / "out/samples.tsv", "score", TRAIT)
    fam, bim = plink.read_fam(base / "out/g.fam"), plink.read_bim(base / "out/g.bim")
    count_MN = np.concatenate([count for _, count in FilesetDosages(brought_in, len(fam), len(bim)).chunks()])
    assert samples["iid"].tolist() == fam["iid"].tolist() == values.index.tolist()
    assert samples["sex"].astype(str).tolist() == ["0" if sex not in "12" else sex for sex in fam["sex"]]
    people = list(fam[["fid", "iid", "father", "mother", "sex"]].itertuples(index=False, name=None))
    scores = [None if np.isnan(value) else float(value) for value in values]
    snps = list(bim[["chrom", "snp", "cm", "pos", "a1", "a2"]].itertuples(index=False, name=None))
    return Found(people, samples["population"].tolist(), scores, snps, plink.CODE[count_MN].tolist())


def test_the_two_readers_agree_on_sound_files(tmp_path: Path) -> None:
    found = ours(tmp_path, SOUND)
    assert found == strict(SOUND)
    assert found.people[1] == ("f1", "i1", "d1", "m1", "2")
    assert found.snps[13] == ("2", "s13", 3.25, 113, "C", "T")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("fuzz")


def through_damage(examples: int, look: Callable[[dict[str, bytes]], None]) -> None:
    """Show ``look`` so many damaged filesets, the same ones each time."""

    @settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(content=damages())
    def each(content: dict[str, bytes]) -> None:
        look(content)

    each()


def outcome(
    way: Callable[[Path, dict[str, bytes]], Any], place: Path, content: dict[str, bytes]
) -> tuple[Any, str]:
    """What a way makes of files, or the UserError's message; whatever else is raised is a bug."""
    found, refusal = None, ""
    try:
        found = way(place, content)
    except UserError as error:
        refusal = str(error)
    assert not list(place.rglob("*.part"))
    return found, refusal


def test_damage_is_refused_or_read_as_the_strict_reader_does(place: Path) -> None:
    accepted = 0

    def look(content: dict[str, bytes]) -> None:
        nonlocal accepted
        found, refusal = outcome(ours, place, content)
        if refusal:
            assert re.search(r"x\.(bed|bim|fam|tsv)|trait 'score'", refusal)
            return
        assert found == strict(content)  # a ValueError here: we took what it refuses
        accepted += content != SOUND

    through_damage(EXAMPLES, look)
    assert accepted > LEAST_ACCEPTED


def own(base: Path, content: dict[str, bytes]) -> None:
    """A user's own cohort of these files: its config, the raw cohort, quality control, and the trait's values."""
    write(base, content)
    short = {
        "bfile": str(base / "x"),
        "phenotypes": str(base / "x.tsv"),
        "trait": "score",
        "population": "region",
    }
    said = check({"study": "mine", "cohort": short})["cohorts"]["mine"]["declared"]
    paths = {key: entry["path"] for key, entry in said["files"].items()}
    read_cohort(paths, raw_files(base / "out/g", base / "out/g.tsv"), declared=said)
    there = measured(base / "out/g.tsv", "score", said["traits"]).notna()
    if said["traits"]["score"]["kind"] == "quantitative":
        assert said["traits"]["score"]["description"].endswith(f", {there.sum()} of {len(there)} not missing")
    qc(raw_files(base / "out/g", base / "out/g.tsv"), cohort_files(base / "out/clean"), options=LAX)
    assert files.read_tsv(base / "out/clean/samples.tsv")["iid"].tolist() == list(there.index)


def test_damage_to_an_own_cohort_is_refused_by_name_or_passes_to_the_end(place: Path) -> None:
    passed = 0

    def look(content: dict[str, bytes]) -> None:
        nonlocal passed
        _, refusal = outcome(own, place, content)
        if refusal:
            assert re.search(r"[xg]\.(bed|bim|fam|tsv)|trait 'score'", refusal)
        passed += not refusal and content != SOUND

    through_damage(OF_OWN_COHORTS, look)
    assert passed > OF_OWN_COHORTS * LEAST_ACCEPTED / EXAMPLES
