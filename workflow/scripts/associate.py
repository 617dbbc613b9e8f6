"""Classical tests of each SNP: all associations of one split."""

from stratbench.core import job

with job.start(snakemake) as (inputs, outputs, options):
    from stratbench.associations.run import associate

    associate(inputs, outputs, **options)
