"""Datasets, cohort x trait: labels, the truth behind simulated ones, who is kept and which SNPs a model may see."""
