"""Scores of SNPs: from each trained network, and from the classical tests of each split.

An output list cannot depend on wildcards, so there is one rule per set of labels that the blocks ask for together.
"""


def explained(wildcards, pairs):
    """The fits that a job explains: their labels, specs and attributions, in the order of the inputs."""
    fits = {}
    for adjustment, label in pairs:
        fits.setdefault(Fit(**vars(model_of(wildcards)), adjustment=adjustment), []).append(label)
    return fits


def of_adjustments(pattern, pairs):
    """A path of each adjustment among (adjustment, attribution) pairs."""
    return expand(pattern, adjustment=dict(pairs), allow_missing=True)


for number, (pairs, models) in enumerate(study.attribution_sets().items(), start=1):

    rule:
        name:
            f"attribute_{number}"
        input:
            **trained_on(),
            params=of_adjustments(paths.params, pairs),
            fit_json=of_adjustments(paths.fit, pairs),
        output:
            tables=[
                expand(paths.attribution, adjustment=a, attribution=l, allow_missing=True)[0]
                for a, l in pairs
            ],
            records=of_adjustments(paths.attributions_json, pairs),
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
