"""R's files without R: what rdata writes we read; SnpMatrix to PLINK, by hand; the table of GEMMA's phenotypes."""

import bz2
import gzip
import lzma
import struct
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdata as peer

from stratbench.cohorts.real import cohort_file, gemma, snpstats
from stratbench.cohorts.real.rdata import data_frame, read_rdata
from stratbench.core.errors import UserError
from stratbench.genotypes import plink


def integer(*values: int) -> bytes:
    return struct.pack(f">{len(values)}i", *values)


def text(value: str) -> bytes:
    return integer(9, len(value)) + value.encode()


def strings(*values: str) -> bytes:
    return integer(16, len(values)) + b"".join(map(text, values))


def pairs(**items: bytes) -> bytes:
    """A pair list of named objects: flags 1026 are a pair with a tag."""
    return b"".join(integer(1026, 1) + text(tag) + item for tag, item in items.items()) + integer(254)


def frame(names: list[str], columns: list[bytes], rows: bytes) -> bytes:
    attributes = {"names": strings(*names), "row.names": rows, "class": strings("data.frame")}
    return integer(19 | 1 << 9, len(columns)) + b"".join(columns) + pairs(**attributes)


def reals(*values: float) -> bytes:
    return integer(14, len(values)) + struct.pack(f">{len(values)}d", *values)


def snp_matrix(raw: bytes, people: list[str], snps: list[str]) -> bytes:
    dim = integer(13, 2, len(people), len(snps))
    names = integer(19, 2) + strings(*people) + strings(*snps)
    attributes = pairs(dim=dim, dimnames=names)[:-4] + pairs(**{"class": strings("SnpMatrix")})
    return integer(24 | 1 << 9, len(raw)) + raw + attributes


def saved(**objects: bytes) -> bytes:
    return gzip.compress(b"RDX2\nX\n" + integer(2, 262658, 131840) + pairs(**objects), mtime=0)


PEOPLE, SNPS = ["p1", "p2", "p3", "p4", "p5"], ["s1", "s2"]
GENOTYPES = bytes([1, 2, 3, 0, 1, 3, 3, 3, 2, 0])
OPTIONS = {"genotypes": "g", "snps": "s", "people": "p", "columns": ["cc", "where"]}


def factor(codes: list[int], *levels: str) -> bytes:
    attributes = pairs(levels=strings(*levels), **{"class": strings("factor")})
    return integer(13 | 1 << 9, len(codes), *codes) + attributes


def exercise(raw: bytes = GENOTYPES) -> bytes:
    # rows of the frames in another order than the matrix's
    support = frame(
        ["chromosome", "position", "A1", "A2"],
        [reals(10, 10), reals(200, 100), factor([1, 2], "A", "C"), strings("G", "T")],
        strings("s2", "s1"),
    )
    columns = [reals(1, 0, 1, 0, float("nan")), factor([1, 2, 1, 2, 1], "CEU", "JPT+CHB")]
    people = frame(["cc", "where"], columns, strings(*reversed(PEOPLE)))
    return saved(g=snp_matrix(raw, PEOPLE, SNPS), s=support, p=people)


def test_a_snp_matrix_becomes_plink_files(tmp_path: Path) -> None:
    (tmp_path / "x.RData").write_bytes(exercise())
    bed, bim, fam = (tmp_path / f"x.{end}" for end in ("bed", "bim", "fam"))
    snpstats.convert(tmp_path / "x.RData", OPTIONS, bed, bim, fam)
    # codes of s1: hom A1 00, het 10, hom A2 11, missing 01 | hom A1 00; low bits first
    assert bed.read_bytes() == plink.MAGIC + bytes([0b01111000, 0b00, 0b10111111, 0b01])
    assert bim.read_text() == "10\ts1\t0\t100\tC\tT\n10\ts2\t0\t200\tA\tG\n"
    assert fam.read_text().splitlines() == [
        "p1\tp1\t0\t0\t0\tNA\tCEU",
        "p2\tp2\t0\t0\t0\t0\tJPT+CHB",
        "p3\tp3\t0\t0\t0\t1\tCEU",
        "p4\tp4\t0\t0\t0\t0\tJPT+CHB",
        "p5\tp5\t0\t0\t0\t1\tCEU",
    ]


@pytest.mark.parametrize(
    ("data", "options", "message"),
    [
        (exercise(bytes([4, *GENOTYPES[1:]])), {}, "uncertain genotypes"),
        (exercise(), {"genotypes": "h"}, "holds no object 'h', but g, p, s"),
        (exercise(), {"genotypes": "s"}, "no SnpMatrix"),
        (exercise(), {"columns": ["age"]}, "has no 'age'"),
        (exercise()[:-30], {}, "broken .RData file"),
        (b"no R", {}, "not an .RData file"),
        (saved(g=integer(3)), {}, "type 3, which is not read"),
        (gzip.compress(gzip.decompress(exercise())[:-40], mtime=0), {}, "broken .RData file"),
    ],
)
def test_what_cannot_be_converted_is_refused(
    tmp_path: Path, data: bytes, options: dict, message: str
) -> None:
    (tmp_path / "x.RData").write_bytes(data)
    with pytest.raises(UserError, match=message):
        snpstats.convert(
            tmp_path / "x.RData", OPTIONS | options, *(tmp_path / end for end in ("b", "m", "f"))
        )


