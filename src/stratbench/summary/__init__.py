"""A study's results in four tables and one page of provenance."""
