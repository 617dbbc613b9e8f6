"""Draw all figures of a study."""

from stratbench.core import job

with job.start(snakemake) as (inputs, outputs, options):
    from stratbench.report.figures.run import figures

    figures(inputs, outputs, **options)
