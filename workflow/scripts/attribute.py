"""Score SNPs from one trained model by all of its attribution methods."""

from stratbench import job

with job.start(snakemake):
    from stratbench.explain.attribute import attribute

    i, o, p = snakemake.input, snakemake.output, snakemake.params
    tables = dict(zip(p.attributions, o.tables, strict=True))
    fitted = {"params": i.params, "fit": i.fit}
    attribute(i, fitted, tables, o.attributions_json, p.model, p.adjustments, p.attributions, p.names)
