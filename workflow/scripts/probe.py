"""Decode ancestry from the hidden features and logits of all fits of one dataset and split."""

from stratbench.core import job

with job.start(snakemake):
    from stratbench.probes.run import probe

    i, p = snakemake.input, snakemake.params
    fits = [fit | {"params": a, "fit": b} for fit, a, b in zip(p.fits, i.params, i.fits, strict=True)]
    probe(i, fits, p.place, snakemake.output.probes)
