"""Demographies: what each returns is checked here, and there is one file for each."""
