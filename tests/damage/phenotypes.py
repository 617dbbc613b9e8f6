"""Damaged tables of phenotypes beside sound PLINK files: the text as a whole, and single values."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from damage.cohort import CONFIG, SOUND, N, through
from damage.judge import Case
from damage.plink import Change, each, lines, texts, value

TAB = "\t"
NAMES = r"x\.tsv|x\.fam|trait|covariate|population"
COLUMNS = ("IID", "score", "case", "region", "age", "batch")
SCORE, CASE, REGION, AGE, BATCH = range(1, 6)


def cases() -> Iterator[Case]:
    """All of the three kinds."""
    for name, change in tables():
        yield of("table", name, change)
    for name, change, keys in values():
        yield of("values", name, change, **keys)
    for name, change in ids():
        yield of("ids", name, change)


def of(of_kind: str, name: str, change: Change, **keys: Any) -> Case:
    """A case of a changed table, under the usual config with these keys of ``cohort``."""
    config = {**CONFIG, "cohort": {k: v for k, v in {**CONFIG["cohort"], **keys}.items() if v is not None}}
    return Case(of_kind, name, partial(through, SOUND | {"x.tsv": change(SOUND["x.tsv"])}, config), NAMES)


def column(number: int, new: Callable[[int], str]) -> Change:
    """Another content of a column, by row."""

    def change(rows: list[str]) -> list[str]:
        split = [row.split(TAB) for row in rows]
        for k, row in enumerate(split[1:]):
            row[number] = new(k)
        return [TAB.join(row) for row in split]

    return lines(change)


def header(*new: str) -> Change:
    return lines(lambda rows: [TAB.join(new), *rows[1:]])


def separated(mark: str) -> Change:
    return lines(lambda rows: [row.replace(TAB, mark) for row in rows])


def both(*changes: Change) -> Change:
    def change(data: bytes) -> bytes:
        for one in changes:
            data = one(data)
        return data

    return change


def tables() -> Iterator[tuple[str, Change]]:
    yield from texts(TAB)
    for name, mark in (("commas", ","), ("blanks", " "), ("many blanks", "   "), ("commas and blanks", ", ")):
        yield f"separated by {name}", separated(mark)
    yield "by semicolons with decimal commas", both(separated(";"), lambda b: b.replace(b".", b","))
    yield "by tabs, with commas in the header", header("IID", "score", "case", "region", "age", "batch, old")
    yield "by commas, with a tab in a row", both(separated(","), lambda b: b.replace(b"north", b"no\trth", 1))
    yield "by blanks, with an empty value", both(separated(" "), lambda b: b.replace(b" north ", b"  ", 1))
    yield (
        "by blanks, with a quoted label of two words",
        both(separated(" "), lambda b: b.replace(b"north", b'"far north"')),
    )
    for text in (
        '"north"',
        '"no,rth"',
        '"no""rth"',
        '"no\nrth"',
        "no'rth",
        'no"rth',
        '"north',
        '"north"x',
        ' "north"',
        '""',
    ):
        yield (
            f"by commas, with the label {text!r}",
            both(separated(","), lambda b, text=text: b.replace(b"north", text.encode(), 1)),
        )
        yield f"by tabs, with the label {text!r}", lambda b, text=text: b.replace(b"north", text.encode(), 1)
    yield "without a header", lines(lambda rows: rows[1:])
    yield "with a row of units under the header", lines(lambda rows: [rows[0], "\tkg\t\t\ty\t", *rows[1:]])
    yield "with the header twice", lines(lambda rows: [rows[0], *rows])
    yield "with the header again at its end", lines(lambda rows: [*rows, rows[0]])
    yield "with a title above the header", lines(lambda rows: ["Table S1. Phenotypes", *rows])
    yield "with a comment above the header", lines(lambda rows: ["# exported 2024-01-01", *rows])
    yield "with a note below", lines(lambda rows: [*rows, "", "Source: clinic"])
    yield "with a row of sums", lines(lambda rows: [*rows, "total\t82.5\t6\t\t426\t"])
    yield "with separators only in a row", lines(lambda rows: [*rows[:3], TAB * 5, *rows[3:]])
    yield "with a separator at the end of each line", lines(lambda rows: [row + TAB for row in rows])
    yield (
        "with a separator at the end of each row",
        lines(lambda rows: [rows[0], *(row + TAB for row in rows[1:])]),
    )
    yield "with a separator before each line", lines(lambda rows: [TAB + row for row in rows])
    yield (
        "with one value less in a row",
        lines(lambda rows: [*rows[:4], rows[4].rpartition(TAB)[0], *rows[5:]]),
    )
    yield "with one value more in a row", lines(lambda rows: [*rows[:4], rows[4] + "\tx", *rows[5:]])
    yield "with a row of one value", lines(lambda rows: [*rows, "i99"])
    yield "with two rows in one line", lines(lambda rows: [*rows[:3], rows[3] + TAB + rows[4], *rows[5:]])
    yield (
        "with row numbers, as R writes them",
        lines(lambda rows: [rows[0], *(f"{k}\t{row}" for k, row in enumerate(rows[1:], 1))]),
    )
    yield (
        "with an unnamed index, as pandas writes it",
        lines(lambda rows: [TAB + rows[0], *(f"{k}\t{row}" for k, row in enumerate(rows[1:]))]),
    )
    yield "with a column twice", header("IID", "score", "score", "region", "age", "batch")
    yield "with a column without a name", header("IID", "score", "", "region", "age", "batch")
    yield "with names in capitals", header("IID", "SCORE", "CASE", "REGION", "AGE", "BATCH")
    yield "with names in quotes", header(*(f'"{name}"' for name in COLUMNS))
    yield "with blanks around names", header(*(f"  {name} " for name in COLUMNS))
    yield "with a no-break space in a name", header("IID", "score\xa0", "case", "region", "age", "batch")
    yield "with a hash before the id", header("#IID", "score", "case", "region", "age", "batch")
    yield "with two hashes before the id", header("##IID", "score", "case", "region", "age", "batch")
    yield (
        "with names that differ in a letter beyond ASCII",
        header("IID", "score", "sc\u03bfre", "region", "age", "batch"),
    )
    yield "with names alike but for punctuation", header("IID", "score", "sco-re", "region", "age", "age.")
    yield (
        "with the id last",
        lines(lambda rows: [TAB.join(row.split(TAB)[1:] + row.split(TAB)[:1]) for row in rows]),
    )
    yield (
        "with a thousand further columns",
        lines(
            lambda rows: [
                rows[0] + "".join(f"\tv{k}" for k in range(1000)),
                *(row + "\t1" * 1000 for row in rows[1:]),
            ]
        ),
    )
    yield "with a name of 3,000 letters", header("IID", "score", "c" * 3000, "region", "age", "batch")
    yield "with the rows in another order", lines(lambda rows: [rows[0], *rows[:0:-1]])
    yield "with a third of the rows", lines(lambda rows: [*rows[:1], *rows[3:12]])
    yield "with many strangers", lines(lambda rows: rows + [f"x{k}\t{k}\t1\tnorth\t4\tp" for k in range(3)])
    yield "as JSON", lambda b: b'[{"IID": "i0", "score": 1}]\n'
    yield "as an RTF", lambda b: b"{\\rtf1\\ansi " + b + b"}"
    yield "as a zip", lambda b: b"PK\x03\x04" + b


def varied(number: int, text: str) -> Change:
    return value(4, number, text, TAB)


NUMBERS = (
    "7", "+7", "-7", "7.", ".7", "007", "7e0", "7E+2", "7e-320", "1e308", "1e400", "-1e400", "4.9e-324", "1e-400", "inf", "-Infinity",
    "nan", "NaN", "NAN", "Nan", "-nan", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "none", "na", ".", "..", "-", "--", "?", "",
    "*", "missing", "-9", "-9.0", "-9.00", "-09", "-9e0", "-90e-1", "- 9", "\u22129", "-9.000001", "-99", "-999", "999", "9",
    "1,001", "1.001,5", "1 001", "1'001", "1_001", "1\u00a0001", "3,5", "2O", "l2", "0x1A", "0b11", "0o17", "1d3", "1e", "e5", "1e5.5",
    "5%", "$5", "5kg", "~5", "<5", "5±1", "5-6", "5/6", "1:30", "2024-01-01", "01/02/2024", "TRUE", "True", "false", "yes",
    "\u0661\u0662", "\uff15", "\u00bd", "\u00b2", "\u2164", "5\u200b", "\u200e5", "5\u00a0", "0.1234567890123456789", "1234567890.123456789",
    "123456789012345678901234567890", "9007199254740993", "0.1", "1e23", "5e-1", "(5)", "=5", "=SUM(A1)", "@5", "1e+", "+-5", "++5", "5-",
)  # fmt: skip


def values() -> Iterator[tuple[str, Change, dict[str, Any]]]:
    """Numbers as they are written, in a trait and in a covariate; codes, labels and levels."""
    for text in NUMBERS:
        yield f"a score of {text!a}", varied(SCORE, text), {}
    for text in NUMBERS[::4]:
        yield f"an age of {text!a}", varied(AGE, text), {}
        yield f"an age of {text!a}, said to be numeric", varied(AGE, text), {"covariates": {"age": "numeric"}}
        yield f"a case of {text!a}", varied(CASE, text), {"trait": "case"}
    binary: dict[str, tuple[str, ...]] = {
        "0/1 as 0.0/1.0": ("0.0", "1.0"), "1/2": ("1", "2"), "1/2 and 0": ("1", "2", "0"), "0/1/2": ("0", "1", "2"),
        "1/2 and -9": ("1", "2", "-9"), "2/3": ("2", "3"), "-1/1": ("-1", "1"), "true/false": ("true", "false"), "case/control": ("case", "control"),
        "0/1 and text": ("0", "1", "x"), "0/1 and 0.5": ("0", "1", "0.5"), "0/1 and NA": ("0", "1", "NA"), "0/1 and blank": ("0", "1", ""),
        "0/-0": ("0", "-0"), "0/1e-320": ("0", "1e-320"), "1/1.0": ("1", "1.0"), "0/2": ("0", "2"), "NA": ("NA",), "1": ("1",),
        "1/0.99999999999999999": ("1", "0.99999999999999999"), "0/1/-9.0": ("0", "1", "-9.0"), "1/2/3": ("1", "2", "3"),
    }  # fmt: skip
    for name, codes in binary.items():
        own = column(CASE, lambda k, codes=codes: codes[k % len(codes)])
        yield f"cases coded {name}", own, {"trait": "case"}
        if name in ("0/1/2", "2/3", "1/2 and 0", "0/1 and 0.5", "1", "0/2"):
            yield f"cases coded {name}, said to be binary", own, {"trait": "case", "kind": "binary"}
            yield f"cases coded {name}, said to be a number", own, {"trait": "case", "kind": "quantitative"}
    for text in (
        "",
        "NA",
        "-9",
        " ",
        "0",
        "no rth",
        "north\u00a0",
        "North",
        "north ",
        "n\u00f6rth",
        "a/b",
        "$a",
        "#a",
        "'a",
        "a=b",
        "-",
        ".",
        "a" * 300,
        "nan",
        "1",
        "1.0",
        "None",
        "\u200b",
        "a\u200bb",
    ):
        yield f"a region of {text[:9]!a}", varied(REGION, text), {}
    for text in ("", "NA", "-9", "P", "p ", "q\u00a0", "p=q", "1", "-9.0", "0", "NaN", ".", "none", "\u0440"):
        yield f"a batch of {text!a}", varied(BATCH, text), {}
    yield (
        "batches 1, 01, 1.0",
        column(BATCH, lambda k: ("1", "01", "1.0")[k % 3]),
        {"covariates": {"batch": "categorical"}},
    )
    yield (
        "batches 1, 01, 1.0 by value",
        column(BATCH, lambda k: ("1", "01", "1.0")[k % 3]),
        {"covariates": ["batch"]},
    )
    yield "batches all alike", column(BATCH, lambda k: "p"), {}
    yield "batches all different", column(BATCH, lambda k: f"b{k}"), {}
    yield "ages all alike", column(AGE, lambda k: "40"), {}
    yield "ages all missing", column(AGE, lambda k: "NA"), {}
    yield "ages alike to the tenth digit", column(AGE, lambda k: f"40.000000000{k}"), {}
    yield "ages of times", column(AGE, lambda k: f"17000005{k:02d}.25"), {}
    yield "scores of times", column(SCORE, lambda k: f"17000005{k:02d}.25"), {}
    yield "scores of many digits", column(SCORE, lambda k: f"0.12345678901{k:02d}"), {}
    yield "scores huge", column(SCORE, lambda k: f"{k}e300"), {}
    yield "scores tiny", column(SCORE, lambda k: f"{k}e-300"), {}
    yield "scores all missing", column(SCORE, lambda k: "."), {}
    yield "scores of two values", column(SCORE, lambda k: str(k % 2 + 4)), {}
    yield "scores alike", column(SCORE, lambda k: "1e2" if k % 2 else "100"), {}
    yield "one score alone", column(SCORE, lambda k: "7" if k == 3 else "NA"), {}
    yield "a score that missing names", varied(SCORE, "7"), {"missing": ["7"]}
    yield "a score that missing names otherwise", varied(SCORE, "7.0"), {"missing": ["7"]}
    yield "regions that missing names", lambda b: b, {"missing": ["north"]}
    for seed in range(8):
        rng = np.random.default_rng(seed)
        drawn = [f"{v:.{int(rng.integers(1, 17))}g}" for v in rng.normal(0, 10.0 ** rng.integers(-5, 6), N)]
        yield f"scores drawn, {seed}", column(SCORE, lambda k, drawn=drawn: drawn[k]), {}


def ids() -> Iterator[tuple[str, Change]]:
    for text in (
        "i2",
        "I3",
        " i3 ",
        "i3\u00a0",
        "i\u200b3",
        "i\uff13",
        "i03",
        "",
        "NA",
        "-9",
        "nan",
        "i3.0",
        "i3,i4",
        "i3 i4",
        "#i3",
        "'i3'",
    ):
        yield f"an id of {text!a}", value(4, 0, text, TAB)
    yield "ids in capitals", each(0, lambda iid: iid.upper(), TAB)
    yield "ids with the family before them", each(0, lambda iid: iid if iid == "IID" else f"f0_{iid}", TAB)
    yield "ids that are numbers", each(0, lambda iid: iid.removeprefix("i"), TAB)
    yield "a row twice", lines(lambda rows: [*rows, rows[2]])
    yield "a row twice but for a value", lines(lambda rows: [*rows, rows[2].replace("north", "south")])
    yield "a row twice but for blanks", lines(lambda rows: [*rows, rows[2].replace("i1", " i1 ")])
    yield "one row", lines(lambda rows: rows[:2])
    yield "no row", lines(lambda rows: rows[:1])
