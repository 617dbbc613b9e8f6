"""Corrections for structure: one file each. `build(options)` returns a `train.adjustment.Adjustment`."""
