"""Decode ancestry from the hidden features and logits of all fits of one dataset and split."""

from stratbench.core import job

with job.start(snakemake) as (inputs, outputs, options):
    from stratbench.probes.run import probe

    probe(inputs, outputs, **options)
