"""Cohort x trait: labels, the truth behind simulated ones, who is kept and which SNPs a model may see."""


rule dataset:
    input:
        bed=paths.bed,
        bim=paths.bim,
        fam=paths.fam,
        samples=paths.samples,
        variants=paths.variants,
    output:
        trait=paths.trait,
        trait_json=paths.trait_json,
        truth=paths.truth,
        liability=paths.liability,
        keep_iid=paths.keep_iid,
        keep_snp=paths.keep_snp,
    log:
        paths.log("dataset"),
    benchmark:
        paths.benchmark("dataset")
    group:
        together("dataset")
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        **requests.of("dataset"),
    params:
        spec=lambda wildcards: study.spec("traits", wildcards.trait),
        names=lambda wildcards: [wildcards.cohort, wildcards.trait],
        declared=lambda wildcards: study.declared(wildcards.cohort).get("traits"),
        code=digest("dataset"),
    script:
        "../workflow/scripts/dataset.py"


rule split:
    input:
        bed=paths.bed,
        bim=paths.bim,
        fam=paths.fam,
        samples=paths.samples,
        variants=paths.variants,
        trait=paths.trait,
        trait_json=paths.trait_json,
        keep_iid=paths.keep_iid,
    output:
        split=paths.split,
    log:
        paths.log("split"),
    benchmark:
        paths.benchmark("split")
    group:
        together("split")
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        **requests.of("split"),
    params:
        spec=lambda wildcards: study.spec("splits", wildcards.split),
        names=lambda wildcards: [wildcards.cohort, wildcards.trait, wildcards.split],
        mating=lambda wildcards: mating(wildcards.cohort),
        code=lambda wildcards: digest("split", *method_files(splits=[wildcards.split])),
    script:
        "../workflow/scripts/split.py"
