"""Associations: one file each; ``stratbench.associate`` says what such a file defines."""
