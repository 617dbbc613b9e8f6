"""Architectures: one file each. `build(n_snps, options)` returns a `models.contract.Architecture`."""
