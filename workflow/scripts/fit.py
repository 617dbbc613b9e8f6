"""Train all seeds of one model under each of its adjustments."""

from stratbench.core import job

with job.start(snakemake):
    from stratbench.training.fit import fit_each

    o, p = snakemake.output, snakemake.params
    outputs = [
        dict(zip(("params", "predictions", "history", "fit"), paths, strict=True))
        for paths in zip(o.params, o.predictions, o.history, o.fit, strict=True)
    ]
    fits = [fit | {"outputs": out} for fit, out in zip(p.fits, outputs, strict=True)]
    fit_each(snakemake.input, fits, p.seeds, p.names)
