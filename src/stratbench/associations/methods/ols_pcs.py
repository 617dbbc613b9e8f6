"""A t-test of each SNP with principal components, and declared covariates, as covariates."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stratbench.associations.regression import ols
from stratbench.associations.run import AssociationData

OPTIONS: dict[str, Any] = {
    "pcs": {"type": "integer", "minimum": 1, "maximum": 20, "default": 10, "description": "number of PCs"},
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
CITATION = "Price et al. 2006, Nature Genetics 38:904"


def associate(data: AssociationData, options: Mapping[str, Any]) -> pd.DataFrame:
    """y ~ 1 + PCs + covariates + SNP; ``snp beta se statistic p n``. Data with fewer axes give all that they have."""
    return ols(data, data.fixed_effects(options["pcs"], "ols-pcs"))
