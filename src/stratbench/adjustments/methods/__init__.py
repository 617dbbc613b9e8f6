"""Corrections: one file each. `build(options)` returns an `adjustments.contract.Adjustment`."""
