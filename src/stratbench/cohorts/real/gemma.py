"""A table of phenotypes from a file as GEMMA reads it with -p: a row a person of the .fam, no header, no ids.

GEMMA's own example HLC.simu.pheno.txt has rows in which two fields were written without the tab between them
("-0.365192.69925"), which cannot be parted for certain. They count as missing, both.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from stratbench.core import files
from stratbench.core.errors import UserError
from stratbench.core.words import counted
from stratbench.genotypes import plink


def convert(source: Path, fam: Path, options: Mapping[str, Any], table: Path) -> None:
    """Write a table of phenotypes with the ids of the .fam.

    Args:
        source: the file of phenotypes, a row for each individual of the .fam in its order.
        fam: the .fam.
        options: ``fused`` is the number of a field, from 1: a row that is one field short is taken to have lost the tab
            after this field.
        table: the table that is written: a column ``iid`` and then ``n1``, ``n2``, ..., as GEMMA's -n numbers them,
            text.

    Raises:
        UserError: for a row with any other number of fields, and if rows and .fam differ in number.
    """
    people, fused = plink.read_fam(fam)["iid"], options.get("fused")
    rows = [line.split() for line in files.read_text(source).splitlines()]
    if len(rows) != len(people):
        raise UserError(
            f"{source}: {counted(len(rows), 'row')}, but {fam} has {counted(len(people), 'person', 'people')}"
        )
    wide = max(map(len, rows))
    for k, row in enumerate(rows):
        if len(row) == wide - 1 and fused and row[fused - 1].count(".") == 2:
            rows[k] = [*row[: fused - 1], "NA", "NA", *row[fused:]]
        elif len(row) != wide:
            raise UserError(f"{source}: line {k + 1} has {len(row)} fields, others have {wide}")
    found = pd.DataFrame(rows, columns=[f"n{k + 1}" for k in range(wide)])
    files.write_tsv(pd.concat([people, found], axis=1), table)
