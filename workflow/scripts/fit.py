"""Train all seeds of one model under one adjustment."""

from stratbench.core import job

with job.start(snakemake):
    from stratbench.training.fit import fit

    p = snakemake.params
    fit(snakemake.input, snakemake.output, p.model, p.adjustments, p.seeds, p.names)
