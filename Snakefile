# StratBench: what a network learns from SNPs, and which correction removes ancestry from it.
# Another study: snakemake --cores N --configfile config/X.yaml
from snakemake.utils import min_version

min_version("9.27")


if not {"blocks", "cohort"} & config.keys():

    configfile: "config/config.yaml"


include: "rules/common.smk"
include: "rules/cohorts.smk"
include: "rules/datasets.smk"
include: "rules/structure.smk"
include: "rules/models.smk"
include: "rules/attributions.smk"
include: "rules/metrics.smk"
include: "rules/report.smk"


onsuccess:
    cancel_timers()


onerror:
    cancel_timers()


rule all:
    default_target: True
    input:
        paths.report,
        of_every_job(),
