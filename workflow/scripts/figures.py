from stratbench.core import job

with job.start(snakemake):
    from stratbench.report.figures.run import figures

    figures(config=snakemake.params.config, folder=snakemake.params.folder)
