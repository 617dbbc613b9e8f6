"""Trained networks: all seeds of one model, under all of its adjustments, in one job.

An output list cannot depend on wildcards, so there is one rule per set of adjustments that the blocks ask for together.
"""

for number, (adjustments, models) in enumerate(study.adjustment_sets().items(), start=1):

    rule:
        name:
            f"fit_{number}"
        input:
            **trained_on(),
        output:
            params=of_adjustments(paths.params, adjustments),
            predictions=of_adjustments(paths.predictions, adjustments),
            history=of_adjustments(paths.history, adjustments),
            fit=of_adjustments(paths.fit, adjustments),
        log:
            paths.log("fit"),
        benchmark:
            paths.benchmark("fit")
        wildcard_constraints:
            cohort=only(models),
        conda:
            "../envs/stratbench.yaml"
        threads: 1
        resources:
            mem_mb=4000,
            runtime=240,
            gpu=study.gpu,
        params:
            fits=lambda wildcards, adjustments=adjustments: [
                fit_specs(fit) for fit in fits_of(wildcards, adjustments)
            ],
            seeds=study.seeds,
            names=lambda wildcards: list(vars(model_of(wildcards)).values()),
            code=lambda wildcards, adjustments=adjustments: digest(
                "fit", *method_files(*fits_of(wildcards, adjustments))
            ),
        script:
            "../workflow/scripts/fit.py"
