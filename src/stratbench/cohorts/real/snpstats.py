"""PLINK files from a SnpMatrix of R's snpStats in an .RData file: what its write.plink would write, without R.

A SnpMatrix is a RAW matrix, people in rows, stored column by column: 0 missing, 1 homozygous for allele 1,
2 heterozygous, 3 homozygous for allele 2 (snpStats manual, SnpMatrix class). Other values are uncertain
genotypes, which write.plink refuses too. Source: Clayton, snpStats 1.48, `write.plink`.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from stratbench.cohorts.real.bounded import LARGEST
from stratbench.cohorts.real.rdata import Vector, data_frame, read_rdata
from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.genotypes import plink

A1_COUNT = np.array([-1, 2, 1, 0], dtype=np.int8)  # of the SnpMatrix's values
PARENTS_AND_SEX = ("0", "0", "0")
CHUNK = 4096  # SNPs written at once


def convert(source: Path, options: Mapping[str, Any], bed: Path, bim: Path, fam: Path) -> None:
    """Write a fileset from objects of an .RData file.

    Args:
        source: the .RData file.
        options: names of the objects. ``genotypes`` is the SnpMatrix; ``snps`` is a data frame with `chromosome`,
            `position`, `A1` and `A2`; ``people`` is one whose ``columns`` become the .fam's from the sixth on. Row
            names say which SNP or individual a row is of. ``largest`` is the largest size of the decompressed file,
            in bytes.
        bed, bim, fam: the files that are written. FID and IID are both the individual's row name.

    Raises:
        UserError: for objects that are not there or do not fit together.
    """
    objects = read_rdata(source, options.get("largest", LARGEST))
    count_MN, people, snps = _genotypes(_named(objects, options["genotypes"], source), source)
    snp_table = _rows(
        _named(objects, options["snps"], source), snps, ("chromosome", "position", "A1", "A2"), source
    )
    person_table = _rows(_named(objects, options["people"], source), people, options["columns"], source)
    with plink.write_bed(bed, len(people)) as out:
        for start in range(0, len(snps), CHUNK):
            out.append(A1_COUNT[count_MN[start : start + CHUNK]])
    alleles = {"a1": snp_table["A1"], "a2": snp_table["A2"]}
    places = {"chrom": snp_table["chromosome"].map(_text), "pos": snp_table["position"].astype(np.int64)}
    plink.write_bim(pd.DataFrame({**places, "snp": snps, "cm": 0, **alleles}), bim)
    with files.whole(fam) as temporary:
        lines = (
            "\t".join([person, person, *PARENTS_AND_SEX, *map(_text, row)])
            for person, row in zip(people, person_table.itertuples(index=False), strict=True)
        )
        temporary.write_text("".join(f"{line}\n" for line in lines))


def _named(objects: Mapping[str, Vector], name: str, source: Path) -> Vector:
    if name not in objects:
        raise UserError(f"{source}: holds no object '{name}', but {', '.join(sorted(objects))}")
    return objects[name]


def _genotypes(matrix: Vector, source: Path) -> tuple[np.ndarray, list[str], list[str]]:
    """Values uint8 (SNPs, people), and the names of people and SNPs."""
    found = matrix.attributes
    if "dim" not in found or "dimnames" not in found or "SnpMatrix" not in _class(matrix):
        raise UserError(f"{source}: the genotypes are no SnpMatrix with names of people and SNPs")
    people, snps = (names.value for names in found["dimnames"].value)
    value_MN = np.reshape(matrix.value, (len(snps), len(people)))
    if value_MN.max(initial=0) > 3:
        raise UserError(f"{source}: uncertain genotypes, which PLINK files cannot hold")
    return value_MN, people, snps


def _rows(frame: Vector, names: list[str], columns: tuple[str, ...], source: Path) -> pd.DataFrame:
    """These rows and columns of a data frame."""
    try:
        table = data_frame(frame)
    except (KeyError, IndexError, ValueError) as error:
        raise UserError(f"{source}: a broken data frame: {error}") from error
    lost = [name for name in names if name not in table.index] + [c for c in columns if c not in table]
    if lost:
        raise UserError(f"{source}: a data frame has no '{lost[0]}'")
    return table.loc[names, list(columns)]


def _class(vector: Vector) -> list[str]:
    return list(vector.attributes["class"].value) if "class" in vector.attributes else []


def _text(value: Any) -> str:
    """A value as R's write.table has it: whole numbers without a point, NA for missing."""
    if value == "" or value != value:
        return "NA"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
