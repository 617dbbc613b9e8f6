"""Genotypes from a demography or a real study, and their quality control."""


rule simulate:
    input:
        lambda wildcards: drawn_from(wildcards.cohort),
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
    group:
        together("simulate")
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        **requests.of("simulate"),
    params:
        demography=lambda wildcards: study.cohort_spec(wildcards.cohort)["simulate"]["demography"],
        file=lambda wildcards: study.cohort_spec(wildcards.cohort)["simulate"]["file"],
        options=lambda wildcards: study.cohort_spec(wildcards.cohort)["simulate"]["options"],
        names=lambda wildcards: [wildcards.cohort],
        code=lambda wildcards: digest("simulate", *simulation_files(wildcards)),
    script:
        "../workflow/scripts/simulate.py"


for number, (file, declared) in enumerate(cohort_files().items(), start=1):

    rule:
        name:
            f"fetch_{re.sub(r'[^a-z0-9]', '_', Path(file).stem)}_{number}"
        output:
            list(fetched(file).values()),
        log:
            paths.log("fetch").format(source=Path(file).stem),
        localrule: True  # nodes of a cluster have no network
        conda:
            "../envs/stratbench.yaml"
        threads: 1
        resources:
            mem_mb=1000,
            runtime=60,
        params:
            cohort_file=file,
            folder=lambda wildcards, output: str(Path(output[0]).parent),
            # not the sources: whatever they are, the bytes are these
            files=[[entry["name"], entry["sha256"]] for entry in cohort_file.fetched(declared).values()],
        script:
            "../workflow/scripts/fetch.py"


rule read_cohort:
    input:
        lambda wildcards: list(sources(wildcards.cohort).values()),
    output:
        bed=paths.raw_bed,
        bim=paths.raw_bim,
        fam=paths.raw_fam,
        samples=paths.raw_samples,
        tables=paths.raw_tables,
    log:
        paths.log("read_cohort"),
    benchmark:
        paths.benchmark("read_cohort")
    wildcard_constraints:
        cohort=names(cohort.label for cohort in study.cohorts if cohort.real),
    group:
        together("read_cohort")
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        **requests.of("read_cohort"),
    params:
        declared=lambda wildcards: columns_of(study.declared(wildcards.cohort)),
        sources=lambda wildcards: sources(wildcards.cohort),
        digests=lambda wildcards: digests(wildcards.cohort),
        code=digest("read_cohort"),
    script:
        "../workflow/scripts/read_cohort.py"


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
        qc_samples=paths.qc_samples,
        qc_snps=paths.qc_snps,
        kinship=paths.kinship,
    log:
        paths.log("qc"),
    benchmark:
        paths.benchmark("qc")
    group:
        together("qc")
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        **requests.of("qc"),
    params:
        options=lambda wildcards: study.cohort_spec(wildcards.cohort)["qc"],
        about=lambda wildcards: about(wildcards.cohort),
        code=digest("qc"),
    script:
        "../workflow/scripts/qc.py"
