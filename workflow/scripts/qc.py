"""Quality control of one cohort."""

from pathlib import Path

from stratbench.core import job

with job.start(snakemake):
    from stratbench.cohorts.qc.run import qc

    qc(
        snakemake.input.bed.removesuffix(".bed"),
        snakemake.input.samples,
        Path(snakemake.output.bed).parent,
        snakemake.params.options,
        snakemake.params.about,
    )
