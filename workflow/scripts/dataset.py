"""A cohort with a trait: labels, truth, and the keep lists."""

from pathlib import Path

from stratbench.core import job

with job.start(snakemake):
    from stratbench.datasets.run import dataset

    dataset(
        Path(snakemake.input.bed).parent,
        snakemake.params.spec,
        snakemake.params.names,
        Path(snakemake.output.trait).parent,
        snakemake.params.get("declared"),
    )
