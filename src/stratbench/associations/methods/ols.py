"""A t-test of each SNP with declared covariates alone: a GWAS without any correction for structure."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stratbench.associations.regression import ols
from stratbench.associations.run import AssociationData

OPTIONS: dict[str, Any] = {
    "snps": {
        "enum": ["view", "all"],
        "default": "view",
        "description": "which SNPs to test: those that models see, or all after QC",
    },
    "people": {
        "enum": ["train", "train-validation", "everyone"],
        "default": "train-validation",
        "description": "whom to test: whom models learn from, whom they see at all, or test people as well",
    },
}
CITATION = ""


def associate(data: AssociationData, options: Mapping[str, Any]) -> pd.DataFrame:
    """y ~ 1 + covariates + SNP; ``snp beta se statistic p n``. A cohort that declares no covariates has none."""
    return ols(data, data.covariates_NC)
