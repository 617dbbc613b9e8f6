"""Damaged results of earlier jobs, without a record of what they were: split, trait, PCs, samples, lists of SNPs.

``stratbench fit`` reads such folders from wherever somebody has copied them. The strict second reader asks that every
table has its columns, a row for each individual once, and numbers where numbers belong.
"""

import gzip
import json
import math
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from damage.cohort import NUMBER, Odd, need, plain_text
from damage.judge import Case
from damage.plink import Change, lines
from damage.trained import dataset
from stratbench.associations import run as associate
from stratbench.task.model_data import load
from trained import paths

TAB = "\t"
FILES = (
    "split.tsv",
    "trait.tsv",
    "pcs.tsv",
    "samples.tsv",
    "covariates.tsv",
    "keep.snp",
    "trait.json",
    "genotypes.bed",
    "genotypes.bim",
    "genotypes.fam",
)


def changes() -> Iterator[tuple[str, Change]]:
    """What befalls a table of ours."""
    yield "unchanged", lambda b: b
    yield "empty", lambda b: b""
    yield "of its header alone", lambda b: b[: b.index(b"\n") + 1]
    yield "cut in its last line", lambda b: b[:-3]
    yield "cut in its middle", lambda b: b[: len(b) // 2]
    yield "without its last line", lines(lambda rows: rows[:-1])
    yield "without its fifth line", lines(lambda rows: rows[:4] + rows[5:])
    yield "without its header", lines(lambda rows: rows[1:])
    yield "with its last line twice", lines(lambda rows: [*rows, rows[-1]])
    yield "with its header twice", lines(lambda rows: [rows[0], *rows])
    yield "with a stranger", lines(lambda rows: [*rows, rows[-1].replace("i0", "x0").replace("s0", "x0")])
    yield "with two lines exchanged", lines(lambda rows: [*rows[:4], rows[5], rows[4], *rows[6:]])
    yield "with its lines turned", lines(lambda rows: [rows[0], *rows[:0:-1]])
    yield "with a column less", lines(lambda rows: [row.rpartition(TAB)[0] for row in rows])
    yield "with a value less", lines(lambda rows: [*rows[:4], rows[4].rpartition(TAB)[0], *rows[5:]])
    yield "with a value more", lines(lambda rows: [*rows[:4], rows[4] + "\tx", *rows[5:]])
    yield "with a column twice", lines(lambda rows: [row + TAB + row.rpartition(TAB)[2] for row in rows])
    yield "with its columns renamed", lambda b: b[: b.index(b"\n")].upper() + b[b.index(b"\n") :]
    yield "with commas", lambda b: b.replace(b"\t", b",")
    for new in ("x", "NaN", "inf", "", "1e400", "0.5", "train ", "TRAIN", "2", "-1", '"', "1,5"):
        yield (
            f"with {new!r} for a last value",
            lines(lambda rows, new=new: [*rows[:4], rows[4].rpartition(TAB)[0] + TAB + new, *rows[5:]]),
        )
    yield "with CRLF", lambda b: b.replace(b"\n", b"\r\n")
    yield "with a blank line", lines(lambda rows: [*rows[:3], "", *rows[3:]])
    yield "in UTF-16", lambda b: b.decode("latin-1").encode("utf-16")
    yield "with a zero byte", lambda b: b[:30] + b"\0" + b[30:]
    yield "with a byte of no UTF-8", lambda b: b[:30] + b"\xff" + b[30:]
    yield "gzipped", lambda b: gzip.compress(b, mtime=0)
    yield "as a page of an error", lambda b: b"<html>404</html>\n"


def cases() -> Iterator[Case]:
    for name in FILES:
        for what, change in changes():
            whole = (
                "line" in what
                or "value" in what
                or "column" in what
                or "header" in what
                or "stranger" in what
            )
            if name.endswith((".bed", ".json")) and whole and what != "cut in its last line":
                continue
            yield Case(
                "result",
                f"{name} {what}",
                partial(read, name, change),
                rf"{name.replace('.', '[.]')}|genotypes[.]|split[.]tsv",
            )


def read(name: str, change: Change) -> None:
    """As training and as association tests read a damaged folder."""
    folder = Path("results")
    shutil.copytree(dataset(), folder, ignore=shutil.ignore_patterns("fit"))
    (folder / name).write_bytes(change((folder / name).read_bytes()))
    data = load(paths(folder))
    (folder / "keep.iid").write_text("")
    tested = associate.load(paths(folder))
    try:
        found = strict(folder)
    except Odd as error:
        raise AssertionError(f"accepted, but the strict reader finds {error}") from error
    for part in ("iid_N", "set_N", "population_N", "snp_M"):
        assert getattr(data, part).tolist() == found[part], part
    assert np.allclose(data.y_N, found["y_N"], rtol=1e-12), "y"
    assert np.allclose(data.pcs_NK, found["pcs_NK"], rtol=1e-12), "PCs"
    assert data.genotypes.codes(np.arange(len(data.iid_N))).T.tolist() == found["codes_MN"], "genotypes"
    seen = [k for k, name in enumerate(found["set_N"]) if name in ("train", "validation")]
    assert np.allclose(tested.y_N, [found["y_N"][k] for k in seen], rtol=1e-12), "y of associations"


def table(path: Path, columns: tuple[str, ...]) -> dict[str, list[str]]:
    """Rows by iid of a table that has these columns."""
    rows = [line.split(TAB) for line in plain_text(path.read_bytes()).split("\n") if line]
    need(bool(rows), "an empty table")
    header = rows[0]
    need(set(columns) <= set(header) and len(set(header)) == len(header), "columns")
    need(all(len(row) == len(header) for row in rows), "ragged")
    iids = [row[header.index("iid")] for row in rows[1:]]
    need(len(set(iids)) == len(iids), "an individual twice")
    return {
        iid: [row[header.index(name)] for name in columns] for iid, row in zip(iids, rows[1:], strict=True)
    }


def real(text: str) -> float:
    need(NUMBER.fullmatch(text) is not None and math.isfinite(float(text)), f"{text!r} is no number")
    return float(text)


def strict(folder: Path) -> dict[str, Any]:
    """What the folder holds; ``Odd`` for anything that a job does not write."""
    sets = table(folder / "split.tsv", ("iid", "set"))
    need(all(name in ("train", "validation", "test") for _, name in sets.values()), "sets")
    iids = list(sets)
    header = (folder / "pcs.tsv").read_text().split("\n")[0].split(TAB)
    pcs = tuple(name for name in header if name.startswith("pc"))
    need(bool(pcs), "PCs")
    tables = {
        "trait": table(folder / "trait.tsv", ("iid", "y")),
        "samples": table(folder / "samples.tsv", ("iid", "population")),
        "pcs": table(folder / "pcs.tsv", ("iid", *pcs)),
        "covariates": table(folder / "covariates.tsv", ("iid",)),
    }
    for name, rows in tables.items():
        need(set(iids) <= set(rows), f"individuals of {name}")
    kind = json.loads((folder / "trait.json").read_bytes())["kind"]
    y_N = [real(tables["trait"][iid][1]) for iid in iids]
    need(kind == "quantitative" or set(y_N) <= {0, 1}, "labels of a binary trait")
    snps = [line for line in plain_text((folder / "keep.snp").read_bytes()).split("\n") if line]
    bim = [line.split() for line in plain_text((folder / "genotypes.bim").read_bytes()).split("\n") if line]
    fam = [line.split() for line in plain_text((folder / "genotypes.fam").read_bytes()).split("\n") if line]
    need(all(len(row) == 6 for row in bim) and all(len(row) >= 6 for row in fam), "ragged")
    names, people = [row[1] for row in bim], [row[1] for row in fam]
    need(len(set(names)) == len(names) and set(snps) <= set(names) and len(set(snps)) == len(snps), "SNPs")
    need(len(set(people)) == len(people) and set(iids) <= set(people), "people")
    data, width = (folder / "genotypes.bed").read_bytes(), -(-len(people) // 4)
    need(data[:3] == b"l\x1b\x01" and len(data) == 3 + width * len(bim), "size of the .bed")
    places = [people.index(iid) for iid in iids]
    starts = [3 + width * names.index(snp) for snp in snps]
    return {
        "iid_N": iids,
        "set_N": [sets[iid][1] for iid in iids],
        "population_N": [tables["samples"][iid][1] for iid in iids],
        "snp_M": snps,
        "y_N": y_N,
        "pcs_NK": [[real(text) for text in tables["pcs"][iid][1:]] for iid in iids],
        "codes_MN": [[data[start + j // 4] >> 2 * (j % 4) & 3 for j in places] for start in starts],
    }
