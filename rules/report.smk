"""Figures and one self-contained page."""

from stratbench.report.analysis.cohorts import splits_with_grm
from stratbench.report.report import TEMPLATES


rule figures:
    input:
        metrics=paths.summary_metrics,
        comparisons=paths.comparisons,
        qc=paths.summary_qc,
        runtime=paths.runtime,
        provenance=paths.provenance,
        tables=pictured(),
        grms=each(paths.grm, splits_with_grm(study)),
        cohort_files=list(cohort_files()),
    output:
        figures=drawn(),
        top_snps=paths.top_snps,
        known_loci=paths.known_loci,
    log:
        paths.log("figures"),
    benchmark:
        paths.benchmark("figures")
    group:
        together("figures")
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        **requests.of("figures"),
    params:
        config=study.config,
        code=digest("figures", *demography_files()),
    script:
        "../workflow/scripts/figures.py"


rule report:
    input:
        metrics=paths.summary_metrics,
        comparisons=paths.comparisons,
        qc=paths.summary_qc,
        runtime=paths.runtime,
        provenance=paths.provenance,
        tables=pictured(),
        cohort_files=list(cohort_files()),
        figures=drawn(),
    output:
        report=paths.report,
    log:
        paths.log("report"),
    benchmark:
        paths.benchmark("report")
    group:
        together("report")
    conda:
        "../envs/stratbench.yaml"
    threads: 1
    resources:
        **requests.of("report"),
    params:
        config=study.config,
        code=digest("report", *sorted(TEMPLATES.iterdir())),
    script:
        "../workflow/scripts/report.py"
