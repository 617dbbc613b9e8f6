"""Groups of SNPs that a user names in a file: one group for each SNP, such as its gene, its pathway or its LD block."""

from pathlib import Path

from stratbench.core.errors import UserError
from stratbench.genotypes import given

COLUMNS = ("snp", "group")


def read(path: str | Path) -> dict[str, str]:
    """The group of each SNP that a TSV with the columns ``snp`` and ``group`` lists; further columns are ignored.

    Raises UserError, naming the file and the line, for a file that cannot be read, a missing column or value, a row
    with more or fewer fields than the header, and a SNP that is listed twice.
    """
    group_of: dict[str, str] = {}
    for number, row in given.rows(path, COLUMNS):
        snp, group = (row[column] for column in COLUMNS)
        for column, value in zip(COLUMNS, (snp, group), strict=True):
            if not value.strip():
                raise UserError(f"{path}: line {number} has no {column}; give one, or leave the row out")
        if snp in group_of:
            raise UserError(
                f"{path}: line {number}: SNP '{snp}' is listed before, and a SNP has one group; leave one row out"
            )
        group_of[snp] = group
    if not group_of:
        raise UserError(f"{path}: lists no SNP; give a row for each, or leave the option out")
    return group_of
