"""Method files: found by name, described without being imported, their options checked in one place."""
