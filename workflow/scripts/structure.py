"""PCs, GRM and FST of one split."""

from pathlib import Path

from stratbench.core import job

with job.start(snakemake):
    from stratbench.structure.run import structure

    structure(
        Path(snakemake.input.bed).parent,
        Path(snakemake.input.keep_iid).parent,
        snakemake.input.split,
        Path(snakemake.output.pcs).parent,
        snakemake.params.options,
        snakemake.params.mating,
        declared=snakemake.params.covariates,
    )
