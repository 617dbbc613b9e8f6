"""Scores of SNPs: from each trained network, and from the classical tests of each split.

An output list cannot depend on wildcards, so there is one rule per set of labels that the blocks ask for together.
"""

for number, (labels, fits) in enumerate(study.attribution_sets().items(), start=1):

    rule:
        name:
            f"attribute_{number}"
        input:
            **trained_on(),
            params=paths.params,
            fit=paths.fit,
        output:
            tables=expand(paths.attribution, attribution=labels, allow_missing=True),
            attributions_json=paths.attributions_json,
        log:
            paths.log("attribute"),
        benchmark:
            paths.benchmark("attribute")
        wildcard_constraints:
            cohort=only(fits),
        conda:
            "../envs/stratbench.yaml"
        threads: 1
        resources:
            mem_mb=4000,
            runtime=120,
            gpu=study.gpu,
        params:
            model=lambda wildcards: study.spec("models", wildcards.model),
            adjustments=lambda wildcards: study.adjustment(wildcards.adjustment),
            attributions=specs("attributions", labels),
            names=lambda wildcards: [wildcards.cohort, wildcards.trait, wildcards.split, wildcards.model],
            code=lambda wildcards, labels=labels: digest(
                "attribute", *method_files(fit_of(wildcards), attributions=labels)
            ),
        script:
            "../workflow/scripts/attribute.py"


for number, (labels, splits) in enumerate(study.association_sets().items(), start=1):

    rule:
        name:
            f"associate_{number}"
        input:
            **trained_on(),
        output:
            tables=expand(paths.association, association=labels, allow_missing=True),
        log:
            paths.log("associate"),
        benchmark:
            paths.benchmark("associate")
        wildcard_constraints:
            cohort=only(splits),
        conda:
            "../envs/stratbench.yaml"
        threads: 1
        resources:
            mem_mb=4000,
            runtime=120,
        params:
            associations=specs("associations", labels),
            code=digest("associate", *method_files(associations=labels)),
        script:
            "../workflow/scripts/associate.py"
