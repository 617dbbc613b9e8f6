"""Classical tests of each SNP: all associations of one split."""

from pathlib import Path

from stratbench.core import job

with job.start(snakemake):
    from stratbench.associations.run import associate, load

    associate(
        load(
            Path(snakemake.input.bed).parent,
            Path(snakemake.input.trait).parent,
            snakemake.input.split,
            snakemake.input.pcs,
            snakemake.input.covariates,
        ),
        snakemake.params.associations,
        snakemake.output.tables,
    )
