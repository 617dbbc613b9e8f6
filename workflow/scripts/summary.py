from stratbench.core import job

with job.start(snakemake):
    from stratbench.summary.run import summary

    summary(
        files=dict(snakemake.input.items()),
        outputs=dict(snakemake.output.items()),
        cohorts=snakemake.params.cohorts,
        config=snakemake.params.config,
    )