BOMB = b"RDX2\nX\n" + bytes(32 << 20)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_bomb_is_given_up_where_it_passes_the_limit(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    source = tmp_path / "x.RData"
    source.write_bytes(pack(BOMB))
    tracemalloc.start()
    with pytest.raises(
        UserError, match=r"x\.RData: .*larger than 1,000,000 bytes; raise 'largest' of .*'convert'"
    ):
        snpstats.convert(
            source, OPTIONS | {"largest": 1_000_000}, *(tmp_path / end for end in ("b", "m", "f"))
        )
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 16 << 20


def test_a_number_of_row_names_is_not_believed(tmp_path: Path) -> None:
    """R stores the names 1 ... n of rows as two numbers; so few bytes must not fill the memory."""
    rows = integer(13, 2, -(2**31), 2**31 - 1)
    people = frame(["cc", "where"], [reals(1, 0), reals(1, 0)], rows)
    (tmp_path / "x.RData").write_bytes(saved(g=snp_matrix(GENOTYPES, PEOPLE, SNPS), s=people, p=people))
    with pytest.raises(UserError, match="a data frame of 2 rows has 2147483647 row names"):
        snpstats.convert(tmp_path / "x.RData", OPTIONS, *(tmp_path / end for end in ("b", "m", "f")))


def test_lists_in_lists_in_lists_end(tmp_path: Path) -> None:
    (tmp_path / "x.RData").write_bytes(saved(g=integer(19, 1) * 100_000))
    with pytest.raises(UserError, match=r"x\.RData: broken .RData file: .*recursion"):
        read_rdata(tmp_path / "x.RData")


@pytest.mark.parametrize("version", [2, 3])
def test_what_rdata_writes_we_read(tmp_path: Path, version: int) -> None:
    """A peer: PyPI's rdata writes R's format (all but RAW)."""
    table = pd.DataFrame(
        {"n": [1.5, np.nan, -3.0], "t": ["a", "b", "ç"], "k": np.array([1, 2, 3], dtype=np.int32)},
        index=["r1", "r2", "r3"],
    )
    peer.write_rda(tmp_path / "x.RData", {"table": table, "other": [1.0, "x"]}, format_version=version)
    found = read_rdata(tmp_path / "x.RData")
    assert set(found) == {"table", "other"}
    pd.testing.assert_frame_equal(data_frame(found["table"]), table)


def test_phenotypes_get_their_names_and_fused_fields_are_missing(tmp_path: Path) -> None:
    (tmp_path / "x.fam").write_text("".join(f"0 i{k} 0 0 0 1\n" for k in range(3)))
    (tmp_path / "x.txt").write_text("1.5\t-0.1\t2\t3\t\n0.5\t0.20.3\t4\t\n1\t1\t1\t1\t\n")
    gemma.convert(tmp_path / "x.txt", tmp_path / "x.fam", {"fused": 2}, tmp_path / "x.tsv")
    assert (tmp_path / "x.tsv").read_text().splitlines() == [
        "iid\tn1\tn2\tn3\tn4",
        "i0\t1.5\t-0.1\t2\t3",
        "i1\t0.5\tNA\tNA\t4",
        "i2\t1\t1\t1\t1",
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("1 2 3\n1 2.0.1 3\n", "2 rows, but .* 3 people"),
        ("1 2 3\n1 2 3\n1 2\n", "line 3 has 2 fields, others have 3"),
        ("1 2 3\n1 2.5\n1 2 3\n", "line 2 has 2 fields"),
    ],
)
def test_rows_that_do_not_fit_are_refused(tmp_path: Path, rows: str, message: str) -> None:
    (tmp_path / "x.fam").write_text("".join(f"0 i{k} 0 0 0 1\n" for k in range(3)))
    (tmp_path / "x.txt").write_text(rows)
    with pytest.raises(UserError, match=message):
        gemma.convert(tmp_path / "x.txt", tmp_path / "x.fam", {"fused": 2}, tmp_path / "x.tsv")


BASE = {"title": "t", "licence": "l", "citation": "c", "mating": "outbred", "traits": {}}
FILE = {"name": "x", "sha256": "0" * 64}
SOURCED = FILE | {"sources": [{"mirror": "x"}]}
SNPSTATS = {"method": "snpstats", "source": "r", "genotypes": "g", "snps": "s", "people": "p", "columns": []}


@pytest.mark.parametrize(
    ("files", "convert", "message"),
    [
        ({"bed": FILE, "bim": SOURCED, "fam": SOURCED}, None, "files.bed: has no 'sources'"),
        ({"bed": FILE, "bim": FILE, "fam": SOURCED, "r": SOURCED}, SNPSTATS, "files.fam: is to be made"),
        ({"bed": FILE, "bim": FILE, "fam": FILE}, SNPSTATS, "convert.source: 'r' is no file with sources"),
        ({"bed": FILE, "bim": FILE, "fam": FILE}, {"method": "snpstats", "source": "r"}, "needs 'genotypes'"),
        (
            {"bed": FILE, "bim": FILE, "fam": FILE},
            SNPSTATS | {"method": "snpstat"},
            "did you mean 'snpstats'",
        ),
    ],
)
def test_a_conversion_that_does_not_fit_its_files_is_refused(files, convert, message: str) -> None:
    with pytest.raises(UserError, match=message):
        cohort_file.read(BASE | {"files": files} | ({"convert": convert} if convert else {}))
