"""Groups of SNPs that a user names in a file: one group for each SNP, such as its gene, its pathway or its LD block."""

from pathlib import Path

from stratbench.core.errors import UserError
from stratbench.core.files import read_text

COLUMNS = ("snp", "group")


def read(path: str | Path) -> dict[str, str]:
    """The group of each SNP that a TSV with the columns ``snp`` and ``group`` lists; further columns are ignored.

    Raises UserError, naming the file and the line, for a file that cannot be read, a missing column or value, a row
    with more or fewer fields than the header, and a SNP that is listed twice.
    """
    lines = read_text(path).removesuffix("\n").split("\n")
    header = lines[0].split("\t")
    for column in COLUMNS:
        if header.count(column) != 1:
            found = f"has {header.count(column)} columns '{column}'"
            raise UserError(f"{path}: {found}; write a header with the columns snp and group, parted by tabs")
    at = [header.index(column) for column in COLUMNS]
    group_of: dict[str, str] = {}
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split("\t")
        if len(fields) != len(header):
            raise UserError(
                f"{path}: line {number} has {len(fields)} fields, the header {len(header)}; part them by single tabs"
            )
        snp, group = (fields[k] for k in at)
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
