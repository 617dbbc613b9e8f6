"""Simulated cohorts: from a demography to tree sequences to PLINK files."""
