"""A linear mixed model of each SNP, whose GRM leaves out the SNP's own chromosome."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from stratbench.associations.mixed_tests import mixed_model
from stratbench.associations.run import AssociationData

OPTIONS: dict[str, Any] = {
    "pcs": {
        "type": "integer",
        "minimum": 0,
        "maximum": 20,
        "default": 0,
        "description": "number of PCs among the fixed effects",
    },
    "grm_snps": {
        "enum": ["all", "structure", "view"],
        "default": "all",
        "description": "SNPs of the GRM: all after QC, the common and pruned ones that PCs are of, or those models see",
    },
    "grm": {
        "enum": ["centred", "standardised"],
        "default": "centred",
        "description": "the GRM of centred genotypes, as GEMMA's -gk 1, or of those divided by sqrt(2p(1 - p))",
    },
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
CITATION = "Yang et al. 2014, Nature Genetics 46:100"


def associate(data: AssociationData, options: Mapping[str, Any]) -> pd.DataFrame:
    """As ``lmm``; a SNP does not compete with itself and its neighbours in the GRM. Refused on one chromosome."""
    return mixed_model(data, options, loco=True)
