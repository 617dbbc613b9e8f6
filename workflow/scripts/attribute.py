"""Score SNPs from one model, trained under each of its adjustments, by all of its attribution methods."""

from stratbench.core import job

with job.start(snakemake):
    from stratbench.attributions.run import attribute_each

    i, o, p = snakemake.input, snakemake.output, snakemake.params
    fits = [
        fit | {"fitted": {"params": params, "fit": record}, "record": about}
        for fit, params, record, about in zip(p.fits, i.params, i.fits, o.records, strict=True)
    ]
    attribute_each(i, fits, o.tables, p.names)
