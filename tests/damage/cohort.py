"""A user's own cohort, read twice: by StratBench, and by the plainest code that docs/your_own_cohort.md asks for.

The second reader shares nothing with ours: bytes, ``str.split``, regular expressions and PLINK's two-bit codes. It
raises ``Odd`` for whatever the page does not allow.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from stations import cohort_files, raw_files
from stratbench.cohorts.qc.run import qc
from stratbench.cohorts.real.read_cohort import read_cohort
from stratbench.core import files
from stratbench.datasets.measured import measured
from stratbench.genotypes import plink
from stratbench.structure.covariates import covariates
from stratbench.study.config import load

N, M = 12, 30
LAX = {"mind": 1, "geno": 1, "hwe": None, "maf": 0, "thin": None}
NO_LABELS = {"N/A", "n/a", "#N/A", "NULL", "null", "NAN", "Nan", "<NA>"}
MISSING = ["NA", "-9", "NaN", "nan", "na", "."]
NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
CONFIG: dict[str, Any] = {
    "study": "mine",
    "cohort": {
        "bfile": "x",
        "phenotypes": "x.tsv",
        "trait": "score",
        "population": "region",
        "covariates": ["age", "batch"],
    },
}
Content = dict[str, bytes]


class Odd(Exception):
    """What a strict reader does not take."""


def need(true: bool, why: str) -> None:
    if not true:
        raise Odd(why)


@dataclass
class Found:
    """What a cohort holds, by individual and SNP; numbers are floats, and None is missing."""

    people: list[tuple[str, ...]] = field(default_factory=list)  # fid, iid, father, mother, sex
    snps: list[tuple[str, str, float, int, str, str]] = field(default_factory=list)
    codes: list[list[int]] = field(default_factory=list)
    kept: set[str] = field(default_factory=set)  # SNPs that quality control keeps
    kind: str = ""
    trait: list[float | None] = field(default_factory=list)
    populations: list[str] = field(default_factory=list)
    covariates: dict[str, list[float]] = field(default_factory=dict)  # as models get them


def sound() -> Content:
    """12 individuals, 30 SNPs on two chromosomes, and a table: a number, 0/1, a label, an age and a batch."""
    rng = np.random.default_rng(6)
    code_MN = rng.choice([0, 1, 2, 3], (M, N), p=[0.3, 0.04, 0.36, 0.3])
    packed = bytearray(b"l\x1b\x01")
    for row in code_MN.tolist():
        packed += bytes(sum(code << 2 * k for k, code in enumerate(row[j : j + 4])) for j in range(0, N, 4))
    bim = "".join(
        f"{1 + k // 15}\trs{k}\t{k / 4}\t{1000 + 7 * k}\t{'AC'[k % 2]}\t{'GT'[k % 2]}\n" for k in range(M)
    )
    fam = "".join(f"f{k // 2} i{k} d{k // 2} m{k // 2} {1 + k % 2} {1 + k % 2}\n" for k in range(N))
    rows = (
        f"i{k}\t{k * 1.25}\t{k % 2}\t{('north', 'south')[k // 6]}\t{30 + k}\t{'pqr'[k % 3]}" for k in range(N)
    )
    table = "\n".join(["IID\tscore\tcase\tregion\tage\tbatch", *rows]) + "\n"
    texts = {"x.bim": bim, "x.fam": fam, "x.tsv": table}
    return {"x.bed": bytes(packed), **{name: text.encode() for name, text in texts.items()}}


def plain_text(data: bytes) -> str:
    """UTF-8, perhaps after a byte order mark, with any of the three line ends."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Odd("not UTF-8") from error
    text = text.removeprefix("\ufeff")
    need(not CONTROL.search(text) and "\ufeff" not in text, "control characters")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def blanks(line: str) -> list[str]:
    return [value for value in re.split("[ \t]+", line) if value]


def plain_rows(data: bytes) -> list[list[str]]:
    """The values of each line of a .bim or .fam that is not blank."""
    text = plain_text(data)
    need('"' not in text, "quotes")
    rows = [blanks(line) for line in text.split("\n") if line.strip(" \t")]
    need(bool(rows) and all(len(row) == len(rows[0]) >= 6 for row in rows), "ragged")
    return rows


def values_of(line: str, mark: str) -> list[str]:
    """The values of a table's line; one in quotation marks may hold the mark, and two quotation marks for one."""
    values, rest = [], line if mark != " " else line.replace("\t", " ").strip(" ")
    while True:
        rest = rest.lstrip(" ")
        if rest.startswith('"'):
            parts = re.match(r'"((?:[^"]|"")*)"', rest)
            need(parts is not None, "an open quotation mark")
            assert parts is not None
            value, rest = parts.group(1).replace('""', '"'), rest[parts.end() :]
            need(rest == "" or rest.startswith(mark), "text after a quotation mark")
        else:
            value = rest.partition(mark)[0]
            rest = rest[len(value) :]
        values.append(value.strip())
        if not rest:
            return values
        rest = rest[1:]


