"""Logistic regression of a case/control label on each SNP, by Firth's likelihood where the plain one has no maximum."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stratbench.associations.logit import logistic
from stratbench.associations.run import AssociationData

OPTIONS: dict[str, Any] = {
    "pcs": {"type": "integer", "minimum": 0, "maximum": 20, "default": 0, "description": "number of PCs"},
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
CITATION = "Firth 1993, Biometrika 80:27"


def associate(data: AssociationData, options: Mapping[str, Any]) -> pd.DataFrame:
    """logit P(y = 1) = 1 + PCs + covariates + SNP, Wald's test; ``snp beta se statistic p n``."""
    return logistic(data, data.fixed_effects(options["pcs"], "logistic"))
