"""Trained networks: all seeds of one model under one adjustment in one job."""


rule fit:
    input:
        **trained_on(),
    output:
        params=paths.params,
        predictions=paths.predictions,
        history=paths.history,
        fit=paths.fit,
    log:
        paths.log("fit"),
    benchmark:
        paths.benchmark("fit")
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
        gpu=study.gpu,
    params:
        model=lambda wildcards: study.spec("models", wildcards.model),
        adjustments=lambda wildcards: study.adjustment(wildcards.adjustment),
        seeds=study.seeds,
        names=lambda wildcards: [wildcards.cohort, wildcards.trait, wildcards.split, wildcards.model],
        code=lambda wildcards: digest("fit", *method_files(fit_of(wildcards))),
    script:
        "../workflow/scripts/fit.py"
