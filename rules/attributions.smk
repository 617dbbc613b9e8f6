"""Scores of SNPs: from each trained network, and from the classical tests of each split.

An output list cannot depend on wildcards, so there is one rule per set of labels that the blocks ask for together.
"""

for number, ((job, parts), jobs) in enumerate(study.attribution_sets().items(), start=1):

    rule:
        name:
            f"attribute_{number}"
        input:
            **trained_on(),
            loadings=paths.loadings,
            params=of_fits(paths.params, parts),
            fit_json=of_fits(paths.fit, parts),
            resamples=of_fits(paths.resamples, resampled(parts)),
        output:
            tables=of_attributions(paths.attribution, parts),
            resamples=of_attributions(paths.resampled, resampled(parts)),
            records=of_fits(paths.attributions_json, parts),
        log:
            of_job(paths.log("attribute"), job),
        benchmark:
            of_job(paths.benchmark("attribute"), job)
        wildcard_constraints:
            cohort=only(map(split_of, jobs)),
        group:
            together("attribute")
        conda:
            "../envs/stratbench.yaml"
        threads: 1
        resources:
            **requests.of("attribute", parts),
            gpu=study.gpu,
        params:
            fits=lambda wildcards, parts=parts: [
                one | {"attributions": specs("attributions", part.attributions)}
                for one, part in zip(part_specs(wildcards, parts), parts, strict=True)
            ],
            code=lambda wildcards, parts=parts: digest(
                "attribute",
                *method_files(
                    *fits_of(wildcards, parts),
                    attributions=[label for part in parts for label in part.attributions],
                ),
            ),
        script:
            "../workflow/scripts/attribute.py"


for number, (labels, splits) in enumerate(study.association_sets().items(), start=1):

    rule:
        name:
            f"associate_{number}"
        input:
            **trained_on(),
            variants=paths.variants,
            truth=paths.truth,
        output:
            tables=expand(paths.association, association=labels, allow_missing=True),
            record=paths.associations_json,
        log:
            paths.log("associate"),
        benchmark:
            paths.benchmark("associate")
        wildcard_constraints:
            cohort=only(splits),
        group:
            together("associate")
        conda:
            "../envs/stratbench.yaml"
        threads: 1
        resources:
            **requests.of("associate"),
        params:
            associations=lambda wildcards, labels=labels: association_specs(wildcards, labels),
            code=lambda wildcards, labels=labels: digest("associate", *association_files(wildcards, labels)),
        script:
            "../workflow/scripts/associate.py"
