"""Write the report of a study."""

from stratbench.core import job

with job.start(snakemake) as (inputs, outputs, options):
    from stratbench.report.report import report

    report(inputs, outputs, **options)
