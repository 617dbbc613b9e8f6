from stratbench.core import job

with job.start(snakemake):
    from stratbench.metrics.run import metrics

    metrics(
        files=dict(snakemake.input.items()),
        output=snakemake.output.metrics,
        place=dict(snakemake.params.place),
        fits=snakemake.params.fits,
        attributions=snakemake.params.attributions,
        associations=snakemake.params.associations,
    )
