"""Cohorts: fetched or simulated, then passed through one QC."""
