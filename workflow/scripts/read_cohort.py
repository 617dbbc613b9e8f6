"""Bring a real cohort's files into the raw contract."""

from pathlib import Path

from stratbench import job

with job.start(snakemake):
    from stratbench.cohorts.real import read_cohort

    read_cohort(
        snakemake.input.cohort_file,
        Path(snakemake.input.bed).parent,
        snakemake.output.bed.removesuffix(".bed"),
        snakemake.output.samples,
    )
