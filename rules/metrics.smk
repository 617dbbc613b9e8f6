"""What the networks, their scores and their hidden features are worth; then all of a study in four tables."""


rule probe:
    input:
        **trained_on(),
        grm=read_by_all("grm"),
        truth=read_by_all("truth"),
        liability=read_by_all("liability"),
        params=lambda wildcards: each(paths.params, study.fits_of(split_of(wildcards))),
        fit_json=lambda wildcards: each(paths.fit, study.fits_of(split_of(wildcards))),
    output:
        probes=paths.probes,
    log:
        paths.log("probe"),
    benchmark:
        paths.benchmark("probe")
    group:
        together("probe")
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        **requests.of("probe"),
        gpu=study.gpu,
    params:
        place=place_of,
        fits=lambda wildcards: [
            {"model": fit.model, "adjustment": fit.adjustment, "specs": fit_specs(fit)}
            for fit in study.fits_of(split_of(wildcards))
        ],
        code=lambda wildcards: digest("probe", *method_files(*study.fits_of(split_of(wildcards)))),
    script:
        "../workflow/scripts/probe.py"


rule metrics:
    input:
        bed=paths.bed,
        bim=paths.bim,
        fam=paths.fam,
        samples=paths.samples,
        variants=paths.variants,
        kinship=paths.kinship,
        trait=paths.trait,
        trait_json=paths.trait_json,
        truth=paths.truth,
        liability=paths.liability,
        keep_snp=paths.keep_snp,
        split=paths.split,
        pcs=paths.pcs,
        covariates=paths.covariates,
        fst_snp=paths.fst_snp,
        predictions=lambda wildcards: each(paths.predictions, study.fits_of(split_of(wildcards))),
        fit_json=lambda wildcards: each(paths.fit, study.fits_of(split_of(wildcards))),
        attributions=attribution_tables,
        resamples=resampled_tables,
        attribution_records=attribution_records,
        associations=association_tables,
        association_records=association_records,
        probes=lambda wildcards: each(paths.probes, filter(study.is_probed, [split_of(wildcards)])),
    output:
        metrics=paths.metrics,
    log:
        paths.log("metrics"),
    benchmark:
        paths.benchmark("metrics")
    group:
        together("metrics")
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        **requests.of("metrics"),
    params:
        place=place_of,
        fits=lambda wildcards: [
            {"model": fit.model, "adjustment": fit.adjustment} for fit in study.fits_of(split_of(wildcards))
        ],
        attributions=lambda wildcards: [
            {
                "model": fit.model,
                "adjustment": fit.adjustment,
                "attribution": label,
                "resampled": bool(study.resamples_of(fit)),
            }
            for fit in study.fits_of(split_of(wildcards))
            for label in study.attributions_of(fit)
        ],
        associations=lambda wildcards: study.associations_of(split_of(wildcards)),
        on_all=lambda wildcards: [
            label for label in study.associations_of(split_of(wildcards)) if study.tests_all(label)
        ],
        code=digest("metrics"),
    script:
        "../workflow/scripts/metrics.py"


rule summary:
    input:
        metrics=each(paths.metrics, study.splits),
        qc=each(paths.qc, study.cohorts),
        fit_json=each(paths.fit, study.fits),
        benchmarks=benchmarks(),
    output:
        metrics=paths.summary_metrics,
        comparisons=paths.comparisons,
        qc=paths.summary_qc,
        runtime=paths.runtime,
        provenance=paths.provenance,
    log:
        paths.log("summary"),
    benchmark:
        paths.benchmark("summary")
    group:
        together("summary")
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        **requests.of("summary"),
    params:
        cohorts=[cohort.label for cohort in study.cohorts],
        config=study.made_from,
        code=digest("summary"),
    script:
        "../workflow/scripts/summary.py"
