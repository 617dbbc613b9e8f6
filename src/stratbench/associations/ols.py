"""A t-test of each SNP alone: what a GWAS without any correction for structure finds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from stratbench.associate import Data
from stratbench.regression import ols

OPTIONS: dict[str, Any] = {}
CITATION = ""


def associate(data: Data, options: Mapping[str, Any]) -> pd.DataFrame:
    """y ~ 1 + SNP; ``snp beta se statistic p n``."""
    return ols(data, np.empty((len(data.y_N), 0)))
