"""Tests: one file each; `associations.run` says what such a file defines."""
