"""Checks of what a user's association returns."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.associations.run import COLUMNS, AssociationData
from stratbench.methods.guard import Guard, Words


def associate(guard: Guard, found: Any, data: AssociationData, options: Mapping[str, Any]) -> pd.DataFrame:
    """COLUMNS, a row for each SNP of ``data.snp_M`` in order; all numbers finite but ``se``, which may be blank."""
    m, n = len(data.snp_M), len(data.y_N)
    wanted = f"a pandas table with the columns {' '.join(COLUMNS)}, a row for each of {m} SNPs in order"
    guard.require(isinstance(found, pd.DataFrame), "associate", found, wanted)
    columns = [str(name) for name in found.columns]
    guard.require(columns == COLUMNS, "associate", Words(f"the columns {' '.join(columns)}"), wanted)
    guard.require(len(found) == m, "associate", Words(f"{len(found)} rows"), wanted)
    for own, snp in zip(found["snp"], data.snp_M, strict=True):
        guard.require(own == snp, "associate", Words(f"the SNP {own} in place of {snp}"), wanted)
    for name in COLUMNS[1:]:
        _require_numbers(guard, found, name, n)
    return found


def _require_numbers(guard: Guard, table: pd.DataFrame, name: str, n: int) -> None:
    """Finite numbers in the range that the column's meaning gives."""
    wanted = {
        "se": "0 or more, or NaN for a SNP without variance",
        "p": "from 0 to 1",
        "n": f"whole numbers up to the {n} individuals",
    }.get(name, "finite numbers")
    values = table[name]
    number = values.dtype.kind in "fiu"
    guard.require(number, "associate", Words(f"{name} of type {values.dtype}"), f"{name}: {wanted}")
    value_M = values.to_numpy(dtype=np.float64)
    good_M = np.isfinite(value_M)
    if name == "se":
        good_M = (value_M >= 0) & good_M | np.isnan(value_M)
    elif name == "p":
        good_M &= (value_M >= 0) & (value_M <= 1)
    elif name == "n":
        good_M &= (value_M >= 0) & (value_M <= n) & (value_M == np.round(value_M))
    if not good_M.all():
        k = int(np.argmin(good_M))
        snp = table["snp"].iloc[k]
        guard.require(False, "associate", Words(f"{name} {value_M[k]:g} for SNP {snp}"), f"{name}: {wanted}")
