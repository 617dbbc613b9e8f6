"""How much memory and time the job of each rule asks for on a cluster, and which jobs are submitted together.

Only schedulers read these numbers: on one machine nothing is limited by them. A job that asked for too little memory
or time is killed; ``retries`` of profiles/slurm submits it again, and each further attempt asks for twice as much.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, log, prod
from pathlib import Path
from typing import Any

from stratbench.cohorts.real import available
from stratbench.methods import registry
from stratbench.methods.reads import reads
from stratbench.study.study import JobPart, Split, Study

MARGIN = 1.5  # memory asked for / memory measured
SNAKEMAKE_MB = 600  # a job on a cluster runs below two Snakemakes, of 200 to 250 MB each
START = 60  # seconds: Python reads its packages from a file system that all nodes share
SLOWNESS = 5  # time asked for / time measured: nodes are slower than what we measured on, and shared
STORED_GRM = 10_000  # no GRM of more people is stored (docs/structure.md: grm_most)
PAIR = 50  # bytes for each pair of people where an adjustment reads the GRM: it, its eigenvectors, V and its factor
WIDE = 20  # weights, and time, of the networks below / those of the others
WIDE_NETWORKS = ("cnn-reference", "cnn-reference-tuned")
POPULATION_SIZE = 15_000  # of a demography that has no such option
UNKNOWN = (2_000, 500_000)  # people and SNPs of a cohort of which nothing is known before it is fetched
TOGETHER = 480  # minutes that jobs which are submitted together may ask for
CHROMOSOMES = 22  # that lmm-loco decomposes a GRM for, each: estimate, of human cohorts
NETWORKS_OF_A_RESAMPLE = 2  # of its own labels and of permuted ones
OF_NETWORKS = ("fit", "attribute", "probe")  # rules that use a GPU
OF_VISIBLE = (*OF_NETWORKS, "metrics")  # rules that read the SNPs that a model may see
OF_ALL_FITS = ("probe", "metrics")  # rules whose job is of all fits of a split
BEFORE_SPLITS = ("simulate", "read_cohort", "qc", "dataset")
COHORT, SPLIT = "cohort", "split"  # what is submitted together


@dataclass(frozen=True)
class Load:
    """What a job has to do: N people and M SNPs of the genotypes that it reads, fits, and seeds of each.

    A job that has to do with no fit, such as QC, counts as one; ``summary``, ``figures`` and ``report`` have all fits.
    ``wide`` says that a network is among them whose weights are hundreds for each SNP, and ``grm`` an adjustment that
    reads the GRM. ``mixed`` counts the tests by a mixed model, and
    ``decompositions`` the GRMs that these decompose.
    """

    people: int
    snps: int
    fits: int = 1
    seeds: int = 1
    wide: bool = False
    grm: bool = False
    mixed: int = 0
    decompositions: int = 0


@dataclass(frozen=True)
class Need:
    """What was measured of a rule's jobs: resident memory and CPU seconds.

    megabytes = mb + fit_mb F + (person N + (pair + G) min(N, 10,000)^2 + genotype N M + snp W M S) / 10^6
    seconds   = s + (fit_s + million_s W N M / 10^6) F S + (cube_s D N^3 + square_s T N^2 M) / 10^9

    with N people, M SNPs, F fits, S seeds, T tests by a mixed model with D decompositions, W = 20 for wide networks,
    else 1, and G = 50 where the GRM is read, else 0 (an estimate from the arrays that the mixed model holds);
    ``person``, ``pair``, ``genotype`` and ``snp`` are bytes.
    """

    mb: float
    s: float
    fit_mb: float = 0
    fit_s: float = 0
    person: float = 0
    pair: float = 0
    genotype: float = 0
    snp: float = 0
    million_s: float = 0
    cube_s: float = 0
    square_s: float = 0

    def megabytes(self, load: Load) -> float:
        """Memory that a job has in use at most."""
        n, m = load.people, load.snps
        pair = self.pair + PAIR * load.grm
        of_data = self.person * n + pair * min(n, STORED_GRM) ** 2 + self.genotype * n * m
        of_weights = self.snp * (WIDE if load.wide else 1) * m * load.seeds
        return self.mb + self.fit_mb * load.fits + (of_data + of_weights) / 1e6

    def seconds(self, load: Load) -> float:
        """CPU time of a job."""
        each = self.fit_s + self.million_s * (WIDE if load.wide else 1) * load.people * load.snps / 1e6
        n, m = min(load.people, STORED_GRM), load.snps
        of_grms = n**2 * (self.cube_s * load.decompositions * n + self.square_s * load.mixed * m) / 1e9
        return self.s + each * load.fits * load.seeds + of_grms


# Measured 2026-11 on one core of an AMD EPYC: max_rss and cpu_time of the default study (N 900 and 1,940; M 51,000 and
# 12,000 before QC, 800 in fits), and of balding-nichols cohorts of N 1,000, M 5,000 and 40,000, all of which fits saw.
# ``cube_s`` is measured there, of eigh of 1,000 and of 2,000 people (0.20 both times). ``square_s`` is an estimate: a
# product of matrices took 0.022 in double and 0.011 in single precision, and a test has two of the one and one of the
# other kind, and its grid of ratios.
NEEDS = {
    "simulate": Need(mb=130, s=2, genotype=1.2, million_s=0.06),
    "read_cohort": Need(mb=120, s=2, genotype=2, million_s=0.05),
    "qc": Need(mb=220, s=2, person=50_000, genotype=1.7, million_s=0.15),
    "dataset": Need(mb=120, s=1, genotype=0.7, million_s=0.02),
    "split": Need(mb=120, s=1, pair=8, million_s=0.01),
    "structure": Need(mb=180, s=2, pair=16, genotype=1, million_s=0.1),
    "associate": Need(mb=190, s=2, pair=50, genotype=2, million_s=0.1, cube_s=0.2, square_s=0.1),
    "fit": Need(mb=450, s=5, fit_mb=50, fit_s=2, genotype=4, snp=2_400, million_s=2.5),
    "attribute": Need(mb=400, s=4, fit_mb=20, fit_s=1, genotype=4, snp=2_400, million_s=0.5),
    "probe": Need(mb=420, s=4, fit_mb=20, fit_s=1, genotype=4, snp=2_400, million_s=0.2),
    "metrics": Need(mb=200, s=2, fit_s=0.2, fit_mb=2, genotype=4, million_s=0.05),
    "summary": Need(mb=150, s=3, fit_s=0.05, fit_mb=0.2),
    "figures": Need(mb=300, s=40, fit_s=0.2, fit_mb=0.5),
    "report": Need(mb=220, s=5, fit_s=0.1, fit_mb=0.3),
}


def memory(rule: str, load: Load, attempt: int = 1) -> int:
    """Megabytes that a job asks for at an attempt, from 1: what was measured, a margin, and Snakemake's own."""
    return ceil((MARGIN * NEEDS[rule].megabytes(load) + SNAKEMAKE_MB) * 2 ** (attempt - 1))


