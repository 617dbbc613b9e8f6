"""Cohorts: real ones are fetched and read, simulated ones are made; both pass through one quality control."""
