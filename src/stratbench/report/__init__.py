"""Figures and the report: what a reader of a study sees."""
