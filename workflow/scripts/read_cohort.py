"""Bring a real cohort's files into the raw contract."""

from stratbench.core import job

with job.start(snakemake):
    from stratbench.cohorts.real.read_cohort import read_cohort

    read_cohort(
        snakemake.params.declared,
        snakemake.params.sources,
        snakemake.output.bed.removesuffix(".bed"),
        snakemake.output.samples,
        snakemake.params.digests,
        snakemake.output.tables,
    )
