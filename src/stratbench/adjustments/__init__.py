"""Corrections for structure: their contract, how they combine, and one file for each."""
