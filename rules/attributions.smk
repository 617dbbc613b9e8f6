"""Scores of SNPs: from each trained network, and from the classical tests of each split.

An output list cannot depend on wildcards, so there is one rule per set of labels that the blocks ask for together.
"""


def explained(wildcards, pairs):
    """The fits that a job explains, with the attributions of each, in the order of the inputs."""
    adjustments = list(dict.fromkeys(adjustment for adjustment, _ in pairs))
    wanted = {one: [label for adjustment, label in pairs if adjustment == one] for one in adjustments}
    return dict(zip(fits_of(wildcards, adjustments), wanted.values(), strict=True))


for number, (pairs, models) in enumerate(study.attribution_sets().items(), start=1):

    rule:
        name:
            f"attribute_{number}"
        input:
            **trained_on(),
            params=of_adjustments(paths.params, dict(pairs)),
            fit_json=of_adjustments(paths.fit, dict(pairs)),
        output:
            tables=[
                expand(paths.attribution, adjustment=a, attribution=l, allow_missing=True)[0]
                for a, l in pairs
            ],
            records=of_adjustments(paths.attributions_json, dict(pairs)),
        log:
            paths.log("attribute"),
        benchmark:
            paths.benchmark("attribute")
        wildcard_constraints:
            cohort=only(models),
        conda:
            "../envs/stratbench.yaml"
        threads: 1
        resources:
            mem_mb=4000,
            runtime=120,
            gpu=study.gpu,
        params:
            fits=lambda wildcards, pairs=pairs: [
                fit_specs(fit) | {"attributions": specs("attributions", labels)}
                for fit, labels in explained(wildcards, pairs).items()
            ],
            names=lambda wildcards: list(vars(model_of(wildcards)).values()),
            code=lambda wildcards, pairs=pairs: digest(
                "attribute",
                *method_files(*explained(wildcards, pairs), attributions=[label for _, label in pairs]),
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
