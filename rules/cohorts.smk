"""Genotypes from a demography or a real study, and their quality control."""


rule simulate:
    output:
        bed=paths.raw_bed,
        bim=paths.raw_bim,
        fam=paths.raw_fam,
        samples=paths.raw_samples,
    log:
        paths.log("simulate"),
    benchmark:
        paths.benchmark("simulate")
    wildcard_constraints:
        cohort=names(cohort.label for cohort in study.cohorts if not cohort.real),
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        demography=lambda wildcards: study.cohort_spec(wildcards.cohort)["simulate"]["demography"],
        file=lambda wildcards: study.cohort_spec(wildcards.cohort)["simulate"]["file"],
        options=lambda wildcards: study.cohort_spec(wildcards.cohort)["simulate"]["options"],
        seed_names=lambda wildcards: [wildcards.cohort],
        code=lambda wildcards: digest("simulate", demography_file(wildcards)),
    script:
        "../workflow/scripts/simulate.py"


rule qc:
    input:
        bed=paths.raw_bed,
        bim=paths.raw_bim,
        fam=paths.raw_fam,
        samples=paths.raw_samples,
    output:
        bed=paths.bed,
        bim=paths.bim,
        fam=paths.fam,
        samples=paths.samples,
        variants=paths.variants,
        qc=paths.qc,
    log:
        paths.log("qc"),
    benchmark:
        paths.benchmark("qc")
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        options=lambda wildcards: study.cohort_spec(wildcards.cohort)["qc"],
        code=digest("qc"),
    script:
        "../workflow/scripts/qc.py"
