"""Traits: simulated on any cohort's genotypes, or measured; and the dataset that each makes with a cohort."""
