"""Trained networks: all seeds and adjustments of a model, or of all models of a split, in one job.

An output list cannot depend on wildcards, so there is one rule per set of fits that the blocks ask for together.
"""

for number, ((job, parts), jobs) in enumerate(study.fit_sets().items(), start=1):

    rule:
        name:
            f"fit_{number}"
        input:
            **trained_on(),
            **{name: getattr(paths, name) for name in read_by(parts)},
        output:
            params=of_fits(paths.params, parts),
            predictions=of_fits(paths.predictions, parts),
            history=of_fits(paths.history, parts),
            fit=of_fits(paths.fit, parts),
            resamples=of_fits(paths.resamples, resampled(parts)),
        log:
            of_job(paths.log("fit"), job),
        benchmark:
            of_job(paths.benchmark("fit"), job)
        wildcard_constraints:
            cohort=only(map(split_of, jobs)),
        group:
            together("fit")
        conda:
            "../envs/stratbench.yaml"
        threads: 1
        resources:
            **requests.of("fit", parts),
            gpu=study.gpu,
        params:
            fits=lambda wildcards, parts=parts: part_specs(wildcards, parts),
            code=lambda wildcards, parts=parts: digest("fit", *method_files(*fits_of(wildcards, parts))),
        script:
            "../workflow/scripts/fit.py"
