"""Who trains, validates and tests."""

from pathlib import Path

from stratbench import job

with job.start(snakemake):
    from stratbench.split import split

    split(
        snakemake.input.samples,
        Path(snakemake.input.trait).parent,
        snakemake.params.spec,
        snakemake.params.names,
        snakemake.output.split,
        snakemake.params.mating,
    )
