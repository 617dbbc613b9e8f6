"""All numbers of one split as tidy rows."""

from stratbench.core import job

with job.start(snakemake) as (inputs, outputs, options):
    from stratbench.metrics.run import metrics

    metrics(inputs, outputs, **options)
