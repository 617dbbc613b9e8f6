"""Damaged .bed, .bim and .fam files beside a sound table."""

import gzip
from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from damage.cohort import CONFIG, SOUND, M, N, through
from damage.judge import Case

WIDTH = N // 4
Change = Callable[[bytes], bytes]
NAMES = {
    "bed": r"x\.bed|genotypes\.bed",
    "bim": r"x\.(bim|bed)|genotypes\.b(ed|im)",
    "fam": r"x\.(fam|bed|tsv)",
}


def cases() -> Iterator[Case]:
    """All of the three kinds."""
    for end, changes in (("bed", beds()), ("bim", bims()), ("fam", fams())):
        for name, change in changes:
            content = SOUND | {f"x.{end}": change(SOUND[f"x.{end}"])}
            yield Case(end, name, partial(through, content, CONFIG), NAMES[end])


def flipped(data: bytes, seed: int, low: int, bits: int) -> bytes:
    """The same with bits flipped at random from byte ``low`` on."""
    rng, out = np.random.default_rng(seed), bytearray(data)
    for at in rng.integers(low, len(data), bits).tolist():
        out[at] ^= 1 << int(rng.integers(8))
    return bytes(out)


def beds() -> Iterator[tuple[str, Change]]:
    for cut in (1, 2, WIDTH, 2 * WIDTH + 1, M * WIDTH // 2):
        yield f"without its last {cut} bytes", lambda b, cut=cut: b[:-cut]
    for size in (0, 1, 2, 3, 4):
        yield f"its first {size} bytes alone", lambda b, size=size: b[:size]
    for text in (b"\0", b"\n", b"\r\n", b"\x1a", b"\0" * WIDTH, b"l\x1b\x01", b"\xff" * 4096):
        yield f"with {text[:4]!r} and more after it", lambda b, text=text: b + text
    for text in (b"\xef\xbb\xbf", b"\n", b"\0" * 3, b"#comment\n", b"l\x1b\x01"):
        yield f"with {text!r} before it", lambda b, text=text: text + b
    for head in (
        b"\x1bl\x01",
        b"l\x1b\x02",
        b"l\x1b\x10",
        b"l\x1b\xff",
        b"m\x1b\x01",
        b"\0\0\0",
        b"BED",
        b"l\x1a\x01",
    ):
        yield f"with the head {head!r}", lambda b, head=head: head + b[3:]
    yield "individual-major, and of its size", lambda b: b"l\x1b\x00" + b"\x88" * (N * -(-M // 4))
    yield "individual-major in name", lambda b: b"l\x1b\x00" + b[3:]
    yield "without a head, as PLINK before 1.0", lambda b: b[3:]
    yield "gzipped", lambda b: gzip.compress(b, mtime=0)
    yield "moved as text: a CR before each LF", lambda b: b[:3] + (b[3:-1] + b"\n").replace(b"\n", b"\r\n")
    yield "moved as text: high bytes replaced", lambda b: b.decode("utf-8", "replace").encode()
    yield "moved as text: seven bits", lambda b: bytes(byte & 127 for byte in b)
    yield "read and written as Latin-1 and UTF-8", lambda b: b.decode("latin-1").encode()
    yield "as hexadecimal text", lambda b: b.hex().encode()
    yield "as text of bits", lambda b: "".join(f"{byte:08b}" for byte in b).encode()
    yield "with a huge head", lambda b: b[:3] + b"\0" * 1_000_000 + b[3:]
    yield "of one SNP more", lambda b: b + b[3 : 3 + WIDTH]
    yield (
        "of one individual's byte more",
        lambda b: b[:3] + b"".join(b[3 + k * WIDTH : 3 + (k + 1) * WIDTH] + b"\0" for k in range(M)),
    )
    for seed in range(12):
        yield f"with bits flipped, {seed}", partial(flipped, seed=seed, low=3, bits=1 + 3 * seed)
    for seed in range(3):
        yield (
            f"with bits flipped in the head, {seed}",
            lambda b, seed=seed: flipped(b[:3], seed, 0, 1) + b[3:],
        )
    for name, byte in (
        ("missing", 0x55),
        ("heterozygous", 0xAA),
        ("homozygous A2", 0xFF),
        ("homozygous A1", 0),
    ):
        yield f"with one SNP all {name}", lambda b, byte=byte: b[:3] + bytes([byte]) * WIDTH + b[3 + WIDTH :]
        yield f"all {name}", lambda b, byte=byte: b[:3] + bytes([byte]) * (len(b) - 3)
    yield "with its SNPs in another order", lambda b: b[:3] + b[-WIDTH * 7 :] + b[3 : -WIDTH * 7]
    yield "with its bytes reversed", lambda b: b[:3] + b[:2:-1]
    yield (
        "with the bits of each byte reversed",
        lambda b: b[:3] + bytes(int(f"{k:08b}"[::-1], 2) for k in b[3:]),
    )
    yield "shifted by a byte", lambda b: b[:3] + b[4:] + b[3:4]


def lines(change: Callable[[list[str]], list[str]]) -> Change:
    """A change of the lines of a text file, without their ends."""
    return lambda data: ("\n".join(change(data.decode().split("\n")[:-1])) + "\n").encode(
        "utf-8", "surrogatepass"
    )


def value(line: int, column: int, new: str, mark: str) -> Change:
    """Another value at a line and column."""

    def change(rows: list[str]) -> list[str]:
        values = rows[line].split(mark)
        values[column] = new
        return [*rows[:line], mark.join(values), *rows[line + 1 :]]

    return lines(change)


def each(column: int, new: Callable[[str], str], mark: str) -> Change:
    """A column changed in every line."""

    def one(row: str) -> str:
        values = row.split(mark)
        return mark.join([*values[:column], new(values[column]), *values[column + 1 :]])

    return lines(lambda rows: [one(row) for row in rows])


def texts(mark: str) -> Iterator[tuple[str, Change]]:
    """What can befall any text of columns: encodings, line ends, separators, lines that are no rows."""
    yield "with a byte order mark", lambda b: b"\xef\xbb\xbf" + b
    yield "with two byte order marks", lambda b: b"\xef\xbb\xbf" * 2 + b
    yield "with a byte order mark within", lambda b: b.replace(b"\n", b"\n\xef\xbb\xbf", 1)
    for code in ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7"):
        yield f"in {code}", lambda b, code=code: b.decode().encode(code)
    yield "in EBCDIC", lambda b: b.decode().encode("cp500")
    yield "gzipped", lambda b: gzip.compress(b, mtime=0)
    yield "with CRLF", lambda b: b.replace(b"\n", b"\r\n")
    yield "with CR", lambda b: b.replace(b"\n", b"\r")
    yield "with CRCRLF", lambda b: b.replace(b"\n", b"\r\r\n")
    yield "with one CRLF", lambda b: b.replace(b"\n", b"\r\n", 1)
    for name, end in (
        ("NEL", "\x85"),
        ("a line separator", "\u2028"),
        ("a form feed", "\f"),
        ("a vertical tab", "\v"),
    ):
        yield f"with {name} at an end of line", lambda b, end=end: b.decode().replace("\n", end, 1).encode()
    yield "without its last line end", lambda b: b.rstrip(b"\n")
    yield "with blank lines", lambda b: b"\n \n\t\n" + b.replace(b"\n", b"\n\n") + b"\n\n"
    yield "with blanks at both ends of lines", lambda b: b.replace(b"\n", b" \t\n \t")
    yield "with many blanks", lines(lambda rows: [row.replace(mark, " \t  \t") for row in rows])
    for name, new in (
        ("commas", ","),
        ("semicolons", ";"),
        ("no-break spaces", "\xa0"),
        ("bars", "|"),
        ("\\t", "\\t"),
    ):
        yield (
            f"with {name} between columns",
            lines(lambda rows, new=new: [row.replace(mark, new) for row in rows]),
        )
    yield "with an em space in one line", lines(lambda rows: [rows[0].replace(mark, "\u2003"), *rows[1:]])
    yield "with a zero byte", lambda b: b[:20] + b"\0" + b[20:]
    yield "with an end-of-file mark", lambda b: b + b"\x1a"
    yield "with an escape", lambda b: b.replace(mark.encode(), b"\x1b[0m", 1)
    yield "with a half surrogate", lambda b: b[:5] + b"\xed\xa0\x80" + b[5:]
    yield "with a byte of no UTF-8", lambda b: b[:9] + b"\xff" + b[9:]
    yield "with a cut letter at its end", lambda b: b[:-1] + b"\xc3"
    yield "with a quotation mark", lambda b: b[:9] + b'"' + b[9:]
    yield (
        "with every value quoted",
        lines(lambda rows: ['"' + row.replace(mark, f'"{mark}"') + '"' for row in rows]),
    )
    yield "with apostrophes", lines(lambda rows: [row.replace(mark, f"'{mark}", 1) for row in rows])
    yield "with a comment line", lines(lambda rows: ["# made in a hurry", *rows])
    yield "with a comment after a line", lines(lambda rows: [rows[0] + " # odd", *rows[1:]])
    yield "with the last line twice", lines(lambda rows: [*rows, rows[-1]])
    yield "without its first line", lines(lambda rows: rows[1:])
    yield "cut in its last line", lambda b: b[: b.rindex(mark.encode())]
    yield "cut in a value", lambda b: b[:-3]
    yield "with a long line", lines(lambda rows: [rows[0] + (mark + "x") * 2000, *rows[1:]])
    yield "empty", lambda b: b""
    yield "blank", lambda b: b" \n\n\t\n"
    yield "the text of an error page", lambda b: b"<html><body>404 Not Found</body></html>\n"
    yield (
        "a pointer of git lfs",
        lambda b: b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
    )


def bims() -> Iterator[tuple[str, Change]]:
    tab = "\t"
    yield from texts(tab)
    yield "with five columns", lines(lambda rows: [row.rpartition(tab)[0] for row in rows])
    yield "with a seventh column", lines(lambda rows: [f"{row}\tx" for row in rows])
    yield "with a header of plink2", lines(lambda rows: ["#CHROM\tID\tCM\tPOS\tREF\tALT", *rows])
    yield (
        "with one line of five columns",
        lines(lambda rows: [*rows[:4], rows[4].rpartition(tab)[0], *rows[5:]]),
    )
    yield "with an empty allele", value(3, 5, "", tab)
    yield "in another order", lines(lambda rows: rows[::-1])
    yield (
        "with alleles exchanged",
        lines(
            lambda rows: [
                tab.join([*row.split(tab)[:4], row.split(tab)[5], row.split(tab)[4]]) for row in rows
            ]
        ),
    )
    for new in (
        "-1",
        "0",
        "1",
        "2147483646",
        "2147483647",
        "2147483648",
        "-2147483648",
        "99999999999999999999",
        "1e5",
    ):
        yield f"with the position {new}", value(5, 3, new, tab)
    for new in (
        "1.0",
        "+5",
        "005",
        "0x10",
        "1,000",
        "1_000",
        "\u0661\u0662",
        "NaN",
        "inf",
        "None",
        "five",
        "5\u200b",
    ):
        yield f"with the position {new!a}", value(5, 3, new, tab)
    for new in (
        "-3",
        "1e-3",
        "1e400",
        "nan",
        "-inf",
        "1_0",
        "1,5",
        "0x1",
        "1d3",
        ".5",
        "5.",
        "\u0663",
        "x",
        "--1",
    ):
        yield f"with {new!a} centimorgans", value(7, 2, new, tab)
    for new in (
        "rs3",
        "RS3",
        ".",
        "NA",
        "nan",
        "-9",
        "0",
        "1e5",
        "rs:3;4",
        "rs/3",
        "$(x)",
        "'",
        "#",
        "%s",
        "\\n",
        "a" * 3000,
    ):
        yield f"with the id {new[:9]}", value(2, 1, new, tab)
    yield "with ids of letters beyond ASCII", each(1, lambda snp: f"größe-{snp}-\u03b1", tab)
    yield (
        "with ids of one letter in two forms",
        lines(lambda rows: [rows[0].replace("rs0", "\u00e9"), rows[1].replace("rs1", "e\u0301"), *rows[2:]]),
    )
    yield "with an id that ends in a no-break space", value(2, 1, "rs2\xa0", tab)
    yield "with an invisible letter in an id", value(2, 1, "rs\u200b3", tab)
    yield "with all ids missing", each(1, lambda snp: ".", tab)
    yield "with ids that are numbers", each(1, lambda snp: snp[2:], tab)
    yield (
        "with ids 1, 01, 1.0 and 1e0",
        lines(
            lambda rows: (
                [
                    row.replace(f"rs{k}\t", f"{('1', '01', '1.0', '1e0')[k]}\t")
                    for k, row in enumerate(rows[:4])
                ]
                + rows[4:]
            )
        ),
    )
    for new in (
        "0",
        "-",
        ".",
        "*",
        "N",
        "a",
        "1",
        "<DEL>",
        "I",
        "ACGTACGT" * 40,
        "A,C",
        "\u0410",
        "NA",
        "nan",
    ):
        yield f"with the allele {new[:9]!a}", value(6, 4, new, tab)
    yield "with one allele twice", value(6, 4, "T", tab)
    yield "with numbers for alleles", each(4, lambda allele: "12"[allele == "A"], tab)
    for new in (
        "0",
        "X",
        "x",
        "Y",
        "XY",
        "MT",
        "PAR1",
        "23",
        "25",
        "26",
        "chr1",
        "CHR_1",
        "Chr01",
        "chrX",
        "chr23",
        "024",
    ):
        yield f"with the chromosome {new}", value(20, 0, new, tab)
    for new in (
        "-1",
        "1.0",
        "1e0",
        "27",
        "99",
        "1A",
        "chr",
        "chrUn_KI270742v1",
        "NA",
        "nan",
        "\uff11",
        "\u00b2",
        "HLA-A*01:01",
        "c" * 300,
    ):
        yield f"with the chromosome {new[:9]!a}", value(20, 0, new, tab)
    yield "on chromosome 0 alone", each(0, lambda chrom: "0", tab)
    yield "without positions", each(3, lambda pos: "0", tab)
    yield "on chromosome X alone", each(0, lambda chrom: "X", tab)
    yield "at one place", each(3, lambda pos: "5", tab)


def fams() -> Iterator[tuple[str, Change]]:
    blank = " "
    yield from texts(blank)
    yield "with five columns", lines(lambda rows: [row.rpartition(blank)[0] for row in rows])
    yield "with a header", lines(lambda rows: ["FID IID PAT MAT SEX PHENO", *rows])
    yield "with a header in place of a person", lines(lambda rows: ["#FID IID PAT MAT SEX PHENO", *rows[1:]])
    yield "without family ids", lines(lambda rows: [row.partition(blank)[2] for row in rows])
    yield "with further columns", lines(lambda rows: [f"{row} 1.5 x" for row in rows])
    yield "with a person more", lines(lambda rows: [*rows, "f i99 0 0 1 1"])
    yield "with four persons less", lines(lambda rows: rows[:-4])
    yield "in another order", lines(lambda rows: rows[5:] + rows[:5])
    for new in ("M", "F", "male", "-9", "3", "NA", "1.0", "01", "2 ", "\u0661"):
        yield f"with the sex {new!a}", value(4, 4, new, blank)
    yield "with sexes as letters", each(4, lambda sex: "?MF"[int(sex)], blank)
    for new in (
        "i3",
        "I3",
        "0",
        "NA",
        "nan",
        "-9",
        "1e5",
        "i_4",
        "i/4",
        "../i4",
        "$i",
        "#i4",
        "'i4",
        "i4,",
        "i;4",
        "%d",
        "i" * 500,
    ):
        yield f"with the individual {new[:9]}", value(4, 1, new, blank)
    yield "with an individual of letters beyond ASCII", value(4, 1, "jos\u00e9", blank)
    yield "with an individual that ends in a no-break space", value(4, 1, "i4\xa0", blank)
    yield "with an invisible letter in an individual's id", value(4, 1, "i4\u200b", blank)
    yield "with full-width digits in an individual's id", value(4, 1, "i\uff14", blank)
    yield (
        "with ids of one letter in two forms",
        lines(lambda rows: [rows[0].replace("i0", "\u00e9"), rows[1].replace("i1", "e\u0301"), *rows[2:]]),
    )
    yield "with ids that are numbers", each(1, lambda iid: iid[1:], blank)
    for new in ("0", "NA", "f/0", "f" * 400, "$f", "\u03c6"):
        yield f"with the family {new[:9]!a}", value(4, 0, new, blank)
    yield "with one family", each(0, lambda fid: "0", blank)
    yield "with a person as his own father", value(4, 2, "i4", blank)
    yield (
        "with fathers in a circle",
        lines(lambda rows: [rows[0].replace("d0", "i1"), rows[1].replace("d0", "i0"), *rows[2:]]),
    )
    yield "with missing parents", each(2, lambda father: "NA", blank)
    for new in ("-9", "0", "NA", "x", "1e400", "3.7"):
        yield f"with the phenotype {new}", value(4, 5, new, blank)
