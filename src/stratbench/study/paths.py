"""Every path of a study's results. Braces are Snakemake wildcards, named as docs/wildcards.md has them.

``Paths("default").bed.format(cohort="hs-mice")`` is a file; ``Paths("default").bed`` is a rule's output.
"""

from collections.abc import Iterable

from stratbench.study.study import Cohort, Dataset

COHORT = "{cohort}"
DATASET = f"{COHORT}/{{trait}}"
SPLIT = f"{DATASET}/{{split}}"
FIT = f"{SPLIT}/{{model}}/{{adjustment}}"
RAW = ("genotypes.bed", "genotypes.bim", "genotypes.fam", "samples.tsv")
LEVELS = {  # how log and benchmark of one job of each rule are named
    "fetch": "{source}",
    **dict.fromkeys(("simulate", "read_cohort", "qc"), COHORT),
    "dataset": DATASET,
    **dict.fromkeys(("split", "structure", "associate", "probe", "metrics"), SPLIT),
    **dict.fromkeys(("fit", "attribute"), f"{SPLIT}/{{job}}"),
    **{rule: rule for rule in ("summary", "figures", "report")},
}


class Paths:
    """Path patterns of the study of this name."""

    def __init__(self, study: str) -> None:
        self.root = root = f"results/{study}"
        self.raw_bed, self.raw_bim, self.raw_fam, self.raw_samples = (f"{root}/raw/{COHORT}/{n}" for n in RAW)
        self.raw_tables = f"{root}/raw/{COHORT}/tables.tsv"

        cohort = f"{root}/cohorts/{COHORT}"
        self.bed, self.bim, self.fam, self.samples = (f"{cohort}/{name}" for name in RAW)
        self.variants = f"{cohort}/variants.tsv"
        self.qc = f"{cohort}/qc.tsv"
        self.qc_samples = f"{cohort}/qc_samples.tsv"
        self.qc_snps = f"{cohort}/qc_snps.tsv.gz"
        self.kinship = f"{cohort}/kinship.tsv.gz"

        dataset = f"{root}/datasets/{DATASET}"
        self.trait = f"{dataset}/trait.tsv"
        self.trait_json = f"{dataset}/trait.json"
        self.truth = f"{dataset}/truth.tsv"
        self.liability = f"{dataset}/liability.tsv"
        self.keep_iid = f"{dataset}/keep.iid"
        self.keep_snp = f"{dataset}/keep.snp"

        self.split = f"{root}/splits/{SPLIT}.tsv"
        structure = f"{root}/structure/{SPLIT}"
        self.pcs = f"{structure}/pcs.tsv"
        self.loadings = f"{structure}/loadings.tsv.gz"
        self.grm = f"{structure}/grm.npz"
        self.grm_loco = f"{structure}/grm_loco.npz"
        self.fst = f"{structure}/fst.tsv"
        self.covariates = f"{structure}/covariates.tsv"
        self.fst_snp = f"{structure}/fst_snp.tsv.gz"

        model = f"{root}/models/{FIT}"
        self.params = f"{model}/params.msgpack"
        self.predictions = f"{model}/predictions.tsv"
        self.history = f"{model}/history.tsv"
        self.fit = f"{model}/fit.json"

        self.resamples = f"{model}/resamples.msgpack"
        self.attribution = f"{root}/attributions/{FIT}/{{attribution}}.tsv.gz"
        self.resampled = f"{root}/attributions/{FIT}/{{attribution}}.resamples.tsv.gz"
        self.attributions_json = f"{root}/attributions/{FIT}/attributions.json"
        self.association = f"{root}/associations/{SPLIT}/{{association}}.tsv.gz"
        self.associations_json = f"{root}/associations/{SPLIT}/associations.json"
        self.probes = f"{root}/metrics/{SPLIT}/probes.tsv"
        self.metrics = f"{root}/metrics/{SPLIT}/metrics.tsv"

        self.summary_metrics = f"{root}/summary/metrics.tsv"
        self.comparisons = f"{root}/summary/comparisons.tsv"
        self.summary_qc = f"{root}/summary/qc.tsv"
        self.runtime = f"{root}/summary/runtime.tsv"
        self.provenance = f"{root}/summary/provenance.json"
        self.figures = f"{root}/figures"
        self.top_snps = f"{root}/figures/top_snps.tsv"
        self.known_loci = f"{root}/figures/known_loci.tsv"
        self.report = f"{root}/report.html"

    def log(self, rule: str) -> str:
        return f"{self.root}/logs/{rule}/{LEVELS[rule]}.log"

    def benchmark(self, rule: str) -> str:
        return f"{self.root}/benchmarks/{rule}/{LEVELS[rule]}.tsv"


def fill(pattern: str, item: Cohort | Dataset) -> str:
    """A pattern filled from a cohort, dataset, split, job or fit."""
    return pattern.format(**({"cohort": item.label} if isinstance(item, Cohort) else vars(item)))


def each(pattern: str, items: Iterable[Cohort | Dataset]) -> list[str]:
    """A pattern filled from each item."""
    return [fill(pattern, item) for item in items]
