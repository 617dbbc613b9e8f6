"""Who trains, validates and tests."""

from pathlib import Path

from stratbench.core import job

with job.start(snakemake):
    from stratbench.splits.run import split

    split(
        snakemake.input.samples,
        Path(snakemake.input.trait).parent,
        snakemake.params.spec,
        snakemake.params.names,
        snakemake.output.split,
        snakemake.params.mating,
    )
