"""Trained networks: all seeds and adjustments of a model, or of all models of a split, in one job.

An output list cannot depend on wildcards, so there is one rule per set of fits that the blocks ask for together.
"""

for number, ((job, pairs), jobs) in enumerate(study.fit_sets().items(), start=1):

    rule:
        name:
            f"fit_{number}"
        input:
            **trained_on(),
        output:
            params=of_fits(paths.params, pairs),
            predictions=of_fits(paths.predictions, pairs),
            history=of_fits(paths.history, pairs),
            fit=of_fits(paths.fit, pairs),
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
            **requests.of("fit", [model for model, _ in pairs]),
            gpu=study.gpu,
        params:
            fits=lambda wildcards, pairs=pairs: [
                fit_specs(fit) | {"names": fit_names(fit)} for fit in fits_of(wildcards, pairs)
            ],
            seeds=study.seeds,
            code=lambda wildcards, pairs=pairs: digest("fit", *method_files(*fits_of(wildcards, pairs))),
        script:
            "../workflow/scripts/fit.py"
