from stratbench.core import job

with job.start(snakemake):
    from stratbench.report.report import report

    report(config=snakemake.params.config, output=snakemake.output[0])