def minutes(rule: str, load: Load, attempt: int = 1) -> int:
    """Minutes that a job asks for at an attempt, from 1: what was measured, on a slow node, and the start of Python."""
    return ceil((START + SLOWNESS * NEEDS[rule].seconds(load)) / 60 * 2 ** (attempt - 1))


def simulated_size(spec: Mapping[str, Any]) -> tuple[int, int]:
    """People and SNPs, about, of a simulated cohort before QC; ``spec`` is the cohort's ``simulate`` in the config.

    The SNPs of a coalescent are 4 N u L (ln(1 / min_maf) + 1) with population size N, mutation rate u and length L
    (Watterson 1975, Theoretical Population Biology 7:256: the sites whose derived allele is rarer than min_maf are not
    written). Structure adds to them: half as many again are assumed.
    """
    options = spec["options"]
    demography = registry.load("demography", spec["demography"], spec["file"])
    people = sum(demography.samples(options).values())
    if "loci" in options:
        return people, options["loci"]
    rarest = max(options["min_maf"], 1 / (2 * people))
    size = options.get("population_size") or POPULATION_SIZE
    sites = 4 * size * options["mutation"] * options["length"] * options["chromosomes"]
    return people, ceil(1.5 * sites * (log(1 / rarest) + 1))


def real_size(spec: Mapping[str, Any]) -> tuple[int, int]:
    """People and SNPs of a real cohort before QC; ``spec`` is the cohort's in the config.

    They are read off its .fam and the length of its .bed. As long as these are not here, or where the source is of
    another format, all files that have a known length are taken for a .bed of 2,000 people.
    """
    paths = {key: Path(path) for key, path in available.located(spec).items()}
    if {"bed", "fam"} <= paths.keys() and paths["bed"].is_file() and paths["fam"].is_file():
        with paths["fam"].open("rb") as fam:
            people = max(1, sum(1 for line in fam if line.strip()))
        return people, max(1, paths["bed"].stat().st_size // ceil(people / 4))
    lengths = sum(entry.get("bytes", 0) for entry in spec["declared"]["files"].values())
    return (UNKNOWN[0], ceil(4 * lengths / UNKNOWN[0])) if lengths else UNKNOWN


class Requests:
    """What the jobs of one study ask a scheduler for."""

    def __init__(self, study: Study) -> None:
        self.study = study
        self.size = lru_cache(maxsize=None)(self._size)
        self._level = lru_cache(maxsize=None)(self._submitted)

    def of(self, rule: str, parts: Sequence[JobPart] = ()) -> dict[str, Callable[..., int]]:
        """The resources ``mem_mb`` and ``runtime`` (minutes) of a rule; ``parts`` as for ``load``."""
        return {
            "mem_mb": lambda wildcards, attempt: memory(rule, self.load(rule, wildcards, parts), attempt),
            "runtime": lambda wildcards, attempt: minutes(rule, self.load(rule, wildcards, parts), attempt),
        }

    def load(self, rule: str, wildcards: Any, parts: Sequence[JobPart] = ()) -> Load:
        """What a job has to do.

        Args:
            rule: its rule, without the number that tells apart rules of one script.
            wildcards: of the job; ``get`` alone is asked for.
            parts: the fits that a job trains or explains; those of the other rules are known.
        """
        cohort, trait, split = (wildcards.get(key, None) for key in ("cohort", "trait", "split"))
        if cohort is None:
            people, snps = max(map(self.size, self._labels()), key=prod)
            return Load(people, snps, len(self.study.fits))
        people, snps = self.size(cohort)
        if rule == "associate":
            return self._of_tests(Split(cohort, trait, split), people, snps)
        if rule in OF_VISIBLE:
            snps = self._visible(trait, snps)
        if rule in OF_ALL_FITS:
            parts = [self.study.part(fit) for fit in self.study.fits_of(Split(cohort, trait, split))]
        models = [part.model for part in parts]
        if rule not in OF_NETWORKS:
            return Load(people, snps, max(1, len(models)))
        wide = any(self.study.spec("models", model)["method"] in WIDE_NETWORKS for model in models)
        again = 0 if rule in OF_ALL_FITS else max((part.resamples for part in parts), default=0)
        seeds = max((part.seeds for part in parts), default=1)
        grm = any("grm" in reads(self.study.adjustment(part.adjustment)) for part in parts)
        return Load(people, snps, len(models), seeds + NETWORKS_OF_A_RESAMPLE * again, wide, grm)

    def group(self, rule: str, wildcards: Any) -> str | None:
        """The name of the jobs that a job is submitted with, those that hang together; None for a job by itself.

        A submission costs more than most jobs do. So all jobs of a cohort go together if they ask for 8 hours at most,
        or else those before its splits, and those of each split; longer ones go alone. If networks ask for a GPU they
        go together without the others, which would hold it idle; profiles/slurm says how many of ``learn`` and
        ``metrics``, which do not hang together.
        """
        cohort, trait, split = (wildcards.get(key, None) for key in ("cohort", "trait", "split"))
        if cohort is None:
            return "conclude"
        level = self._level(cohort)
        if self.study.gpu and rule in OF_NETWORKS and level is not None:
            return "learn" if level == COHORT else f"learn-{cohort}-{trait}-{split}"
        if self.study.gpu and rule == "metrics":
            return "metrics"
        if level == COHORT or (level == SPLIT and rule in BEFORE_SPLITS):
            return f"cohort-{cohort}"
        return f"split-{cohort}-{trait}-{split}" if level == SPLIT else None

    def _visible(self, trait: str, snps: int) -> int:
        """How many of a cohort's SNPs models see."""
        spec = self.study.spec("traits", trait)
        return min(snps, spec["snps"] or snps, spec.get("at_most") or snps)

    def _of_tests(self, split: Split, people: int, snps: int) -> Load:
        """What the tests of a split have to do: of all SNPs of the cohort if one tests them, or has them in its GRM."""
        specs = [self.study.association(split, label) for label in self.study.associations_of(split)]
        read = {spec["options"].get(name) for spec in specs for name in ("snps", "grm_snps")}
        grms = [
            CHROMOSOMES if spec["method"] == "lmm-loco" else 1
            for spec in specs
            if "grm_snps" in spec["options"]
        ]
        if not read & {"all", "structure"}:
            snps = self._visible(split.trait, snps)
        return Load(people, snps, mixed=len(grms), decompositions=sum(grms))

    def _labels(self) -> list[str]:
        return [cohort.label for cohort in self.study.cohorts]

    def _size(self, label: str) -> tuple[int, int]:
        spec = self.study.cohort_spec(label)
        return simulated_size(spec["simulate"]) if "simulate" in spec else real_size(spec)

    def _submitted(self, cohort: str) -> str | None:
        """What is submitted together of a cohort: all its jobs, those of each split, or none."""
        raw, first = ("read_cohort" if self.study.cohort(cohort).real else "simulate"), {"cohort": cohort}
        datasets = [vars(item) for item in self.study.datasets if item.cohort == cohort]
        splits = [split for split in self.study.splits if split.cohort == cohort]
        before = self._minutes(raw, first) + self._minutes("qc", first)
        before += sum(self._minutes("dataset", names) for names in datasets)
        each = [self._of_split(split) for split in splits]
        if before + sum(each) <= TOGETHER:
            return COHORT
        return SPLIT if max(before, *each) <= TOGETHER else None

    def _of_split(self, split: Split) -> int:
        """Minutes that all jobs of a split ask for."""
        parts = [self.study.part(fit) for fit in self.study.fits_of(split)]
        rules = ("split", "structure", "associate", "fit", "attribute", "probe", "metrics")
        return sum(self._minutes(rule, vars(split), parts if rule in OF_NETWORKS else ()) for rule in rules)

    def _minutes(self, rule: str, wildcards: Mapping[str, str], parts: Sequence[JobPart] = ()) -> int:
        return minutes(rule, self.load(rule, wildcards, parts))
