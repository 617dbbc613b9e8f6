"""What corrections may use, fitted on a split's training individuals: PCs, GRM, FST."""


rule structure:
    input:
        bed=paths.bed,
        bim=paths.bim,
        fam=paths.fam,
        samples=paths.samples,
        variants=paths.variants,
        truth=paths.truth,
        keep_iid=paths.keep_iid,
        keep_snp=paths.keep_snp,
        split=paths.split,
    output:
        **({"grm_loco": paths.grm_loco} if study.config["structure"]["loco"] else {}),
        pcs=paths.pcs,
        loadings=paths.loadings,
        grm=paths.grm,
        fst=paths.fst,
        fst_snp=paths.fst_snp,
        covariates=paths.covariates,
    log:
        paths.log("structure"),
    benchmark:
        paths.benchmark("structure")
    group:
        together("structure")
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        **requests.of("structure"),
    params:
        options=study.config["structure"],
        mating=lambda wildcards: mating(wildcards.cohort),
        declared=lambda wildcards: study.declared(wildcards.cohort).get("covariates", {}),
        code=digest("structure"),
    script:
        "../workflow/scripts/structure.py"