def plain_table(data: bytes) -> tuple[list[str], list[list[str]]]:
    """Header and rows: tabs if the header has one, else commas, else blanks."""
    text = plain_text(data)
    lines = [line for line in text.split("\n") if line.strip()]
    need(bool(lines), "empty")
    mark = next((mark for mark in "\t," if mark in lines[0]), None)
    rows = [values_of(line, mark or " ") for line in lines]
    header, *body = [row for row in rows if any(row)]
    header[0] = header[0].removeprefix("#")
    need(len(set(header)) == len(header) and all(header), "names of columns")
    need(all(len(row) == len(header) for row in body), "ragged")
    return header, body


def number(text: str) -> float:
    need(NUMBER.fullmatch(text) is not None, f"{text!r} is no number")
    value = float(text)
    need(math.isfinite(value), f"{text!r} is infinite")
    return value


def is_number(text: str) -> bool:
    return NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


SEXES = {"1": "1", "m": "1", "male": "1", "2": "2", "f": "2", "female": "2", "0": "0", "-9": "0", "na": "0"}


def sex(text: str) -> str:
    """PLINK's code of a sex; 1.0 is 1, as a spreadsheet has it."""
    code = f"{float(text):g}" if is_number(text) else text.lower()
    need(code in SEXES, f"the sex {text!r}")
    return SEXES[code]


