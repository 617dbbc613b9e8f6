"""Demographies: one file each (docs/demographies.md)."""
