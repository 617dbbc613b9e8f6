"""Scores of SNPs: from each trained network, and from the classical tests of each split.

An output list cannot depend on wildcards, so there is one rule per set of labels that the blocks ask for together.
"""

for number, ((job, explained), jobs) in enumerate(study.attribution_sets().items(), start=1):

    pairs = [(model, adjustment) for model, adjustment, _ in explained]

    rule:
        name:
            f"attribute_{number}"
        input:
            **trained_on(),
            params=of_fits(paths.params, pairs),
            fit_json=of_fits(paths.fit, pairs),
        output:
            tables=[
                expand(paths.attribution, model=m, adjustment=a, attribution=l, allow_missing=True)[0]
                for m, a, labels in explained
                for l in labels
            ],
            records=of_fits(paths.attributions_json, pairs),
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
            **requests.of("attribute", [model for model, _ in pairs]),
            gpu=study.gpu,
        params:
            fits=lambda wildcards, explained=explained, pairs=pairs: [
                fit_specs(fit) | {"names": fit_names(fit), "attributions": specs("attributions", labels)}
                for fit, (*_, labels) in zip(fits_of(wildcards, pairs), explained, strict=True)
            ],
            code=lambda wildcards, explained=explained, pairs=pairs: digest(
                "attribute",
                *method_files(
                    *fits_of(wildcards, pairs),
                    attributions=[label for *_, labels in explained for label in labels],
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
        output:
            tables=expand(paths.association, association=labels, allow_missing=True),
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
            associations=specs("associations", labels),
            code=digest("associate", *method_files(associations=labels)),
        script:
            "../workflow/scripts/associate.py"