def strict(content: Content, config: Mapping[str, Any] = CONFIG) -> Found:
    """What the files hold by docs/your_own_cohort.md; ``Odd`` for what the page does not allow."""
    cohort, found = config["cohort"], Found()
    stem = re.sub(r"\.(bed|bim|fam)$", "", cohort["bfile"], flags=re.IGNORECASE).removeprefix("./")
    fam, bim = plain_rows(content[f"{stem}.fam"]), plain_rows(content[f"{stem}.bim"])
    found.people = [(*row[:4], sex(row[4])) for row in fam]
    need(
        all(text.isprintable() for person in found.people for text in person[:2]), "letters that are not seen"
    )
    iids = [row[1] for row in fam]
    need(len(set(iids)) == len(iids), "an individual twice")
    need(len(bim[0]) == 6, "columns of the .bim")
    need(all(re.fullmatch("-?[0-9]{1,10}", row[3]) and int(row[3]) < 2**31 - 1 for row in bim), "positions")
    found.snps = [(row[0], row[1], number(row[2]), int(row[3]), row[4], row[5]) for row in bim]
    need(len({row[1] for row in bim}) == len(bim), "a SNP twice")
    bed, width = content[f"{stem}.bed"], -(-len(iids) // 4)
    need(bed[:3] == b"l\x1b\x01" and len(bed) == 3 + len(bim) * width, "the .bed's head or size")
    for k in range(len(bim)):
        row = bed[3 + k * width : 3 + (k + 1) * width]
        codes = [row[j // 4] >> 2 * (j % 4) & 3 for j in range(4 * width)]
        need(not any(codes[len(iids) :]), "bits past the last individual")
        found.codes.append(codes[: len(iids)])
    found.kept = {
        snp[1] for snp, codes in zip(found.snps, found.codes, strict=True) if _stays(snp, codes, cohort)
    }
    thin = cohort.get("qc", {}).get("thin")
    need(thin is None or len(found.kept) <= thin, "thinning, of which this reader knows nothing")
    _of_table(content, cohort, found)
    return found


def _stays(snp: tuple[Any, ...], codes: list[int], cohort: Mapping[str, Any]) -> bool:
    """Whether a SNP has a place on an autosome and varies; docs/qc.md."""
    chrom = re.sub("^0+(?=.)", "", re.sub("^chr_?(?=.)", "", snp[0], flags=re.IGNORECASE)).upper()
    known = cohort.get("autosomes") or (22 if cohort.get("build") else None)
    need(known is not None or chrom not in ("23", "24", "25", "26"), "chromosomes whose meaning is open")
    sex = chrom in ("X", "Y", "XY", "PAR1", "PAR2", "MT", "M")
    if known is not None and chrom.isdecimal():
        sex = known < int(chrom) <= known + 4
    called = [code for code in codes if code != 1]
    varies = len(set(called)) > 1 or 2 in called
    return chrom != "0" and snp[3] > 0 and not sex and varies


def _of_table(content: Content, cohort: Mapping[str, Any], found: Found) -> None:
    """Trait, populations and covariates, from the table, or of the .fam where there is none."""
    iids = [person[1] for person in found.people]
    missing = cohort.get("missing", MISSING)
    columns: dict[str, list[str]] = {}
    if cohort.get("phenotypes"):
        header, rows = plain_table(content[cohort["phenotypes"]])
        ids = cohort.get("id", "IID")
        ids = [ids] if isinstance(ids, str) else ids
        need(all(name in header for name in ids), "the id column")
        own = [tuple(row[header.index(name)] for name in ids) for row in rows]
        theirs = [person[1:2] if len(ids) == 1 else person[:2] for person in found.people]
        need(len(set(own)) == len(own), "an id twice")
        need(all(text.isprintable() for key in own for text in key), "letters that are not seen")
        need(
            len(set(theirs) - set(own)) < cohort.get("unmatched", 0.5) * len(theirs), "ids that do not match"
        )
        at = dict(zip(own, rows, strict=True))
        columns = {name: [at[key][k] if key in at else "" for key in theirs] for k, name in enumerate(header)}
    if cohort.get("trait") is None:
        fam = plain_rows(content[f"{cohort['bfile']}.fam"])
        values = [row[5] for row in fam]
    else:
        need(cohort["trait"] in columns, "the trait's column")
        values = columns[cohort["trait"]]
    trait = [_value(text, missing) for text in values]
    found.kind = cohort.get("kind") or _kind({value for value in trait if value is not None}, cohort)
    found.trait = _coded(trait, found.kind)
    found.populations = ["all"] * len(iids)
    if cohort.get("population") == "fid":
        found.populations = [person[0] for person in found.people]
    elif cohort.get("population"):
        need(cohort["population"] in columns, "the population's column")
        found.populations = ["" if text in missing else text for text in columns[cohort["population"]]]
        need(all(found.populations), "an individual without a population")
        need(all(name.isprintable() for name in found.populations), "letters that are not seen")
        need(not set(found.populations) & NO_LABELS, "a word for a missing value")
    for name in cohort.get("covariates", []):
        _covariate(name, columns, cohort, found, missing)


def _value(text: str, missing: list[str]) -> float | None:
    if text == "" or text in missing:
        return None
    value = number(text)
    return None if value == -9 else value


def _kind(levels: set[float], cohort: Mapping[str, Any]) -> str:
    if levels <= {0, 1} or levels <= {1, 2} or (cohort.get("trait") is None and levels <= {0, 1, 2}):
        return "binary"
    need(len(levels) > 2 and not levels <= {0, 1, 2}, "a kind that is open")
    return "quantitative"


def _coded(trait: list[float | None], kind: str) -> list[float | None]:
    if kind == "binary":
        need({value for value in trait if value is not None} <= {0, 1, 2}, "values of a binary trait")
        if 2 in trait:
            trait = [None if not value else value - 1 for value in trait]
    need(len({value for value in trait if value is not None}) > 1, "a trait that varies")
    return trait


def _covariate(
    name: str, columns: Mapping[str, list[str]], cohort: Mapping[str, Any], found: Found, missing: list[str]
) -> None:
    """One covariate as models get it: standardised, the mean where missing, an indicator for each further level."""
    need(name in columns or name == "sex", "the covariate's column")
    need(name != cohort.get("trait"), "a trait adjusted for itself")
    values = columns[name] if name in columns else [person[4] for person in found.people]
    values = ["" if text in missing or (is_number(text) and float(text) == -9) else text for text in values]
    if name == "sex":
        values = ["" if sex(text or "0") == "0" else sex(text) for text in values]
    there = [text for text in values if text]
    need(bool(there), "a covariate without a value")
    if _is_numeric(name, there, cohort["covariates"]):
        found.covariates[name] = _standardised([number(text) if text else None for text in values])
    else:
        need(not set(there) & NO_LABELS, "a word for a missing value")
        need(all(text.isprintable() for text in there), "letters that are not seen")
        for level in sorted(set(there))[1:]:
            found.covariates[f"{name}={level}"] = _standardised(
                [float(text == level) if text else None for text in values]
            )
    found.covariates = {key: own for key, own in found.covariates.items() if own}


def _is_numeric(name: str, there: list[str], kinds: Any) -> bool:
    """As stated; else all values are numbers, or none is and they are categories."""
    if isinstance(kinds, dict):
        return bool(kinds[name] == "numeric")
    if name == "sex":
        return False
    numbers = [text for text in there if is_number(text)]
    if len(numbers) == len(there):
        need(not any(re.match("[+-]?0[0-9]", text) for text in numbers), "numbers written as codes")
        return True
    need(not numbers, "numbers and words in a covariate")
    need(2 * sum(there.count(text) == 1 for text in there) <= len(there), "words that are no categories")
    return False


def _standardised(values: list[float | None]) -> list[float]:
    there = [value for value in values if value is not None]
    if len(set(there)) < 2:
        return []
    mean = math.fsum(there) / len(there)
    sd = math.sqrt(math.fsum((value - mean) ** 2 for value in there) / len(there))
    return [0.0 if value is None else (value - mean) / sd for value in values]


def ours(config: Any = CONFIG) -> Found:
    """The same from files in the current directory, by config, reading, quality control and the readers after it."""
    Path("mine.yaml").write_text(yaml.safe_dump(_lax(config), sort_keys=False, allow_unicode=True))
    completed = load("mine.yaml")["cohorts"][config["study"]]
    said = completed["declared"]
    paths = {key: entry["path"] for key, entry in said["files"].items()}
    read_cohort(paths, raw_files("out/raw/genotypes", "out/raw/samples.tsv"), declared=said)
    about = {key: said.get(key) for key in ("mating", "build", "autosomes")}
    qc(
        raw_files("out/raw/genotypes", "out/raw/samples.tsv"),
        cohort_files("out"),
        options=completed["qc"],
        about=about,
    )
    (name,) = said["traits"]
    trait = measured("out/samples.tsv", name, said["traits"])
    raw_fam, raw_bim = plink.read_fam("out/raw/genotypes.fam"), plink.read_bim("out/raw/genotypes.bim")
    fam, bim = plink.read_fam("out/genotypes.fam"), plink.read_bim("out/genotypes.bim")
    assert fam["iid"].tolist() == raw_fam["iid"].tolist() == trait.index.tolist()
    raw_MN = plink.unpack(plink.open_bed("out/raw/genotypes.bed", len(fam), len(raw_bim)), len(fam))
    clean_MN = plink.unpack(plink.open_bed("out/genotypes.bed", len(fam), len(bim)), len(fam))
    at = {snp: k for k, snp in enumerate(raw_bim["snp"])}
    assert np.array_equal(clean_MN, raw_MN[[at[snp] for snp in bim["snp"]]]), (
        "genotypes after quality control"
    )
    samples = files.read_tsv("out/samples.tsv")
    iids = fam["iid"].tolist()
    people = files.read_texts("out/samples.tsv")
    assert people["iid"].tolist() == iids
    table = covariates(people, "out/samples.tsv", np.ones(len(iids), bool), said["covariates"])
    table = table.set_index("iid")
    names = _own_names(said)
    return Found(
        people=list(raw_fam[["fid", "iid", "father", "mother", "sex"]].itertuples(index=False, name=None)),
        snps=list(raw_bim[["chrom", "snp", "cm", "pos", "a1", "a2"]].itertuples(index=False, name=None)),
        codes=raw_MN.tolist(),
        kept=set(bim["snp"]),
        kind=said["traits"][name]["kind"],
        trait=[None if math.isnan(value) else value for value in trait.tolist()],
        populations=samples["population"].tolist(),
        covariates={_given(column, names): table[column].tolist() for column in table},
    )


def _lax(config: Any) -> Any:
    """A config whose quality control removes nothing of itself, where it is a config at all."""
    cohort = config.get("cohort") if isinstance(config, dict) else None
    own = cohort.get("qc", {}) if isinstance(cohort, dict) else None
    return {**config, "cohort": {**cohort, "qc": {**LAX, **own}}} if isinstance(own, dict) else config


def _own_names(said: Mapping[str, Any]) -> dict[str, str]:
    """The table's name of each column of samples.tsv."""
    return {new: old for table in said["tables"] for new, old in table["columns"].items()}


def _given(column: str, names: Mapping[str, str]) -> str:
    """A covariate's column under the name that the table has for it."""
    name, mark, level = column.partition("=")
    return names.get(name, name) + mark + level


def same(one: Found, other: Found) -> None:
    """Raise AssertionError, saying what differs, unless two readers found the same."""
    for part in ("people", "snps", "codes", "kept", "kind", "trait", "populations"):
        left, right = getattr(one, part), getattr(other, part)
        assert left == right, f"{part}: ours {_first(left, right)}"
    assert one.covariates.keys() == other.covariates.keys(), f"{[*one.covariates]}, not {[*other.covariates]}"
    for name, values in one.covariates.items():
        assert np.allclose(values, other.covariates[name], atol=1e-7), f"covariate {name}"


def _first(left: Any, right: Any) -> str:
    """The first place at which two lists differ."""
    if isinstance(left, list) and isinstance(right, list) and len(left) == len(right):
        return next(f"{a!r}, strict {b!r}" for a, b in zip(left, right, strict=True) if a != b)
    return f"{str(left)[:100]}, strict {str(right)[:100]}"


def through(content: Content, config: Mapping[str, Any] = CONFIG) -> None:
    """Read files twice, in the current directory. Raises what ours raises, and AssertionError where they differ."""
    for name, data in content.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(data)
    found = ours(config)
    try:
        expected = strict(content, config)
    except Odd as error:
        raise AssertionError(f"accepted, but the strict reader finds {error}") from error
    same(found, expected)


SOUND = sound()
