"""A t-test of each SNP with declared covariates alone: a GWAS without any correction for structure."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stratbench.associations.regression import ols
from stratbench.associations.run import AssociationData

OPTIONS: dict[str, Any] = {}
CITATION = ""


def associate(data: AssociationData, options: Mapping[str, Any]) -> pd.DataFrame:
    """y ~ 1 + covariates + SNP; ``snp beta se statistic p n``. A cohort that declares no covariates has none."""
    return ols(data, data.covariates_NC)
